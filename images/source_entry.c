#include "images/source_entry.h"

#include <string.h>
#include <strings.h>

static const struct str nothing = {"", 0};

static bool
is_comment(struct str line)
{
	return line.n && line.p[0] == '#';
}

static struct str
find_line(struct str file, uint64_t number)
{
	struct str line;
	for (uint64_t i = 1; str_next_line(&file, &line); i++)
		if (i == number)
			return line;
	return nothing;
}

/* A stanza has at least one line that is no comment, and ends before an empty line. */
static struct str
find_stanza(struct str file, uint64_t number)
{
	struct str line, stanza = nothing;
	uint64_t n = 0;
	while (str_next_line(&file, &line)) {
		if (!str_trim(line).n) {
			if (stanza.n && n == number)
				return stanza;
			stanza = nothing;
			continue;
		}
		if (!stanza.n && is_comment(line))
			continue;
		n += stanza.n == 0;
		stanza.p = stanza.n ? stanza.p : line.p;
		stanza.n = (size_t)(line.p + line.n - stanza.p);
	}
	return n == number ? stanza : nothing;
}

struct str
source_entry_find(struct str file, const char *path, uint64_t number)
{
	return str_ends(str_of(path), ".sources") ? find_stanza(file, number)
						  : find_line(file, number);
}

static bool
is_named(struct str word, const char *name)
{
	return word.n == strlen(name) && strncasecmp(word.p, name, word.n) == 0;
}

/* "deb [arch=amd64 signed-by=/a.gpg,/b.asc] ..." */
static char *
option_of_line(struct str line, const char *name)
{
	const char *open = memchr(line.p, '[', line.n);
	const char *close = open ? memchr(open, ']', line.n - (size_t)(open - line.p)) : NULL;
	if (!close)
		return NULL;
	struct str options = {open + 1, (size_t)(close - open - 1)}, word;
	while (str_next_word(&options, &word)) {
		const char *equals = memchr(word.p, '=', word.n);
		struct str key = {word.p, equals ? (size_t)(equals - word.p) : word.n};
		if (equals && is_named(key, name))
			return str_dup((struct str){equals + 1, word.n - key.n - 1});
	}
	return NULL;
}

static void
add_continued(struct buf *value, struct str line)
{
	struct str text = str_trim(line);
	buf_putc(value, '\n');
	if (!str_eq(text, "."))
		buf_add_str(value, text);
}

static char *
option_of_stanza(struct str stanza, const char *name)
{
	OWN(buf) struct buf value = {0};
	struct str line;
	bool inside = false;
	while (str_next_line(&stanza, &line)) {
		struct str rest = line, key;
		if (!line.n || is_comment(line))
			continue;
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (inside)
				add_continued(&value, line);
			continue;
		}
		if (inside)
			break;
		inside = memchr(line.p, ':', line.n) && str_next(&rest, ':', &key) &&
			 is_named(str_trim(key), name);
		if (inside)
			buf_add_str(&value, str_trim(rest));
	}
	return inside || value.n ? buf_take(&value) : NULL;
}

char *
source_entry_option(struct str entry, const char *name)
{
	struct str rest = entry, first;
	bool line =
		str_next_word(&rest, &first) && (str_eq(first, "deb") || str_eq(first, "deb-src"));
	return line ? option_of_line(entry, name) : option_of_stanza(entry, name);
}

void
source_entry_keys(struct str entry, struct strlist *paths, struct strlist *keys)
{
	OWN_FREE char *value = source_entry_option(entry, "signed-by");
	if (!value)
		return;
	const char *begin = strstr(value, "-----BEGIN ");
	if (begin) {
		OWN_FREE char *key = mem_printf("%s\n", begin);
		strlist_add_new(keys, key);
		return;
	}
	/* What is no path is a fingerprint: apt's trusted set has the key. */
	struct str rest = str_of(value), word, one;
	while (str_next_word(&rest, &word))
		while (str_next(&word, ',', &one)) {
			OWN_FREE char *path = str_dup(one);
			if (*path == '/')
				strlist_add_new(paths, path);
		}
}
