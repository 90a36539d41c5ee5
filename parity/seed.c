#include "parity/seed.h"

#include "base/fs.h"
#include "base/map.h"
#include "parity/case.h"
#include "parity/shellish.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 32
#define SAMPLE_MAX 16384
#define WINDOW 8 /* calls of one file that follow each other, as one case */

struct seeds {
	struct strlist names;
	struct map seen; /* words and numbers that are there; values are not looked at */
	json_t *words, *numbers, *calls, *samples, *sources, *forms, *lists;
};

struct seeds *
seeds_create(const struct strlist *names)
{
	struct seeds *s = mem_new(struct seeds);
	strlist_copy(&s->names, names);
	s->words = json_array();
	s->numbers = json_array();
	s->calls = json_array();
	s->samples = json_array();
	s->sources = json_array();
	s->forms = json_array();
	s->lists = json_array();
	return s;
}

void
seeds_destroy(struct seeds *s)
{
	json_t *all[] = {
		s->words, s->numbers, s->calls, s->samples, s->sources, s->forms, s->lists};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		json_decref(all[i]);
	strlist_cleanup(&s->names);
	map_cleanup(&s->seen);
	free(s);
}

json_t *
seeds_result(const struct seeds *s)
{
	return json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "words", s->words, "numbers",
		s->numbers, "calls", s->calls, "samples", s->samples, "sources", s->sources,
		"forms", s->forms, "lists", s->lists);
}

/* ---- words and numbers ---- */

static void
add_text(struct seeds *s, json_t *to, size_t max, struct str text)
{
	OWN_FREE char *word = str_dup(text);
	if (!text.n || text.n > WORD_MAX || strlen(word) != text.n || json_array_size(to) >= max ||
		map_get(&s->seen, word))
		return;
	json_t *j = json_string(word);
	if (!j)
		return;
	map_put(&s->seen, word, s);
	json_array_append_new(to, j);
}

/* One word that could be said to a program: no blank, nothing of a format or an escape. */
static bool
is_word(struct str t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!isgraph((unsigned char)t.p[i]) || strchr("%\\{}$<>\"'`", t.p[i]))
			return false;
	return t.n > 0;
}

static void
add_literal(struct seeds *s, struct str t)
{
	struct str rest = t, word;
	if (is_word(t)) {
		add_text(s, s->words, SEED_WORDS_MAX, t);
		return;
	}
	/* Options are named in usages and messages. */
	while (str_next_word(&rest, &word))
		if (word.n > 1 && word.p[0] == '-' && is_word(word))
			add_text(s, s->words, SEED_WORDS_MAX, word);
}

/* From a quote to its end on the line, or one character on. */
static size_t
literal_at(struct seeds *s, struct str line, size_t at)
{
	char quote = line.p[at];
	for (size_t i = at + 1; i < line.n; i++) {
		if (line.p[i] == '\\')
			i++;
		else if (line.p[i] == quote) {
			add_literal(s, (struct str){line.p + at + 1, i - at - 1});
			return i + 1;
		}
	}
	return at + 1;
}

static size_t
number_at(struct seeds *s, struct str line, size_t at)
{
	size_t i = at;
	while (i < line.n && (isdigit((unsigned char)line.p[i]) ||
				     (line.p[i] == '.' && i + 1 < line.n &&
					     isdigit((unsigned char)line.p[i + 1]))))
		i++;
	bool named = (at && (isalnum((unsigned char)line.p[at - 1]) || line.p[at - 1] == '_')) ||
		     (i < line.n && line.p[i] == 'x');
	if (!named && i - at <= 12)
		add_text(s, s->numbers, SEED_NUMBERS_MAX, (struct str){line.p + at, i - at});
	return i;
}

static void
read_literals(struct seeds *s, struct str line)
{
	for (size_t i = 0; i < line.n;) {
		if (line.p[i] == '"' || line.p[i] == '\'')
			i = literal_at(s, line, i);
		else if (isdigit((unsigned char)line.p[i]))
			i = number_at(s, line, i);
		else
			i++;
	}
}

/* ---- calls ---- */

struct reading { /* of one file */
	struct seeds *s;
	struct str rest;      /* lines to come */
	struct strlist alias; /* variables that stand for the program */
	struct parity_case window;
	size_t calls;
};

