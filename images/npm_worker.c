/*
 * The parser worker "npm": reads what the target and a registry say, so that npm gets nothing of
 * them but names, versions and digests.  Modes (request on standard input, answer on standard
 * output, both JSON):
 *
 *   plan DIR   the tree at /src -> the files npm is to work on
 *   settle     the lock files npm wrote -> one of ours, and the packages in it
 *   failure    what npm printed -> its error code and message
 */
#include "images/npm.h"

#include "base/fs.h"
#include "images/npm_spec.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE ((size_t)64 << 20)
#define MAX_MEMBERS 1000
#define MAX_FAILURE ((size_t)600)

/* ---- the tree ---- */

struct plan {
	int root;	 /* of the tree */
	const char *dir; /* of the application, "" the root */
	const json_t *request;
	json_t *files; /* path below dir -> text */
	json_t *refused, *options;
	struct strlist members; /* directories below dir that are packages of the tree */
	json_t *manifest;
};

static char *
below(const char *dir, const char *name)
{
	return *dir ? mem_printf("%s/%s", dir, name) : mem_strdup(name);
}

static int
open_in_tree(const struct plan *p, const char *path, int flags)
{
	int fd = -1;
	OWN_FREE char *full = below(p->dir, path);
	if (fs_open_in_root(p->root, *full ? full : ".", flags | O_NONBLOCK, &fd, NULL) < 0)
		return -1;
	return fd;
}

static bool
read_in_tree(const struct plan *p, const char *path, struct buf *ret)
{
	OWN_FD int fd = open_in_tree(p, path, O_RDONLY);
	struct stat st;
	char chunk[65536];
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	ret->max = MAX_FILE;
	for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) > 0;)
		buf_add(ret, chunk, (size_t)n);
	return !ret->truncated;
}

static json_t *
read_json(const struct plan *p, const char *path)
{
	OWN(buf) struct buf text = {0};
	json_t *j = NULL;
	if (!read_in_tree(p, path, &text))
		return NULL;
	struct str s = buf_str(&text);
	if (str_starts(s, "\xef\xbb\xbf"))
		s = (struct str){s.p + 3, s.n - 3};
	return json_parse(s, &j, NULL) < 0 ? NULL : j;
}

static void
add_file(struct plan *p, const char *path, const json_t *j)
{
	OWN(buf) struct buf text = {0};
	json_print(j, 2, &text);
	buf_putc(&text, '\n');
	json_object_set_new(p->files, path, json_text(buf_str(&text)));
}

/* ---- packages that the tree itself holds ---- */

/* A path relative to dir without "." and ".."; NULL: it leads out. */
static char *
clean_path(const char *path)
{
	OWN(buf) struct buf out = {0};
	struct str rest = str_of(path), part;
	while (str_next(&rest, '/', &part)) {
		if (!part.n || str_eq(part, "."))
			continue;
		if (str_eq(part, ".."))
			return NULL;
		if (out.n)
			buf_putc(&out, '/');
		buf_add_str(&out, part);
	}
	return out.n ? buf_take(&out) : NULL;
}

static void add_member(struct plan *p, const char *path);

/* Directories that a pattern such as "packages/" and a star names. */
static void
expand(struct plan *p, const char *done, struct str pattern)
{
	struct str part;
	if (!str_next(&pattern, '/', &part)) {
		add_member(p, done);
		return;
	}
	OWN_FREE char *wanted = str_dup(part);
	if (!strpbrk(wanted, "*?[")) {
		OWN_FREE char *next = below(done, wanted);
		expand(p, next, pattern);
		return;
	}
	int fd = open_in_tree(p, done, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *e; d && (e = readdir(d));) {
		OWN_FREE char *next = below(done, e->d_name);
		if (e->d_name[0] != '.' && strcmp(e->d_name, "node_modules") != 0 &&
			fnmatch(wanted, e->d_name, 0) == 0)
			expand(p, next, pattern);
	}
	if (d)
		(void)closedir(d);
}

