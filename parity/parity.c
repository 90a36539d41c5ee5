#include "parity/parity.h"

#include "base/fs.h"
#include "base/log.h"
#include "parity/play.h"
#include "parity/seed.h"
#include "parity/shrink.h"
#include "parity/vary.h"

#include <string.h>

#define SEEDS_MAX ((size_t)16 << 20)
#define SHRINK_TRIES 150
#define SHRINK_SHARE 10 /* of the time limit, for one difference: a tenth */
#define SHOWN_MAX 2000	/* bytes of a text in a difference */
#define TELL_EVERY 10	/* batches */
#define BATCH 6		/* inputs that are made before any of them is learnt from */
#define WHOLE_EVERY 16	/* of inputs, one is played from its beginning to its end */

struct parity {
	const struct parity_spec *spec;
	struct play play;
	struct strlist names;
	struct vary vary;
	int64_t deadline_ns; /* 0: none */
	size_t made, played, steps, remembered, unsteady;
	struct map kinds; /* of differences */
	json_t *differences, *sources;
	const char *ended;
};

static void
parity_cleanup(struct parity *p)
{
	strlist_cleanup(&p->names);
	memory_destroy(p->play.memory);
	vary_cleanup(&p->vary);
	map_cleanup(&p->kinds);
	json_decref(p->differences);
	json_decref(p->sources);
}

static int
renew_both(const struct parity *p, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++) {
		const struct parity_side *side = p->play.lanes[0].sides[i];
		rc = side->renew(side->ctx, err);
	}
	return rc;
}

/* From its beginning to its end. */
static int
play_whole(struct parity *p, const struct parity_case *c, struct play_job *ret, struct dd_err *err)
{
	*ret = (struct play_job){.c = c, .whole = true};
	return play_jobs(&p->play, ret, 1, err);
}

/* Channels in which the sides differ. */
static unsigned
compare(const struct parity *p, const struct play_job *j, size_t *ret_step)
{
	return seen_compare(&j->seen[0], &j->seen[1], p->spec->loose_errors, ret_step);
}

/* ---- seeds ---- */

static void
add_usages(const struct parity_seen *seen, json_t *usages)
{
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < seen[i].n; k++) {
			json_array_append_new(usages, json_text(buf_str(&seen[i].steps[k].out)));
			json_array_append_new(usages, json_text(buf_str(&seen[i].steps[k].err)));
		}
}

/* What they say when they are asked, in the ways that are usual. */
static int
ask_usages(struct parity *p, json_t *usages, struct dd_err *err)
{
	static const char *const ways[] = {"", "--help", "-h", "help"};
	OWN(parity_case) struct parity_case c = {0};
	OWN(play_job) struct play_job job = {0};
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct case_step *s = case_add_step(&c);
		if (*ways[i])
			strlist_add(&s->args, ways[i]);
	}
	int rc = play_whole(p, &c, &job, err);
	if (rc == 0)
		add_usages(job.seen, usages);
	return rc;
}

/* The worker, on a tree. */
static int
ask_of_tree(const struct state *st, const struct stack *tree, const char *mode, struct str input,
	json_t **ret, struct dd_err *err)
{
	const char *args[] = {mode, NULL};
	OWN(buf) struct buf out = {.max = SEEDS_MAX};
	struct pod *pod = NULL;
	const struct pod_spec spec = {.state = st, .work = tree};
	const struct worker_spec worker = {.name = "parity", .args = args, .input = input};
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = worker_exec(pod, &worker, &out, err);
	pod_close(pod);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}

int
parity_find_programs(
	const struct state *st, const struct stack *tree, struct strlist *ret, struct dd_err *err)
{
	OWN_JSON json_t *found = NULL;
	int rc = ask_of_tree(st, tree, "programs", STR(""), &found, err);
	if (rc == 0)
		json_to_strings(found, ret);
	return rc;
}

/* Those of the second behind those of the first. */
static void
merge(json_t *into, const json_t *more)
{
	const char *key;
	json_t *list;
	json_object_foreach ((json_t *)more, key, list)
		json_array_extend(json_object_get(into, key), list);
}

