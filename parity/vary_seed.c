/* What the generator begins with. */
#include "parity/seed.h"
#include "parity/vary_text.h"

#include <ctype.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* ---- seeds ---- */

static void
add_case(struct vary *v, const struct parity_case *c)
{
	v->pool = mem_grow(v->pool, v->n, &v->cap, sizeof(*v->pool));
	v->pool[v->n] = (struct parity_case){0};
	case_copy(&v->pool[v->n++], c);
	v->first_new = v->n;
}

static void
add_single(struct vary *v, const char *word)
{
	OWN(parity_case) struct parity_case c = {0};
	struct case_step *s = case_add_step(&c);
	if (word)
		strlist_add(&s->args, word);
	add_case(v, &c);
}

/* Words and fields of a text are values. */
static void
add_values(struct vary *v, const char *text)
{
	static const char seps[] = ",;|\t\n ";
	while (*text && v->values.n < 2000) {
		size_t n = strcspn(text, seps);
		if (n && n < 40) {
			OWN_FREE char *word = mem_strndup(text, n);
			strlist_add_new(&v->values, word);
		}
		text += n + (text[n] != '\0');
	}
}

static void
note_words(struct vary *v, const struct strlist *words)
{
	for (size_t i = 0; i < words->n; i++) {
		struct str rest = str_of(words->v[i]);
		while (rest.n) {
			size_t n = 0;
			while (n < rest.n && isalpha((unsigned char)rest.p[n]))
				n++;
			if (n)
				map_put_str(&v->known, (struct str){rest.p, n}, v);
			n += n < rest.n;
			rest = (struct str){rest.p + n, rest.n - n};
		}
	}
}

static int
add_calls(struct vary *v, const json_t *calls, struct dd_err *err)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)calls, i, one) {
		OWN(parity_case) struct parity_case c = {0};
		int rc = case_from_json(one, &c, err);
		if (rc < 0)
			return rc;
		for (size_t k = 0; k < c.n; k++)
			for (size_t a = 0; a < c.steps[k].args.n; a++)
				if (!strchr(c.steps[k].args.v[a], SEED_HOLE))
					strlist_add_new(&v->values, c.steps[k].args.v[a]);
		for (size_t f = 0; f < c.nfiles; f++)
			add_values(v, c.files[f].text);
		add_case(v, &c);
	}
	return 0;
}

/* ---- names of values ---- */

void
vary_add_named(struct vary *v, const char *name, struct str value)
{
	struct vary_named *n = vary_named_as(v, name);
	OWN_FREE char *text = str_dup(value);
	if (n && n->values.n == 100 && !strlist_has(&n->values, text)) {
		size_t at = vary_below(v, n->values.n);
		free(n->values.v[at]);
		n->values.v[at] = mem_strdup(text);
	}
	if (!n && v->nnamed < COUNT(v->named)) {
		n = &v->named[v->nnamed++];
		n->name = mem_strdup(name);
	}
	if (n && n->values.n < 100 && value.n && value.n < 100)
		strlist_add_new(&n->values, text);
}