static void
add_member(struct plan *p, const char *path)
{
	OWN_FREE char *clean = clean_path(path);
	if (!clean || strlist_has(&p->members, clean) || p->members.n >= MAX_MEMBERS)
		return;
	OWN_FREE char *file = mem_printf("%s/package.json", clean);
	OWN_JSON json_t *package = read_json(p, file);
	OWN(strlist) struct strlist locals = {0};
	if (!json_is_object(package))
		return;
	strlist_add(&p->members, clean);
	OWN_JSON json_t *manifest = npm_manifest(
		package, file, json_object_get(p->request, "answers"), p->refused, &locals);
	add_file(p, file, manifest);
	for (size_t i = 0; i < locals.n; i++) {
		OWN_FREE char *inner = mem_printf("%s/%s", clean, locals.v[i]);
		add_member(p, inner);
	}
}

/* "workspaces" is a list, or an object that has it as "packages". */
static void
add_workspaces(struct plan *p, const json_t *package)
{
	const json_t *list = json_object_get(package, "workspaces");
	json_t *pattern;
	size_t i;
	if (json_is_object(list))
		list = json_object_get(list, "packages");
	json_array_foreach ((json_t *)list, i, pattern) {
		OWN_FREE char *clean =
			json_is_string(pattern) ? clean_path(json_string_value(pattern)) : NULL;
		if (clean && *clean != '!')
			expand(p, "", str_of(clean));
	}
	if (!p->members.n || !json_array_size(list))
		return;
	json_t *names = json_array();
	for (size_t k = 0; k < p->members.n; k++)
		json_array_append_new(names, json_text(str_of(p->members.v[k])));
	json_object_set_new(p->manifest, "workspaces", names);
}

/* ---- addresses ---- */

/* The registry inside for a package: that of its scope, else the default one. */
static const char *
registry_of(const json_t *inside, const char *name)
{
	const char *slash = *name == '@' ? strchr(name, '/') : NULL;
	OWN_FREE char *scope = slash ? mem_strndup(name, (size_t)(slash - name)) : mem_strdup("");
	const char *own = json_string_value(json_object_get(inside, scope));
	return own ? own : json_string_value(json_object_get(inside, ""));
}

/*
 * Where an archive is: where the recipe found it, else where registries have it by convention.
 * NULL: npm is to ask the registry.
 */
static char *
address_of(const json_t *request, const char *name, const char *version)
{
	const char *registry = registry_of(json_object_get(request, "inside"), name);
	OWN_FREE char *key = mem_printf("%s@%s", name, version);
	const char *path =
		json_string_value(json_object_get(json_object_get(request, "known"), key));
	const char *base = strchr(name, '/') ? strchr(name, '/') + 1 : name;
	if (!registry)
		return NULL;
	if (path)
		return mem_printf("%s%s", registry, path);
	if (!json_is_true(json_object_get(request, "by_convention")))
		return NULL;
	OWN_FREE char *plain = mem_strndup(version, strcspn(version, "+"));
	return mem_printf("%s/%s/-/%s-%s.tgz", registry, name, base, plain);
}

static void
add_addresses(const struct plan *p, json_t *lock)
{
	const char *location;
	json_t *entry;
	json_object_foreach (json_object_get(lock, "packages"), location, entry) {
		const char *alias = json_string_value(json_object_get(entry, "name"));
		const char *name = alias ? alias : npm_name_at(location);
		const char *version = json_string_value(json_object_get(entry, "version"));
		if (!name || !npm_is_name(name) || !version || json_object_get(entry, "link") ||
			json_object_get(entry, "inBundle") || strlist_has(&p->members, location))
			continue;
		OWN_FREE char *address = address_of(p->request, name, version);
		if (address)
			json_object_set_new(entry, "resolved", json_string(address));
	}
}

/* ---- plan ---- */

/* The lock of the request, else the tree's own. */
static json_t *
find_lock(const struct plan *p, const char **ret_name)
{
	static const char *const names[] = {"npm-shrinkwrap.json", "package-lock.json", NULL};
	const json_t *given = json_object_get(p->request, "lock");
	json_t *lock = NULL;
	if (json_is_string(given))
		return json_parse(str_of(json_string_value(given)), &lock, NULL) < 0 ? NULL : lock;
	for (size_t i = 0; names[i]; i++)
		if ((lock = read_json(p, names[i]))) {
			*ret_name = names[i];
			return lock;
		}
	return NULL;
}