static int
take_seeds(struct parity *p, struct dd_err *err)
{
	OWN_JSON json_t *usages = json_array(), *first = NULL, *second = NULL;
	OWN(buf) struct buf input = {0};
	int rc = ask_usages(p, usages, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *asked =
		json_pack("{s:o, s:O}", "names", json_from_strings(&p->names), "usages", usages);
	json_print(asked, 0, &input);
	rc = ask_of_tree(p->spec->state, p->spec->trees[0], "seed", buf_str(&input), &first, err);
	if (rc == 0)
		rc = ask_of_tree(
			p->spec->state, p->spec->trees[1], "seed", buf_str(&input), &second, err);
	if (rc < 0)
		return rc;
	merge(first, second);
	p->sources = json_incref(json_object_get(first, "sources"));
	return vary_init(&p->vary, p->spec->seed, first, err);
}

/* ---- a difference ---- */

struct difference {
	struct parity *p;
	unsigned channels;
	enum parity_channel first;
};

static enum parity_channel
first_channel(unsigned bits)
{
	for (int i = 0; i < PARITY_CHANNELS; i++)
		if (bits & 1u << i)
			return (enum parity_channel)i;
	return PARITY_CHANNELS;
}

static int
still_differs(void *ctx, const struct parity_case *c, bool *ret, struct dd_err *err)
{
	struct difference *d = ctx;
	OWN(play_job) struct play_job job = {.c = c};
	size_t step;
	int rc = play_jobs(&d->p->play, &job, 1, err);
	if (rc == 0)
		*ret = first_channel(compare(d->p, &job, &step)) == d->first;
	return rc;
}

/*
 * In fresh pods they differ again, and the original does what it did, also where processes have other numbers: *ret_bits,
 * else 0.
 */
static int
confirm(struct parity *p, const struct parity_case *c, struct play_job *ret, unsigned *ret_bits,
	size_t *ret_step, struct dd_err *err)
{
	OWN(play_job) struct play_job again = {0};
	size_t step;
	*ret_bits = 0;
	play_job_cleanup(ret);
	int rc = renew_both(p, err);
	if (rc == 0)
		rc = play_whole(p, c, ret, err);
	if (rc == 0)
		rc = renew_both(p, err);
	if (rc == 0)
		rc = play_disturb(&p->play, err);
	if (rc == 0)
		rc = play_whole(p, c, &again, err);
	if (rc == 0 && seen_compare(&ret->seen[0], &again.seen[0], false, &step) == 0)
		*ret_bits = compare(p, ret, ret_step) & compare(p, &again, &step);
	if (rc == 0 && !*ret_bits && p->play.memory)
		memory_close(p->play.memory, "a difference was not there again");
	return rc;
}

static json_t *
shown(const struct buf *text)
{
	struct str s = buf_str(text);
	return json_text((struct str){s.p, s.n > SHOWN_MAX ? SHOWN_MAX : s.n});
}

static json_t *
side_json(const struct parity_seen *seen, size_t step)
{
	json_t *j = json_object();
	if (step < seen->n) {
		const struct seen_step *s = &seen->steps[step];
		json_object_set_new(j, "exit", json_integer(s->exit_code));
		json_object_set_new(j, "signal", json_integer(s->signal));
		json_object_set_new(j, "ended", json_string(exec_cause_name(s->cause)));
		json_object_set_new(j, "output", shown(&s->out));
		json_object_set_new(j, "errors", shown(&s->err));
	}
	json_object_set_new(j, "created", json_from_strings(&seen->created));
	json_object_set_new(j, "connections", json_from_strings(&seen->connections));
	return j;
}

static int
compare_files(
	const struct parity *p, const struct parity_seen *seen, json_t **ret, struct dd_err *err)
{
	static const char *const args[] = {"files", NULL};
	OWN(buf) struct buf input = {0}, out = {.max = SEEDS_MAX};
	const struct worker_spec worker = {.state = p->spec->state, .name = "parity", .args = args};
	struct worker_spec asked = worker;
	buf_printf(&input, "%zu\n", seen[0].files.n);
	buf_add_str(&input, buf_str(&seen[0].files));
	buf_add_str(&input, buf_str(&seen[1].files));
	asked.input = buf_str(&input);
	int rc = worker_run(&asked, &out, err);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}

static json_t *
channels_json(unsigned bits)
{
	json_t *j = json_array();
	for (int i = 0; i < PARITY_CHANNELS; i++)
		if (bits & 1u << i)
			json_array_append_new(j, json_string(parity_channel_names[i]));
	return j;
}

static int
tell(struct parity *p, const struct parity_case *c, const struct parity_seen *seen, unsigned bits,
	size_t step, struct dd_err *err)
{
	OWN_JSON json_t *files = NULL;
	int rc = 0;
	if (bits & 1u << PARITY_FILES)
		rc = compare_files(p, seen, &files, err);
	if (rc == 0)
		json_array_append_new(p->differences,
			json_pack("{s:o, s:I, s:o, s:o, s:o, s:O?}", "channels",
				channels_json(bits), "step", (json_int_t)step, "case",
				case_to_json(c), "original", side_json(&seen[0], step), "port",
				side_json(&seen[1], step), "files", files));
	return rc;
}

/* What kind it is of: where it is first seen, and what the original says there. */
static char *
kind_of(const struct parity *p, const struct parity_case *c, const struct parity_seen *seen,
	unsigned bits, size_t step)
{
	struct str line = {"", 0}, other = {"", 0};
	const char *command = "";
	if (step < seen[0].n) {
		const struct seen_step *a = &seen[0].steps[step], *b = &seen[1].steps[step];
		struct str x = buf_str(a->out.n || b->out.n ? &a->out : &a->err),
			   y = buf_str(a->out.n || b->out.n ? &b->out : &b->err);
		while (str_next_line(&x, &line) && str_next_line(&y, &other) && line.n == other.n &&
			memcmp(line.p, other.p, line.n) == 0)
			line = other = (struct str){"", 0};
		command = c->steps[step].args.n ? c->steps[step].args.v[0] : "";
	}
	OWN_FREE char *kind = vary_kind(&p->vary, line);
	OWN_FREE char *first = vary_kind(&p->vary, str_of(command));
	return mem_printf("%d %s %s", (int)first_channel(bits), first, kind);
}

static int64_t
shrink_until(const struct parity *p)
{
	int64_t share = clock_mono_ns() + p->spec->limit_ms * 1000000 / SHRINK_SHARE;
	return p->deadline_ns && share < p->deadline_ns ? share : p->deadline_ns;
}

static int
examine(struct parity *p, const struct parity_case *found, unsigned bits, struct dd_err *err)
{
	OWN(parity_case) struct parity_case c = {0};
	OWN(play_job) struct play_job first = {0}, last = {0};
	struct difference d = {p, bits, first_channel(bits)};
	size_t step = 0;
	unsigned sure;
	case_copy(&c, found);
	int rc = confirm(p, &c, &first, &sure, &step, err);
	if (rc == 0 && !sure)
		p->unsteady++;
	if (rc < 0 || !sure)
		return rc;
	OWN_FREE char *kind = kind_of(p, &c, first.seen, sure, step);
	if (map_get(&p->kinds, kind))
		return 0;
	map_put(&p->kinds, kind, p);
	d.first = first_channel(sure);
	rc = p->spec->replay
		     ? 0
		     : shrink_case(&c, SHRINK_TRIES, shrink_until(p), still_differs, &d, err);
	if (rc == 0)
		rc = confirm(p, &c, &last, &bits, &step, err);
	if (rc == 0 && !bits) { /* smaller, it is not steady any more */
		parity_case_cleanup(&c);
		case_copy(&c, found);
		rc = confirm(p, &c, &last, &bits, &step, err);
	}
	if (rc == 0 && !bits)
		p->unsteady++;
	if (rc < 0 || !bits)
		return rc;
	OWN_FREE char *small = kind_of(p, &c, last.seen, bits, step);
	if (strcmp(small, kind) != 0 && map_get(&p->kinds, small))
		return 0;
	map_put(&p->kinds, small, p);
	return tell(p, &c, last.seen, bits, step, err);
}

/* ---- all of it ---- */

/* What came of one input. */
static int
take(struct parity *p, const struct play_job *j, struct dd_err *err)
{
	size_t step;
	p->played++;
	p->steps += j->c->n;
	p->remembered += j->remembered;
	unsigned bits = compare(p, j, &step);
	if (!bits)
		return 0;
	OWN_FREE char *kind = kind_of(p, j->c, j->seen, bits, step);
	return map_get(&p->kinds, kind) ? 0 : examine(p, j->c, bits, err);
}

static bool
is_over(struct parity *p)
{
	const struct parity_spec *s = p->spec;
	p->ended = s->differences && json_array_size(p->differences) >= s->differences
			   ? "differences"
		   : p->deadline_ns && clock_mono_ns() > p->deadline_ns ? "time"
		   : p->played >= s->cases				? "cases"
									: NULL;
	return p->ended;
}

struct batch {
	struct parity_case cases[BATCH];
	struct vary_origin origins[BATCH];
	struct play_job jobs[BATCH];
	size_t n;
};

static void
batch_cleanup(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		play_job_cleanup(&b->jobs[i]);
		parity_case_cleanup(&b->cases[i]);
	}
}

