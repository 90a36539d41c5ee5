#include "envprobe/inventory.h"

#include "base/map.h"
#include "envprobe/envprobe.h"

#include <string.h>

#define MAX_TEXT ((size_t)16 << 20)
#define MAX_PACKAGES 20000
#define MAX_LINKED ((size_t)1 << 20)

/*
 * Two lines of os-release(5), then a line a package: name, version, architecture, state, what it needs, what it
 * stands for, the source it was built from and the version of that, between tabs.
 */
static const char script[] =
	"sed -n -e 's/\"//g' -e '/^ID=/p' -e '/^VERSION_ID=/p' /etc/os-release\n"
	"exec dpkg-query -W -f '${Package}\\t${Version}\\t${Architecture}\\t${db:Status-Status}\\t"
	"${Pre-Depends}, ${Depends}\\t${Provides}\\t${source:Package}\\t${source:Version}\\n'\n";

/* Paths of the libraries that the loader finds for what was built: files that begin as ELF does. */
static const char linked[] =
	"find . -xdev -type f '(' -perm /111 -o -name '*.so' -o -name '*.so.*' -o -name '*.node' ')' -print0 |\n"
	"head -z -n 5000 | LC_ALL=C xargs -0 -r grep -lZ -m 1 -e \"^$(printf '\\177ELF')\" |\n"
	"head -z -n 500 | xargs -0 -r ldd 2>/dev/null |\n"
	"sed -n 's/.* => \\(\\/[^ ]*\\) (0x.*/\\1/p' | sort -u | head -n 500\n";

static const struct json_field installed_fields[] = {
	{.key = "name",
		.kind = JSON_K_STRING,
		.offset = offsetof(struct installed, name),
		.required = true},
	{.key = "version",
		.kind = JSON_K_STRING,
		.offset = offsetof(struct installed, version),
		.required = true},
	{.key = "arch",
		.kind = JSON_K_STRING,
		.offset = offsetof(struct installed, arch),
		.required = true},
	{.key = "source", .kind = JSON_K_STRING, .offset = offsetof(struct installed, source)},
	{.key = "source_version",
		.kind = JSON_K_STRING,
		.offset = offsetof(struct installed, source_version)},
	{.key = "depends", .kind = JSON_K_STRLIST, .offset = offsetof(struct installed, depends)},
	{.key = NULL}};

static const struct json_field inventory_fields[] = {
	{.key = "vendor", .kind = JSON_K_STRING, .offset = offsetof(struct inventory, vendor)},
	{.key = "release", .kind = JSON_K_STRING, .offset = offsetof(struct inventory, release)},
	{.key = "packages",
		.kind = JSON_K_ARRAY,
		.offset = offsetof(struct inventory, v),
		.sub = installed_fields,
		.elem_size = sizeof(struct installed)},
	{.key = "linked", .kind = JSON_K_STRLIST, .offset = offsetof(struct inventory, linked)},
	{.key = NULL}};

void
inventory_cleanup(struct inventory *inv)
{
	json_release(inventory_fields, inv);
	*inv = (struct inventory){0};
}

json_t *
inventory_to_json(const struct inventory *inv)
{
	return json_encode(inventory_fields, inv);
}

int
inventory_from_json(const json_t *j, struct inventory *ret, struct dd_err *err)
{
	struct inventory inv = {0};
	int rc = json_decode(j, inventory_fields, false, &inv, "inventory", err);
	if (rc < 0)
		inventory_cleanup(&inv);
	else
		*ret = inv;
	return rc;
}

/* ---- reading ---- */

