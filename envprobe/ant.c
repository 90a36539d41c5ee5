/* See ant.h. */
#include "envprobe/ant.h"

#include "envprobe/detect.h"

#include <ctype.h>
#include <string.h>

#define MAX_DEPTH 5 /* of properties in properties, and of targets that need others */
#define MAX_TEXT 4096
#define MAX_TAG 16384
#define MAX_LOOKS 200000

/* A file, and how many more of its elements are looked at: what names others names them often, and again. */
struct ant {
	struct str xml;
	size_t left;
};

void
ant_blank_comments(struct buf *text)
{
	char *at = text->p, *end = at + text->n;
	while (at && (at = memmem(at, (size_t)(end - at), "<!--", 4))) {
		char *close = memmem(at + 4, (size_t)(end - at - 4), "-->", 3);
		char *behind = close ? close + 3 : end;
		for (; at < behind; at++)
			if (*at != '\n')
				*at = ' ';
	}
}

/* From the next "<element" that is a word of its own, to the end of the text; empty: there is none. */
static struct str
next_element(struct str xml, const char *element)
{
	OWN_FREE char *open = mem_printf("<%s", element);
	size_t n = strlen(open);
	const char *end = xml.p + xml.n;
	for (const char *at = xml.p; xml.n && (at = memmem(at, (size_t)(end - at), open, n));
		at += n)
		if (at + n < end && (isspace((unsigned char)at[n]) || strchr("/>", at[n])))
			return (struct str){at, (size_t)(end - at)};
	return (struct str){"", 0};
}

static bool
has(struct str text, const char *word)
{
	return text.n && memmem(text.p, text.n, word, strlen(word));
}

/* One more look at the file: the next element; empty as well: there were too many. */
static struct str
look(struct ant *a, struct str at, const char *element)
{
	if (!a->left)
		return (struct str){"", 0};
	a->left--;
	return next_element(at, element);
}

/* What a look from the beginning costs, however few elements it finds. */
static struct str
look_anew(struct ant *a)
{
	const size_t cost = 100;
	a->left -= a->left < cost ? a->left : cost;
	return a->xml;
}

/* The start tag that the text begins with; empty: it is too long for one. */
static struct str
tag_of(struct str text)
{
	const size_t n = text.n < MAX_TAG ? text.n : MAX_TAG;
	const char *end = n ? memchr(text.p, '>', n) : NULL;
	return (struct str){text.p, end ? (size_t)(end - text.p) + 1 : 0};
}

/* The element that the text begins with, with what is in it. */
static struct str
whole(struct str text, const char *element)
{
	struct str tag = tag_of(text);
	OWN_FREE char *close = mem_printf("</%s", element);
	if (tag.n < 2 || tag.p[tag.n - 2] == '/')
		return tag;
	const char *end = memmem(text.p, text.n, close, strlen(close));
	return end ? (struct str){text.p, (size_t)(end - text.p)} : tag;
}

static char *
value_in(struct str tag, const char *name)
{
	OWN_FREE char *key = mem_printf("%s=", name);
	size_t n = strlen(key);
	const char *end = tag.p + tag.n;
	for (const char *at = tag.p; tag.n && (at = memmem(at, (size_t)(end - at), key, n));
		at += n) {
		const char *value = at + n;
		if (at == tag.p || !isspace((unsigned char)at[-1]) || value >= end ||
			!strchr("'\"", *value))
			continue;
		const char *close = memchr(value + 1, *value, (size_t)(end - value - 1));
		return close ? mem_strndup(value + 1, (size_t)(close - value - 1)) : NULL;
	}
	return NULL;
}

char *
ant_attribute(struct str xml, const char *element, const char *name)
{
	struct str at = next_element(xml, element);
	return at.n ? value_in(tag_of(at), name) : NULL;
}

/* ---- properties ---- */

static char *
property(struct ant *a, struct str wanted)
{
	struct str at = look_anew(a);
	if (str_eq(wanted, "basedir"))
		return mem_strdup(".");
	while ((at = look(a, at, "property")).n) {
		struct str tag = tag_of(at);
		OWN_FREE char *name = value_in(tag, "name");
		if (name && str_eq(wanted, name)) {
			char *value = value_in(tag, "value");
			return value ? value : value_in(tag, "location");
		}
		at = (struct str){at.p + 1, at.n - 1};
	}
	return NULL;
}