static bool
is_head(const struct strlist *fields)
{
	for (size_t i = 0; i < fields->n; i++)
		if (!*fields->v[i] ||
			fields->v[i][strspn(fields->v[i],
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ ")])
			return false;
	return fields->n > 1;
}

/* As str_next, where a field may stand in quotes, which are taken off. */
static bool
next_field(struct str *line, char separator, struct str *ret)
{
	const char *end =
		line->n > 1 && line->p[0] == '"' ? memchr(line->p + 1, '"', line->n - 1) : NULL;
	if (!end)
		return str_next(line, separator, ret);
	struct str behind = {end + 1, line->n - (size_t)(end + 1 - line->p)}, aside;
	*ret = (struct str){line->p + 1, (size_t)(end - line->p - 1)};
	(void)str_next(&behind, separator, &aside);
	*line = behind;
	return true;
}

/* Columns of a text whose first line names them. */
static void
add_columns(struct vary *v, const char *text)
{
	OWN(strlist) struct strlist head = {0};
	struct str rest = str_of(text), line, field;
	if (!str_next_line(&rest, &line))
		return;
	char separator = memchr(line.p, '\t', line.n)  ? '\t'
			 : memchr(line.p, ';', line.n) ? ';'
						       : ',';
	while (str_next(&line, separator, &field))
		strlist_add_str(&head, field);
	while (is_head(&head) && str_next_line(&rest, &line))
		for (size_t i = 0; i < head.n && next_field(&line, separator, &field); i++)
			vary_add_named(v, head.v[i], field);
}

/* What calls have where a usage of the same command has a name. */
static void
name_arguments(struct vary *v, const struct case_step *usage)
{
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->pool[i].n; k++) {
			const struct strlist *args = &v->pool[i].steps[k].args;
			if (!args->n || strcmp(args->v[0], usage->args.v[0]) != 0)
				continue;
			for (size_t a = 1; a < args->n && a < usage->args.n; a++)
				if (usage->args.v[a][0] == SEED_HOLE &&
					!strchr(args->v[a], SEED_HOLE))
					vary_add_named(v, usage->args.v[a] + 1, str_of(args->v[a]));
		}
}

static void
name_all_arguments(struct vary *v)
{
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->pool[i].n; k++)
			if (v->pool[i].steps[k].args.n)
				name_arguments(v, &v->pool[i].steps[k]);
}

static void
add_samples(struct vary *v, const json_t *samples)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)samples, i, one) {
		const char *name = json_string_in(one, "name"), *text = json_string_in(one, "text");
		if (v->nsamples == COUNT(v->samples) || !*name)
			continue;
		v->samples[v->nsamples++] = (struct case_file){mem_strdup(name), mem_strdup(text)};
		add_values(v, text);
		add_columns(v, text);
	}
}

static void
add_forms(struct vary *v, const json_t *forms)
{
	size_t i, k;
	json_t *one, *group;
	json_array_foreach ((json_t *)forms, i, one) {
		if (v->nforms == COUNT(v->forms))
			return;
		struct vary_form *f = &v->forms[v->nforms];
		json_to_strings(json_object_get(one, "words"), &f->words);
		json_array_foreach (json_object_get(one, "groups"), k, group)
			if (k < CASE_ARGS_MAX && json_integer_value(group) > 0 &&
				json_integer_value(group) <= CASE_ARGS_MAX)
				f->group[k] = (unsigned char)json_integer_value(group);
		if (f->words.n && f->words.n <= CASE_ARGS_MAX)
			v->nforms++;
		else
			strlist_cleanup(&f->words);
	}
}

/* Values that a usage lists for names, which stand there in the plural. */
static void
add_lists(struct vary *v, const json_t *lists)
{
	size_t i, k;
	json_t *one, *value;
	json_array_foreach ((json_t *)lists, i, one) {
		OWN_FREE char *name = mem_strdup(json_string_in(one, "name"));
		size_t n = strlen(name);
		if (n > 1 && name[n - 1] == 's')
			name[n - 1] = '\0';
		json_array_foreach (json_object_get(one, "values"), k, value)
			vary_add_named(v, name, str_of(json_string_value(value)));
	}
}

int
vary_init(struct vary *v, uint64_t seed, const json_t *seeds, struct dd_err *err)
{
	static const char *const first[] = {NULL, "--help", "-h", "help", "--version"};
	v->state = seed;
	json_to_strings(json_object_get(seeds, "words"), &v->words);
	json_to_strings(json_object_get(seeds, "numbers"), &v->numbers);
	note_words(v, &v->words);
	add_samples(v, json_object_get(seeds, "samples"));
	add_forms(v, json_object_get(seeds, "forms"));
	add_lists(v, json_object_get(seeds, "lists"));
	for (size_t i = 0; i < COUNT(first); i++)
		add_single(v, first[i]);
	int rc = add_calls(v, json_object_get(seeds, "calls"), err);
	if (rc == 0)
		name_all_arguments(v);
	return rc;
}
