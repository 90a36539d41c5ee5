#include "runner/blame.h"

#include "agents/calls.h"
#include "agents/loop.h"
#include "agents/touched.h"
#include "base/fs.h"
#include "runner/fix_bench.h"
#include "runner/fix_kept.h"
#include "runner/intake.h"

#include <string.h>

const char *const blame_by_names[] = {"model", "rule", "source", "lost", NULL};

struct blaming {
	const struct blame_spec *spec;
	int64_t line; /* where it is in what is being looked at */
	bool done;
	json_t *out;
};

static void
set_by(struct blaming *b, enum blame_by by)
{
	json_object_set_new(b->out, "by", json_string(blame_by_names[by]));
	b->done = true;
}

/* What an attempt changed of a file, journalled before it was judged; a new reference, NULL: nothing. */
static json_t *
change_of(const struct run *r, int64_t attempt, const char *path)
{
	OWN_FREE char *key = mem_printf("fix/%lld/changes", (long long)attempt);
	OWN_JSON json_t *looked = journal_result(r->journal, key);
	return json_incref(json_find(json_object_get(looked, "files"), "path", path));
}

/* ---- the call ---- */

/* "fix/3/write/2" is of the agent "fix/3/write". */
static bool
is_of(const json_t *span, const char *agent)
{
	const char *key = json_string_in(span, "key");
	size_t n = strlen(agent);
	return strncmp(key, agent, n) == 0 && key[n] == '/';
}

/* Tools that the agent ran before that call, in their order. */
static json_t *
tools_of(const json_t *trace, const char *agent, const json_t *until)
{
	OWN_FREE char *name = mem_printf("invoke_agent %s", agent);
	OWN(strlist) struct strlist parents = {0};
	json_t *tools = json_array(), *s;
	size_t i;
	json_array_foreach (trace, i, s) {
		const json_t *a = json_object_get(s, "attributes");
		if (s == until)
			break;
		if (strcmp(json_string_in(s, "name"), name) == 0)
			strlist_add(&parents, json_string_in(s, "span"));
		if (*json_string_in(a, "gen_ai.tool.name") &&
			strlist_has(&parents, json_string_in(s, "parent")))
			json_array_append_new(
				tools, json_pack("{s:O, s:O, s:O?, s:O?}", "tool",
					       json_object_get(a, "gen_ai.tool.name"), "span",
					       json_object_get(s, "span"), "arguments",
					       json_object_get(a, "gen_ai.tool.call.arguments"),
					       "error", json_object_get(s, "error")));
	}
	return tools;
}

/* The last answer of the agent: the one that was taken; a new reference, NULL: it had none. */
static json_t *
call_of(const json_t *trace, const char *agent)
{
	const json_t *last = NULL;
	json_int_t calls = 0;
	size_t i;
	json_t *s;
	json_array_foreach ((json_t *)trace, i, s) {
		if (!is_of(s, agent))
			continue;
		calls++;
		last = strcmp(json_string_in(s, "state"), "done") == 0 ? s : last;
	}
	if (!last)
		return NULL;
	const json_t *a = json_object_get(last, "attributes");
	return json_pack("{s:O, s:O, s:O?, s:O, s:f, s:O?, s:O?, s:O?, s:o, s:I}", "span",
		json_object_get(last, "span"), "key", json_object_get(last, "key"), "model",
		json_object_get(a, "gen_ai.request.model"), "digest",
		json_object_get(last, "digest"), "usd",
		(double)json_integer_value(json_object_get(a, "drydock.cost.nano_usd")) / 1e9,
		"input_tokens", json_object_get(a, "gen_ai.usage.input_tokens"), "output_tokens",
		json_object_get(a, "gen_ai.usage.output_tokens"), "files",
		json_object_get(last, "files"), "tools", tools_of(trace, agent, last), "calls",
		calls);
}

static bool
was_asked(const json_t *trace, int64_t attempt)
{
	OWN_FREE char *agent = mem_printf("fix/%lld/write", (long long)attempt);
	OWN_JSON json_t *call = call_of(trace, agent);
	return call != NULL;
}

/* A change that was taken up again was written by an earlier attempt, which has the same layer. */
static int64_t
written_by(const json_t *trace, const json_t *result, const json_t *attempt)
{
	int64_t n = json_integer_value(json_object_get(attempt, "attempt"));
	const char *layer = json_string_in(attempt, "layer");
	size_t i;
	json_t *a;
	if (was_asked(trace, n))
		return n;
	json_array_foreach (json_object_get(result, "attempts"), i, a) {
		int64_t one = json_integer_value(json_object_get(a, "attempt"));
		if (strcmp(json_string_in(a, "layer"), layer) == 0 && was_asked(trace, one))
			return one;
	}
	return n;
}

