#include "runner/reach_read.h"

#include "base/fs.h"
#include "base/map.h"
#include "sandbox/sandbox.h"

#include <string.h>
#include <unistd.h>

#define LINES_MAX 1000000
#define FILES_MAX 50000
#define FUNCTIONS_MAX 300000
#define CALLS_MAX 1000000
#define NUMBERS_MAX 1000000 /* that a process gives */
#define INPUT_MAX ((size_t)512 << 20)

enum mark { LINE = 1, OUTSIDE = 2, COUNTABLE = 4 };

struct counted_file {
	char *path;
	uint8_t *marks; /* by line */
	bool loaded;	/* though no line of it may have run */
	size_t n, cap;
};

struct function {
	struct counted_file *file;
	uint32_t line;
	char *name;
};

/* Numbers that a process gave to what it tells. */
struct numbers {
	uint32_t *v;
	size_t n;
};

struct reading {
	const char *root;
	bool countable;
	struct map files;     /* struct counted_file */
	struct map functions; /* number, from 1 */
	struct counted_file **by_number;
	size_t nfiles, files_cap;
	struct function *f;
	size_t nf, f_cap;
	struct map calls;
	struct map places; /* "file<tab>offset": number of the function, from 1 */
	struct numbers file_of, function_of;
	struct buf key;
	bool lost;
};

static void
destroy_file(void *p)
{
	struct counted_file *f = p;
	free(f->path);
	free(f->marks);
	free(f);
}

static void
reading_cleanup(struct reading *r)
{
	for (size_t i = 0; i < r->nf; i++)
		free(r->f[i].name);
	free(r->f);
	free(r->by_number);
	free(r->file_of.v);
	free(r->function_of.v);
	map_cleanup(&r->files);
	map_cleanup(&r->functions);
	map_cleanup(&r->calls);
	map_cleanup(&r->places);
	buf_cleanup(&r->key);
}

/* ---- what is told ---- */

/* A path of the tree, written plainly. */
static bool
is_plain(struct str path)
{
	return path.n && path.n <= 4096 && !memchr(path.p, 0, path.n) && fs_is_plain_path(path);
}

/* From 1; 0: it is no path of the tree, or there are too many. */
static uint32_t
file_number(struct reading *r, struct str path)
{
	uint32_t n = (uint32_t)(uintptr_t)map_get_str(&r->files, path);
	if (n || !is_plain(path))
		return n;
	if (r->nfiles >= FILES_MAX) {
		r->lost = true;
		return 0;
	}
	struct counted_file *f = mem_new(struct counted_file);
	f->path = str_dup(path);
	r->by_number =
		mem_grow(r->by_number, r->nfiles, &r->files_cap, sizeof(struct counted_file *));
	r->by_number[r->nfiles++] = f;
	map_put_str(&r->files, path, (void *)(uintptr_t)r->nfiles);
	return (uint32_t)r->nfiles;
}

static void
mark_line(struct counted_file *f, uint64_t line, enum mark mark)
{
	if (!line || line > LINES_MAX)
		return;
	if (line >= f->cap) {
		size_t cap = f->cap ? f->cap : 256;
		while (cap <= line)
			cap *= 2;
		f->marks = mem_realloc(f->marks, cap, 1);
		memset(f->marks + f->cap, 0, cap - f->cap);
		f->cap = cap;
	}
	if (line >= f->n)
		f->n = (size_t)line + 1;
	f->marks[line] |= (uint8_t)mark;
}

static uint32_t
function_number(struct reading *r, uint32_t file, uint64_t line, struct str name)
{
	if (!file || line > LINES_MAX || name.n > 4096)
		return 0;
	buf_reset(&r->key);
	buf_printf(&r->key, "%u %llu ", file, (unsigned long long)line);
	buf_add_str(&r->key, name);
	uint32_t n = (uint32_t)(uintptr_t)map_get_str(&r->functions, buf_str(&r->key));
	if (n)
		return n;
	if (r->nf >= FUNCTIONS_MAX) {
		r->lost = true;
		return 0;
	}
	r->f = mem_grow(r->f, r->nf, &r->f_cap, sizeof(*r->f));
	r->f[r->nf++] = (struct function){r->by_number[file - 1], (uint32_t)line, str_dup(name)};
	map_put_str(&r->functions, buf_str(&r->key), (void *)(uintptr_t)r->nf);
	return (uint32_t)r->nf;
}

static void
add_call(struct reading *r, uint32_t from, uint32_t to)
{
	OWN_FREE char *key = mem_printf("%u %u", from, to);
	if (!from || !to || map_get(&r->calls, key))
		return;
	if (map_count(&r->calls) >= CALLS_MAX)
		r->lost = true;
	else
		map_put(&r->calls, key, r);
}

/* ---- lines of a process ---- */

