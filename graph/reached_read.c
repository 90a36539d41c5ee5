/* What a run reached, read in the worker: paths, functions and cases get numbers for the whole file. */
#include "graph/reached.h"

#include "base/map.h"
#include "graph/imports.h"
#include "graph/reached_inner.h"

#include <string.h>

#define MAX_CASES 200000
#define MAX_GROUP_CASES 20000
#define MAX_FUNCTIONS 2000000
#define MAX_LINE ((size_t)256 << 20)

struct reader {
	struct map files, functions, calls; /* numbers, from 1 */
	struct strlist paths;
	struct buf records, key;
	size_t groups;
};

static uint32_t
file_number(struct reader *r, const char *path)
{
	uint32_t n = (uint32_t)(uintptr_t)map_get(&r->files, path);
	if (n || !*path || strlen(path) > 4096)
		return n;
	strlist_add(&r->paths, path);
	map_put(&r->files, path, (void *)(uintptr_t)r->paths.n);
	return (uint32_t)r->paths.n;
}

/* [path, line, name]; from 1, 0: it is none. */
static uint32_t
function_number(struct reader *r, const json_t *f)
{
	const char *path = json_string_value(json_array_get(f, 0)),
		   *name = json_string_value(json_array_get(f, 2));
	json_int_t line = json_integer_value(json_array_get(f, 1));
	uint32_t file = path ? file_number(r, path) : 0;
	if (!file || !name || line < 0 || line > UINT32_MAX)
		return 0;
	buf_reset(&r->key);
	buf_printf(&r->key, "%u %lld %s", file, (long long)line, name);
	uint32_t n = (uint32_t)(uintptr_t)map_get_str(&r->functions, buf_str(&r->key));
	if (n || map_count(&r->functions) >= MAX_FUNCTIONS)
		return n;
	n = (uint32_t)map_count(&r->functions) + 1;
	map_put_str(&r->functions, buf_str(&r->key), (void *)(uintptr_t)n);
	pack_u64(&r->records, REACHED_FUNCTION);
	pack_u64(&r->records, file);
	pack_u64(&r->records, (uint64_t)line);
	pack_str(&r->records, str_of(name));
	return n;
}

static void
read_functions(struct reader *r, const json_t *group)
{
	const json_t *functions = json_object_get(group, "functions");
	size_t n = json_array_size(functions), i;
	OWN_FREE uint32_t *number = mem_zalloc(n + 1, sizeof(*number));
	json_t *call;
	for (i = 0; i < n; i++)
		number[i] = function_number(r, json_array_get(functions, i));
	pack_u64(&r->records, REACHED_RAN);
	pack_u64(&r->records, n);
	for (i = 0; i < n; i++)
		pack_u64(&r->records, number[i]);
	json_array_foreach (json_object_get(group, "calls"), i, call) {
		json_int_t from = json_integer_value(json_array_get(call, 0)),
			   to = json_integer_value(json_array_get(call, 1));
		if (from < 0 || to < 0 || (size_t)from >= n || (size_t)to >= n || !number[from] ||
			!number[to])
			continue;
		OWN_FREE char *key = mem_printf("%u %u", number[from], number[to]);
		if (map_get(&r->calls, key) || map_count(&r->calls) >= MAX_FUNCTIONS)
			continue;
		map_put(&r->calls, key, r);
		pack_u64(&r->records, REACHED_CALL);
		pack_u64(&r->records, number[from]);
		pack_u64(&r->records, number[to]);
	}
}

/* Pairs of a first and a last line, ascending. */
static void
pack_spans(struct reader *r, const json_t *spans)
{
	size_t n = json_array_size(spans) / 2;
	json_int_t before = 0;
	pack_u64(&r->records, n);
	for (size_t i = 0; i < 2 * n; i++) {
		json_int_t line = json_integer_value(json_array_get(spans, i));
		line = line < before ? before : line > UINT32_MAX ? UINT32_MAX : line;
		pack_u64(&r->records, (uint64_t)(line - before));
		before = line;
	}
}

static void
read_files(struct reader *r, const json_t *group)
{
	const char *path;
	json_t *file;
	json_object_foreach (json_object_get(group, "files"), path, file) {
		const json_t *lines = json_object_get(file, "lines"),
			     *outside = json_object_get(file, "outside");
		uint32_t n = json_array_size(lines) + json_array_size(outside)
				     ? file_number(r, path)
				     : 0;
		if (!n)
			continue;
		pack_u64(&r->records, REACHED_LINES);
		pack_u64(&r->records, n);
		pack_spans(r, lines);
		pack_spans(r, outside);
	}
}

static void
read_looked(struct reader *r, const json_t *list, enum graph_relation relation)
{
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one) {
		const char *path = json_string_value(one);
		if (!path)
			continue;
		pack_u64(&r->records, REACHED_LOOKED);
		pack_u64(&r->records, relation);
		pack_str(&r->records, str_of(path));
	}
}

static void
read_connects(struct reader *r, const json_t *list)
{
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one) {
		pack_u64(&r->records, REACHED_LOOKED);
		pack_u64(&r->records, REL_CONNECTS);
		pack_str(&r->records, str_of(json_string_in(one, "target")));
	}
}

static void
read_group(struct reader *r, const json_t *group)
{
	const json_t *cases = json_object_get(group, "cases");
	size_t n = json_array_size(cases);
	if (!n || n > MAX_GROUP_CASES || r->groups >= MAX_CASES)
		return;
	r->groups++;
	pack_u64(&r->records, REACHED_GROUP);
	pack_u64(&r->records, n);
	for (size_t i = 0; i < n; i++) {
		pack_str(&r->records, str_of(json_string_in(json_array_get(cases, i), "id")));
		pack_str(&r->records, str_of(json_string_in(json_array_get(cases, i), "name")));
	}
	read_functions(r, group);
	read_files(r, group);
	read_looked(r, json_object_get(group, "looked"), REL_OPENS);
	read_looked(r, json_object_get(group, "execs"), REL_EXECS);
	read_connects(r, json_object_get(group, "connects"));
}

int
reached_read(struct str text, struct buf *out, struct dd_err *err)
{
	struct reader r = {.records.max = out->max, .key.max = 16384};
	struct str line;
	bool ours = false;
	int rc = 0;
	for (bool first = true; rc == 0 && str_next_line(&text, &line); first = false) {
		OWN_JSON json_t *j = NULL;
		if (line.n > MAX_LINE || json_parse(line, &j, NULL) < 0)
			rc = err_set(err, DD_EINVAL, "a line of it is no JSON");
		if (rc == 0 && first)
			ours = json_integer_value(json_object_get(j, "drydock_reach")) == 1;
		if (rc == 0 && ours)
			read_group(&r, j);
	}
	if (rc == 0 && !r.groups)
		rc = err_set(err, DD_EINVAL, "nothing in it is of drydock qa record");
	if (rc == 0) {
		imports_begin(out, STR("drydock qa record"), &r.paths);
		buf_add_str(out, buf_str(&r.records));
	}
	map_cleanup(&r.files);
	map_cleanup(&r.functions);
	map_cleanup(&r.calls);
	strlist_cleanup(&r.paths);
	buf_cleanup(&r.records);
	buf_cleanup(&r.key);
	return rc;
}
