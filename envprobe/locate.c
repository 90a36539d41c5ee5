#include "envprobe/locate.h"

#include "base/fs.h"
#include "envprobe/detect.h"
#include "envprobe/envprobe.h"
#include "envprobe/scan.h"
#include "envprobe/source_worker.h"

#include <ctype.h>
#include <string.h>

#define MAX_TEXT 300
#define MAX_BYTES ((size_t)512 << 20) /* of all files that are read */

#define F(member, what) .key = #member, .kind = what, .offset = offsetof(struct locate, member)
const struct json_field locate_fields[] = {{F(text, JSON_K_STRING), .required = true},
	{F(word, JSON_K_BOOL)}, {F(place, JSON_K_STRING)}, {.key = NULL}};
RECORD_IMPLEMENT(locate)

void
locate_add(struct locate_list *l, const char *text, bool word)
{
	size_t n = strlen(text);
	*locate_list_add(l) = (struct locate){
		.text = mem_strndup(text, n < MAX_TEXT ? n : MAX_TEXT), .word = word};
}

/* ---- searching ---- */

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Offset + 1 of the text in the file; 0: it is not there. */
static size_t
find(struct str all, struct str text, bool word)
{
	const char *end = all.p + all.n;
	for (const char *p = all.p; (p = memmem(p, (size_t)(end - p), text.p, text.n)); p++) {
		const char *behind = p + text.n;
		bool alone = (p == all.p || !is_word_char(p[-1])) &&
			     (behind == end || !is_word_char(*behind));
		if (alone || !word)
			return (size_t)(p - all.p) + 1;
	}
	return 0;
}

/* The text without its last word; empty when that leaves fewer than two. */
static struct str
shorter(struct str text)
{
	size_t words = 0;
	while (text.n && text.p[text.n - 1] != ' ')
		text.n--;
	text = str_trim(text);
	for (struct str rest = text, one; str_next_word(&rest, &one);)
		words++;
	return words < 2 ? (struct str){text.p, 0} : text;
}

/* Look for more of the text than the *best bytes that were found so far. */
static void
search_file(const char *path, struct str all, struct locate *l, size_t *best)
{
	struct str text = str_of(l->text);
	while (text.n > *best) {
		size_t at = find(all, text, l->word);
		if (at) {
			free(l->place);
			l->place = scan_cite(path, scan_line_of(all, at - 1));
			*best = text.n;
			return;
		}
		text = l->word ? (struct str){text.p, 0} : shorter(text);
	}
}

static bool
is_document(const char *path)
{
	static const char *const patterns[] = {"README*", "INSTALL*", "NEWS*", "Change[Ll]og*",
		"CHANGE*", "*.md", "*.txt", "*.html", "*.[1-8]", NULL};
	for (size_t i = 0; patterns[i]; i++)
		if (tree_name_is(path, patterns[i]))
			return true;
	return detect_is_aside(path);
}

void
locate_in_tree(const struct tree *t, struct locate_list *l)
{
	OWN_FREE size_t *best = mem_zalloc(l->n + 1, sizeof(*best));
	size_t bytes = 0;
	for (int documents = 0; documents <= 1; documents++)
		for (size_t i = 0; i < t->files.n && bytes < MAX_BYTES; i++) {
			OWN(buf) struct buf text = {0};
			if (is_document(t->files.v[i]) != (documents != 0))
				continue;
			tree_read(t, t->files.v[i], &text);
			bytes += text.n;
			for (size_t k = 0; k < l->n; k++)
				search_file(t->files.v[i], buf_str(&text), &l->v[k], &best[k]);
		}
}

/* ---- the worker ---- */

int
probe_locate_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf in = {.max = (size_t)4 << 20};
	OWN_JSON json_t *j = NULL;
	struct locate_list l = {0};
	struct tree t;
	worker_take_input(&in);
	if (tree_open(argc > 1 ? argv[1] : "/src", &t, &err) < 0 ||
		json_parse(buf_str(&in), &j, &err) < 0 ||
		locate_list_from_json(j, "texts", &l, &err) < 0) {
		fprintf(stderr, "locate: %s\n", err_msg(&err));
		return 1;
	}
	locate_in_tree(&t, &l);
	OWN_JSON json_t *found = locate_list_to_json(&l);
	int rc = json_give(found, &err);
	locate_list_cleanup(&l);
	tree_cleanup(&t);
	return rc < 0 ? 1 : 0;
}

int
locate_in_source(const struct state *st, const struct stack *source, struct locate_list *l,
	struct dd_err *err)
{
	OWN_JSON json_t *texts = locate_list_to_json(l), *found = NULL;
	const struct source_question q = {
		.worker = "locate", .input = texts, .max_bytes = (size_t)4 << 20};
	struct locate_list new = {0};
	if (!l->n)
		return 0;
	int rc = source_ask(st, source, &q, &found, err);
	if (rc == 0)
		rc = locate_list_from_json(found, "places", &new, err);
	if (rc == 0 && new.n != l->n)
		rc = err_set(err, DD_ECORRUPT, "%zu places for %zu texts", new.n, l->n);
	if (rc < 0) {
		locate_list_cleanup(&new);
		return err_wrap(err, "looking for places");
	}
	locate_list_cleanup(l);
	*l = new;
	return 0;
}
