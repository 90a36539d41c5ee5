#include "qa/display_view.h"

#include "record/answers.h"

#include <string.h>

static void
window_cleanup(struct display_window *w)
{
	free(w->title);
	free(w->class);
	free(w->instance);
}

void
display_view_cleanup(struct display_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		window_cleanup(&v->v[i]);
	v->n = 0;
}

char *
display_view_text(struct str bytes, bool latin1)
{
	OWN(buf) struct buf out = {.max = (size_t)2 * DISPLAY_MAX_TEXT};
	for (size_t i = 0; i < bytes.n && i < DISPLAY_MAX_TEXT; i++) {
		const unsigned char c = (unsigned char)bytes.p[i];
		if (c < 0x20 || c == 0x7f || (latin1 && c >= 0x80 && c < 0xa0)) {
			buf_putc(&out, ' ');
		} else if (latin1 && c >= 0x80) {
			buf_putc(&out, (char)(0xc0 | c >> 6));
			buf_putc(&out, (char)(0x80 | (c & 0x3f)));
		} else {
			buf_putc(&out, (char)c);
		}
	}
	return buf_take(&out);
}

static bool
is_meant(const struct display_window *w, const struct scenario_target *t)
{
	if (t->name && !strstr(w->title, t->name))
		return false;
	return !t->class || strcmp(w->class, t->class) == 0 || strcmp(w->instance, t->class) == 0;
}

const struct display_window *
display_view_find(const struct display_view *v, const struct scenario_target *t)
{
	int64_t nth = t->nth ? t->nth : 1;
	for (size_t i = 0; i < v->n; i++)
		if (is_meant(&v->v[i], t) && --nth == 0)
			return &v->v[i];
	return NULL;
}

const struct display_window *
display_view_at(const struct display_view *v, int x, int y)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct display_window *w = &v->v[i];
		if (x >= w->outer_x && y >= w->outer_y && x < w->outer_x + w->outer_w &&
			y < w->outer_y + w->outer_h)
			return w;
	}
	return NULL;
}

char *
display_view_slug(const struct display_window *w)
{
	return question_slug(str_of(w->title));
}

static json_t *
line_of(const struct display_window *w)
{
	OWN_FREE char *line = mem_printf("0x%x \"%s\" %s/%s %dx%d%+d%+d%s", w->id, w->title,
		w->instance, w->class, w->w, w->h, w->x, w->y,
		w->dialog     ? " dialog"
		: !w->managed ? " unmanaged"
			      : "");
	return json_text(str_of(line));
}

static json_t *
node_of(const struct display_window *w)
{
	return json_pack("{s:s, s:o, s:i, s:i, s:i, s:i}", "role", w->dialog ? "dialog" : "window",
		"name", json_text(str_of(w->title)), "x", w->x, "y", w->y, "w", w->w, "h", w->h);
}

static json_t *
window_of(const struct display_window *w, const char *question)
{
	OWN_FREE char *id = mem_printf("0x%x", w->id);
	json_t *j = json_pack("{s:s, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:b, s:b}", "id", id,
		"title", json_text(str_of(w->title)), "class", json_text(str_of(w->class)),
		"instance", json_text(str_of(w->instance)), "x", w->x, "y", w->y, "w", w->w, "h",
		w->h, "dialog", w->dialog, "managed", w->managed);
	if (question)
		json_object_set_new(j, "question", json_text(str_of(question)));
	return j;
}

json_t *
display_view_describe(const struct display_view *v, char *const *questions)
{
	json_t *windows = json_array(), *lines = json_array(), *nodes = json_array();
	for (size_t i = 0; i < v->n; i++) {
		const struct display_window *w = &v->v[i];
		json_array_append_new(windows, window_of(w, questions[i]));
		json_array_append_new(lines, line_of(w));
		if (*w->title)
			json_array_append_new(nodes, node_of(w));
	}
	return json_pack("{s:{s:i, s:i, s:b}, s:o, s:I, s:o, s:o}", "display", "width", v->width,
		"height", v->height, "manager", v->manager, "windows", windows, "more",
		(json_int_t)v->more, "lines", lines, "nodes", nodes);
}