/* Settings of the tree's .npmrc that say how versions fit together; all others stay out. */
static void
read_settings(const struct plan *p)
{
	OWN(buf) struct buf text = {0};
	if (!read_in_tree(p, ".npmrc", &text))
		return;
	struct str rest = buf_str(&text), line, key;
	while (str_next_line(&rest, &line))
		if (str_next(&line, '=', &key) && str_eq(str_trim(key), "legacy-peer-deps") &&
			!str_eq(str_trim(line), "false"))
			json_array_append_new(p->options, json_string("--legacy-peer-deps"));
}

/* Does the tree bring every package it names?  One that no registry has may lie there. */
static bool
is_vendored(const struct plan *p, const json_t *package)
{
	static const char *const sections[] = {"dependencies", "devDependencies", NULL};
	bool all = !p->members.n, any = false;
	for (size_t i = 0; sections[i]; i++) {
		const char *name;
		json_t *spec;
		json_object_foreach (json_object_get(package, sections[i]), name, spec) {
			OWN_FREE char *path = mem_printf("node_modules/%s/package.json", name);
			OWN_FD int fd = open_in_tree(p, path, O_RDONLY);
			all = all && fd >= 0;
			any = true;
		}
	}
	return all && any;
}

static bool
needs_anything(const json_t *package)
{
	static const char *const sections[] = {"dependencies", "devDependencies",
		"optionalDependencies", "peerDependencies", "workspaces", NULL};
	for (size_t i = 0; sections[i]; i++)
		if (json_object_size(json_object_get(package, sections[i])) ||
			json_array_size(json_object_get(package, sections[i])))
			return true;
	return false;
}

static json_t *
make_plan(struct plan *p)
{
	OWN_JSON json_t *package = read_json(p, "package.json");
	OWN(strlist) struct strlist locals = {0};
	const char *lock_file = NULL;
	p->manifest = npm_manifest(package, "package.json", json_object_get(p->request, "answers"),
		p->refused, &locals);
	add_workspaces(p, package);
	for (size_t i = 0; i < locals.n; i++)
		add_member(p, locals.v[i]);
	add_file(p, "package.json", p->manifest);
	OWN_JSON json_t *found = find_lock(p, &lock_file);
	json_t *lock = found ? npm_lock(found, p->manifest, &p->members, p->refused) : NULL;
	bool complete = json_is_object(json_object_get(lock, "packages"));
	OWN(buf) struct buf plain = {0};
	if (lock)
		json_print(lock, 2, &plain);
	add_addresses(p, lock);
	if (lock)
		add_file(p, "package-lock.json", lock);
	read_settings(p);
	json_t *answer = json_pack("{s:b, s:O, s:O, s:O, s:b, s:b, s:b, s:s?}", "broken",
		!json_is_object(package), "files", p->files, "refused", p->refused, "options",
		p->options, "needed", needs_anything(package), "vendored", is_vendored(p, package),
		"complete", complete, "lock_file", lock ? lock_file : NULL);
	if (lock)
		json_object_set_new(answer, "lock", json_text(buf_str(&plain)));
	json_decref(lock);
	return answer;
}

