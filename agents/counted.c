#include "agents/counted.h"

#include "agents/data.h"
#include "agents/touched.h"
#include "base/fs.h"

#include <string.h>

#define DIR "/tmp/drydock-counted"
#define FINDINGS_MAX 100
#define UNITS_MAX "2000"

/* ---- which ---- */

static const char *const c_files[] = {".c", ".cc", ".cpp", ".cxx", NULL};
static const char *const c_headers[] = {".h", ".hh", ".hpp", NULL};
static const char *const node_files[] = {".js", ".cjs", ".mjs", NULL};

bool
counted_must_build(const char *path)
{
	return str_ends_one(str_of(path), c_files) || str_ends_one(str_of(path), c_headers);
}

static bool
is_python(const char *path)
{
	return str_ends(str_of(path), ".py");
}

static bool
is_node(const char *path)
{
	return str_ends_one(str_of(path), node_files);
}

bool
counted_knows(const char *path)
{
	return counted_must_build(path) || is_python(path) || is_node(path);
}

static bool
any(const struct strlist *paths, bool (*is)(const char *path))
{
	for (size_t i = 0; i < paths->n; i++)
		if (is(paths->v[i]))
			return true;
	return false;
}

/* ---- the script ---- */

static void
put_file(struct str text, const char *path, struct buf *out)
{
	buf_puts(out, "cat >" DIR "/");
	buf_printf(out, "%s <<'drydock-end'\n", path);
	buf_add_str(out, text);
	buf_puts(out, "drydock-end\n");
}

void
counted_put_compilers(const char *dir, const char *options, struct buf *out)
{
	buf_printf(out,
		"for name in cc gcc c89 c99 g++ c++ $(cd /usr/bin && ls | grep -E '^g(cc|\\+\\+)-[0-9]+$'); do\n"
		"\tcommand -v $name >/dev/null || continue\n"
		"\tcat >%s/$name <<'drydock-end'\n"
		"#!/bin/sh\n"
		"PATH=$(printf '%%s' \"$PATH\" | sed 's|%s:||g')\n"
		"export PATH\n"
		"exec \"${0##*/}\" %s \"$@\"\n"
		"drydock-end\n"
		"\tchmod 755 %s/$name\n"
		"done\n",
		dir, dir, options, dir);
}

static void
put_units(const struct counted_spec *s, struct buf *out)
{
	bool all = false;
	buf_puts(out, "find ");
	buf_put_shell(out, str_of(s->root));
	buf_puts(out, " -type f -name '*.gcda' \\(");
	for (size_t i = 0; i < s->paths->n; i++) {
		struct str name = str_behind(str_of(s->paths->v[i]), "/");
		if (str_ends_one(name, c_headers))
			all = true;
		if (!str_ends_one(name, c_files))
			continue;
		const char *dot = memrchr(name.p, '.', name.n);
		OWN_FREE char *pattern = mem_printf("*%.*s*", (int)(dot - name.p), name.p);
		buf_puts(out, " -name ");
		buf_put_shell(out, str_of(pattern));
		buf_puts(out, " -o");
	}
	buf_puts(out, all ? " -true" : " -false");
	buf_puts(out,
		" \\) | head -n " UNITS_MAX
		" | while read -r f; do (cd \"${f%/*}\" && gcov --json-format --stdout \"$f\") 2>/dev/null; done >&3\n");
}