static void
set_number(struct numbers *l, uint64_t number, uint32_t value)
{
	if (number >= NUMBERS_MAX)
		return;
	if (number >= l->n) {
		size_t n = l->n ? l->n : 64;
		while (n <= number)
			n *= 2;
		l->v = mem_realloc(l->v, n, sizeof(*l->v));
		memset(l->v + l->n, 0, (n - l->n) * sizeof(*l->v));
		l->n = n;
	}
	l->v[number] = value;
}

static uint32_t
number_of(const struct numbers *l, uint64_t number)
{
	return number < l->n ? l->v[number] : 0;
}

static bool
take_number(struct str *rest, uint64_t *ret)
{
	struct str word;
	return str_next(rest, '\t', &word) && str_parse_u64(word, UINT32_MAX, ret);
}

static void
read_definition(struct reading *r, struct str rest)
{
	uint64_t id, file, line;
	if (take_number(&rest, &id) && take_number(&rest, &file) && take_number(&rest, &line))
		set_number(&r->function_of, id,
			function_number(r, number_of(&r->file_of, file), line, rest));
}

/* Below the root, of what another one says; empty: it is not. */
static struct str
below(const struct reading *r, struct str path)
{
	size_t n = strlen(r->root);
	bool inside = path.n > n && memcmp(path.p, r->root, n) == 0 && path.p[n] == '/';
	return inside ? (struct str){path.p + n + 1, path.n - n - 1} : (struct str){"", 0};
}

/* Of one place in a program: "file<tab>offset" that rest begins with. */
static bool
take_place(struct str *rest, struct str *ret)
{
	struct str file, offset, all = *rest;
	if (!str_next(rest, '\t', &file) || !str_next(rest, '\t', &offset))
		return false;
	*ret = (struct str){all.p, file.n + 1 + offset.n};
	return true;
}

/* "file<tab>offset<tab>function<tab>source:line" */
static void
read_address(struct reading *r, struct str rest)
{
	struct str place, name;
	uint64_t line = 0;
	if (!take_place(&rest, &place) || !str_next(&rest, '\t', &name))
		return;
	const char *colon = memrchr(rest.p, ':', rest.n);
	if (!colon)
		return;
	struct str source = {rest.p, (size_t)(colon - rest.p)},
		   number = {colon + 1, rest.n - source.n - 1}, word;
	if (!str_next_word(&number, &word) || !str_parse_u64(word, UINT32_MAX, &line))
		return;
	source = below(r, source);
	uint32_t f = source.n ? function_number(r, file_number(r, source), line, name) : 0;
	if (f)
		map_put_str(&r->places, place, (void *)(uintptr_t)f);
}

static void
read_numbered(struct reading *r, char what, struct str rest)
{
	uint64_t a, b;
	if (!take_number(&rest, &a))
		return;
	if (what == 'P') {
		uint32_t n = file_number(r, rest);
		set_number(&r->file_of, a, n);
		if (n)
			r->by_number[n - 1]->loaded = true;
		return;
	}
	if (!take_number(&rest, &b))
		return;
	uint32_t file = number_of(&r->file_of, a);
	if (what == 'E')
		add_call(r, number_of(&r->function_of, a), number_of(&r->function_of, b));
	else if (file)
		mark_line(r->by_number[file - 1], b, what == 'L' ? LINE : OUTSIDE);
}

static void
read_line(struct reading *r, struct str line)
{
	struct str rest = {line.p + 2, line.n < 2 ? 0 : line.n - 2};
	if (str_eq(line, "N")) {
		r->file_of.n = r->function_of.n = 0;
		return;
	}
	if (str_eq(line, "X"))
		r->lost = true;
	if (line.n < 3 || line.p[1] != '\t')
		return;
	if (line.p[0] == 'D')
		read_definition(r, rest);
	else if (line.p[0] == 'A')
		read_address(r, rest);
	else if (strchr("PELM", line.p[0]))
		read_numbered(r, line.p[0], rest);
}

/* Their places are told behind them. */
static void
read_calls(struct reading *r, struct str printed)
{
	struct str line, from, to;
	while (str_next_line(&printed, &line)) {
		struct str rest = {line.p + 2, line.n < 2 ? 0 : line.n - 2};
		if (str_starts(line, "C\t") && take_place(&rest, &from) && take_place(&rest, &to))
			add_call(r, (uint32_t)(uintptr_t)map_get_str(&r->places, from),
				(uint32_t)(uintptr_t)map_get_str(&r->places, to));
	}
}

/* ---- gcov: a report in JSON for each unit, as gcov(1) has it ---- */