static json_t *
plan(const char *dir, const json_t *request)
{
	struct plan p = {.root = open("/src", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.dir = dir,
		.request = request,
		.files = json_object(),
		.refused = json_array(),
		.options = json_array()};
	json_t *answer = p.root < 0 ? NULL : make_plan(&p);
	strlist_cleanup(&p.members);
	json_decref(p.files);
	json_decref(p.refused);
	json_decref(p.options);
	json_decref(p.manifest);
	if (p.root >= 0)
		(void)close(p.root);
	return answer;
}

/* ---- settle ---- */

/* Without addresses, and with the digests that only the installed packages had. */
static void
settle_lock(json_t *lock, const json_t *installed)
{
	const char *location;
	json_t *entry;
	json_object_foreach (json_object_get(lock, "packages"), location, entry) {
		const json_t *known = json_object_get(installed, location);
		json_t *integrity = json_object_get(known, "integrity");
		if (!json_is_true(json_object_get(entry, "link")))
			json_object_del(entry, "resolved");
		if (integrity && !json_object_get(entry, "integrity"))
			json_object_set(entry, "integrity", integrity);
	}
}

static json_t *
text_of(const json_t *entry, const char *key)
{
	const json_t *v = json_object_get(entry, key);
	return json_is_string(v) ? json_text(str_of(json_string_value(v))) : json_null();
}

/* Upstream and path of an address inside: http://127.0.0.1:3142/npm0/left-pad/-/left-pad-1.3.0.tgz
 */
static void
split_address(json_t *package, const char *origin, const char *address)
{
	size_t n = strlen(origin);
	if (!address || strncmp(address, origin, n) != 0)
		return;
	const char *slash = strchr(address + n, '/');
	if (!slash)
		return;
	json_object_set_new(package, "upstream",
		json_text((struct str){address + n, (size_t)(slash - address - n)}));
	json_object_set_new(package, "path", json_text(str_of(slash)));
}

static json_t *
list_packages(const json_t *installed, const char *origin)
{
	json_t *list = json_array(), *entry;
	const char *location;
	json_object_foreach ((json_t *)installed, location, entry) {
		const char *name = npm_name_at(location);
		const json_t *alias = json_object_get(entry, "name");
		if (!name || json_is_true(json_object_get(entry, "link")))
			continue;
		json_t *p = json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:b}", "place",
			json_text(str_of(name)), "name",
			alias ? text_of(entry, "name") : json_text(str_of(name)), "version",
			text_of(entry, "version"), "integrity", text_of(entry, "integrity"),
			"bundled", json_is_true(json_object_get(entry, "inBundle")), "scripts",
			json_is_true(json_object_get(entry, "hasInstallScript")), "optional",
			json_is_true(json_object_get(entry, "optional")));
		split_address(p, origin, json_string_value(json_object_get(entry, "resolved")));
		json_array_append_new(list, p);
	}
	return list;
}

static json_t *
parse_member(const json_t *request, const char *key)
{
	const char *text = json_string_value(json_object_get(request, key));
	json_t *j = NULL;
	return text && json_parse(str_of(text), &j, NULL) == 0 ? j : NULL;
}

static json_t *
settle(const json_t *request)
{
	OWN_JSON json_t *hidden = parse_member(request, "hidden"),
			*lock = parse_member(request, "lock");
	const json_t *installed = json_object_get(hidden, "packages");
	const char *origin = json_string_value(json_object_get(request, "origin"));
	OWN(buf) struct buf text = {0};
	if (!json_is_object(json_object_get(lock, "packages")) || !origin)
		return NULL;
	settle_lock(lock, installed);
	json_print(lock, 2, &text);
	buf_putc(&text, '\n');
	return json_pack("{s:o, s:o}", "lock", json_text(buf_str(&text)), "packages",
		list_packages(installed, origin));
}

/* ---- failure ---- */

/* "npm ERR! code E404" and the lines behind it. */
static json_t *
failure(struct str log)
{
	struct str line, code = {"", 0};
	OWN(buf) struct buf text = {.max = MAX_FAILURE};
	while (str_next_line(&log, &line)) {
		bool old = str_starts(line, "npm ERR! "), new = str_starts(line, "npm error ");
		if (!old && !new)
			continue;
		struct str rest = {line.p + (old ? 9 : 10), line.n - (old ? 9 : 10)};
		if (str_starts(rest, "code ")) {
			code = (struct str){rest.p + 5, rest.n - 5};
			buf_reset(&text);
		} else if (code.n && rest.n && !memmem(rest.p, rest.n, "_logs/", 6) &&
			   !str_starts(rest, "A complete log")) {
			if (text.n)
				buf_putc(&text, ' ');
			buf_put_visible(&text, str_trim(rest));
		}
	}
	return json_pack("{s:o, s:o}", "code", json_text(code), "text", json_text(buf_str(&text)));
}

int
npm_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf in = {.max = 4 * MAX_FILE};
	OWN_JSON json_t *request = NULL, *answer = NULL;
	const char *mode = argc > 1 ? argv[1] : "";
	worker_take_input(&in);
	if (strcmp(mode, "failure") == 0) {
		answer = failure(buf_str(&in));
	} else if (json_parse(buf_str(&in), &request, NULL) == 0) {
		if (strcmp(mode, "plan") == 0)
			answer = plan(argc > 2 ? argv[2] : "", request);
		else
			answer = settle(request);
	}
	if (!answer) {
		fputs("npm: what npm left behind is no lock file\n", stderr);
		return 1;
	}
	return json_give(answer, &err) < 0 ? 1 : 0;
}
