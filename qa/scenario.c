#include "qa/scenario.h"

#include <stdio.h>
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
	{"class", JSON_K_STRING, offsetof(struct scenario_target, class), false, NULL, NULL, 0},
	{"at", JSON_K_STRING, offsetof(struct scenario_target, at), false, NULL, NULL, 0},
	{"absent", JSON_K_BOOL, offsetof(struct scenario_target, absent), false, NULL, NULL, 0},
	{.key = NULL},
};

#define PROGRAM(key, kind, member, needed) \
	{ \
		key, kind, offsetof(struct scenario_program, member), needed, NULL, NULL, 0 \
	}
static const struct json_field terminal_fields[] = {PROGRAM("run", JSON_K_STRING, run, true),
	PROGRAM("dir", JSON_K_STRING, dir, false), PROGRAM("columns", JSON_K_INT, width, false),
	PROGRAM("rows", JSON_K_INT, height, false), {.key = NULL}};
static const struct json_field display_fields[] = {PROGRAM("run", JSON_K_STRING, run, true),
	PROGRAM("dir", JSON_K_STRING, dir, false), PROGRAM("width", JSON_K_INT, width, false),
	PROGRAM("height", JSON_K_INT, height, false), {.key = NULL}};

/* What there is on each kind of screen. */
static const struct {
	const char *name;
	const char *kinds;
	const struct json_field *fields; /* of its program; NULL: none */
	int64_t width, height;		 /* where nothing else is said */
	int64_t min, max_width, max_height;
	const char *unit_width, *unit_height;
} screens[] = {
	[SCREEN_PAGE] = {.name = "a page", .kinds = "go, click, type, press, expect, shoot"},
	[SCREEN_TERMINAL] = {.name = "a terminal",
		.kinds = "type, press, click, expect, resize, exit, shoot",
		.fields = terminal_fields,
		.width = 80,
		.height = 24,
		.min = 2,
		.max_width = SCENARIO_MAX_COLUMNS,
		.max_height = SCENARIO_MAX_ROWS,
		.unit_width = "columns",
		.unit_height = "rows"},
	[SCREEN_DISPLAY] = {.name = "a display",
		.kinds = "type, press, click, expect, exit, shoot",
		.fields = display_fields,
		.width = 1280,
		.height = 720,
		.min = 100,
		.max_width = SCENARIO_MAX_SIDE,
		.max_height = SCENARIO_MAX_SIDE,
		.unit_width = "pixels of width",
		.unit_height = "of height"},
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
		json_release(terminal_fields, &l->v[i].program);
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

bool
scenario_parse_place(const char *text, int *ret_x, int *ret_y)
{
	int x, y, end = 0;
	if (sscanf(text, "%6d,%6d%n", &x, &y, &end) != 2 || text[end] || abs(x) > INT16_MAX ||
		abs(y) > INT16_MAX)
		return false;
	*ret_x = x;
	*ret_y = y;
	return true;
}

const char *
scenario_key(const char *word, unsigned *ret_held)
{
	static const struct {
		const char *name;
		enum scenario_held bit;
	} all[] = {{"Ctrl-", SCENARIO_CTRL}, {"Alt-", SCENARIO_ALT}, {"Shift-", SCENARIO_SHIFT}};
	*ret_held = 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (str_starts(str_of(word), all[i].name)) {
			*ret_held |= all[i].bit;
			word += strlen(all[i].name);
			i = (size_t)-1; /* in any order */
		}
	return word;
}

/* A key that steps of that kind do not have there; NULL: there is none. */
static const char *
wrong_key(const struct scenario_step *s, enum screen_kind screen)
{
	const struct scenario_target *t = &s->on;
	if (t->role && screen != SCREEN_PAGE)
		return "role";
	if (t->row && screen != SCREEN_TERMINAL)
		return "row";
	if (t->class && screen != SCREEN_DISPLAY)
		return "class";
	if (t->at && (screen != SCREEN_DISPLAY || s->kind != SCENARIO_CLICK))
		return "at";
	return screen == SCREEN_TERMINAL && s->kind == SCENARIO_TYPE && t->name ? "name" : NULL;
}

/* What is missing; NULL: nothing. */
static const char *
missing_key(const struct scenario_step *s, enum screen_kind screen)
{
	const struct scenario_target *t = &s->on;
	const bool window = screen == SCREEN_DISPLAY && t->class;
	if (s->kind == SCENARIO_EXPECT)
		return t->text || window || (t->name && screen != SCREEN_TERMINAL) ? NULL
		       : screen == SCREEN_TERMINAL ? "\"text\" says what is expected"
		       : screen == SCREEN_PAGE
			       ? "\"text\" or \"name\" says what is expected"
			       : "\"text\", \"name\" or \"class\" says what is expected";
	if (s->kind == SCENARIO_CLICK && screen == SCREEN_DISPLAY)
		return t->name || window || t->at ? NULL
						  : "\"name\", \"class\" or \"at\" is missing";
	if (!t->name && (s->kind == SCENARIO_CLICK || screen == SCREEN_PAGE))
		return "\"name\" is missing";
	return s->kind == SCENARIO_TYPE && !t->text && !t->answer
		       ? "\"text\" or \"answer\" says what is typed"
		       : NULL;
}

static int
check_target(const struct scenario_step *s, enum screen_kind screen, const char *where,
	struct dd_err *err)
{
	const struct scenario_target *t = &s->on;
	int x, y;
	if (t->nth < 0 || t->row < 0 || t->row > SCENARIO_MAX_ROWS)
		return err_set(err, DD_EINVAL, "%s.%s: it counts from 1", where,
			t->nth < 0 ? "nth" : "row");
	const char *wrong = wrong_key(s, screen), *missing = missing_key(s, screen);
	if (wrong)
		return err_set(
			err, DD_EINVAL, "%s: %s has no \"%s\"", where, screens[screen].name, wrong);
	if (t->at && !scenario_parse_place(t->at, &x, &y))
		return err_set(err, DD_EINVAL, "%s.at: expected a place as in \"40,60\"", where);
	return missing ? err_set(err, DD_EINVAL, "%s: %s", where, missing) : 0;
}

static bool
is_known(int kind, enum screen_kind screen)
{
	struct str rest = str_of(screens[screen].kinds), one;
	while (kind_names[kind] && str_next(&rest, ',', &one))
		if (str_eq(str_trim(one), kind_names[kind]))
			return true;
	return false;
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
read_step(const json_t *j, enum screen_kind screen, const char *where, struct scenario_step *ret,
	struct dd_err *err)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)j));
	const json_t *value = key ? json_object_get(j, key) : NULL;
	int kind = 0;
	while (key && kind_names[kind] && strcmp(kind_names[kind], key) != 0)
		kind++;
	if (json_object_size(j) != 1 || !is_known(kind, screen))
		return err_set(err, DD_EINVAL, "%s: expected an object with one of %s", where,
			screens[screen].kinds);
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
		      : check_target(ret, screen, inside, err);
}