static int
add_calls(struct blaming *b, const struct run *r, const json_t *result, const json_t *attempt,
	struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN_JSON json_t *trace = NULL;
	struct calls *c = NULL;
	int rc = calls_open_trace(r->dir, &c, &why);
	if (rc == -DD_ENOENT)
		return 0;
	if (rc == 0)
		rc = calls_trace(c, false, &trace, &why);
	calls_close(c);
	if (rc < 0)
		return err_move(err, &why);
	long long n = (long long)written_by(trace, result, attempt);
	OWN_FREE char *write = mem_printf("fix/%lld/write", n),
		      *review = mem_printf("fix/%lld/review",
			      (long long)json_integer_value(json_object_get(attempt, "attempt"))),
		      *before = mem_printf("fix/%lld/review", n),
		      *guidance = mem_printf("fix/%lld/guidance", n);
	json_t *call = call_of(trace, write), *reviewed = call_of(trace, review),
	       *told = journal_result(r->journal, guidance);
	if (!reviewed) /* what was said of it where it was written holds */
		reviewed = call_of(trace, before);
	if (call)
		json_object_set_new(b->out, "call", call);
	if (reviewed)
		json_object_set_new(b->out, "review_call", reviewed);
	if (told)
		json_object_set_new(b->out, "guidance", told);
	return 0;
}

/* ---- the rule ---- */

static bool
has_line(struct str text, struct str line)
{
	struct str one;
	while (str_next_line(&text, &one))
		if (str_trim(one).n == line.n && memcmp(str_trim(one).p, line.p, line.n) == 0)
			return true;
	return false;
}

/* Those of the file; those alone that wrote just this line, where there are any. */
static json_t *
rules_of(const struct blaming *b, const json_t *attempt)
{
	struct str line = str_trim(str_of(json_string_in(b->out, "text")));
	json_t *all = json_array(), *exact = json_array(), *fix;
	size_t i;
	json_array_foreach (json_object_get(attempt, "fixes"), i, fix) {
		if (strcmp(json_string_in(fix, "path"), b->spec->path) != 0)
			continue;
		json_array_append(all, fix);
		if (line.n && has_line(str_of(json_string_in(fix, "text")), line))
			json_array_append(exact, fix);
	}
	json_t *ret = json_array_size(exact) ? exact : all;
	json_decref(ret == exact ? all : exact);
	return ret;
}

/* ---- an attempt ---- */

static int
take_attempt(struct blaming *b, const struct run *r, const json_t *result, const json_t *attempt,
	struct dd_err *err)
{
	static const char *const told[] = {"attempt", "task", "model", "author", "requirements",
		"summary", "cost", "tokens", "gates", "verdict", "better", "review", "layer", NULL};
	json_t *a = json_pack("{s:s, s:I}", "run", r->id, "line", (json_int_t)b->line);
	bool model = json_is_string(json_object_get(attempt, "model"));
	for (size_t i = 0; told[i]; i++)
		if (json_object_get(attempt, told[i]))
			json_object_set(a, told[i], json_object_get(attempt, told[i]));
	json_object_set_new(b->out, "attempt", a);
	set_by(b, model ? BLAME_MODEL : BLAME_RULE);
	if (model)
		return add_calls(b, r, result, attempt, err);
	json_object_set_new(b->out, "rules", rules_of(b, attempt));
	return 0;
}

/* From the last that was kept to the first; layers: that count, NULL: all. */
static int
walk_attempts(struct blaming *b, const struct run *r, const json_t *result,
	const struct strlist *layers, struct dd_err *err)
{
	const json_t *all = json_object_get(result, "attempts");
	for (size_t i = json_array_size(all); i-- > 0 && !b->done;) {
		const json_t *a = json_array_get(all, i);
		if (!fix_kept_has(a) ||
			(layers && !strlist_has(layers, json_string_in(a, "layer"))))
			continue;
		OWN_JSON json_t *file = change_of(
			r, json_integer_value(json_object_get(a, "attempt")), b->spec->path);
		if (!file)
			continue;
		if (json_is_true(json_object_get(file, "created")) ||
			touched_has(json_object_get(file, "is"), b->line))
			return take_attempt(b, r, result, a, err);
		b->line = touched_before(file, b->line);
	}
	return 0;
}

/* ---- the run below ---- */

/* The run that is refined was removed: what it changed is known by the layers, which are ours, too. */
static int
walk_lost(struct blaming *b, const json_t *base, const struct source *given, struct dd_err *err)
{
	struct stack below = {0};
	OWN_JSON json_t *looked = NULL;
	OWN(buf) struct buf patch = {0};
	stack_push(&below, given->layer);
	int rc = fix_changes(b->spec->st, &below, &given->changes, &looked, &patch, err);
	stack_cleanup(&below);
	const json_t *file = json_find(json_object_get(looked, "files"), "path", b->spec->path);
	if (rc < 0 || !file)
		return rc;
	if (!json_is_true(json_object_get(file, "created")) &&
		!touched_has(json_object_get(file, "is"), b->line)) {
		b->line = touched_before(file, b->line);
		return 0;
	}
	set_by(b, BLAME_LOST);
	json_object_set_new(b->out, "attempt",
		json_pack("{s:O, s:I}", "run", json_object_get(base, "run"), "line",
			(json_int_t)b->line));
	return 0;
}

