/* Windows of a display as plain data: found, described, and what hostile titles become. */
#include "qa/display_view.h"
#include "qa/programs.h"
#include "qa/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct display_window
window(uint32_t id, const char *title, const char *class, int x, int y, int w, int h)
{
	return (struct display_window){.id = id,
		.outer = id,
		.title = mem_strdup(title),
		.class = mem_strdup(class),
		.instance = mem_strdup("moorings"),
		.x = x + 1,
		.y = y + 1,
		.w = w,
		.h = h,
		.outer_x = x,
		.outer_y = y,
		.outer_w = w + 2,
		.outer_h = h + 2,
		.managed = true};
}

static void
two(struct display_view *v)
{
	*v = (struct display_view){.width = 800, .height = 600, .manager = true, .n = 2};
	v->v[0] = window(7, "Confirm - Harbour", "Dialog", 100, 100, 50, 40);
	v->v[0].dialog = true;
	v->v[1] = window(5, "Harbour", "Moorings", 0, 0, 300, 200);
}

static uint32_t
found(const struct display_view *v, struct scenario_target t)
{
	const struct display_window *w = display_view_find(v, &t);
	return w ? w->id : 0;
}

static void
the_uppermost_window_of_that_title_is_meant(void **state)
{
	(void)state;
	struct display_view v;
	two(&v);
	assert_int_equal(found(&v, (struct scenario_target){.name = (char *)"Harbour"}), 7);
	assert_int_equal(
		found(&v, (struct scenario_target){.name = (char *)"Harbour", .nth = 2}), 5);
	assert_int_equal(
		found(&v, (struct scenario_target){.name = (char *)"Harbour", .nth = 3}), 0);
	assert_int_equal(found(&v, (struct scenario_target){.class = (char *)"Moorings"}), 5);
	assert_int_equal(found(&v, (struct scenario_target){.class = (char *)"moorings"}), 7);
	assert_int_equal(found(&v, (struct scenario_target){.class = (char *)"moor"}), 0);
	assert_int_equal(found(&v, (struct scenario_target){.name = (char *)"Confirm",
					   .class = (char *)"Moorings"}),
		0);
	display_view_cleanup(&v);
}

static void
the_window_at_a_place_is_the_uppermost_with_its_frame(void **state)
{
	(void)state;
	struct display_view v;
	two(&v);
	assert_int_equal(display_view_at(&v, 100, 100)->id, 7);
	assert_int_equal(display_view_at(&v, 151, 141)->id, 7);
	assert_int_equal(display_view_at(&v, 152, 141)->id, 5);
	assert_int_equal(display_view_at(&v, 0, 0)->id, 5);
	assert_null(display_view_at(&v, 302, 0));
	assert_null(display_view_at(&v, -1, 0));
	display_view_cleanup(&v);
}

static void
a_title_is_one_line_and_has_an_end(void **state)
{
	(void)state;
	char many[2 * DISPLAY_MAX_TEXT];
	memset(many, 'x', sizeof(many));
	OWN_FREE char *forged = display_view_text(STR("a\n0x1 \"b\"\033[2J\177"), false);
	OWN_FREE char *latin = display_view_text(STR("Z\xfc\x85rich"), true);
	OWN_FREE char *cut = display_view_text((struct str){many, sizeof(many)}, false);
	OWN_FREE char *none = display_view_text(STR(""), true);
	assert_string_equal(forged, "a 0x1 \"b\" [2J ");
	assert_string_equal(latin, "Z\xc3\xbc rich");
	assert_int_equal(strlen(cut), DISPLAY_MAX_TEXT);
	assert_string_equal(none, "");
}

static void
it_is_described_with_questions_and_places(void **state)
{
	(void)state;
	struct display_view v;
	char *const questions[] = {(char *)"confirm-harbour", NULL};
	two(&v);
	free(v.v[1].title);
	v.v[1].title = mem_strdup("\xff\xfe"); /* no UTF-8: still JSON */
	v.more = 3;
	OWN_JSON json_t *j = display_view_describe(&v, questions);
	OWN(buf) struct buf text = {0};
	json_print(json_object_get(j, "lines"), 0, &text);
	assert_string_equal(text.p,
		"[\"0x7 \\\"Confirm - Harbour\\\" moorings/Dialog 50x40+101+101 dialog\","
		"\"0x5 \\\"\xef\xbf\xbd\xef\xbf\xbd\\\" moorings/Moorings 300x200+1+1\"]");
	const json_t *first = json_array_get(json_object_get(j, "windows"), 0);
	assert_string_equal(
		json_string_value(json_object_get(first, "question")), "confirm-harbour");
	assert_null(json_object_get(json_array_get(json_object_get(j, "windows"), 1), "question"));
	assert_int_equal(json_integer_value(json_object_get(j, "more")), 3);
	const json_t *node = json_array_get(json_object_get(j, "nodes"), 0);
	assert_string_equal(json_string_value(json_object_get(node, "role")), "dialog");
	assert_int_equal(json_integer_value(json_object_get(node, "x")), 101);
	display_view_cleanup(&v);
}

static void
places_and_keys_are_read_strictly(void **state)
{
	(void)state;
	int x = 1, y = 1;
	unsigned held = 0;
	assert_true(scenario_parse_place("-40,60", &x, &y));
	assert_int_equal(x, -40);
	assert_int_equal(y, 60);
	static const char *const wrong[] = {
		"", "40", "40,", ",40", "40,60x", "40,60,1", "99999,1", "a,b", NULL};
	for (size_t i = 0; wrong[i]; i++)
		assert_false(scenario_parse_place(wrong[i], &x, &y));
	assert_string_equal(scenario_key("Shift-Ctrl-F1", &held), "F1");
	assert_int_equal(held, SCENARIO_CTRL | SCENARIO_SHIFT);
	assert_string_equal(scenario_key("a", &held), "a");
	assert_int_equal(held, 0);
}

/* What a driver makes of what drydock says when it asks what became of the program. */
static int
ended_by(const char *line)
{
	int asked[2], told[2], status = -1;
	assert_int_equal(pipe(asked) | pipe(told), 0);
	assert_int_equal(write(told[1], line, strlen(line)), strlen(line));
	(void)close(told[1]);
	const pid_t child = fork();
	if (child == 0) {
		if (dup2(asked[1], 1) < 0 || dup2(told[0], SCREEN_TO) < 0)
			_exit(9);
		_exit(program_has_ended());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)close(asked[0]);
	(void)close(asked[1]);
	(void)close(told[0]);
	return status;
}

static void
a_program_of_which_nobody_says_has_not_ended(void **state)
{
	(void)state;
	assert_int_equal(ended_by("exit 0\n"), W_EXITCODE(1, 0));
	assert_int_equal(ended_by("signal 9\n"), W_EXITCODE(1, 0));
	assert_int_equal(ended_by("running\n"), 0);
	assert_int_equal(ended_by(""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_uppermost_window_of_that_title_is_meant),
		cmocka_unit_test(the_window_at_a_place_is_the_uppermost_with_its_frame),
		cmocka_unit_test(a_title_is_one_line_and_has_an_end),
		cmocka_unit_test(it_is_described_with_questions_and_places),
		cmocka_unit_test(places_and_keys_are_read_strictly),
		cmocka_unit_test(a_program_of_which_nobody_says_has_not_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
