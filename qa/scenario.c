#include "qa/scenario.h"

#include <string.h>

#define MAX_SCENARIOS 1000

static const char *const kind_names[] = {"go", "click", "type", "press", "expect", "shoot", NULL};

static const struct json_field target_fields[] = {
	{"role", JSON_K_STRING, offsetof(struct scenario_target, role), false, NULL, NULL, 0},
	{"name", JSON_K_STRING, offsetof(struct scenario_target, name), false, NULL, NULL, 0},
	{"text", JSON_K_STRING, offsetof(struct scenario_target, text), false, NULL, NULL, 0},
	{"answer", JSON_K_STRING, offsetof(struct scenario_target, answer), false, NULL, NULL, 0},
	{"nth", JSON_K_INT, offsetof(struct scenario_target, nth), false, NULL, NULL, 0},
	{"absent", JSON_K_BOOL, offsetof(struct scenario_target, absent), false, NULL, NULL, 0},
	{.key = NULL},
};

static bool
is_word(enum scenario_kind kind)
{
	return kind == SCENARIO_GO || kind == SCENARIO_PRESS || kind == SCENARIO_SHOOT;
}

void
scenario_list_cleanup(struct scenario_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i].n; k++) {
			free(l->v[i].steps[k].word);
			json_release(target_fields, &l->v[i].steps[k].on);
		}
		free(l->v[i].steps);
		free(l->v[i].name);
	}
	free(l->v);
	*l = (struct scenario_list){0};
}

static int
check_target(const struct scenario_step *s, const char *where, struct dd_err *err)
{
	const struct scenario_target *t = &s->on;
	if (t->nth < 0)
		return err_set(err, DD_EINVAL, "%s.nth: it counts from 1", where);
	if (s->kind == SCENARIO_EXPECT)
		return t->text || t->name
			       ? 0
			       : err_set(err, DD_EINVAL,
					 "%s: \"text\" or \"name\" says what is expected", where);
	if (!t->name)
		return err_set(err, DD_EINVAL, "%s: \"name\" is missing", where);
	if (s->kind == SCENARIO_TYPE && !t->text && !t->answer)
		return err_set(
			err, DD_EINVAL, "%s: \"text\" or \"answer\" says what is typed", where);
	return 0;
}

static int
read_step(const json_t *j, const char *where, struct scenario_step *ret, struct dd_err *err)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)j));
	const json_t *value = key ? json_object_get(j, key) : NULL;
	int kind = 0;
	while (key && kind_names[kind] && strcmp(kind_names[kind], key) != 0)
		kind++;
	if (json_object_size(j) != 1 || !kind_names[kind])
		return err_set(err, DD_EINVAL,
			"%s: expected an object with one of go, click, type, press, expect, shoot",
			where);
	OWN_FREE char *inside = mem_printf("%s.%s", where, key);
	ret->kind = (enum scenario_kind)kind;
	if (!is_word(ret->kind)) {
		int rc = json_decode(value, target_fields, true, &ret->on, inside, err);
		return rc < 0 ? err_set(err, DD_EINVAL, "%s", err ? err->msg : "")
			      : check_target(ret, inside, err);
	}
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return err_set(err, DD_EINVAL, "%s: expected a string", inside);
	ret->word = mem_strdup(json_string_value(value));
	return 0;
}