/* With what the file has for "${lib}"; heap; NULL: it does not say. */
static char *
expand(struct ant *a, struct str text, int depth)
{
	OWN(buf) struct buf out = {.max = MAX_TEXT};
	buf_puts(&out, "");
	while (text.n) {
		const char *open = memmem(text.p, text.n, "${", 2);
		size_t n = open ? (size_t)(open - text.p) : text.n;
		buf_add(&out, text.p, n);
		text = (struct str){text.p + n, text.n - n};
		if (!open)
			break;
		const char *close = memchr(text.p, '}', text.n);
		OWN_FREE char *value = NULL;
		if (close && depth < MAX_DEPTH)
			value = property(a, (struct str){text.p + 2, (size_t)(close - text.p) - 2});
		OWN_FREE char *plain = value ? expand(a, str_of(value), depth + 1) : NULL;
		if (!plain)
			return NULL;
		buf_puts(&out, plain);
		n = (size_t)(close - text.p) + 1;
		text = (struct str){text.p + n, text.n - n};
	}
	return out.truncated ? NULL : buf_take(&out);
}

/* ---- directories ---- */

static void
add_directory(struct ant *a, char *value, struct strlist *ret)
{
	OWN_FREE char *told = value;
	OWN_FREE char *dir = told ? expand(a, str_of(told), 0) : NULL;
	if (dir && detect_is_plain(dir, "_.-/") && !strstr(dir, ".."))
		strlist_add_new(ret, dir);
}

void
ant_directories(struct str xml, struct strlist *ret)
{
	struct ant a = {xml, MAX_LOOKS};
	struct str at = xml;
	while ((at = look(&a, at, "fileset")).n) {
		if (has(whole(at, "fileset"), "*.jar"))
			add_directory(&a, value_in(tag_of(at), "dir"), ret);
		(void)look_anew(&a); /* for the end of the element */
		at = (struct str){at.p + 1, at.n - 1};
	}
	for (at = xml; (at = look(&a, at, "javac")).n; at = (struct str){at.p + 1, at.n - 1})
		add_directory(&a, value_in(tag_of(at), "srcdir"), ret);
}

/* ---- targets ---- */

static struct str
target(struct ant *a, struct str wanted)
{
	struct str at = look_anew(a);
	while ((at = look(a, at, "target")).n) {
		OWN_FREE char *name = value_in(tag_of(at), "name");
		if (name && str_eq(wanted, name))
			return whole(at, "target");
		at = (struct str){at.p + 1, at.n - 1};
	}
	return (struct str){"", 0};
}

static bool
has_task(struct str body, const char *const *tasks)
{
	for (size_t i = 0; tasks[i]; i++)
		if (next_element(body, tasks[i]).n)
			return true;
	return false;
}

/* Does the target, or one that it needs and that is about tests, run something? */
static bool
runs(struct ant *a, struct str name, bool about, int depth)
{
	static const char *const tests[] = {"junit", "testng", "batchtest", "junitlauncher", NULL};
	static const char *const any[] = {
		"java", "exec", "apply", "antcall", "ant", "subant", NULL};
	struct str body = target(a, name), part;
	if (!body.n || depth > MAX_DEPTH)
		return false;
	if (has_task(body, tests) || (about && has_task(body, any)))
		return true;
	OWN_FREE char *depends = value_in(tag_of(body), "depends");
	struct str rest = str_of(depends);
	while (str_next(&rest, ',', &part)) {
		part = str_trim(part);
		if (runs(a, part, has(part, "test") || has(part, "junit"), depth + 1))
			return true;
	}
	return false;
}

const char *
ant_test_target(struct str xml)
{
	static const char *const names[] = {
		"test", "tests", "junit", "check", "run-tests", "unittest", NULL};
	struct ant a = {xml, MAX_LOOKS};
	const char *first = NULL;
	for (size_t i = 0; names[i]; i++) {
		if (!target(&a, str_of(names[i])).n)
			continue;
		if (runs(&a, str_of(names[i]), true, 0))
			return names[i];
		first = first ? first : names[i];
	}
	return first;
}
