/* What the map reads: source and other files, the facts of a worker, indexes and records of other tools. */
#include "graph/expand.h"
#include "graph/extract.h"
#include "graph/imports.h"
#include "graph/pack.h"
#include "graph/reached.h"
#include "graph/scip.h"
#include "graph/wire.h"
#include "tests/base/fuzzing.h"

/* What an extractor says of a file comes through a pipe unchanged. */
static void
one_file(struct str input)
{
	char name[FUZZ_NAME + 1];
	struct str text = fuzz_split(input, name);
	static struct extractor *x;
	if (!x)
		x = extractor_create();
	struct facts f = {0}, back = {0};
	OWN(buf) struct buf once = {0}, twice = {0};
	extract(x, name, text, &f);
	facts_pack(&f, &once);
	fuzz_holds(facts_unpack(&back, buf_str(&once), NULL) == 0);
	facts_pack(&back, &twice);
	fuzz_holds(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
	facts_cleanup(&f);
	facts_cleanup(&back);
}

/* The first line is the only header. */
static void
one_expanded(struct str input)
{
	struct str header;
	if (!str_next_line(&input, &header))
		return;
	for (unsigned how = 0; how < 4; how++) {
		OWN(buf) struct buf out = {0};
		(void)!expand_macros(header, input, how, &out);
	}
}

static void
one_packed(struct str input)
{
	struct facts f = {0};
	(void)!facts_unpack(&f, input, NULL);
	facts_cleanup(&f);
}

static void
one_scip(struct str input)
{
	OWN(buf) struct buf out = {0};
	(void)!imports_read_scip(input, &out, NULL);
}

static void
one_symbol(struct str input)
{
	struct scip_name name;
	(void)scip_parse_symbol(input, &name);
}

static void
seen(int (*read)(struct str, struct buf *, struct dd_err *), struct str input)
{
	OWN(buf) struct buf out = {0};
	(void)!read(input, &out, NULL);
}
static void
one_lcov(struct str input)
{
	seen(seen_read_lcov, input);
}
static void
one_perf(struct str input)
{
	seen(seen_read_perf, input);
}
static void
one_access_log(struct str input)
{
	seen(seen_read_access_log, input);
}
static void
one_otlp(struct str input)
{
	seen(seen_read_otlp, input);
}
static void
one_record(struct str input)
{
	seen(reached_read, input);
}

/* What was kept of a file in the map: a row of its database. */
static int
ignore(void *ctx, const struct reached_case *c)
{
	(void)ctx, (void)c;
	return 0;
}
static void
one_kept(struct str input)
{
	(void)!reached_line(input, 7, ignore, NULL, NULL);
}

const struct fuzz_target fuzz_targets[] = {
	{"file", one_file, "graph/cases", true, {0}},
	{"expanded", one_expanded, NULL, false,
		STR("#define f(a, ...) a ## 1 #a, ## __VA_ARGS__\n#if X\n#define EACH f\n#endif\nint g() { EACH(b, c) LIST(x) { BEGIN\n} }\n#undef f\n")},
	{"packed", one_packed, NULL, false, STR("\x07\x01\x01\x02\x03\x04\x05\x06")},
	{"scip", one_scip, NULL, false,
		STR("\x12\x16\x0a\x03"
		    "a.c"
		    "\x12\x0f\x0a\x03\x01\x02\x03\x12\x06"
		    "x . f#"
		    "\x18\x01")},
	{"symbol", one_symbol, NULL, false, STR("scip-python python p 1.0 `a.b`/C#m(+1).(x)")},
	{"lcov", one_lcov, NULL, false,
		STR("TN:t\nSF:a.c\nFN:3,f\nFNDA:2,f\nDA:3,2\nDA:4,0\nend_of_record\n")},
	{"perf", one_perf, NULL, false,
		STR("app 12 1.5: 1000 cycles:\n\t55a0 f+0x12 (/work/app)\n\t55b0 main+0x1 (/work/app)\n\n")},
	{"access-log", one_access_log, NULL, false,
		STR("1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /a?b=c HTTP/1.0\" 200 2326\n{\"method\":\"GET\",\"path\":\"/a\",\"status\":500,\"duration\":0.2}\n")},
	{"otlp", one_otlp, NULL, false,
		STR("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"GET /a\",\"startTimeUnixNano\":\"1\",\"endTimeUnixNano\":\"9\",\"status\":{\"code\":2},"
		    "\"attributes\":[{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}},{\"key\":\"url.path\",\"value\":{\"stringValue\":\"/a\"}}]}]}]}]}\n")},
	{"record", one_record, NULL, false,
		STR("{\"case\":\"t.a\",\"files\":[{\"file\":\"a.py\",\"lines\":[[1,3]],\"functions\":[[1,\"f\"]]}],\"calls\":[]}\n")},
	{"kept", one_kept, NULL, false,
		STR("\x01\x03"
		    "t.a"
		    "\x01\x01\x03")},
	{0},
};
