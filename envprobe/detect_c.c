/*
 * C and C++ with nothing that builds them: the sources of one directory, in which each file that defines main() is a
 * program of that file and of all that define none.  What is linked is told by the headers.
 */
#include "envprobe/detect.h"

#include "base/fs.h"

#include <ctype.h>
#include <string.h>

#define MAX_PROGRAMS 20
#define MAX_OTHERS 60000 /* bytes of names: the kernel takes 128 KiB as one argument */

static const char *const endings[] = {".c", ".cc", ".cpp", ".cxx", ".C", NULL};

/* A definition at the start of a line, "int main(...)" or "main()"; none that ends in a semicolon. */
static bool
has_main(const struct tree *t, const char *path)
{
	OWN(buf) struct buf text = {0};
	struct str rest, line;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	while (str_next_line(&rest, &line)) {
		const char *at = line.n ? memmem(line.p, line.n, "main", 4) : NULL;
		if (!at || isspace((unsigned char)line.p[0]) || line.p[0] == '/' ||
			line.p[0] == '#')
			continue;
		bool word = at == line.p || strchr(" \t*", at[-1]);
		struct str after = {at + 4, line.n - (size_t)(at + 4 - line.p)};
		after = str_trim(after);
		bool call = word && after.n && after.p[0] == '(' && after.p[after.n - 1] != ';';
		if (call && !memchr(line.p, '=', (size_t)(at - line.p)))
			return true;
	}
	return false;
}

static bool
is_source(const char *dir, const char *path)
{
	return detect_is_here(dir, path) && str_ends_one(str_of(path), endings) &&
	       *fs_name(path) != '.' && !strpbrk(path, "'\n");
}

static char *
find(const struct tree *t, const char *dir)
{
	for (size_t i = 0; i < t->files.n; i++)
		if (is_source(dir, t->files.v[i]) && has_main(t, t->files.v[i]))
			return mem_strdup(t->files.v[i]);
	return NULL;
}

/* By a header that is declared, whether it is there or not: the linker says what is not. */
static void
add_libraries(struct project *p, struct buf *flags)
{
	static const struct {
		const char *header, *flags;
	} table[] = {{"math.h", "-lm"}, {"cmath", "-lm"}, {"pthread.h", "-pthread"},
		{"thread", "-pthread"}, {"dlfcn.h", "-ldl"}, {"zlib.h", "-lz"},
		{"curses.h", "-lncurses"}, {"ncurses.h", "-lncurses"},
		{"readline/readline.h", "-lreadline"}, {"X11/Xlib.h", "-lX11"},
		{"sqlite3.h", "-lsqlite3"}, {"openssl/ssl.h", "-lssl -lcrypto"},
		{"curl/curl.h", "-lcurl"}, {"expat.h", "-lexpat"}, {"png.h", "-lpng"},
		{"jpeglib.h", "-ljpeg"}, {"crypt.h", "-lcrypt"}};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (size_t k = 0; k < p->needs.n; k++) {
			const struct need *n = &p->needs.v[k];
			if (n->kind == NEED_HEADER && strcmp(n->name, table[i].header) == 0 &&
				!strstr(flags->p, table[i].flags))
				buf_printf(flags, " %s", table[i].flags);
		}
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	OWN(strlist) struct strlist programs = {0};
	OWN(buf) struct buf others = {.max = MAX_OTHERS}, flags = {0};
	size_t left_out = 0;
	bool cxx = false;
	buf_puts(&others, "");
	buf_puts(&flags, "");
	detect_compilers(t, dir, p);
	detect_includes_here(t, dir, p);
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i], *name = fs_name(path);
		if (!is_source(dir, path))
			continue;
		cxx = cxx || !str_ends(str_of(path), ".c");
		if (!has_main(t, path))
			buf_printf(&others, " './%s'", name);
		else if (programs.n < MAX_PROGRAMS)
			strlist_add(&programs, name);
		else
			left_out++;
	}
	if (left_out)
		strlist_addf(&p->options, "programs=%d, and %zu that are not built", MAX_PROGRAMS,
			left_out);
	if (others.truncated) { /* in the middle of a name */
		strlist_add(&p->options, "sources=each program alone: the others are too many");
		buf_reset(&others);
		buf_puts(&others, "");
	}
	add_libraries(p, &flags);
	for (size_t i = 0; i < programs.n; i++) {
		const char *name = programs.v[i];
		OWN_FREE char *why = tree_join(dir, name);
		detect_command(p, PHASE_BUILD, why,
			"mkdir -p drydock-build && %s -O2 -o 'drydock-build/%.*s' './%s'%s%s",
			cxx ? "c++" : "cc", (int)(strrchr(name, '.') - name), name, name, others.p,
			flags.p);
	}
}

const struct detector detect_c_sources = {SYSTEM_SOURCES, find, read_project};
