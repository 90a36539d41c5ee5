#include "qa/scenario.h"

#include <string.h>

#define MAX_SCENARIOS 1000

static const char *const kind_names[] = {
	"go", "click", "type", "press", "expect", "shoot", "resize", "exit", NULL};

static const struct json_field target_fields[] = {
	{"role", JSON_K_STRING, offsetof(struct scenario_target, role), false, NULL, NULL, 0},
	{"name", JSON_K_STRING, offsetof(struct scenario_target, name), false, NULL, NULL, 0},
	{"text", JSON_K_STRING, offsetof(struct scenario_target, text), false, NULL, NULL, 0},
	{"answer", JSON_K_STRING, offsetof(struct scenario_target, answer), false, NULL, NULL, 0},
	{"nth", JSON_K_INT, offsetof(struct scenario_target, nth), false, NULL, NULL, 0},
	{"row", JSON_K_INT, offsetof(struct scenario_target, row), false, NULL, NULL, 0},
	{"absent", JSON_K_BOOL, offsetof(struct scenario_target, absent), false, NULL, NULL, 0},
	{.key = NULL},
};

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 24
static const struct json_field terminal_fields[] = {
	{"run", JSON_K_STRING, offsetof(struct scenario_terminal, run), true, NULL, NULL, 0},
	{"dir", JSON_K_STRING, offsetof(struct scenario_terminal, dir), false, NULL, NULL, 0},
	{"columns", JSON_K_INT, offsetof(struct scenario_terminal, columns), false, NULL, NULL, 0},
	{"rows", JSON_K_INT, offsetof(struct scenario_terminal, rows), false, NULL, NULL, 0},
	{.key = NULL},
};

static bool
is_word(enum scenario_kind kind)
{
	return kind == SCENARIO_GO || kind == SCENARIO_PRESS || kind == SCENARIO_SHOOT ||
	       kind == SCENARIO_RESIZE;
}

void
scenario_list_cleanup(struct scenario_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i].n; k++) {
			free(l->v[i].steps[k].word);
			json_release(target_fields, &l->v[i].steps[k].on);
		}
		json_release(terminal_fields, &l->v[i].terminal);
		free(l->v[i].steps);
		free(l->v[i].name);
	}
	free(l->v);
	*l = (struct scenario_list){0};
}

bool
scenario_parse_size(const char *text, int64_t *ret_columns, int64_t *ret_rows)
{
	struct str rest = str_of(text), first;
	uint64_t columns = 0, rows = 0;
	if (!str_next(&rest, 'x', &first) ||
		!str_parse_u64(first, SCENARIO_MAX_COLUMNS, &columns) ||
		!str_parse_u64(rest, SCENARIO_MAX_ROWS, &rows) || columns < 2 || rows < 2)
		return false;
	*ret_columns = (int64_t)columns;
	*ret_rows = (int64_t)rows;
	return true;
}

static int
check_expected(const struct scenario_step *s, bool terminal, const char *where, struct dd_err *err)
{
	const struct scenario_target *t = &s->on;
	if (t->text || (t->name && !terminal))
		return 0;
	return err_set(err, DD_EINVAL, "%s: \"text\"%s says what is expected", where,
		terminal ? "" : " or \"name\"");
}

static int
check_target(const struct scenario_step *s, bool terminal, const char *where, struct dd_err *err)
{
	const struct scenario_target *t = &s->on;
	const bool types = s->kind == SCENARIO_TYPE;
	if (t->nth < 0 || t->row < 0 || t->row > SCENARIO_MAX_ROWS)
		return err_set(err, DD_EINVAL, "%s.%s: it counts from 1", where,
			t->nth < 0 ? "nth" : "row");
	if (terminal ? t->role || (types && t->name) : t->row)
		return err_set(err, DD_EINVAL, "%s: %s has no \"%s\"", where,
			terminal ? "a terminal" : "a page",
			!terminal ? "row"
			: t->role ? "role"
				  : "name");
	if (s->kind == SCENARIO_EXPECT)
		return check_expected(s, terminal, where, err);
	if (!t->name && !(terminal && types))
		return err_set(err, DD_EINVAL, "%s: \"name\" is missing", where);
	if (types && !t->text && !t->answer)
		return err_set(
			err, DD_EINVAL, "%s: \"text\" or \"answer\" says what is typed", where);
	return 0;
}

/* Of kinds there are on every screen, on pages, or in terminals. */
static bool
is_known(int kind, bool terminal)
{
	return kind_names[kind] &&
	       (terminal ? kind != SCENARIO_GO : kind != SCENARIO_RESIZE && kind != SCENARIO_EXIT);
}