/* As the tree has it; NULL: it is not below the root.  Heap. */
static char *
path_in_tree(const struct reading *r, const char *dir, const char *name)
{
	OWN_FREE char *all = mem_printf("/%s/%s", *name == '/' ? "" : dir, name),
		      *plain = fs_plain_path(str_of(all), NULL);
	struct str in = below(r, str_of(plain));
	return in.n ? str_dup(in) : NULL;
}

static void
read_unit(struct reading *r, const json_t *file, const char *dir)
{
	size_t i;
	json_t *one;
	OWN_FREE char *path = path_in_tree(r, dir, json_string_in(file, "file"));
	uint32_t n = path ? file_number(r, str_of(path)) : 0;
	if (!n)
		return;
	json_array_foreach (json_object_get(file, "lines"), i, one) {
		json_int_t line = json_integer_value(json_object_get(one, "line_number"));
		bool ran = json_integer_value(json_object_get(one, "count")) > 0;
		if (line > 0)
			mark_line(r->by_number[n - 1], (uint64_t)line,
				ran ? LINE | COUNTABLE : COUNTABLE);
	}
	json_array_foreach (json_object_get(file, "functions"), i, one) {
		json_int_t line = json_integer_value(json_object_get(one, "start_line"));
		if (line > 0 && json_integer_value(json_object_get(one, "execution_count")) > 0)
			(void)function_number(r, n, (uint64_t)line,
				str_of(json_string_in(one, "demangled_name")));
	}
}

static void
read_gcov(struct reading *r, struct str line)
{
	OWN_JSON json_t *report = NULL;
	size_t i;
	json_t *file;
	if (json_parse(line, &report, NULL) < 0) {
		r->lost = true;
		return;
	}
	json_array_foreach (json_object_get(report, "files"), i, file)
		read_unit(r, file, json_string_in(report, "current_working_directory"));
}

/* ---- all of it ---- */

static json_t *
spans_of(const struct counted_file *f, enum mark mark)
{
	json_t *spans = json_array();
	for (size_t line = 1, from = 0; line <= f->n; line++) {
		bool has = line < f->n && f->marks[line] & mark;
		if (has && !from)
			from = line;
		if (!has && from) {
			json_array_append_new(spans, json_integer((json_int_t)from));
			json_array_append_new(spans, json_integer((json_int_t)line - 1));
			from = 0;
		}
	}
	return spans;
}

static json_t *
reading_to_json(const struct reading *r)
{
	json_t *files = json_object(), *functions = json_array(), *calls = json_array();
	for (size_t i = 0; i < r->nfiles; i++) {
		const struct counted_file *f = r->by_number[i];
		OWN_JSON json_t *path = json_text(str_of(f->path)), *lines = spans_of(f, LINE),
				*outside = spans_of(f, OUTSIDE);
		if (!r->countable && !f->loaded && !json_array_size(lines) &&
			!json_array_size(outside))
			continue;
		json_t *file = json_pack("{s:O, s:O}", "lines", lines, "outside", outside);
		if (r->countable)
			json_object_set_new(file, "countable", spans_of(f, COUNTABLE));
		json_object_set_new(files, json_string_value(path), file);
	}
	for (size_t i = 0; i < r->nf; i++)
		json_array_append_new(functions,
			json_pack("[o, I, o]", json_text(str_of(r->f[i].file->path)),
				(json_int_t)r->f[i].line, json_text(str_of(r->f[i].name))));
	for (struct map_entry *e = map_first(&r->calls); e; e = map_next(e)) {
		struct str rest = str_of(map_key(e)), word;
		uint64_t from = 0, to = 0;
		if (str_next(&rest, ' ', &word) && str_parse_u64(word, UINT32_MAX, &from) &&
			str_parse_u64(rest, UINT32_MAX, &to))
			json_array_append_new(calls,
				json_pack("[I, I]", (json_int_t)from - 1, (json_int_t)to - 1));
	}
	return json_pack("{s:o, s:o, s:o, s:b}", "files", files, "functions", functions, "calls",
		calls, "lost", r->lost);
}

json_t *
reach_read(const char *root, bool countable, struct str printed)
{
	struct reading r = {.root = root, .countable = countable, .key.max = 16384};
	struct str rest = printed, line;
	while (str_next_line(&rest, &line)) {
		if (str_starts(line, "{"))
			read_gcov(&r, line);
		else
			read_line(&r, line);
	}
	read_calls(&r, printed);
	json_t *all = reading_to_json(&r);
	for (size_t i = 0; i < r.nfiles; i++)
		destroy_file(r.by_number[i]);
	reading_cleanup(&r);
	return all;
}

int
reach_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf input = {.max = INPUT_MAX};
	worker_take_input(&input);
	OWN_JSON json_t *read =
		reach_read(argc > 1 ? argv[1] : WORK_DIR, argc > 2, buf_str(&input));
	if (json_give(read, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err_msg(&err));
	return 1;
}
