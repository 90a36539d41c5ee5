/* What `go test -v` prints, and what it prints without -v ("go doc test2json" has the same lines). */
#include "qa/parse.h"

#include <string.h>

static const struct str none = {"", 0};

/* Cases are told before the package they are of: from `first` on they have no suite yet. */
struct go_report {
	struct parse *p;
	struct buf output;		/* of the test that runs, as a message for it */
	bool any;			/* it is a report of go test */
	char *running;			/* the last test that was begun; NULL */
	struct strlist names, messages; /* of the cases since `first` */
	struct {
		enum test_status *v;
		double *ms;
		size_t n, cap, mcap;
	} results;
};

static struct str
behind(struct str line, const char *mark)
{
	size_t n = strlen(mark);
	return (struct str){line.p + n, line.n - n};
}

static void
note(struct go_report *g, struct str name, enum test_status status, double ms)
{
	strlist_add_str(&g->names, name);
	strlist_add_str(&g->messages, status == TEST_PASSED ? none : str_trim(buf_str(&g->output)));
	g->results.v = mem_grow(g->results.v, g->results.n, &g->results.cap, sizeof(*g->results.v));
	g->results.ms =
		mem_grow(g->results.ms, g->results.n, &g->results.mcap, sizeof(*g->results.ms));
	g->results.v[g->results.n] = status;
	g->results.ms[g->results.n++] = ms;
	buf_reset(&g->output);
}

/* "--- PASS: TestX/sub (0.01s)" */
static bool
read_result(struct go_report *g, struct str line)
{
	static const struct {
		const char *mark;
		enum test_status status;
	} marks[] = {{"--- PASS: ", TEST_PASSED}, {"--- FAIL: ", TEST_FAILED},
		{"--- SKIP: ", TEST_SKIPPED}};
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!str_starts(line, marks[i].mark))
			continue;
		struct str name = behind(line, marks[i].mark);
		const char *time = name.n ? memrchr(name.p, '(', name.n) : NULL;
		double ms = time ? parse_time_at_end(name) : -1;
		if (ms >= 0)
			name.n = (size_t)(time - name.p);
		name = str_trim(name);
		note(g, name, marks[i].status, ms);
		if (g->running && str_eq(name, g->running))
			free(TAKE(g->running));
		g->any = true;
		return true;
	}
	return false;
}

static void
end_package(struct go_report *g, struct str package)
{
	for (size_t i = 0; i < g->names.n; i++) {
		struct test_case *c = parse_add(g->p, package, str_of(g->names.v[i]),
			g->results.v[i], str_of(g->messages.v[i]));
		c->ms = g->results.ms[i];
	}
	strlist_cleanup(&g->names);
	strlist_cleanup(&g->messages);
	g->results.n = 0;
	free(TAKE(g->running));
	buf_reset(&g->output);
}

static bool
has_failed(const struct go_report *g)
{
	for (size_t i = 0; i < g->results.n; i++)
		if (g->results.v[i] == TEST_FAILED)
			return true;
	return false;
}

/* "ok  \tpackage\t0.01s", "FAIL\tpackage\t0.01s", "FAIL\tpackage [build failed]", "?   \tpackage\t[no test files]" */
static bool
read_package(struct go_report *g, struct str line)
{
	struct str rest = line, word, package;
	bool ok = str_starts(line, "ok  \t"), failed = str_starts(line, "FAIL\t");
	if (!(ok || failed || str_starts(line, "?   \t")))
		return false;
	if (!str_next_word(&rest, &word) || !str_next_word(&rest, &package))
		return false;
	rest = str_trim(rest);
	bool nothing = memmem(rest.p, rest.n, "[no test", 8) != NULL;
	g->any = true;
	if (ok && !nothing && !g->names.n) /* without -v it says no more */
		note(g, STR("package"), TEST_PASSED, -1);
	if (failed && !has_failed(g)) {
		OWN_FREE char *name = g->running ? mem_strdup(g->running) : mem_strdup("package");
		if (rest.n && rest.p[0] == '[')
			buf_add_str(&g->output, rest);
		note(g, str_of(name), TEST_ERROR, -1);
	}
	end_package(g, package);
	return true;
}

static bool
read_begin(struct go_report *g, struct str line)
{
	if (!str_starts(line, "=== "))
		return false;
	if (str_starts(line, "=== RUN ")) {
		free(g->running);
		g->running = str_dup(str_trim(behind(line, "=== RUN ")));
		buf_reset(&g->output);
	}
	g->any = true;
	return true;
}

bool
parse_go(struct parse *p, struct str text)
{
	struct go_report g = {.p = p, .output = {.max = PARSE_MAX_MESSAGE}};
	struct str line;
	while (str_next_line(&text, &line)) {
		struct str t = str_trim(line);
		if (read_begin(&g, line) || read_result(&g, t) || read_package(&g, line))
			continue;
		if (t.n && !g.output.truncated) {
			buf_add_str(&g.output, t);
			buf_putc(&g.output, '\n');
		}
	}
	/* Every report of a package ends with its line. */
	p->truncated = p->truncated || g.names.n || g.running;
	if (g.running) {
		OWN_FREE char *name = TAKE(g.running);
		if (!g.output.n)
			buf_puts(&g.output, "the report ends in this case");
		note(&g, str_of(name), TEST_ERROR, -1);
	}
	if (g.names.n)
		end_package(&g, none);
	p->zero = g.any && p->run->cases.n == 0;
	free(g.running);
	strlist_cleanup(&g.names);
	strlist_cleanup(&g.messages);
	free(g.results.v);
	free(g.results.ms);
	buf_cleanup(&g.output);
	return g.any;
}
