#include "envprobe/proofs.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/lookups.h"

#include <string.h>

#define MAX_LISTING ((size_t)64 << 20)
#define MAX_LINKED 4000 /* programs whose links are followed */

/*
 * Arguments: programs, "--", packages.  Prints "~ PATH" for what a program is a link to, and for each package
 * "= NAME", its files, and for each it depends on "+ NAME" and the files of that.
 */
static const char script[] =
	"while [ \"$1\" != -- ]; do\n"
	"	p=$1 n=0; shift\n"
	"	while [ -L \"$p\" ] && [ $n -lt 10 ]; do\n"
	"		t=$(readlink -- \"$p\"); n=$((n + 1))\n"
	"		case $t in /*) p=$t ;; *) p=$(realpath -ms -- \"${p%/*}/$t\") ;; esac\n"
	"		echo \"~ $p\"\n"
	"	done\n"
	"done\n"
	"shift\n"
	"files() { for f in /var/lib/dpkg/info/$1.list /var/lib/dpkg/info/$1:*.list; do\n"
	"	[ ! -f \"$f\" ] || cat \"$f\"; done; }\n"
	"dpkg-query -W -f '${binary:Package} ${Pre-Depends}, ${Depends}\\n' -- \"$@\" |\n"
	"while read -r p needs; do\n"
	"	echo \"= ${p%%:*}\"; files \"$p\"\n"
	"	IFS=,; set -- $needs; IFS=' '\n"
	"	for d; do d=${d# }; d=${d%%[ :|]*}; echo \"+ $d\"; files \"$d\"; done\n"
	"done\n";

static char yes;

/* As a merged /usr has it. */
static char *
merged(const char *path)
{
	static const char *const dirs[] = {"/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", NULL};
	for (size_t i = 0; dirs[i]; i++)
		if (str_starts(str_of(path), dirs[i]))
			return mem_printf("/usr%s", path);
	return mem_strdup(path);
}

/* ---- asking in the pod ---- */

static bool
add_program(void *ctx, const struct trace_path *p)
{
	struct strlist *argv = ctx;
	if (p->found && p->executed && !fs_is_below(p->path, WORK_DIR) && !strchr(p->path, '\n'))
		strlist_add(argv, p->path);
	return argv->n < MAX_LINKED;
}

static void
keep(void *ctx, int stream, struct str data)
{
	if (stream == 1)
		buf_add_str(ctx, data);
}

static int
list_files(struct pod *pod, const struct package_list *packages, const struct trace *trace,
	struct buf *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	struct exec_result r;
	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-c");
	strlist_add(&argv, script);
	strlist_add(&argv, "proofs");
	trace_each_path(trace, add_program, &argv);
	strlist_add(&argv, "--");
	for (size_t i = 0; i < packages->n; i++)
		if (packages->v[i].requested)
			strlist_add(&argv, packages->v[i].name);
	const struct exec_spec spec = {.argv = (const char *const *)argv.v,
		.cwd = "/",
		.profile = PROFILE_PROVISION,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = ret,
		.time_limit_ms = 60000};
	return pod_exec(pod, &spec, &r, err);
}

/* ---- matching ---- */

struct matching {
	const struct package_list *packages;
	struct map opened; /* by merged path */
	char *package;	   /* whose proof is looked for */
	char *owner; /* of the files that are listed: itself, or one it depends on; NULL: no matter */
	bool bare;   /* it has nothing but documentation */
	json_t *found;
};

static const struct package *
find_package(const struct package_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

static void
begin_package(struct matching *m, struct str name)
{
	free(m->package);
	free(m->owner);
	m->package = str_dup(name);
	m->owner = str_dup(name);
	m->bare = true;
}

/*
 * "gcc" is a name for the gcc-12 it depends on, and so is every package without a file of its own.  What was
 * there before, or is wanted for itself, proves nothing.
 */
static void
begin_dependency(struct matching *m, struct str name)
{
	free(m->owner);
	m->owner = str_dup(name);
	const struct package *p = find_package(m->packages, m->owner);
	bool alike = m->package && strncmp(m->owner, m->package, strlen(m->package)) == 0;
	if (!p || p->requested || !m->package || (!alike && !m->bare))
		free(TAKE(m->owner));
}

static bool
is_documentation(const char *path)
{
	static const char *const dirs[] = {
		"/usr/share/doc", "/usr/share/man", "/usr/share/lintian", "/usr/share/bug", NULL};
	for (size_t i = 0; dirs[i]; i++)
		if (fs_is_below(path, dirs[i]) || str_starts(str_of(dirs[i]), path))
			return true;
	return strcmp(path, "/.") == 0;
}

static void
take_file(struct matching *m, struct str line)
{
	if (!m->owner)
		return;
	OWN_FREE char *path = str_dup(line), *key = merged(path);
	bool own = strcmp(m->owner, m->package) == 0;
	m->bare = m->bare && (!own || is_documentation(path));
	if (!map_get(&m->opened, key) || json_object_get(m->found, m->package))
		return;
	OWN_FREE char *proof =
		own ? mem_strdup(path) : mem_printf("%s (of %s, which it brings)", path, m->owner);
	json_object_set_new(m->found, m->package, json_text(str_of(proof)));
}

static void
match(struct matching *m, struct str listing)
{
	struct str line;
	while (str_next_line(&listing, &line)) {
		struct str rest = {line.p + 2, line.n >= 2 ? line.n - 2 : 0};
		if (str_starts(line, "~ ")) {
			OWN_FREE char *path = str_dup(rest), *key = merged(path);
			map_put(&m->opened, key, &yes);
		} else if (str_starts(line, "= ")) {
			begin_package(m, rest);
		} else if (str_starts(line, "+ ")) {
			begin_dependency(m, rest);
		} else {
			take_file(m, line);
		}
	}
}

int
proofs_find(struct pod *pod, const struct package_list *packages, const struct trace *trace,
	json_t *found, struct dd_err *err)
{
	OWN(buf) struct buf listing = {.max = MAX_LISTING};
	OWN(map) struct map opened = {0};
	struct matching m = {.packages = packages, .found = found};
	int rc = list_files(pod, packages, trace, &listing, err);
	if (rc < 0)
		return rc;
	lookups_opened(trace, &opened);
	for (struct map_entry *e = map_first(&opened); e; e = map_next(e)) {
		OWN_FREE char *key = merged(map_key(e));
		map_put(&m.opened, key, &yes);
	}
	match(&m, buf_str(&listing));
	map_cleanup(&m.opened);
	free(m.package);
	free(m.owner);
	return 0;
}
