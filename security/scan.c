#include "security/scan.h"

#include "base/embed.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/match.h"
#include "security/lockfiles.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <math.h>
#include <sys/stat.h>

#define MAX_RULES 200
#define MAX_FILE ((size_t)8 << 20)
#define MAX_DEPTH 256
#define MAX_FINDINGS 100000
#define MAX_OF_FILE 100 /* of one rule */
#define TEXT_HEAD 8192	/* bytes in which a NUL says that it is no text */

EMBED(security_rules, "security/data/rules.tsv");

enum check { CHECK_NONE, CHECK_VALUE, CHECK_RANDOM };

struct rule { /* heap strings */
	char *id, *files, *cwe, *message;
	enum security_level level;
	enum check check;
	bool secret;
};

struct scan {
	struct rule rules[MAX_RULES];
	struct match_rule patterns[MAX_RULES];
	size_t n;
	struct match_set *set;
	struct security_result *out;
	struct map numbers;	     /* of what has one fingerprint: counts */
	const char *path;	     /* being read */
	unsigned of_file[MAX_RULES]; /* findings in it */
	struct dd_err *err;
};

/* ---- the table ---- */

static char *
field(struct str *line)
{
	struct str f = *line;
	if (!str_next(line, '\t', &f))
		*line = (struct str){"", 0};
	return str_dup(f);
}

static enum security_level
level_of(const char *name)
{
	return strcmp(name, "error") == 0     ? FINDING_ERROR
	       : strcmp(name, "warning") == 0 ? FINDING_WARNING
					      : FINDING_NOTE;
}

static int
load_rules(struct scan *s)
{
	struct str rest = EMBEDDED(security_rules);
	struct str line;
	while (str_next_line(&rest, &line) && s->n < MAX_RULES) {
		if (!line.n || line.p[0] == '#')
			continue;
		struct rule *r = &s->rules[s->n];
		r->id = field(&line);
		OWN_FREE char *level = field(&line);
		r->cwe = field(&line);
		r->files = field(&line);
		OWN_FREE char *check = field(&line);
		r->message = field(&line);
		r->level = level_of(level);
		r->secret = str_starts(str_of(r->id), "secret/");
		r->check = strcmp(check, "value") == 0	  ? CHECK_VALUE
			   : strcmp(check, "random") == 0 ? CHECK_RANDOM
							  : CHECK_NONE;
		s->patterns[s->n] = (struct match_rule){.id = r->id, .pattern = str_dup(line)};
		s->n++;
	}
	return match_compile(s->patterns, s->n, STR(""), &s->set, s->err);
}

static void
free_rules(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->rules[i].id);
		free(s->rules[i].files);
		free(s->rules[i].cwe);
		free(s->rules[i].message);
		free((char *)s->patterns[i].pattern);
	}
	match_destroy(s->set);
}

/* Does one of the patterns, between commas, fit the name of the file? */
static bool
is_for(const struct rule *r, const char *path)
{
	struct str rest = str_of(r->files), one;
	while (str_next(&rest, ',', &one)) {
		OWN_FREE char *pattern = str_dup(one);
		if (fnmatch(pattern, fs_name(path), 0) == 0)
			return true;
	}
	return false;
}

/* ---- what a hit is worth ---- */

/* A line of nothing but a comment does nothing. */
static bool
is_comment(struct str line)
{
	line = str_trim(line);
	return str_starts(line, "//") || str_starts(line, "/*") || str_starts(line, "* ") ||
	       str_starts(line, "# ") || str_starts(line, "-- ") || str_starts(line, "; ") ||
	       str_starts(line, "<!--");
}

/* Of tests, examples and documents: what is there reaches nobody. */
static bool
is_aside(const char *path)
{
	static const char *const parts[] = {"/test/", "/tests/", "/testing/", "/testdata/",
		"/fixtures/", "/spec/", "/example/", "/examples/", "/doc/", "/docs/", "/samples/",
		NULL};
	OWN_FREE char *whole = mem_printf("/%s", path);
	for (size_t i = 0; parts[i]; i++)
		if (strcasestr(whole, parts[i]))
			return true;
	return fnmatch("test_*", fs_name(path), 0) == 0 ||
	       fnmatch("*_test.*", fs_name(path), 0) == 0;
}

/* What people write where a secret is to be put. */
static bool
is_placeholder(struct str value)
{
	static const char *const words[] = {"example", "changeme", "change_me", "change-me",
		"placeholder", "your", "xxxx", "****", "....", "dummy", "password", "passwd",
		"secret", "1234", "default", "insert", "todo", "foobar", "${", "{{", "<", "%(",
		"getenv", "environ", NULL};
	OWN_FREE char *text = str_dup(value);
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* Bits a character (Shannon). */
static double
entropy(struct str s)
{
	size_t counts[256] = {0};
	double bits = 0;
	for (size_t i = 0; i < s.n; i++)
		counts[(unsigned char)s.p[i]]++;
	for (size_t i = 0; i < 256; i++)
		if (counts[i]) {
			double p = (double)counts[i] / (double)s.n;
			bits -= p * log2(p);
		}
	return bits;
}

static bool
has_digit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (isdigit((unsigned char)s.p[i]))
			return true;
	return false;
}

