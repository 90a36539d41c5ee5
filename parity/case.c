#include "parity/case.h"

#include "parity/parity.h"

#include <string.h>

void
parity_case_cleanup(struct parity_case *c)
{
	while (c->nfiles)
		case_drop_file(c, c->nfiles - 1);
	while (c->n)
		case_drop_step(c, c->n - 1);
}

void
case_copy(struct parity_case *dst, const struct parity_case *src)
{
	for (size_t i = 0; i < src->nfiles; i++)
		case_add_file(dst, src->files[i].name, src->files[i].text);
	for (size_t i = 0; i < src->n; i++) {
		struct case_step *s = case_add_step(dst);
		strlist_copy(&s->args, &src->steps[i].args);
		s->input = src->steps[i].input ? mem_strdup(src->steps[i].input) : NULL;
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_step(const struct case_step *a, const struct case_step *b)
{
	if (a->args.n != b->args.n || !same_text(a->input, b->input))
		return false;
	for (size_t i = 0; i < a->args.n; i++)
		if (strcmp(a->args.v[i], b->args.v[i]) != 0)
			return false;
	return true;
}

bool
case_equal(const struct parity_case *a, const struct parity_case *b)
{
	if (a->n != b->n || a->nfiles != b->nfiles)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_step(&a->steps[i], &b->steps[i]))
			return false;
	for (size_t i = 0; i < a->nfiles; i++)
		if (strcmp(a->files[i].name, b->files[i].name) != 0 ||
			strcmp(a->files[i].text, b->files[i].text) != 0)
			return false;
	return true;
}

/* ---- parts ---- */

struct case_step *
case_add_step(struct parity_case *c)
{
	if (c->n == CASE_STEPS_MAX)
		return NULL;
	c->steps[c->n] = (struct case_step){0};
	return &c->steps[c->n++];
}

bool
case_insert_step(struct parity_case *c, size_t at, const struct case_step *of)
{
	struct case_step *s = case_add_step(c);
	if (!s)
		return false;
	strlist_copy(&s->args, &of->args);
	s->input = of->input ? mem_strdup(of->input) : NULL;
	struct case_step added = *s;
	memmove(&c->steps[at + 1], &c->steps[at], (c->n - 1 - at) * sizeof(*c->steps));
	c->steps[at] = added;
	return true;
}

void
case_drop_step(struct parity_case *c, size_t at)
{
	strlist_cleanup(&c->steps[at].args);
	free(c->steps[at].input);
	memmove(&c->steps[at], &c->steps[at + 1], (c->n - at - 1) * sizeof(*c->steps));
	c->n--;
}

static bool
is_name(const char *s)
{
	return *s && *s != '.' && *s != '-' && strlen(s) < 100 &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] ==
		       '\0';
}

void
case_add_file(struct parity_case *c, const char *name, const char *text)
{
	if (c->nfiles == CASE_FILES_MAX || !is_name(name))
		return;
	for (size_t i = 0; i < c->nfiles; i++)
		if (strcmp(c->files[i].name, name) == 0)
			return;
	c->files[c->nfiles++] = (struct case_file){mem_strdup(name), mem_strdup(text)};
}

void
case_drop_file(struct parity_case *c, size_t at)
{
	free(c->files[at].name);
	free(c->files[at].text);
	memmove(&c->files[at], &c->files[at + 1], (c->nfiles - at - 1) * sizeof(*c->files));
	c->nfiles--;
}

void
step_drop_arg(struct case_step *s, size_t at)
{
	free(s->args.v[at]);
	memmove(&s->args.v[at], &s->args.v[at + 1], (s->args.n - at) * sizeof(*s->args.v));
	s->args.n--;
}

void
step_insert_arg(struct case_step *s, size_t at, const char *text)
{
	if (s->args.n >= CASE_ARGS_MAX)
		return;
	strlist_add(&s->args, text);
	char *added = s->args.v[s->args.n - 1];
	memmove(&s->args.v[at + 1], &s->args.v[at], (s->args.n - 1 - at) * sizeof(*s->args.v));
	s->args.v[at] = added;
}

void
step_set_arg(struct case_step *s, size_t at, const char *text)
{
	char *new = mem_strdup(text);
	free(s->args.v[at]);
	s->args.v[at] = new;
}

/* ---- as JSON ---- */