static int
read_scenario(
	const json_t *j, const char *where, size_t number, struct scenario *ret, struct dd_err *err)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	const json_t *steps = json_object_get(j, "steps");
	size_t n = json_array_size(steps);
	if (!n || n > SCENARIO_MAX_STEPS)
		return err_set(err, DD_EINVAL, "%ssteps: expected an array of 1 to %d steps", where,
			SCENARIO_MAX_STEPS);
	ret->name = name ? mem_strdup(name) : mem_printf("scenario %zu", number);
	ret->steps = mem_zalloc(n, sizeof(*ret->steps));
	for (; ret->n < n;) {
		OWN_FREE char *at = mem_printf("%ssteps[%zu]", where, ret->n);
		const json_t *step = json_array_get(steps, ret->n);
		int rc = read_step(step, at, &ret->steps[ret->n++], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
scenario_list_from_json(const json_t *file, struct scenario_list *ret, struct dd_err *err)
{
	const json_t *many = json_object_get(file, "scenarios");
	struct scenario_list l = {0};
	int rc = 0;
	if (!json_is_object(file) || (many && !json_is_array(many)) ||
		json_array_size(many) > MAX_SCENARIOS)
		return err_set(
			err, DD_EINVAL, "expected {\"steps\": [...]} or {\"scenarios\": [...]}");
	for (size_t i = 0; rc == 0 && i < (many ? json_array_size(many) : 1); i++) {
		OWN_FREE char *where = many ? mem_printf("scenarios[%zu].", i) : mem_strdup("");
		l.v = mem_grow(l.v, l.n, &l.cap, sizeof(*l.v));
		l.v[l.n] = (struct scenario){0};
		rc = read_scenario(
			many ? json_array_get(many, i) : file, where, i + 1, &l.v[l.n++], err);
	}
	if (rc < 0) {
		scenario_list_cleanup(&l);
		return rc;
	}
	*ret = l;
	return 0;
}

json_t *
scenario_list_to_json(const struct scenario_list *l)
{
	json_t *all = json_array();
	for (size_t i = 0; i < l->n; i++) {
		json_t *steps = json_array();
		for (size_t k = 0; k < l->v[i].n; k++) {
			const struct scenario_step *s = &l->v[i].steps[k];
			json_t *step = json_object();
			json_object_set_new(step, kind_names[s->kind],
				is_word(s->kind) ? json_text(str_of(s->word))
						 : json_encode(target_fields, &s->on));
			json_array_append_new(steps, step);
		}
		json_array_append_new(
			all, json_pack("{s:o, s:o}", "name", json_text(str_of(l->v[i].name)),
				     "steps", steps));
	}
	return json_pack("{s:o}", "scenarios", all);
}

/* role "name" */
static void
put_target(const struct scenario_target *t, struct buf *out)
{
	if (t->name)
		buf_printf(out, "%s \"%s\"", t->role ? t->role : "thing", t->name);
	if (t->nth)
		buf_printf(out, " (number %lld)", (long long)t->nth);
}

char *
scenario_step_words(const struct scenario_step *s)
{
	OWN(buf) struct buf out = {.max = 1000};
	switch (s->kind) {
	case SCENARIO_GO:
		buf_printf(&out, "go to %s", s->word);
		break;
	case SCENARIO_PRESS:
		buf_printf(&out, "press %s", s->word);
		break;
	case SCENARIO_SHOOT:
		buf_printf(&out, "look: %s", s->word);
		break;
	case SCENARIO_CLICK:
		buf_puts(&out, "click ");
		put_target(&s->on, &out);
		break;
	case SCENARIO_TYPE:
		if (s->on.answer)
			buf_printf(&out, "type [%s] into ", s->on.answer);
		else
			buf_printf(&out, "type \"%s\" into ", s->on.text);
		put_target(&s->on, &out);
		break;
	case SCENARIO_EXPECT:
		buf_puts(&out, s->on.absent ? "expect no " : "expect ");
		if (s->on.text)
			buf_printf(&out, "text \"%s\"", s->on.text);
		else
			put_target(&s->on, &out);
		break;
	}
	return buf_take(&out);
}

char *
scenario_address(const char *base_url, const char *to)
{
	if (strncasecmp(to, "http://", 7) == 0 || strncasecmp(to, "https://", 8) == 0)
		return mem_strdup(to);
	if (*to != '/' || !base_url)
		return NULL;
	size_t n = strlen(base_url);
	while (n && base_url[n - 1] == '/')
		n--;
	return mem_printf("%.*s%s", (int)n, base_url, to);
}
