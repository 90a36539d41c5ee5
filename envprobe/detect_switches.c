/*
 * Switches that leave a feature out of a build: --disable-X and --without-X of configure and waf, find_package() and option()
 * of CMake, options of Meson.  Which of them is used, if any, is decided by what does not compile (spare.h).
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_SWITCHES 200
#define MAX_NAME 40

static bool
is_known(const struct project *p, const char *off)
{
	for (size_t i = 0; i < p->switches.n; i++)
		if (strcmp(p->switches.v[i].off, off) == 0)
			return true;
	return false;
}

/* off is `before`, the name and `after`. */
static void
add(struct project *p, struct str name, const char *before, const char *after, const char *path,
	unsigned line)
{
	OWN_FREE char *plain = str_dup(name);
	if (name.n < 2 || name.n > MAX_NAME || !detect_is_plain(plain, "_-+.") ||
		p->switches.n >= MAX_SWITCHES)
		return;
	OWN_FREE char *off = mem_printf("%s%s%s", before, plain, after);
	if (is_known(p, off))
		return;
	*build_switch_list_add(&p->switches) =
		(struct build_switch){TAKE(plain), TAKE(off), scan_cite(path, line)};
}

/* ---- configure, waf ---- */

static struct str
name_at(struct str s)
{
	size_t n = 0;
	while (n < s.n && (isalnum((unsigned char)s.p[n]) || strchr("_-+", s.p[n])))
		n++;
	while (n && !isalnum((unsigned char)s.p[n - 1]))
		n--;
	return (struct str){s.p, n};
}

static const struct dashes {
	const char *text, *off;
} dashes[] = {{"--enable-", "--disable-"}, {"--disable-", "--disable-"}, {"--with-", "--without-"},
	{"--without-", "--without-"}};

/* "--enable-x" in a help text. */
static void
read_dashes(struct str line, const char *path, unsigned n, struct project *p)
{
	const char *end = line.p + line.n;
	for (size_t i = 0; line.n && i < sizeof(dashes) / sizeof(*dashes); i++) {
		size_t skip = strlen(dashes[i].text);
		for (const char *at = line.p;
			(at = memmem(at, (size_t)(end - at), dashes[i].text, skip)); at += skip)
			add(p, name_at((struct str){at + skip, (size_t)(end - at) - skip}),
				dashes[i].off, "", path, n);
	}
}

/* Functions of scripts that are called like add_option_enable_disable(ctx, 'x'), in which the dashes are put together. */
static void
read_option_call(struct str line, const char *path, unsigned n, struct project *p)
{
	static const struct {
		const char *word, *off;
	} calls[] = {{"enable_disable(", "--disable-"}, {"with_without(", "--without-"}};
	for (size_t i = 0; line.n && i < sizeof(calls) / sizeof(*calls); i++) {
		size_t skip = strlen(calls[i].word);
		const char *at = memmem(line.p, line.n, calls[i].word, skip);
		struct str rest =
			at ? (struct str){at + skip, line.n - (size_t)(at - line.p) - skip}
			   : (struct str){"", 0};
		size_t open = 0;
		while (open < rest.n && !strchr("'\"", rest.p[open]))
			open++;
		if (open < rest.n)
			add(p, name_at((struct str){rest.p + open + 1, rest.n - open - 1}),
				calls[i].off, "", path, n);
	}
}

static void
read_texts(const struct tree *t, const char *path, bool of_waf, struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		if (str_starts(str_trim(line), "#") || str_starts(str_trim(line), "dnl "))
			continue;
		read_dashes(line, path, n, p);
		if (of_waf)
			read_option_call(line, path, n, p);
	}
}

static void
read_macros(const struct tree *t, const char *path, struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct scan s = {.text = buf_str(&text), .language = SCAN_M4};
	OWN(scan_call) struct scan_call c = {0};
	while (scan_next_call(&s, &c)) {
		if (!c.args.n)
			continue;
		if (strcmp(c.name, "AC_ARG_ENABLE") == 0)
			add(p, str_of(c.args.v[0]), "--disable-", "", path, c.line);
		else if (strcmp(c.name, "AC_ARG_WITH") == 0)
			add(p, str_of(c.args.v[0]), "--without-", "", path, c.line);
	}
}

static void
read_configure(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const names[] = {"configure.ac", "configure.in", "configure", NULL};
	for (size_t i = 0; names[i]; i++) {
		OWN_FREE char *path = tree_file(t, dir, names[i]);
		if (!path)
			continue;
		if (strcmp(names[i], "configure") != 0)
			read_macros(t, path, p);
		read_texts(t, path, false, p);
	}
}

/* ---- CMake, Meson ---- */

static void
read_cmake_call(const struct scan_call *c, const char *path, struct project *p)
{
	if (!c->args.n)
		return;
	if (strcmp(c->name, "find_package") == 0 && !strlist_has(&c->args, "REQUIRED"))
		add(p, str_of(c->args.v[0]), "-DCMAKE_DISABLE_FIND_PACKAGE_", "=ON", path, c->line);
	else if (strcmp(c->name, "option") == 0 || strcmp(c->name, "cmake_dependent_option") == 0)
		add(p, str_of(c->args.v[0]), "-D", "=OFF", path, c->line);
}

static void
read_meson_call(const struct scan_call *c, const char *path, struct project *p)
{
	if (strcmp(c->name, "option") != 0 || !c->args.n)
		return;
	for (size_t i = 1; i < c->args.n; i++)
		if (strcmp(c->args.v[i], "type:feature") == 0)
			add(p, str_of(c->args.v[0]), "-D", "=disabled", path, c->line);
		else if (strcmp(c->args.v[i], "type:boolean") == 0)
			add(p, str_of(c->args.v[0]), "-D", "=false", path, c->line);
}

static void
read_calls(const struct tree *t, const char *path, enum scan_language language,
	void (*read)(const struct scan_call *c, const char *path, struct project *p),
	struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct scan s = {.text = buf_str(&text), .language = language};
	OWN(scan_call) struct scan_call c = {0};
	while (scan_next_call(&s, &c))
		read(&c, path, p);
}

static void
read_each(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const waf[] = {"wscript", "wscript_build", NULL};
	static const char *const meson[] = {"meson_options.txt", "meson.options", NULL};
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (!fs_is_below(path, dir) || detect_is_aside(path))
			continue;
		if (p->system == SYSTEM_WAF && str_ends_one(str_of(path), waf))
			read_texts(t, path, true, p);
		else if (p->system == SYSTEM_CMAKE && tree_name_is(path, "CMakeLists.txt"))
			read_calls(t, path, SCAN_CMAKE, read_cmake_call, p);
		else if (p->system == SYSTEM_MESON && str_ends_one(str_of(path), meson))
			read_calls(t, path, SCAN_MESON, read_meson_call, p);
	}
}

void
detect_switches(const struct tree *t, struct project *p)
{
	const char *dir = p->dir ? p->dir : "";
	if (!command_list_has(&p->commands, PHASE_CONFIGURE))
		return;
	if (p->system == SYSTEM_AUTOTOOLS || p->system == SYSTEM_MAKE)
		read_configure(t, dir, p);
	else
		read_each(t, dir, p);
}
