/* What the compilers were called with. */
#include "agents/fixer.h"
#include "agents/fixer_path.h"

#include "base/map.h"

#include <string.h>

#define MAX_UNITS 5000

/* A record is NUL-terminated words: how many arguments, exit status, directory, compiler, arguments. */
const char fixer_record_script[] =
	"rm -rf " FIXER_DIR " && mkdir -p " FIXER_DIR "/log && cd " FIXER_DIR " || exit 1\n"
	"for name in cc gcc c89 c99; do\n"
	"\tcommand -v $name >/dev/null || continue\n"
	"\tcat >$name <<'EOF'\n"
	"#!/bin/sh\n"
	"name=${0##*/}\n"
	"PATH=$(printf '%s' \"$PATH\" | sed 's|" FIXER_DIR ":||g')\n"
	"export PATH\n"
	"\"$name\" \"$@\"\n"
	"rc=$?\n"
	"printf '%s\\0' \"$#\" $rc \"$PWD\" \"$name\" \"$@\" >>" FIXER_DIR "/log/$$\n"
	"exit $rc\n"
	"EOF\n"
	"\tchmod 755 $name\n"
	"done\n";
const char fixer_recorded_script[] = "cat " FIXER_DIR "/log/* 2>/dev/null | head -c 16000000\n";

void
fixer_unit_list_cleanup(struct fixer_unit_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].dir);
		free(l->v[i].path);
		free(l->v[i].source);
		strlist_cleanup(&l->v[i].argv);
	}
	free(l->v);
	*l = (struct fixer_unit_list){0};
}

/* Options whose value is the next word; those that are left out with it. */
static bool
takes_word(struct str a)
{
	static const char *const list[] = {"-I", "-D", "-U", "-include", "-imacros", "-isystem",
		"-iquote", "-idirafter", "-x", "-iprefix", "-iwithprefix", "--param", NULL};
	return str_is_one(a, list);
}

static bool
drops_word(struct str a)
{
	static const char *const list[] = {
		"-o", "-MF", "-MT", "-MQ", "-L", "-l", "-T", "-Xlinker", "-u", "-z", NULL};
	return str_is_one(a, list);
}

static bool
is_dropped(struct str a)
{
	static const char *const list[] = {"-c", "-MD", "-MMD", "-MP", "-MG", "-M", "-MM", "-pipe",
		"-v", "-s", "-shared", "-static", "-pie", "-rdynamic", "-fsyntax-only", NULL};
	if (str_is_one(a, list))
		return true;
	return str_starts(a, "-l") || str_starts(a, "-L") || str_starts(a, "-Wl,") ||
	       str_starts(a, "-fdiagnostics") || str_starts(a, "-o");
}

static bool
is_trial(struct str path)
{
	const char *slash = memrchr(path.p, '/', path.n);
	struct str name =
		slash ? (struct str){slash + 1, path.n - (size_t)(slash + 1 - path.p)} : path;
	return str_starts(name, "conftest") || str_starts(name, "CMakeCCompilerId") ||
	       memmem(path.p, path.n, "CMakeFiles/", 11) != NULL;
}

static void
add_unit(struct fixer_unit_list *l, struct map *seen, struct str dir, struct str source,
	const struct strlist *argv)
{
	OWN_FREE char *where = fixer_path("", dir);
	OWN_FREE char *path = where ? fixer_path(where, source) : NULL;
	if (!path || !*path || is_trial(source) || map_get(seen, path) || l->n == MAX_UNITS)
		return;
	map_put(seen, path, seen);
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	struct fixer_unit *u = &l->v[l->n++];
	*u = (struct fixer_unit){.dir = TAKE(where), .path = TAKE(path), .source = str_dup(source)};
	strlist_copy(&u->argv, argv);
}

/* One call: a unit for each source it names. */
static void
take_call(struct fixer_unit_list *l, struct map *seen, const struct str *words, size_t n)
{
	OWN(strlist) struct strlist argv = {0};
	OWN(strlist) struct strlist sources = {0};
	strlist_add_str(&argv, words[1]);
	for (size_t i = 2; i < n; i++) {
		struct str a = words[i];
		if (str_eq(a, "-E") || str_eq(a, "-S") || str_eq(a, "-") || str_starts(a, "@"))
			return;
		if (drops_word(a)) {
			i++;
		} else if (takes_word(a) && i + 1 < n) {
			if (str_eq(a, "-x") && !str_eq(words[i + 1], "c"))
				return;
			strlist_add_str(&argv, a);
			strlist_add_str(&argv, words[++i]);
		} else if (a.n && a.p[0] == '-') {
			if (!is_dropped(a))
				strlist_add_str(&argv, a);
		} else if (str_ends(a, ".c")) {
			strlist_add_str(&sources, a);
		}
	}
	for (size_t i = 0; i < sources.n; i++)
		add_unit(l, seen, words[0], str_of(sources.v[i]), &argv);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct fixer_unit *)a)->path, ((const struct fixer_unit *)b)->path);
}

void
fixer_units(struct str recorded, struct fixer_unit_list *ret)
{
	OWN(map) struct map seen = {0};
	struct str rest = recorded, word;
	struct str *words = NULL;
	size_t cap = 0;
	while (str_next(&rest, '\0', &word)) {
		uint64_t n;
		size_t have = 0;
		if (!str_parse_u64(word, 100000, &n))
			continue;
		bool whole = str_next(&rest, '\0', &word); /* the exit status */
		while (whole && have < n + 2 && (whole = str_next(&rest, '\0', &word))) {
			words = mem_grow(words, have, &cap, sizeof(*words));
			words[have++] = word;
		}
		if (whole && have == n + 2)
			take_call(ret, &seen, words, have);
	}
	free(words);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
}
