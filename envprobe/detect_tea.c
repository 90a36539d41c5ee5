/*
 * Tcl extensions: the Tcl Extension Architecture on top of autoconf.  Its configure script wants the directory of
 * tclConfig.sh, which is not where every version of its macros looks.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Packages that Tcl itself brings. */
static bool
is_of_tcl(struct str name)
{
	static const char *const own[] = {"Tcl", "tcl", "tcltest", "msgcat", "http", "opt",
		"platform", "registry", "dde", NULL};
	return str_is_one(name, own);
}

/* The name behind "package require [-exact]" or "package provide|ifneeded"; empty: it is another line. */
static struct str
package_of(struct str line, const char *verb)
{
	struct str word, none = {"", 0};
	line = str_trim(line);
	if (!str_starts(line, "package ") || !str_next_word(&line, &word) ||
		!str_next_word(&line, &word) || !str_eq(word, verb))
		return none;
	if (!str_next_word(&line, &word) ||
		(str_eq(word, "-exact") && !str_next_word(&line, &word)))
		return none;
	size_t n = 0;
	while (n < word.n && (isalnum((unsigned char)word.p[n]) || strchr("_:-.", word.p[n])))
		n++;
	return (struct str){word.p, n};
}

static bool
is_provided(const struct tree *t, struct str name)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		struct str rest, line;
		if (!tree_name_is(path, "*.tcl") && !tree_name_is(path, "pkgIndex.tcl*"))
			continue;
		tree_read(t, path, &text);
		rest = buf_str(&text);
		while (str_next_line(&rest, &line)) {
			struct str one = package_of(line, "provide");
			one = one.n ? one : package_of(line, "ifneeded");
			if (one.n == name.n && memcmp(one.p, name.p, one.n) == 0)
				return true;
		}
	}
	return false;
}

/* Extensions call their archive by the name in small letters. */
static bool
is_own(struct str name, const char *own)
{
	return own && strlen(own) == name.n && strncasecmp(own, name.p, name.n) == 0;
}

static void
read_requires(const struct tree *t, const char *dir, const char *own, struct project *p)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		struct str rest, line;
		if (!fs_is_below(path, dir) || detect_is_aside(path) ||
			!(tree_name_is(path, "*.tcl") || tree_name_is(path, "*.test")))
			continue;
		tree_read(t, path, &text);
		rest = buf_str(&text);
		for (unsigned n = 1; str_next_line(&rest, &line); n++) {
			struct str name = package_of(line, "require");
			if (!name.n || is_of_tcl(name) || is_own(name, own) || is_provided(t, name))
				continue;
			OWN_FREE char *package = str_dup(name), *why = scan_cite(path, n);
			detect_need(p, NEED_TCL, package,
				tree_name_is(path, "*.test") ? SCOPE_TEST : SCOPE_BUILD, true, why);
		}
	}
}

/* AC_INIT([name], ...) is the package that it provides; heap, NULL. */
static char *
own_name(struct str text)
{
	struct scan s = {.text = text, .language = SCAN_M4};
	struct scan_call c = {0};
	char *name = NULL;
	while (!name && scan_next_call(&s, &c))
		if (strcmp(c.name, "AC_INIT") == 0 && c.args.n)
			name = mem_strdup(c.args.v[0]);
	scan_call_cleanup(&c);
	return name;
}

static void
add_option(struct project *p, const char *word, const char *header, const char *why,
	struct buf *options)
{
	detect_need(p, NEED_HEADER, header, SCOPE_BUILD, false, why);
	buf_printf(options,
		" --with-%s=\"$(dirname \"$(find /usr/lib -name %sConfig.sh | sort | head -n 1)\")\"",
		word, word);
}

bool
detect_tea(const struct tree *t, const char *dir, struct project *p, struct buf *options)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, p->evidence, &text);
	struct str all = buf_str(&text);
	const char *at = all.n ? memmem(all.p, all.n, "TEA_PATH_TCLCONFIG", 18) : NULL;
	if (!at)
		return false;
	OWN_FREE char *why = scan_cite(p->evidence, scan_line_of(all, (size_t)(at - all.p)));
	OWN_FREE char *own = own_name(all);
	add_option(p, "tcl", "tcl.h", why, options);
	if (memmem(all.p, all.n, "\nTEA_PATH_TKCONFIG", 18))
		add_option(p, "tk", "tk.h", why, options);
	strlist_addf(&p->options, "configure=--with-tcl, where tclConfig.sh is (%s)", why);
	read_requires(t, dir, own, p);
	return true;
}