static void
make_batch(struct parity *p, struct batch *b)
{
	for (size_t n = p->spec->cases - p->played; b->n < BATCH && b->n < n; b->n++) {
		vary_next(&p->vary, &b->cases[b->n], &b->origins[b->n]);
		b->jobs[b->n] = (struct play_job){
			.c = &b->cases[b->n], .whole = ++p->made % WHOLE_EVERY == 0};
	}
}

static int
play_batch(struct parity *p, struct dd_err *err)
{
	OWN(batch) struct batch b = {0};
	make_batch(p, &b);
	int rc = play_jobs(&p->play, b.jobs, b.n, err);
	for (size_t i = 0; rc == 0 && i < b.n && !is_over(p); i++) {
		(void)vary_learn(&p->vary, &b.cases[i], b.jobs[i].seen, 2, &b.origins[i]);
		rc = take(p, &b.jobs[i], err);
	}
	return rc;
}

static int
play_all(struct parity *p, struct dd_err *err)
{
	int rc = 0;
	p->play.memory = memory_create();
	for (size_t turn = 1; rc == 0 && !is_over(p); turn++) {
		rc = play_batch(p, err);
		if (rc == 0 && turn % TELL_EVERY == 0)
			log_info(
				"parity: %zu cases of %zu calls, %zu of them remembered; %zu differences",
				p->played, p->steps, p->remembered,
				json_array_size(p->differences));
	}
	return rc;
}