static bool
is_worth(const struct rule *r, const struct match_hit *hit)
{
	struct str value = match_named(hit, "value");
	if (!r->secret)
		return !is_comment(hit->text);
	if (r->check == CHECK_NONE)
		return !is_placeholder(hit->captures[0]);
	if (!value.p || is_placeholder(value))
		return false;
	return r->check == CHECK_VALUE || (entropy(value) >= 3.0 && has_digit(value));
}

/* ---- findings ---- */

/*
 * The same for the same line in another place.  Of a secret the text is no part of it: from a digest a short one could
 * be guessed.
 */
static char *
print_of(struct scan *s, const struct rule *r, struct str line)
{
	struct str fields[] = {
		str_of(r->id), str_of(s->path), r->secret ? STR("") : str_trim(line), {NULL, 0}};
	struct hash_hex h = hash_fields(fields, 3);
	size_t number = (size_t)map_get(&s->numbers, h.s) + 1;
	map_put(&s->numbers, h.s, (void *)number);
	OWN_FREE char *text = mem_printf("%zu", number);
	fields[3] = str_of(text);
	h = hash_fields(fields, 4);
	return mem_strdup(h.s);
}

static enum security_level
level_at(const struct scan *s, const struct rule *r)
{
	return is_aside(s->path) ? FINDING_NOTE : r->level;
}

static bool
on_hit(void *ctx, const struct match_hit *hit)
{
	struct scan *s = ctx;
	const struct rule *r = &s->rules[hit->rule];
	if (!is_for(r, s->path) || !is_worth(r, hit))
		return true;
	/* Many of one kind in one file must not hide others. */
	bool many = ++s->of_file[hit->rule] > MAX_OF_FILE;
	if (many || s->out->findings.n >= MAX_FINDINGS) {
		s->out->dropped += !many || level_at(s, r) != FINDING_NOTE;
		return true;
	}
	struct security_finding *f = security_finding_list_add(&s->out->findings);
	f->kind = r->secret ? FINDING_SECRET : FINDING_UNSAFE;
	f->level = level_at(s, r);
	f->rule = mem_strdup(r->id);
	f->cwe = r->cwe[0] ? mem_printf("CWE-%s", r->cwe) : NULL;
	f->path = mem_strdup(s->path);
	f->line = (int64_t)hit->line;
	f->message = mem_strdup(r->message);
	f->print = print_of(s, r, hit->text);
	return true;
}

/* ---- the tree ---- */

static int
scan_file(struct scan *s, int dir_fd, const char *name, const char *path)
{
	OWN(buf) struct buf text = {0};
	if (fs_read_at(dir_fd, name, MAX_FILE, &text, NULL) < 0 ||
		(text.n && memchr(text.p, '\0', text.n < TEXT_HEAD ? text.n : TEXT_HEAD))) {
		s->out->left_out++;
		return 0;
	}
	s->out->files++;
	s->path = path;
	memset(s->of_file, 0, sizeof(s->of_file));
	if (lockfile_is(path)) {
		s->out->dropped += lockfile_read(path, buf_str(&text), &s->out->dependencies);
		return 0;
	}
	return match_text(s->set, buf_str(&text), on_hit, s, s->err);
}

static bool
is_passed_over(const char *name)
{
	static const char *const names[] = {".git", ".hg", ".svn", "node_modules", NULL};
	return str_is_one(str_of(name), names);
}

static int
scan_directory(struct scan *s, int dir_fd, const char *path, unsigned depth)
{
	OWN(strlist) struct strlist names = {0};
	if (depth > MAX_DEPTH)
		return 0;
	int rc = fs_list_fd(dir_fd, path, &names, s->err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const char *name = names.v[i];
		OWN_FREE char *child = *path ? mem_printf("%s/%s", path, name) : mem_strdup(name);
		struct stat st;
		OWN_FD int fd =
			openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			continue; /* a link, or nobody's */
		if (S_ISREG(st.st_mode))
			rc = scan_file(s, dir_fd, name, child);
		else if (S_ISDIR(st.st_mode) && !is_passed_over(name))
			rc = scan_directory(s, fd, child, depth + 1);
	}
	return rc;
}

int
security_scan_tree(int dir_fd, struct security_result *ret, struct dd_err *err)
{
	struct scan s = {.out = ret, .err = err};
	int rc = load_rules(&s);
	if (rc == 0)
		rc = scan_directory(&s, dir_fd, "", 0);
	free_rules(&s);
	map_cleanup(&s.numbers);
	return rc;
}

int
security_compile_patterns(struct dd_err *err)
{
	struct scan s = {.err = err};
	int rc = load_rules(&s);
	free_rules(&s);
	return rc;
}
