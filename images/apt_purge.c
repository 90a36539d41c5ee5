/* Layers that take packages of a root away: as the package tool does it, or by hiding their files. */
#include "images/aptpod.h"

struct taking { /* its key is what it does, and to which packages */
	const char *what, *script;
	struct strlist args;
};

static const char purge_script[] =
	"dpkg --force-unsafe-io --purge -- \"$@\" >/dev/null\n"
	"rm -rf /var/log/dpkg.log /var/log/alternatives.log /var/cache/debconf/*-old /var/lib/dpkg/*-old\n";

/*
 * Arguments: the packages to hide, "--", those that stay, "--", those that may go with them.  Alternatives of a
 * dependency are all followed, and so are the names that a package provides.
 */
static const char hide_script[] =
	"printf '%s\\n' \"$@\" >/tmp/words\n"
	"awk '\n"
	"function reach(p, mark,   i, n, t) {\n"
	"	if (p in mark) return\n"
	"	mark[p] = 1\n"
	"	n = split(needs[p], t, \" \")\n"
	"	for (i = 1; i <= n; i++) reach(t[i], mark)\n"
	"	n = split(by[p], t, \" \")\n"
	"	for (i = 1; i <= n; i++) reach(t[i], mark)\n"
	"}\n"
	"function names(s) {\n"
	"	gsub(/\\([^)]*\\)|:[a-z0-9]+/, \"\", s); gsub(/[,|]/, \" \", s)\n"
	"	return s\n"
	"}\n"
	"FNR == 1 { file++ }\n"
	"file == 1 && /^--$/ { list++; next }\n"
	"file == 1 { word[list + 0, ++count[list + 0]] = $0; next }\n"
	"/^Package: / { p = $2 }\n"
	"/^(Pre-)?Depends: / { sub(/^[^ ]* /, \"\"); needs[p] = needs[p] \" \" names($0) }\n"
	"/^Provides: / { sub(/^[^ ]* /, \"\"); n = split(names($0), t, \" \"); for (i = 1; i <= n; i++) by[t[i]] = by[t[i]] \" \" p }\n"
	"END {\n"
	"	for (i = 1; i <= count[1]; i++) reach(word[1, i], kept)\n"
	"	for (i = 1; i <= count[0]; i++) { reach(word[0, i], gone); print word[0, i]; told[word[0, i]] = 1 }\n"
	"	for (i = 1; i <= count[2]; i++) {\n"
	"		p = word[2, i]\n"
	"		if ((p in gone) && !(p in kept) && !(p in told)) print p\n"
	"	}\n"
	"}' /tmp/words /var/lib/dpkg/status >/tmp/hidden\n"
	"xargs -r dpkg-query -L </tmp/hidden | while IFS= read -r f; do\n"
	"case $f in /bin | /sbin | /lib | /lib32 | /lib64 | /libx32) continue ;; esac\n"
	"	if [ -L \"$f\" ] || [ -f \"$f\" ]; then printf '%s\\0' \"$f\"; fi\n"
	"done | xargs -0r rm -f --\n";

static struct hash_hex
taking_key(const struct stack *root, const struct taking *t)
{
	OWN(buf) struct buf text = {0};
	buf_printf(&text, "%s 1", t->what);
	for (size_t i = 0; i < t->args.n; i++)
		buf_printf(&text, " %s", t->args.v[i]);
	return stack_next_key(root, buf_str(&text));
}

static int
make_layer(const struct state *st, const struct stack *root, const struct taking *t,
	const char *key, struct dd_err *err)
{
	struct pod *pod = NULL;
	const struct aptpod_spec spec = {.state = st, .root = root};
	int rc = aptpod_open(&spec, &pod, err);
	if (rc == 0)
		rc = aptpod_run(pod, "preparing the root", APTPOD_NO_SERVICES, NULL, NULL, err);
	if (rc == 0)
		rc = aptpod_run(pod, t->what, t->script, &t->args, NULL, err);
	if (rc == 0)
		rc = pod_freeze(TAKE(pod), POD_ROOT, key, err);
	pod_close(pod);
	return rc;
}

static int
take_away(const struct state *st, struct stack *root, const struct taking *t, const char *owner,
	struct dd_err *err)
{
	OWN_FD int lock = -1;
	struct hash_hex key = taking_key(root, t);
	int rc = layer_lock(st, key.s, &lock, err);
	if (rc == 0)
		rc = layer_lease(st, owner, key.s, err);
	if (rc == 0 && !layer_exists(st, key.s))
		rc = make_layer(st, root, t, key.s, err);
	if (rc == 0)
		stack_push(root, key.s);
	return rc;
}

int
apt_purge(const struct state *st, struct stack *root, const struct strlist *names,
	const char *owner, struct dd_err *err)
{
	struct taking t = {.what = "purging packages", .script = purge_script};
	strlist_copy(&t.args, names);
	int rc = take_away(st, root, &t, owner, err);
	strlist_cleanup(&t.args);
	return rc;
}

int
apt_hide(const struct state *st, struct stack *root, const struct strlist *names,
	const struct strlist *others, const struct strlist *all, const char *owner,
	struct dd_err *err)
{
	struct taking t = {.what = "hiding packages", .script = hide_script};
	strlist_copy(&t.args, names);
	strlist_add(&t.args, "--");
	strlist_copy(&t.args, others);
	strlist_add(&t.args, "--");
	strlist_copy(&t.args, all);
	int rc = take_away(st, root, &t, owner, err);
	strlist_cleanup(&t.args);
	return rc;
}