static int
replay_all(struct parity *p, struct dd_err *err)
{
	size_t i;
	json_t *one;
	int rc = json_is_array(p->spec->replay)
			 ? 0
			 : err_set(err, DD_EINVAL, "what is played again is no list of cases");
	json_array_foreach ((json_t *)p->spec->replay, i, one) {
		OWN(parity_case) struct parity_case c = {0};
		OWN(play_job) struct play_job job = {0};
		if (rc == 0)
			rc = case_from_json(one, &c, err);
		if (rc == 0)
			rc = play_whole(p, &c, &job, err);
		if (rc == 0)
			rc = take(p, &job, err);
	}
	p->ended = "cases";
	return rc;
}

int
parity_run(const struct parity_spec *spec, json_t **ret, struct dd_err *err)
{
	struct parity p = {.spec = spec, .differences = json_array()};
	p.play = (struct play){
		.n = spec->lanes, .names = &p.names, .loose_errors = spec->loose_errors};
	for (size_t i = 0; i < spec->lanes; i++)
		p.play.lanes[i] = (struct play_lane){.sides = {&spec->original[i], &spec->port[i]}};
	if (spec->limit_ms)
		p.deadline_ns = clock_mono_ns() + spec->limit_ms * 1000000;
	play_names(p.play.lanes[0].sides, 2, &p.names);
	int rc = spec->replay ? replay_all(&p, err) : take_seeds(&p, err);
	if (rc == 0 && !spec->replay)
		rc = play_all(&p, err);
	if (rc == 0 && !p.played)
		rc = err_set(err, DD_ELIMIT, "there was no time to play a single input");
	if (rc == 0 && p.unsteady && p.unsteady == p.played)
		rc = err_set(err, DD_EINVAL,
			"the original does not do the same twice on any input: nothing was compared");
	if (rc == 0)
		*ret = json_pack("{s:I, s:I, s:I, s:I, s:s?, s:I, s:I, s:s, s:O, s:O?}", "seed",
			(json_int_t)spec->seed, "cases", (json_int_t)p.played, "steps",
			(json_int_t)p.steps, "remembered", (json_int_t)p.remembered, "forgot",
			memory_why_closed(p.play.memory), "kinds",
			(json_int_t)map_count(&p.vary.kinds), "unsteady", (json_int_t)p.unsteady,
			"ended", p.ended, "differences", p.differences, "sources", p.sources);
	parity_cleanup(&p);
	return rc < 0 ? err_wrap(err, "parity") : 0;
}