static int
read_word(const json_t *value, const char *where, struct scenario_step *ret, struct dd_err *err)
{
	int64_t columns, rows;
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return err_set(err, DD_EINVAL, "%s: expected a string", where);
	ret->word = mem_strdup(json_string_value(value));
	if (ret->kind == SCENARIO_RESIZE && !scenario_parse_size(ret->word, &columns, &rows))
		return err_set(err, DD_EINVAL,
			"%s: expected columns and rows as in \"80x24\", at most %dx%d", where,
			SCENARIO_MAX_COLUMNS, SCENARIO_MAX_ROWS);
	return 0;
}

static int
read_step(const json_t *j, bool terminal, const char *where, struct scenario_step *ret,
	struct dd_err *err)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)j));
	const json_t *value = key ? json_object_get(j, key) : NULL;
	int kind = 0;
	while (key && kind_names[kind] && strcmp(kind_names[kind], key) != 0)
		kind++;
	if (json_object_size(j) != 1 || !is_known(kind, terminal))
		return err_set(err, DD_EINVAL, "%s: expected an object with one of %s", where,
			terminal ? "type, press, click, expect, resize, exit, shoot"
				 : "go, click, type, press, expect, shoot");
	OWN_FREE char *inside = mem_printf("%s.%s", where, key);
	ret->kind = (enum scenario_kind)kind;
	if (is_word(ret->kind))
		return read_word(value, inside, ret, err);
	if (ret->kind == SCENARIO_EXIT) {
		ret->status = json_integer_value(value);
		return json_is_integer(value) && ret->status >= 0 && ret->status <= 255
			       ? 0
			       : err_set(err, DD_EINVAL, "%s: expected a status from 0 to 255",
					 inside);
	}
	int rc = json_decode(value, target_fields, true, &ret->on, inside, err);
	return rc < 0 ? err_set(err, DD_EINVAL, "%s", err ? err->msg : "")
		      : check_target(ret, terminal, inside, err);
}

static int
read_terminal(const json_t *j, const char *where, struct scenario *ret, struct dd_err *err)
{
	const json_t *given = json_object_get(j, "terminal");
	struct scenario_terminal *t = &ret->terminal;
	OWN_FREE char *at = mem_printf("%sterminal", where);
	if (!given)
		return 0;
	ret->in_terminal = true;
	*t = (struct scenario_terminal){.columns = DEFAULT_COLUMNS, .rows = DEFAULT_ROWS};
	if (json_decode(given, terminal_fields, true, t, at, err) < 0)
		return err_set(err, DD_EINVAL, "%s", err ? err->msg : "");
	OWN_FREE char *size = mem_printf("%lldx%lld", (long long)t->columns, (long long)t->rows);
	return scenario_parse_size(size, &t->columns, &t->rows)
		       ? 0
		       : err_set(err, DD_EINVAL, "%s: it has 2 to %d columns and 2 to %d rows", at,
				 SCENARIO_MAX_COLUMNS, SCENARIO_MAX_ROWS);
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
	int rc = read_terminal(j, where, ret, err);
	while (rc == 0 && ret->n < n) {
		OWN_FREE char *at = mem_printf("%ssteps[%zu]", where, ret->n);
		const json_t *step = json_array_get(steps, ret->n);
		rc = read_step(step, ret->in_terminal, at, &ret->steps[ret->n++], err);
	}
	return rc;
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

static json_t *
step_to_json(const struct scenario_step *s)
{
	json_t *value = is_word(s->kind)	   ? json_text(str_of(s->word))
			: s->kind == SCENARIO_EXIT ? json_integer(s->status)
						   : json_encode(target_fields, &s->on);
	return json_pack("{s:o}", kind_names[s->kind], value);
}

json_t *
scenario_to_json(const struct scenario *s)
{
	json_t *steps = json_array();
	for (size_t k = 0; k < s->n; k++)
		json_array_append_new(steps, step_to_json(&s->steps[k]));
	json_t *j = json_pack("{s:o, s:o}", "name", json_text(str_of(s->name)), "steps", steps);
	if (s->in_terminal)
		json_object_set_new(j, "terminal", json_encode(terminal_fields, &s->terminal));
	return j;
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
	case SCENARIO_RESIZE:
		buf_printf(&out, "resize to %s", s->word);
		break;
	case SCENARIO_EXIT:
		buf_printf(&out, "expect that it ends with %lld", (long long)s->status);
		break;
	case SCENARIO_CLICK:
		buf_puts(&out, "click ");
		put_target(&s->on, &out);
		break;
	case SCENARIO_TYPE:
		if (s->on.answer)
			buf_printf(&out, "type [%s]", s->on.answer);
		else
			buf_printf(&out, "type \"%s\"", s->on.text);
		buf_puts(&out, s->on.name ? " into " : "");
		put_target(&s->on, &out);
		break;
	case SCENARIO_EXPECT:
		buf_puts(&out, s->on.absent ? "expect no " : "expect ");
		if (s->on.text)
			buf_printf(&out, "text \"%s\"", s->on.text);
		else
			put_target(&s->on, &out);
		if (s->on.row)
			buf_printf(&out, " in row %lld", (long long)s->on.row);
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