void
counted_put_script(const struct counted_spec *s, struct buf *out)
{
	bool python = any(s->paths, is_python), node = any(s->paths, is_node),
	     c = any(s->paths, counted_must_build);
	buf_puts(out, "exec 3>&1 >/tmp/drydock-counted.log 2>&1\n"
		      "rm -rf " DIR "; mkdir -p " DIR "/bin " DIR "/py || exit 1\n"
		      "was=$PATH\n");
	for (size_t i = 0; i < s->paths->n; i++) {
		OWN_FREE char *path = mem_printf("%s/%s", s->root, s->paths->v[i]);
		buf_puts(out, "printf '%s\\n' ");
		buf_put_shell(out, str_of(path));
		buf_puts(out, " >>" DIR "/files\n");
	}
	if (c) {
		counted_put_compilers(DIR "/bin", COUNTED_LINES, out);
		buf_puts(out, "export PATH=" DIR "/bin:$PATH\n");
	}
	buf_puts(out, "export DRYDOCK_COUNTED=" DIR "\n");
	if (s->build)
		buf_printf(out, "{ %s\n} 3>&- || exit %d\n", s->build, COUNTED_NOT_BUILT);
	if (python) {
		put_file(data_counted_python(), "py/sitecustomize.py", out);
		buf_puts(out, "export PYTHONPATH=" DIR "/py${PYTHONPATH:+:$PYTHONPATH}\n");
	}
	buf_puts(out, node ? "export NODE_V8_COVERAGE=" DIR "/v8\n" : "");
	buf_printf(out, "{ %s\n} 3>&-\nunset NODE_V8_COVERAGE PYTHONPATH; PATH=$was\n", s->test);
	if (python) {
		put_file(data_counted_python_lines(), "lines.py", out);
		buf_puts(out, "cat " DIR "/out.* >&3; python3 " DIR "/lines.py >&3\n");
	}
	if (node) {
		put_file(data_counted_node(), "lines.js", out);
		buf_puts(out, "node " DIR "/lines.js >&3\n");
	}
	if (c)
		put_units(s, out);
	buf_puts(out, "exit 0\n");
}

/* ---- what was counted ---- */

/* path -> {line: count} */
static void
add_count(json_t *counts, const char *path, uint64_t line, int64_t n)
{
	OWN_FREE char *key = mem_printf("%llu", (unsigned long long)line);
	json_t *lines = json_object_get(counts, path);
	if (!lines)
		json_object_set_new(counts, path, lines = json_object());
	int64_t was = json_integer_value(json_object_get(lines, key));
	json_object_set_new(lines, key, json_integer(was + (n > 0)));
}

/* The path of a file of the change, from the root; NULL: it is none. */
static const char *
touched_path(const char *root, const json_t *files, const char *path)
{
	size_t n = strlen(root);
	if (strncmp(path, root, n) != 0 || path[n] != '/')
		return NULL;
	return json_string_value(json_object_get(json_find(files, "path", path + n + 1), "path"));
}

/* "L<tab>path<tab>line<tab>count" */
static void
read_line(const char *root, const json_t *files, struct str line, json_t *counts)
{
	struct str word[4];
	uint64_t number, n;
	for (size_t i = 0; i < 4; i++)
		if (!str_next(&line, '\t', &word[i]))
			return;
	OWN_FREE char *said = str_dup(word[1]);
	const char *path = touched_path(root, files, said);
	if (path && str_parse_u64(word[2], UINT32_MAX, &number) &&
		str_parse_u64(word[3], INT64_MAX, &n))
		add_count(counts, path, number, (int64_t)n);
}

/* A report of gcov. */
static void
read_gcov(const char *root, const json_t *files, struct str line, json_t *counts)
{
	OWN_JSON json_t *report = NULL;
	size_t i, k;
	json_t *file, *one;
	if (json_parse(line, &report, NULL) < 0)
		return;
	const char *dir = json_string_in(report, "current_working_directory");
	json_array_foreach (json_object_get(report, "files"), i, file) {
		const char *name = json_string_in(file, "file");
		OWN_FREE char *all = mem_printf("%s/%s", *name == '/' ? "" : dir, name),
			      *said = fs_plain_path(str_of(all), NULL);
		const char *path = touched_path(root, files, said);
		json_array_foreach (path ? json_object_get(file, "lines") : NULL, k, one) {
			int64_t n = json_integer_value(json_object_get(one, "line_number"));
			if (n > 0)
				add_count(counts, path, (uint64_t)n,
					json_integer_value(json_object_get(one, "count")));
		}
	}
}