static int walk_run(
	struct blaming *b, const struct run *r, const struct strlist *layers, struct dd_err *err);

static int
walk_base(struct blaming *b, const json_t *base, struct dd_err *err)
{
	struct source given = {0};
	struct run of = {.lock_fd = -1};
	OWN(dd_err) struct dd_err why = {0};
	int rc = json_decode(
		json_object_get(base, "given"), source_fields, false, &given, "source", err);
	if (rc == 0)
		rc = run_open(b->spec->st, json_string_in(base, "run"), false, &of, &why);
	if (rc == 0)
		rc = walk_run(b, &of, &given.changes, err);
	else if (why.code == DD_ENOENT || why.code == DD_EINVAL)
		rc = walk_lost(b, base, &given, err);
	else if (why.code)
		rc = err_move(err, &why);
	run_cleanup(&of);
	source_cleanup(&given);
	return rc;
}

static int
walk_run(struct blaming *b, const struct run *r, const struct strlist *layers, struct dd_err *err)
{
	OWN_JSON json_t *result = NULL, *base = NULL;
	int rc = fix_kept_result(r, &result, err);
	if (rc == 0)
		rc = walk_attempts(b, r, result, layers, err);
	if (rc == 0 && !b->done)
		rc = journal_find(r->journal, KEPT_REFINED, &base, err);
	return rc == 0 && base ? walk_base(b, base, err) : rc;
}

/* ---- the source ---- */

/* Is it a line that the attempt wrote into that file?  Its layer has the file as it left it. */
static bool
has_written(struct pod *pod, const char *path, const json_t *span, struct str wanted)
{
	uint64_t from = (uint64_t)json_integer_value(json_array_get(span, 0)),
		 count = (uint64_t)json_integer_value(json_array_get(span, 1)), lines;
	OWN(buf) struct buf text = {0};
	return fix_bench_show(pod, path, span ? from : 1, span ? from + count - 1 : UINT32_MAX,
		       &text, &lines, NULL, NULL) == 0 &&
	       has_line(buf_str(&text), wanted);
}

static bool
is_written(const struct blaming *b, const json_t *attempt, const json_t *file, const json_t *origin)
{
	const char *path = json_string_in(origin, "path");
	struct str wanted = str_trim(str_of(json_string_in(origin, "text")));
	struct stack layer = {0};
	struct pod *pod = NULL;
	const struct pod_spec spec = {.state = b->spec->st, .work = &layer};
	bool found = false;
	size_t i;
	json_t *span;
	stack_push(&layer, json_string_in(attempt, "layer"));
	if (pod_open(&spec, &pod, NULL) == 0) {
		if (json_is_true(json_object_get(file, "created")))
			found = has_written(pod, path, NULL, wanted);
		json_array_foreach (json_object_get(file, "is"), i, span)
			found = found || has_written(pod, path, span, wanted);
	}
	pod_close(pod);
	stack_cleanup(&layer);
	return found;
}

/*
 * A commit of ours says whose it is.  Somebody may write so, too, or change such a commit: the line must be one that the
 * attempt wrote.
 */
static int
follow_commit(struct blaming *b, const json_t *origin, struct dd_err *err)
{
	const char *id = json_string_in(origin, "run");
	int64_t n = json_integer_value(json_object_get(origin, "attempt"));
	OWN(dd_err) struct dd_err why = {0};
	struct run r = {.lock_fd = -1};
	OWN_JSON json_t *result = NULL, *file = NULL;
	size_t i;
	json_t *a;
	int rc = *id ? run_open(b->spec->st, id, false, &r, &why) : -DD_ENOENT;
	if (rc == 0 && strcmp(r.id, id) == 0 && r.options.fix &&
		fix_kept_result(&r, &result, &why) == 0)
		file = change_of(&r, n, json_string_in(origin, "path"));
	rc = 0;
	json_array_foreach (json_object_get(result, "attempts"), i, a)
		if (rc == 0 && file && !b->done &&
			json_integer_value(json_object_get(a, "attempt")) == n &&
			is_written(b, a, file, origin)) {
			b->line = json_integer_value(json_object_get(origin, "line"));
			rc = take_attempt(b, &r, result, a, err);
		}
	run_cleanup(&r);
	return rc;
}

static bool
is_local(const struct run *r)
{
	return r->options.source && r->options.source[0] == '/';
}