static bool
is_program(const struct reading *r, const char *word)
{
	struct str w = str_of(word);
	if (str_starts(w, "$")) {
		w = (struct str){w.p + 1, w.n - 1};
		if (w.n > 2 && w.p[0] == '{')
			w = (struct str){w.p + 1, w.n - 2};
		OWN_FREE char *name = str_dup(w);
		return strlist_has(&r->alias, name);
	}
	return strcmp(word, "PROGRAM") == 0 || strlist_has(&r->s->names, fs_name(word)) ||
	       strlist_has(&r->alias, word);
}

/* NAME=...program, or NAME = "program" of other languages. */
static bool
note_alias(struct reading *r, const struct strlist *words)
{
	if (!words->n)
		return false;
	const char *equals = strchr(words->v[0], '=');
	const char *value = equals ? equals + 1 : NULL;
	if (!equals && words->n >= 3 && strcmp(words->v[1], "=") == 0)
		value = words->v[words->n - 1];
	size_t n = strcspn(words->v[0], "=");
	if (!value || !n || n > 40)
		return false;
	OWN_FREE char *plain = mem_strdup(value), *name = mem_strndup(words->v[0], n);
	size_t end = strlen(plain);
	if (end && plain[end - 1] == '}') /* ${NAME:-program} */
		plain[end - 1] = '\0';
	if (!strlist_has(&r->s->names, fs_name(plain)))
		return false;
	strlist_add_new(&r->alias, name);
	return true;
}

static bool
add_call(struct seeds *s, const struct parity_case *c)
{
	if (!c->n || json_array_size(s->calls) >= SEED_CALLS_MAX)
		return false;
	json_t *j = case_to_json(c);
	bool there = false;
	for (size_t i = 0; !there && i < json_array_size(s->calls); i++)
		there = json_equal(json_array_get(s->calls, i), j);
	if (there)
		json_decref(j);
	else
		json_array_append_new(s->calls, j);
	return !there;
}

static void
close_window(struct reading *r)
{
	r->calls += add_call(r->s, &r->window);
	parity_case_cleanup(&r->window);
}

/* The lines up to the end that a here-document names; heap. */
static char *
take_here(struct reading *r, const char *end)
{
	OWN(buf) struct buf text = {.max = SAMPLE_MAX};
	struct str line;
	while (str_next_line(&r->rest, &line)) {
		if (str_eq(str_trim(line), end))
			return buf_take(&text);
		buf_add_str(&text, line);
		buf_putc(&text, '\n');
	}
	return NULL;
}

static void
take_call(struct reading *r, const struct shellish *cmd, size_t at, bool as_list, const char *here)
{
	OWN(parity_case) struct parity_case one = {0};
	struct case_step *s = case_add_step(&one);
	for (size_t i = at + 1; i < cmd->words.n && s->args.n < CASE_ARGS_MAX; i++) {
		const char *word = cmd->words.v[i];
		if (as_list && (i >= 64 || !(cmd->quoted >> i & 1)))
			continue;
		if (strlen(word) > 200)
			continue;
		strlist_add(&s->args, strchr(word, '$') ? "\001VALUE" : word);
	}
	s->input = here ? mem_strdup(here) : NULL;
	if (r->window.n == WINDOW)
		close_window(r);
	struct case_step *in = case_add_step(&r->window);
	strlist_copy(&in->args, &s->args);
	in->input = here ? mem_strdup(here) : NULL;
	for (size_t i = 0; i < r->window.nfiles; i++)
		case_add_file(&one, r->window.files[i].name, r->window.files[i].text);
	r->calls += add_call(r->s, &one);
}

static void
take_command(struct reading *r, const struct shellish *cmd, bool as_list)
{
	OWN_FREE char *here = cmd->here ? take_here(r, cmd->here) : NULL;
	if (note_alias(r, &cmd->words))
		return;
	for (size_t i = 0; i < cmd->words.n; i++)
		if (is_program(r, cmd->words.v[i])) {
			take_call(r, cmd, i, as_list, here);
			return;
		}
	if (here && cmd->to)
		case_add_file(&r->window, fs_name(cmd->to), here);
}

