/* A plain makefile. */
#include "envprobe/detect.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"GNUmakefile", "makefile", "Makefile", NULL};
	return tree_find(t, dir, names);
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_.+-", c) != NULL;
}

/* -lfoo anywhere in the line */
static void
read_libraries(struct project *p, struct str line, const char *why)
{
	for (size_t i = 0; i + 2 < line.n; i++) {
		bool start =
			i == 0 || isspace((unsigned char)line.p[i - 1]) || line.p[i - 1] == '=';
		if (!start || line.p[i] != '-' || line.p[i + 1] != 'l')
			continue;
		size_t n = 0;
		while (i + 2 + n < line.n && is_name_char(line.p[i + 2 + n]))
			n++;
		OWN_FREE char *name = mem_strndup(line.p + i + 2, n);
		if (n)
			detect_need(p, NEED_LIBRARY, name, SCOPE_BUILD, false, why);
	}
}

/* "pkg-config --cflags foo bar" and "foo-config --libs" */
static void
read_config_programs(struct project *p, struct str line, const char *why)
{
	struct str rest = line, word;
	bool pkg_config = false;
	while (str_next_word(&rest, &word)) {
		while (word.n && strchr("$(`\"'=:", word.p[0])) {
			word.p++;
			word.n--;
		}
		bool ends = word.n && strchr(")`\"';|", word.p[word.n - 1]) != NULL;
		while (word.n && strchr(")`\"';|", word.p[word.n - 1]))
			word.n--;
		OWN_FREE char *name = str_dup(word);
		const char *tail = strrchr(name, '=');
		if (str_ends(str_of(name), "pkg-config") || str_ends(str_of(name), "PKG_CONFIG")) {
			pkg_config = true;
			detect_need(p, NEED_PROGRAM, "pkg-config", SCOPE_BUILD, false, why);
		} else if (pkg_config && word.n && word.p[0] != '-' &&
			   isalnum((unsigned char)*name)) {
			detect_need(p, NEED_PKGCONFIG, name, SCOPE_BUILD, true, why);
		} else if (str_ends(str_of(name), "-config") && !tail &&
			   isalpha((unsigned char)*name)) {
			detect_need(p, NEED_PROGRAM, name, SCOPE_BUILD, true, why);
		}
		if (ends)
			pkg_config = false;
	}
}

/* The test target of a makefile; NULL if it has none. */
static const char *
read_makefile(const struct tree *t, const char *path, struct project *p)
{
	static const char *const targets[] = {"check", "test", "tests", NULL};
	const char *found = NULL;
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		if (line.n && line.p[0] == '#')
			continue;
		OWN_FREE char *at = scan_cite(path, n);
		read_libraries(p, line, at);
		read_config_programs(p, line, at);
		for (size_t i = 0; !found && targets[i]; i++) {
			size_t len = strlen(targets[i]);
			struct str after = {line.p + len, line.n > len ? line.n - len : 0};
			after = str_trim(after);
			if (str_starts(line, targets[i]) && after.n && after.p[0] == ':' &&
				!(after.n > 1 && after.p[1] == '='))
				found = targets[i];
		}
	}
	return found;
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	detect_compilers(t, dir, p);
	detect_generators(t, dir, p);
	detect_includes(t, dir, p);
	const char *target = read_makefile(t, p->evidence, p);
	for (size_t i = 0; i < t->files.n; i++)
		if (tree_below(t->files.v[i], dir) && strcmp(t->files.v[i], p->evidence) != 0 &&
			(tree_name_is(t->files.v[i], "Makefile") ||
				tree_name_is(t->files.v[i], "*.mk")))
			(void)read_makefile(t, t->files.v[i], p);
	detect_command(p, PHASE_BUILD, p->evidence, "make -j2");
	if (target) {
		OWN_FREE char *run = mem_printf("make %s", target);
		detect_test(p, "auto", NULL, p->evidence, run);
	}
}

const struct detector detect_make = {"make", find, read_project};
