#include "intent/tracker.h"

#include <string.h>

#define MAX_ISSUES 100
#define MAX_DEPTH 64

bool
tracker_is_json(struct str text)
{
	struct str t = str_trim(text);
	return t.n && (t.p[0] == '{' || (t.p[0] == '[' && t.n > 1 && strchr("{ \n\r\t]", t.p[1])));
}

static struct str
text_of(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);
	return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
				 : STR("");
}

/* A node of Atlassian's document format; list items get their mark. */
static void
put_node(const json_t *node, unsigned depth, unsigned lists, struct buf *ret)
{
	struct str type = text_of(node, "type");
	size_t i;
	json_t *child;
	bool heading = str_eq(type, "heading"),
	     item = str_eq(type, "listItem") || str_eq(type, "taskItem");
	bool list = str_eq(type, "bulletList") || str_eq(type, "orderedList") ||
		    str_eq(type, "taskList");
	if (depth > MAX_DEPTH)
		return;
	if (str_eq(type, "text"))
		buf_add_str(ret, text_of(node, "text"));
	if (str_eq(type, "hardBreak"))
		buf_putc(ret, '\n');
	if (heading)
		buf_puts(ret, "\n## ");
	if (item)
		buf_printf(ret, "%*s- ", (int)(lists ? (lists - 1) * 2 : 0), "");
	json_array_foreach (json_object_get(node, "content"), i, child) {
		put_node(child, depth + 1, lists + list, ret);
	}
	if (heading || item || str_eq(type, "paragraph"))
		buf_puts(ret, item || lists ? "\n" : "\n\n");
}

static void
put_description(const json_t *d, struct buf *ret)
{
	if (json_is_string(d))
		buf_add_str(ret, (struct str){json_string_value(d), json_string_length(d)});
	else if (json_is_object(d))
		put_node(d, 0, 0, ret);
	buf_puts(ret, "\n\n");
}

static void
put_summaries(const json_t *issues, struct buf *ret)
{
	size_t i;
	json_t *issue;
	json_array_foreach (issues, i, issue) {
		struct str summary = text_of(json_object_get(issue, "fields"), "summary");
		if (i < MAX_ISSUES && summary.n)
			buf_printf(
				ret, "%s- " STR_FMT "\n", i ? "" : "## Tasks\n", STR_ARG(summary));
	}
}

/* The text of Jira's own markup where it differs from Markdown: headings. */
static void
put_jira_text(const char *text, struct buf *ret)
{
	for (struct str rest = str_of(text), line; str_next_line(&rest, &line);) {
		if (line.n > 3 && line.p[0] == 'h' && line.p[1] >= '1' && line.p[1] <= '6' &&
			line.p[2] == '.')
			buf_printf(ret, "## " STR_FMT "\n",
				STR_ARG(((struct str){line.p + 3, line.n - 3})));
		else
			buf_printf(ret, STR_FMT "\n", STR_ARG(line));
	}
	buf_putc(ret, '\n');
}

static bool
put_issue(const json_t *issue, bool first, struct buf *ret)
{
	const json_t *fields = json_object_get(issue, "fields");
	struct str title =
		json_is_object(fields) ? text_of(fields, "summary") : text_of(issue, "title");
	if (!title.n)
		return false;
	buf_printf(ret, "%s ", first ? "#" : "##");
	for (size_t i = 0; i < title.n; i++)
		buf_putc(ret, title.p[i] == '\n' || title.p[i] == '\r' ? ' ' : title.p[i]);
	buf_puts(ret, "\n\n");
	const json_t *body = json_object_get(json_is_object(fields) ? fields : issue,
		json_is_object(fields) ? "description" : "body");
	if (json_is_object(fields) && json_is_string(body))
		put_jira_text(json_string_value(body), ret);
	else
		put_description(body, ret);
	put_summaries(json_object_get(fields, "subtasks"), ret);
	return true;
}

int
tracker_to_markdown(struct str text, struct buf *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	if (json_parse(text, &j, err) < 0) {
		OWN_FREE char *why = mem_strdup(err_msg(err));
		return err_set(err, DD_EINVAL, "it begins as JSON, and is none: %s", why);
	}
	const json_t *issues = json_object_get(j, "issues");
	size_t i, put = 0;
	json_t *issue;
	if (json_is_object(j) && !json_is_array(issues))
		put += put_issue(j, true, ret);
	json_array_foreach (json_is_array(issues) ? issues : j, i, issue) {
		if (put < MAX_ISSUES)
			put += put_issue(issue, put == 0, ret);
	}
	if (!put)
		return err_set(err, DD_EINVAL,
			"it is neither an issue of Jira (fields.summary) nor one of GitHub (title)");
	return 0;
}