/* Of the source's tree, or, with a revision, of that; what cannot be told says why. */
static int
ask_history(struct blaming *b, const struct stack *tree, const char *revision, struct dd_err *err)
{
	const struct run *r = b->spec->run;
	OWN(dd_err) struct dd_err why = {0};
	OWN_JSON json_t *origin = NULL;
	const struct fix_origin_spec spec = {
		r->options.source, revision, b->spec->path, b->line, tree};
	int rc = is_local(r) ? fix_origin(b->spec->st, &spec, &origin, &why)
			     : err_set(&why, DD_EUNSUPPORTED,
				       "the source is no directory: its history is not here");
	if (rc == -DD_ESTOPPED)
		return err_move(err, &why);
	if (rc < 0 && !tree)
		return err_set(err, DD_EINVAL, "%s", err_msg(&why));
	if (rc < 0)
		origin = json_pack("{s:o}", "why", json_text(str_of(err_msg(&why))));
	else if (!json_object_get(origin, "commit"))
		json_object_set_new(origin, "why",
			json_string("no commit has it: it was in the work tree only"));
	json_object_set(b->out, "origin", origin);
	rc = follow_commit(b, origin, err);
	if (rc == 0 && !b->done)
		set_by(b, BLAME_SOURCE);
	return rc;
}

static int
walk_source(
	struct blaming *b, const json_t *result, const struct source *source, struct dd_err *err)
{
	const char *commit = json_string_in(result, "commit");
	struct stack tree = {0};
	stack_push(&tree, source->layer);
	json_object_set_new(b->out, "source_line", json_integer((json_int_t)b->line));
	int rc = ask_history(b, &tree, *commit ? commit : "HEAD", err);
	stack_cleanup(&tree);
	return rc;
}

/* ---- the result ---- */

/* Its text, in the tree with all that was kept. */
static int
show(struct blaming *b, const struct source *source, struct dd_err *err)
{
	const struct blame_spec *s = b->spec;
	OWN(dd_err) struct dd_err why = {0};
	OWN(buf) struct buf text = {0};
	struct stack tree = {0};
	struct pod *pod = NULL;
	uint64_t lines = 0, line = (uint64_t)s->line;
	const struct pod_spec spec = {.state = s->st, .work = &tree};
	source_stack(source, &tree);
	int rc = fs_is_plain_path(str_of(s->path)) ? pod_open(&spec, &pod, &why) : -DD_ENOENT;
	if (rc == 0)
		rc = fix_bench_show(pod, s->path, line, line, &text, &lines, NULL, &why);
	pod_close(pod);
	stack_cleanup(&tree);
	if (rc == -DD_ENOENT)
		return err_set(err, DD_EINVAL, "there is no file %.500s in the result of run %s",
			s->path, s->run->id);
	if (rc == 0 && line > lines)
		return err_set(err, DD_EINVAL, "%.500s has %llu lines in the result of run %s",
			s->path, (unsigned long long)lines, s->run->id);
	if (rc < 0)
		return err_move(err, &why);
	struct str rest = buf_str(&text), first = {"", 0};
	(void)str_next_line(&rest, &first);
	json_object_set_new(b->out, "text", json_text(first));
	return 0;
}

static int
blame_result(struct blaming *b, struct dd_err *err)
{
	const struct run *r = b->spec->run;
	OWN_JSON json_t *result = NULL, *given = NULL;
	struct source source = {0};
	int rc = fix_kept_result(r, &result, err);
	if (rc == 0)
		rc = fix_kept_source(r, fix_kept_last(result), &given, err);
	if (rc == 0)
		rc = json_decode(given, source_fields, false, &source, "source", err);
	if (rc == 0)
		rc = show(b, &source, err);
	if (rc == 0)
		rc = walk_run(b, r, NULL, err);
	if (rc == 0 && !b->done)
		rc = walk_source(b, result, &source, err);
	source_cleanup(&source);
	return rc;
}

int
blame_line(const struct blame_spec *spec, json_t **ret, struct dd_err *err)
{
	struct blaming b = {.spec = spec, .line = spec->line};
	if (!spec->run->options.fix)
		return err_set(err, DD_EINVAL,
			"run %s wrote no change: fix, work and refine do (drydock runs lists them)",
			spec->run->id);
	b.out = json_pack("{s:s, s:o, s:I, s:o*}", "run", spec->run->id, "file",
		json_text(str_of(spec->path)), "line", (json_int_t)spec->line, "revision",
		spec->revision ? json_text(str_of(spec->revision)) : NULL);
	int rc =
		spec->revision ? ask_history(&b, NULL, spec->revision, err) : blame_result(&b, err);
	if (rc < 0)
		json_decref(b.out);
	else
		*ret = b.out;
	return rc;
}
