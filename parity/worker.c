/* The worker: reads trees and usages for seeds, and says in which files two archives differ. */
#include "base/fs.h"
#include "base/hash.h"
#include "parity/case.h"
#include "parity/parity.h"
#include "parity/seed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX ((size_t)64 << 20)
#define TEXT_MAX ((size_t)512 << 10)
#define FILES_MAX 3000
#define DEPTH_MAX 12

/* ---- seeds ---- */

static void
read_tree(struct seeds *s, int dir_fd, const char *path, unsigned depth, size_t *files)
{
	OWN(strlist) struct strlist names = {0};
	if (depth > DEPTH_MAX || fs_list_fd(dir_fd, path, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n && *files < FILES_MAX; i++) {
		OWN_FREE char *child = *path ? fs_join(path, names.v[i]) : mem_strdup(names.v[i]);
		OWN(buf) struct buf text = {.max = TEXT_MAX};
		struct stat st;
		OWN_FD int fd =
			openat(dir_fd, names.v[i], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && names.v[i][0] != '.' &&
			strcmp(names.v[i], "node_modules") != 0)
			read_tree(s, fd, child, depth + 1, files);
		if (!S_ISREG(st.st_mode) ||
			fs_read_regular(dir_fd, names.v[i], true, TEXT_MAX, &text, NULL) < 0)
			continue;
		++*files;
		seeds_read(s, child, buf_str(&text));
	}
}

/* {"names", "usages": texts} */
static int
do_seed(struct dd_err *err)
{
	OWN(buf) struct buf input = {.max = INPUT_MAX};
	OWN_JSON json_t *asked = NULL;
	OWN(strlist) struct strlist names = {0};
	size_t files = 0, i;
	json_t *usage;
	worker_take_input(&input);
	int rc = json_parse(buf_str(&input), &asked, err);
	if (rc < 0)
		return rc;
	json_to_strings(json_object_get(asked, "names"), &names);
	struct seeds *s = seeds_create(&names);
	json_array_foreach (json_object_get(asked, "usages"), i, usage)
		seeds_read_usage(s, str_of(json_string_value(usage)));
	OWN_FD int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		read_tree(s, fd, "", 0, &files);
	OWN_JSON json_t *found = seeds_result(s);
	seeds_destroy(s);
	return json_give(found, err);
}

/* ---- programs ---- */

#define PROGRAMS_MAX 200
#define HEAD 18 /* of an ELF file, to its kind */

static bool
is_passed_over(const char *name)
{
	static const char *const names[] = {"test", "tests", "t", "tools", "scripts", "examples",
		"doc", "docs", "build-aux", "node_modules", NULL};
	if (str_is_one(str_of(name), names))
		return true;
	return name[0] == '.';
}

static bool
builds_it(const char *name)
{
	static const char *const names[] = {"configure", "config.status", "libtool", "autogen.sh",
		"bootstrap", "install-sh", "setup.py", "gradlew", "mvnw", NULL};
	return str_is_one(str_of(name), names);
}

/* Executable and position-independent files of ELF that are no libraries, and scripts. */
static bool
is_program(int dir_fd, const char *name)
{
	char head[HEAD] = "";
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
	if (n >= 2 && memcmp(head, "#!", 2) == 0)
		return true;
	return n == HEAD && memcmp(head, "\177ELF", 4) == 0 && (head[16] == 2 || head[16] == 3) &&
	       !strstr(name, ".so");
}

static void
find_programs(int dir_fd, const char *path, unsigned depth, json_t *ret)
{
	OWN(strlist) struct strlist names = {0};
	if (depth > DEPTH_MAX || fs_list_fd(dir_fd, path, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n && json_array_size(ret) < PROGRAMS_MAX; i++) {
		const char *name = names.v[i];
		OWN_FREE char *child = *path ? fs_join(path, name) : mem_strdup(name);
		struct stat st;
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || is_passed_over(name))
			continue;
		OWN_FD int fd = S_ISDIR(st.st_mode)
					? openat(dir_fd, name,
						  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
					: -1;
		if (fd >= 0)
			find_programs(fd, child, depth + 1, ret);
		json_t *found = S_ISREG(st.st_mode) && (st.st_mode & 0100) && !builds_it(name) &&
						is_program(dir_fd, name)
					? json_string(child)
					: NULL;
		if (found)
			json_array_append_new(ret, found);
	}
}

static int
do_programs(struct dd_err *err)
{
	OWN_JSON json_t *found = json_array();
	OWN_FD int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		find_programs(fd, "", 0, found);
	return json_give(found, err);
}

/* ---- archives ---- */

#define BLOCK 512
#define SHOWN_MAX 2000	/* bytes of a file */
#define ENTRIES_MAX 200 /* that differ and are told */

static uint64_t
octal(const char *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v * 8 + (uint64_t)(p[i] - '0');
	return v;
}

static json_t *
entry_of(const char *head, struct str content)
{
	OWN_FREE char *mode = mem_printf("%03o", (unsigned)(octal(head + 100, 8) & 07777));
	char kind[2] = {head[156] ? head[156] : '0', '\0'};
	OWN_FREE char *link = mem_strndup(head + 157, 100);
	struct hash_hex digest = hash_bytes(content);
	struct str shown = {content.p, content.n > SHOWN_MAX ? SHOWN_MAX : content.n};
	return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "kind",
		kind[0] == '5'	 ? "directory"
		: kind[0] == '2' ? "link"
		: kind[0] == '0' ? "file"
				 : "other",
		"mode", mode, "bytes", (json_int_t)content.n, "digest", digest.s, "text",
		json_text(shown), "link", json_text(str_of(link)));
}

/* Entries by name, of an archive in GNU's format; what is not well formed ends it. */
static json_t *
entries_of(struct str tar)
{
	json_t *all = json_object();
	OWN_FREE char *longer = NULL;
	while (tar.n >= BLOCK && tar.p[0]) {
		uint64_t size = octal(tar.p + 124, 12);
		uint64_t whole = (size + BLOCK - 1) / BLOCK * BLOCK;
		if (size > tar.n || whole > tar.n - BLOCK)
			break;
		struct str content = {tar.p + BLOCK, (size_t)size};
		if (tar.p[156] == 'L') {
			free(longer);
			longer = str_dup(content);
		} else {
			OWN_FREE char *plain = longer ? TAKE(longer) : mem_strndup(tar.p, 100);
			OWN(buf) struct buf name = {0};
			buf_put_visible(&name, str_of(plain));
			json_object_set_new(all, name.n ? name.p : "", entry_of(tar.p, content));
		}
		tar = (struct str){tar.p + BLOCK + whole, tar.n - BLOCK - (size_t)whole};
	}
	return all;
}

static json_t *
differences(json_t *a, json_t *b)
{
	json_t *all = json_array(), *value;
	const char *name;
	json_object_foreach (a, name, value)
		if (json_array_size(all) < ENTRIES_MAX &&
			!json_equal(value, json_object_get(b, name)))
			json_array_append_new(
				all, json_pack("{s:s, s:O, s:O?}", "path", name, "original", value,
					     "port", json_object_get(b, name)));
	json_object_foreach (b, name, value)
		if (json_array_size(all) < ENTRIES_MAX && !json_object_get(a, name))
			json_array_append_new(all, json_pack("{s:s, s:n, s:O}", "path", name,
							   "original", "port", value));
	return all;
}

/* Input: the length of the first archive in a line, then both. */
static int
do_files(struct dd_err *err)
{
	OWN(buf) struct buf input = {.max = INPUT_MAX};
	struct str rest, line;
	uint64_t n;
	worker_take_input(&input);
	rest = buf_str(&input);
	if (!str_next_line(&rest, &line) || !str_parse_u64(line, rest.n, &n))
		return err_set(err, DD_ECORRUPT, "parity: no archives");
	OWN_JSON json_t *a = entries_of((struct str){rest.p, (size_t)n});
	OWN_JSON json_t *b = entries_of((struct str){rest.p + n, rest.n - (size_t)n});
	OWN_JSON json_t *found = differences(a, b);
	return json_give(found, err);
}

int
parity_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *mode = argc > 1 ? argv[1] : "";
	int rc = strcmp(mode, "seed") == 0	 ? do_seed(&err)
		 : strcmp(mode, "files") == 0	 ? do_files(&err)
		 : strcmp(mode, "programs") == 0 ? do_programs(&err)
						 : err_set(&err, DD_EINVAL, "parity: no such mode");
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0;
}