json_t *
case_text_json(const char *text)
{
	json_t *plain = json_string(text);
	OWN(buf) struct buf out = {0};
	if (plain)
		return plain;
	for (const char *p = text; *p; p++) { /* in ASCII alone */
		bool plain_byte = *p > ' ' && *p < 127 && *p != '%';
		buf_printf(&out, plain_byte ? "%c" : "%%%02X", (unsigned char)*p);
	}
	return json_pack("{s:s}", "percent", out.p ? out.p : "");
}

json_t *
case_to_json(const struct parity_case *c)
{
	json_t *files = json_array(), *steps = json_array();
	for (size_t i = 0; i < c->nfiles; i++)
		json_array_append_new(files, json_pack("{s:s, s:o}", "name", c->files[i].name,
						     "text", case_text_json(c->files[i].text)));
	for (size_t i = 0; i < c->n; i++) {
		const struct case_step *s = &c->steps[i];
		json_t *args = json_array();
		for (size_t k = 0; k < s->args.n; k++)
			json_array_append_new(args, case_text_json(s->args.v[k]));
		json_array_append_new(
			steps, json_pack("{s:o, s:o}", "args", args, "input",
				       s->input ? case_text_json(s->input) : json_null()));
	}
	return json_pack("{s:o, s:o}", "files", files, "steps", steps);
}

/* Heap; NULL: it is no text that a case may have. */
static char *
text_of(const json_t *j)
{
	const char *percent = json_string_value(json_object_get(j, "percent"));
	const char *plain = json_string_value(j);
	char *text = percent ? str_unpercent(str_of(percent)) : NULL;
	if (plain && strlen(plain) == json_string_length(j))
		text = mem_strdup(plain);
	if (text && strlen(text) > CASE_TEXT_MAX) {
		free(text);
		return NULL;
	}
	return text;
}

static bool
read_step(const json_t *j, struct parity_case *c)
{
	struct case_step *s = case_add_step(c);
	const json_t *input = json_object_get(j, "input"), *args = json_object_get(j, "args");
	if (!s || !json_is_array(args) || json_array_size(args) > CASE_ARGS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(args); i++) {
		OWN_FREE char *text = text_of(json_array_get(args, i));
		if (!text)
			return false;
		strlist_add(&s->args, text);
	}
	if (input && !json_is_null(input))
		s->input = text_of(input);
	return !input || json_is_null(input) || s->input;
}

static bool
read_file(const json_t *j, struct parity_case *c)
{
	OWN_FREE char *text = text_of(json_object_get(j, "text"));
	size_t n = c->nfiles;
	if (text)
		case_add_file(c, json_string_in(j, "name"), text);
	return c->nfiles > n;
}

int
case_from_json(const json_t *j, struct parity_case *ret, struct dd_err *err)
{
	OWN(parity_case) struct parity_case c = {0};
	const json_t *files = json_object_get(j, "files"), *steps = json_object_get(j, "steps");
	bool good = json_array_size(steps) > 0;
	for (size_t i = 0; good && i < json_array_size(files); i++)
		good = read_file(json_array_get(files, i), &c);
	for (size_t i = 0; good && i < json_array_size(steps); i++)
		good = read_step(json_array_get(steps, i), &c);
	if (!good)
		return err_set(err, DD_EINVAL, "not a case of files and steps");
	*ret = c;
	c = (struct parity_case){0};
	return 0;
}

/* ---- for a shell ---- */

static void
put_text(const char *text, struct buf *out)
{
	buf_puts(out, "printf %s ");
	buf_put_shell(out, str_of(text));
}

static void
put_step(const struct case_step *s, const char *program, struct buf *out)
{
	if (s->input) {
		put_text(s->input, out);
		buf_puts(out, " | ");
	}
	buf_puts(out, program);
	for (size_t i = 0; i < s->args.n; i++) {
		buf_putc(out, ' ');
		buf_put_shell(out, str_of(s->args.v[i]));
	}
	buf_puts(out, s->input ? "\n" : " </dev/null\n");
}

void
parity_put_script(const json_t *of_case, const char *program, struct buf *out)
{
	OWN(parity_case) struct parity_case c = {0};
	if (case_from_json(of_case, &c, NULL) < 0)
		return;
	for (size_t i = 0; i < c.nfiles; i++) {
		put_text(c.files[i].text, out);
		buf_printf(out, " >%s\n", c.files[i].name);
	}
	for (size_t i = 0; i < c.n; i++)
		put_step(&c.steps[i], program, out);
}