static int
read_program(const json_t *j, const char *where, struct scenario *ret, struct dd_err *err)
{
	const json_t *given = NULL;
	struct scenario_program *p = &ret->program;
	for (int k = SCREEN_PAGE; screen_kind_names[k]; k++)
		if (screens[k].fields && json_object_get(j, screen_kind_names[k])) {
			if (given)
				return err_set(err, DD_EINVAL, "%s%s: it has another screen", where,
					screen_kind_names[k]);
			given = json_object_get(j, screen_kind_names[k]);
			ret->screen = (enum screen_kind)k;
		}
	if (!given)
		return 0;
	const __typeof__(*screens) *s = &screens[ret->screen];
	OWN_FREE char *at = mem_printf("%s%s", where, screen_kind_names[ret->screen]);
	*p = (struct scenario_program){.width = s->width, .height = s->height};
	if (json_decode(given, s->fields, true, p, at, err) < 0)
		return err_set(err, DD_EINVAL, "%s", err ? err->msg : "");
	if (p->width >= s->min && p->width <= s->max_width && p->height >= s->min &&
		p->height <= s->max_height)
		return 0;
	return err_set(err, DD_EINVAL, "%s: it has %lld to %lld %s and %lld to %lld %s", at,
		(long long)s->min, (long long)s->max_width, s->unit_width, (long long)s->min,
		(long long)s->max_height, s->unit_height);
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
	int rc = read_program(j, where, ret, err);
	while (rc == 0 && ret->n < n) {
		OWN_FREE char *at = mem_printf("%ssteps[%zu]", where, ret->n);
		const json_t *step = json_array_get(steps, ret->n);
		rc = read_step(step, ret->screen, at, &ret->steps[ret->n++], err);
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
	if (screens[s->screen].fields)
		json_object_set_new(j, screen_kind_names[s->screen],
			json_encode(screens[s->screen].fields, &s->program));
	return j;
}

/* role "name" */
static void
put_target(const struct scenario_target *t, struct buf *out)
{
	if (t->name)
		buf_printf(out, "%s \"%s\"", t->role ? t->role : "thing", t->name);
	if (t->class)
		buf_printf(out, "%sof class %s", t->name ? " " : "thing ", t->class);
	if (t->nth)
		buf_printf(out, " (number %lld)", (long long)t->nth);
	if (t->at)
		buf_printf(out, "%sat %s", t->name || t->class ? " " : "", t->at);
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
		buf_puts(&out, s->on.name || s->on.class ? " into " : "");
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