static json_t *
read_counts(const char *root, const json_t *files, struct str printed)
{
	json_t *counts = json_object();
	struct str line;
	while (str_next_line(&printed, &line)) {
		if (str_starts(line, "L\t"))
			read_line(root, files, line, counts);
		else if (str_starts(line, "{"))
			read_gcov(root, files, line, counts);
	}
	return counts;
}

/* ---- what it comes to ---- */

struct sum {
	int64_t covered, lines;
};

/* Of the touched lines of a file those that can be executed; findings: NULL, nobody is told. */
static struct sum
sum_of(const json_t *counts, const char *path, const json_t *spans, json_t *findings)
{
	struct sum s = {0};
	const char *key;
	json_t *n;
	json_object_foreach (json_object_get(counts, path), key, n) {
		uint64_t line = 0;
		if (!str_parse_u64(str_of(key), UINT32_MAX, &line) ||
			!touched_has(spans, (int64_t)line))
			continue;
		bool covered = json_integer_value(n) > 0;
		s.lines++;
		s.covered += covered;
		if (!covered && findings && json_array_size(findings) < FINDINGS_MAX)
			json_array_append_new(findings,
				json_pack("{s:o, s:I, s:s, s:s}", "path", json_text(str_of(path)),
					"line", (json_int_t)line, "kind", "uncovered", "text",
					"no test executes it"));
	}
	return s;
}

static json_t *
sum_to_json(struct sum s)
{
	return json_pack("[I, I]", (json_int_t)s.covered, (json_int_t)s.lines);
}

static int64_t
lines_of(const json_t *spans)
{
	int64_t n = 0;
	size_t i;
	json_t *span;
	json_array_foreach ((json_t *)spans, i, span)
		n += json_integer_value(json_array_get(span, 1));
	return n;
}

/* What ran before and is not seen to run any more.  A header may only have lost its code. */
static bool
is_lost(const json_t *before, const char *path)
{
	return json_object_get(before, path) && !str_ends_one(str_of(path), c_headers);
}

/* Nothing of it runs: which of its lines could be executed is not known, and all are taken for such. */
static struct sum
sum_of_lost(const char *path, const json_t *spans, json_t *findings)
{
	struct sum s = {0, lines_of(spans)};
	if (s.lines && json_array_size(findings) < FINDINGS_MAX)
		json_array_append_new(findings,
			json_pack("{s:o, s:i, s:s, s:s}", "path", json_text(str_of(path)), "line",
				0, "kind", "uncovered", "text", "no test executes it any more"));
	return s;
}

json_t *
counted_compare(const char *root, const json_t *files, struct str was, struct str is)
{
	OWN_JSON json_t *before = read_counts(root, files, was),
			*after = read_counts(root, files, is);
	json_t *measured = json_array(), *not_measured = json_array(), *findings = json_array();
	struct sum all_was = {0}, all_is = {0};
	size_t i;
	json_t *file;
	json_array_foreach ((json_t *)files, i, file) {
		const char *path = json_string_in(file, "path");
		const json_t *spans = json_object_get(file, "is");
		bool seen = json_object_get(after, path);
		if (!seen && !is_lost(before, path)) {
			json_array_append_new(not_measured, json_text(str_of(path)));
			continue;
		}
		struct sum w = sum_of(before, path, json_object_get(file, "was"), NULL),
			   a = seen ? sum_of(after, path, spans, findings)
				    : sum_of_lost(path, spans, findings);
		all_was.covered += w.covered;
		all_was.lines += w.lines;
		all_is.covered += a.covered;
		all_is.lines += a.lines;
		json_array_append_new(
			measured, json_pack("{s:o, s:o, s:o}", "path", json_text(str_of(path)),
					  "was", sum_to_json(w), "is", sum_to_json(a)));
	}
	bool lower = all_was.lines && all_is.lines &&
		     all_is.covered * all_was.lines < all_was.covered * all_is.lines;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "measured", measured, "not_measured",
		not_measured, "was", sum_to_json(all_was), "is", sum_to_json(all_is), "findings",
		findings, "lower", lower);
}