static void
read_calls(struct reading *r, struct str line)
{
	bool as_list = memmem(line.p, line.n, "[\"", 2) || memmem(line.p, line.n, "['", 2) ||
		       memmem(line.p, line.n, "(\"", 2) || memmem(line.p, line.n, "('", 2);
	struct shellish cmd;
	while (shellish_next(&line, as_list, &cmd)) {
		take_command(r, &cmd, as_list);
		shellish_cleanup(&cmd);
	}
}

/* ---- files ---- */

static const char *
extension(const char *path)
{
	const char *dot = strrchr(fs_name(path), '.');
	return dot ? dot + 1 : "";
}

/* Something that a program might read: by its ending, no code, no document. */
static bool
is_sample(const char *path, struct str text)
{
	static const char *const data[] = {"csv", "tsv", "txt", "dat", "data", "json", "xml", "ini",
		"conf", "cfg", "in", "input", "log", "lst", "list", "sample", NULL};
	static const char *const aside[] = {"CMakeLists.txt", "requirements.txt", "package.json",
		"package-lock.json", "LICENSE.txt", "README.txt", NULL};
	for (size_t i = 0; aside[i]; i++)
		if (strcmp(fs_name(path), aside[i]) == 0)
			return false;
	for (size_t i = 0; data[i]; i++)
		if (strcmp(extension(path), data[i]) == 0)
			return text.n <= SAMPLE_MAX && !str_starts(text, "#!");
	return false;
}

static void
add_sample(struct seeds *s, const char *path, struct str text)
{
	OWN_FREE char *copy = str_dup(text);
	if (json_array_size(s->samples) < SEED_SAMPLES_MAX)
		json_array_append_new(s->samples, json_pack("{s:s, s:o}", "name", fs_name(path),
							  "text", case_text_json(copy)));
}

void
seeds_read(struct seeds *s, const char *path, struct str text)
{
	struct reading r = {.s = s, .rest = text};
	struct str line;
	if (memchr(text.p ? text.p : "", '\0', text.n) || !json_is_array(s->words))
		return;
	if (is_sample(path, text)) {
		add_sample(s, path, text);
		return;
	}
	while (str_next_line(&r.rest, &line)) {
		if (line.n > 1000)
			continue;
		read_literals(s, line);
		read_calls(&r, line);
	}
	close_window(&r);
	strlist_cleanup(&r.alias);
	json_t *name = r.calls ? json_string(path) : NULL;
	if (name)
		json_array_append_new(s->sources,
			json_pack("{s:o, s:I}", "path", name, "calls", (json_int_t)r.calls));
}

/* ---- usages ---- */

struct template
{					/* a line of a usage */
	struct parity_case full, least; /* with what is optional, and without */
	unsigned depth;			/* of brackets */
	json_t *words, *groups;		/* of the form */
	json_int_t group;		/* the last one that was begun */
};

static bool
is_capitals(struct str w)
{
	size_t letters = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (islower((unsigned char)w.p[i]))
			return false;
		letters += isupper((unsigned char)w.p[i]) != 0;
	}
	return letters > 0;
}

/* One alternative: its text, or a hole; heap. */
static char *
argument_of(struct str w)
{
	const char *equals = memchr(w.p, '=', w.n);
	if (w.n > 2 && w.p[0] == '<' && w.p[w.n - 1] == '>')
		return mem_printf("%c" STR_FMT, SEED_HOLE, (int)w.n - 2, w.p + 1);
	if (w.p[0] == '-' && equals) {
		size_t head = (size_t)(equals - w.p) + 1;
		return mem_printf(
			"%.*s%c%.*s", (int)head, w.p, SEED_HOLE, (int)(w.n - head), w.p + head);
	}
	if (is_capitals(w))
		return mem_printf("%c" STR_FMT, SEED_HOLE, STR_ARG(w));
	return str_dup(w);
}

static void
put_form_word(struct template *t, const char *word)
{
	json_t *j = json_string(word);
	if (j && json_array_size(t->words) < CASE_ARGS_MAX) {
		json_array_append(t->words, j);
		json_array_append_new(t->groups, json_integer(t->depth ? t->group : 0));
	}
	json_decref(j);
}