/* deb-control(5) and deb-version(7): letters, digits and a few others, an alphanumeric first. */
static bool
is_word(struct str s)
{
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-:~_";
	if (!s.n || s.n > 200 || strchr(".+-:~_", s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(chars, s.p[i]))
			return false;
	return true;
}

/* The name at the start of "libc6:any (>= 2.36) [amd64]". */
static struct str
name_of(struct str relation)
{
	size_t n = 0;
	relation = str_trim(relation);
	while (n < relation.n && !strchr(" :([<", relation.p[n]))
		n++;
	return (struct str){relation.p, n};
}

struct line { /* of a package that is installed */
	struct str name, version, arch, needs, provides, source, source_version;
};

static bool
read_line(struct str text, struct line *ret)
{
	struct str f[8] = {{0}};
	size_t n = 0;
	while (n < 8 && str_next(&text, '\t', &f[n]))
		n++;
	*ret = (struct line){f[0], f[1], f[2], f[4], f[5], f[6], f[7]};
	return n >= 5 && str_eq(f[3], "installed") && is_word(f[0]) && is_word(f[1]) &&
	       is_word(f[2]);
}

static int
by_name(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int d = memcmp(x->name.p, y->name.p, n);
	if (d == 0)
		d = (x->name.n > y->name.n) - (x->name.n < y->name.n);
	return d ? d : (x->arch.p > y->arch.p) - (x->arch.p < y->arch.p);
}

/* Name -> name of the package that has it or stands for it; values are heap. */
static void
add_names(const struct line *l, struct map *names)
{
	struct str rest = l->provides, one;
	while (str_next(&rest, ',', &one)) {
		struct str virtual = name_of(one);
		if (is_word(virtual) && !map_get_str(names, virtual))
			map_put_str(names, virtual, str_dup(l->name));
	}
}

/* Of alternatives, the first that is there. */
static void
add_dependency(struct str alternatives, const struct map *names, struct installed *p)
{
	struct str one;
	const char *found = NULL;
	while (!found && str_next(&alternatives, '|', &one))
		found = map_get_str(names, name_of(one));
	if (found && strcmp(found, p->name) != 0)
		strlist_add_new(&p->depends, found);
}

static void
add_package(const struct line *l, const struct map *names, struct inventory *inv)
{
	struct installed *p = &inv->v[inv->n++];
	struct str rest = l->needs, clause;
	*p = (struct installed){
		.name = str_dup(l->name), .version = str_dup(l->version), .arch = str_dup(l->arch)};
	if (is_word(l->source) && is_word(l->source_version)) {
		p->source = str_dup(l->source);
		p->source_version = str_dup(l->source_version);
	}
	while (str_next(&rest, ',', &clause))
		add_dependency(clause, names, p);
	strlist_sort(&p->depends);
}

static void
read_release(struct str line, struct inventory *inv)
{
	char **to = str_starts(line, "ID=") ? &inv->vendor : &inv->release;
	const char *value = memchr(line.p, '=', line.n);
	struct str word = {value + 1, line.n - (size_t)(value + 1 - line.p)};
	if (is_word(word) && !*to)
		*to = str_dup(word);
}

void
inventory_parse(struct str text, struct inventory *ret)
{
	OWN(map) struct map names = {.destroy = free};
	struct line *lines = mem_zalloc(MAX_PACKAGES, sizeof(*lines));
	size_t n = 0;
	struct str line;
	*ret = (struct inventory){0};
	while (n < MAX_PACKAGES && str_next_line(&text, &line))
		if (str_starts(line, "ID=") || str_starts(line, "VERSION_ID="))
			read_release(line, ret);
		else if (read_line(line, &lines[n]))
			n++;
	if (n)
		qsort(lines, n, sizeof(*lines), by_name);
	for (size_t i = 0; i < n; i++) /* a package's own name before what others stand for */
		map_put_str(&names, lines[i].name, str_dup(lines[i].name));
	for (size_t i = 0; i < n; i++)
		add_names(&lines[i], &names);
	ret->v = mem_zalloc(n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < n; i++)
		add_package(&lines[i], &names, ret);
	free(lines);
}

/* ---- asking ---- */

static void
keep(void *ctx, int stream, struct str data)
{
	if (stream == 1)
		buf_add_str(ctx, data);
}

/* What it prints goes to ret; whether it succeeds is not asked. */
static int
ask(struct pod *pod, const char *text, enum exec_profile profile, struct buf *ret,
	struct dd_err *err)
{
	const char *const argv[] = {"/bin/sh", "-c", text, NULL};
	struct exec_result r;
	const struct exec_spec exec = {.argv = argv,
		.cwd = WORK_DIR,
		.profile = profile,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = ret,
		.time_limit_ms = 60000};
	int rc = pod_exec(pod, &exec, &r, err);
	return rc == 0 && r.cause == CAUSE_STOPPED ? err_set(err, DD_ESTOPPED, "stopped") : rc;
}

/* The loader runs as the target's own code does. */
static int
find_linked(struct pod *pod, struct strlist *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = MAX_LINKED};
	OWN(strlist) struct strlist paths = {0};
	OWN(map) struct map owners = {.destroy = free};
	struct str rest, line;
	int rc = ask(pod, linked, PROFILE_BUILD, &text, err);
	for (rest = buf_str(&text); rc == 0 && str_next_line(&rest, &line);)
		if (str_starts(line, "/usr/"))
			strlist_add_str(&paths, line);
		else if (str_starts(line, "/lib")) /* as a merged /usr has it */
			strlist_addf(&paths, "/usr" STR_FMT, STR_ARG(line));
	if (rc == 0 && paths.n)
		rc = apt_packages_of(pod, &paths, &owners, err);
	for (struct map_entry *e = map_first(&owners); e; e = map_next(e))
		if (is_word(str_of(map_value(e))))
			strlist_add_new(ret, map_value(e));
	strlist_sort(ret);
	return rc;
}

int
probe_inventory(const struct state *st, const struct stack *root, const struct stack *work,
	json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = MAX_TEXT};
	struct inventory inv = {0};
	struct pod *pod;
	const struct pod_spec spec = {.state = st, .root = *root, .work = work};
	int rc = pod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = ask(pod, script, PROFILE_PROVISION, &text, err);
	inventory_parse(buf_str(&text), &inv);
	if (rc == 0)
		rc = find_linked(pod, &inv.linked, err);
	pod_close(pod);
	if (rc == 0)
		*ret = inventory_to_json(&inv);
	inventory_cleanup(&inv);
	return rc;
}