static void
take_usage_word(struct seeds *s, struct template *t, struct str word)
{
	struct str w = word, one, first = {"", 0};
	unsigned closes = 0;
	for (; w.n && strchr("[(", w.p[0]); w = (struct str){w.p + 1, w.n - 1})
		t->group += t->depth++ == 0;
	for (; w.n && strchr("]).,", w.p[w.n - 1]); w.n--)
		closes += w.p[w.n - 1] == ']' || w.p[w.n - 1] == ')';
	struct str alternatives = w;
	while (str_next(&alternatives, '|', &one)) {
		if (!first.n)
			first = one;
		if (is_word(one) && !is_capitals(one))
			add_text(s, s->words, SEED_WORDS_MAX, one);
	}
	if (first.n) {
		OWN_FREE char *arg = argument_of(first);
		OWN_FREE char *any = first.n < w.n ? mem_printf("%c" STR_FMT, SEED_HOLE, STR_ARG(w))
						   : mem_strdup(arg);
		put_form_word(t, any);
		step_insert_arg(&t->full.steps[0], t->full.steps[0].args.n, arg);
		if (!t->depth)
			step_insert_arg(&t->least.steps[0], t->least.steps[0].args.n, arg);
	}
	t->depth = closes < t->depth ? t->depth - closes : 0;
}

/* Up to where a description begins, behind two blanks. */
static struct str
synopsis_of(struct str line)
{
	struct str s = str_trim(line);
	const char *gap = memmem(s.p, s.n, "  ", 2);
	return gap ? (struct str){s.p, (size_t)(gap - s.p)} : s;
}

static void
add_form(struct seeds *s, struct template *t)
{
	json_t *form = json_pack("{s:o, s:o}", "words", t->words, "groups", t->groups);
	bool there = json_array_size(t->words) == 0 || json_array_size(s->forms) >= SEED_FORMS_MAX;
	for (size_t i = 0; !there && i < json_array_size(s->forms); i++)
		there = json_equal(json_array_get(s->forms, i), form);
	if (!there)
		json_array_append(s->forms, form);
	json_decref(form);
}

/* "kinds: dry, wet; orders: id, name" */
static void
read_lists(struct seeds *s, struct str line)
{
	struct str part, value;
	while (str_next(&line, ';', &part)) {
		struct str rest = part, name;
		if (!memchr(part.p, ':', part.n) || !str_next(&rest, ':', &name) ||
			!is_word(str_trim(name)) || json_array_size(s->lists) >= SEED_FORMS_MAX)
			continue;
		name = str_trim(name);
		json_t *values = json_array();
		while (str_next(&rest, ',', &value)) {
			OWN_FREE char *text = str_dup(str_trim(value));
			if (is_word(str_of(text)) && json_array_size(values) < SEED_FORMS_MAX)
				json_array_append_new(values, json_string(text));
		}
		OWN_FREE char *key = str_dup(name);
		json_t *list = json_array_size(values) > 1
				       ? json_pack("{s:s, s:O}", "name", key, "values", values)
				       : NULL;
		if (list)
			json_array_append_new(s->lists, list);
		json_decref(values);
	}
}

void
seeds_read_usage(struct seeds *s, struct str text)
{
	struct str line;
	while (str_next_line(&text, &line)) {
		bool indented = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
		struct str rest = synopsis_of(line), word;
		const char *program = memmem(rest.p, rest.n, "PROGRAM", 7);
		struct template t = {0};
		if (program)
			rest = (struct str){program + 7, (size_t)(rest.p + rest.n - program - 7)};
		else if (!indented) {
			read_lists(s, line);
			continue;
		}
		if (rest.n && rest.p[0] == ':')
			continue; /* "PROGRAM: no such thing" */
		case_add_step(&t.full);
		case_add_step(&t.least);
		t.words = json_array();
		t.groups = json_array();
		while (str_next_word(&rest, &word))
			if (!str_eq(word, "...") && !str_eq(word, "|"))
				take_usage_word(s, &t, word);
		(void)add_call(s, &t.full);
		(void)add_call(s, &t.least);
		add_form(s, &t);
		parity_case_cleanup(&t.full);
		parity_case_cleanup(&t.least);
	}
}
