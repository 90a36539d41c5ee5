/*
 * Why a case passes at one time and fails at another, by experiment.  An experiment is a test command, made to run
 * some cases only, in a new pod on the same layers, so that none sees what another left.  Read in this order:
 *
 *   alone        always passes, though it fails behind the others, twice at least: order; halving what runs before it
 *                finds the case that spoils it
 *   connections  one is refused in each run that fails, and in none that passes: network
 *   random bytes of the kernel from a seed: the same seed gives the same result, every time: random
 *   calendar     held still: the same moment gives the same result, every time: time
 *   load         processes that only compute, four a processor: it fails more often, beyond what chance explains:
 *                resource
 *
 * What none of them tells is of unknown cause.  The two that hold something still do it by a library that is
 * preloaded (inside/steady.c), which programs without a C library do not see.
 */
#include "qa/qa.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/map.h"
#include "qa/select.h"
#include "sandbox/trace.h"

#include <string.h>
#include <unistd.h>

#define ALONE_RUNS 6
#define SETTINGS 6 /* seeds, moments */
#define ROUNDS 3   /* of each */
#define MAX_LOOKED_INTO 20
#define MAX_REFUSED 1000
#define EPHEMERAL 32768 /* ports from here on are given by the kernel: ip(7), ip_local_port_range */
#define STEADY "/run/drydock-steady.so"

enum condition { PLAIN, SEEDED, FROZEN, LOADED };

struct search {
	const struct qa_spec *spec;
	const struct command *command;
	const struct test_case_list *cases; /* of the first run of the command: their order */
	struct map *failed;		    /* id -> how often, as a pointer's value */
	int64_t repeats;
	char *steady; /* path of the library; NULL: it is not there */
	const char *log,
		*experiment_log; /* of the first run of the command, and of the last of all others */
	struct dd_err *err;
};

struct outcome {
	int64_t runs, failed;
	struct strlist refused_when_failed,
		refused_when_passed; /* what was not reached: every time; ever */
};

static void
outcome_cleanup(struct outcome *o)
{
	strlist_cleanup(&o->refused_when_failed);
	strlist_cleanup(&o->refused_when_passed);
}

static bool
is_bad(const struct test_case *c)
{
	return c->status == TEST_FAILED || c->status == TEST_ERROR;
}

/* ---- one experiment ---- */

/* A port that the kernel gave is another one in each run. */
static bool
note_refused(void *ctx, const struct trace_connect *c)
{
	const char *colon = strrchr(c->target, ':');
	bool passing = !str_starts(str_of(c->target), "unix:") && colon &&
		       strtoul(colon + 1, NULL, 10) >= EPHEMERAL;
	OWN_FREE char *name = passing ? mem_printf("%.*s:*", (int)(colon - c->target), c->target)
				      : mem_strdup(c->target);
	struct strlist *refused = ctx;
	if (c->refused)
		strlist_add_new(refused, name);
	return refused->n < MAX_REFUSED;
}

/* Moments that differ in the second, the hour, the day of the week, the month and the year. */
static uint64_t
moment(size_t setting)
{
	static const int64_t later_s[SETTINGS] = {
		0, 1, 13 * 3600, 40 * 86400, 201 * 86400 + 3601, -400 * 86400 + 7};
	return (uint64_t)(clock_real_ns() / 1000000000 / 86400 * 86400 + 36000 + later_s[setting]);
}

static void
make_environment(
	const struct search *s, enum condition condition, size_t setting, struct strlist *ret)
{
	OWN_FREE char *number = mem_printf("%llu",
		(unsigned long long)(condition == FROZEN ? moment(setting) : 1000 + setting));
	for (size_t i = 0; s->spec->env && s->spec->env[i]; i++)
		strlist_add(ret, s->spec->env[i]);
	if (condition != SEEDED && condition != FROZEN)
		return;
	strlist_set_env(ret, "LD_PRELOAD", STEADY);
	strlist_set_env(ret, condition == FROZEN ? "DRYDOCK_CLOCK" : "DRYDOCK_RANDOM", number);
	if (condition == SEEDED) { /* what languages have of their own */
		strlist_set_env(ret, "PYTHONHASHSEED", number);
		strlist_set_env(ret, "PERL_HASH_SEED", number);
		strlist_set_env(ret, "PERL_RAND_SEED", number);
	}
}

/* The pod ends with the command, and with it what it started. */
static char *
with_load(const char *run)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return mem_printf(
		"i=%ld; while [ $i -gt 0 ]; do (while :; do :; done) >/dev/null 2>&1 & i=$((i - 1)); "
		"done; (%s); s=$?; kill $(jobs -p) 2>/dev/null; exit $s",
		4 * (n > 0 ? n : 1), run);
}

/* Run the command as it is, in place of s->command's own text; its cases, and (not NULL) what it could not reach. */
static int
experiment(const struct search *s, const char *run, enum condition condition, size_t setting,
	struct test_run *ret, struct strlist *ret_refused)
{
	OWN(strlist) struct strlist env = {0};
	OWN_FREE char *loaded = condition == LOADED ? with_load(run) : NULL;
	struct command one = *s->command;
	enum exec_cause cause;
	one.run = loaded ? loaded : (char *)run;
	const struct command_list commands = {.v = &one, .n = 1};
	struct pod_bind *binds = mem_zalloc(s->spec->nbinds + 1, sizeof(*binds));
	struct qa_spec spec = *s->spec;
	struct trace *trace = trace_create();
	for (size_t i = 0; i < spec.nbinds; i++)
		binds[i] = spec.binds[i];
	binds[spec.nbinds] = (struct pod_bind){.src = s->steady, .dst = STEADY};
	spec.nbinds += s->steady != NULL;
	spec.binds = binds;
	make_environment(s, condition, setting, &env);
	spec.env = (const char *const *)env.v;
	spec.commands = &commands;
	spec.log_path = s->log ? s->log : s->experiment_log;
	spec.trace = trace;
	spec.trace_classes = TRACE_CONNECT;
	int rc = qa_run_tests(&spec, ret, &cause, s->err);
	if (rc == 0 && ret_refused)
		trace_each_connect(trace, note_refused, ret_refused);
	trace_destroy(trace);
	free(binds);
	return rc;
}

/* 1: it failed; < 0: it did not run. */
static int
has_failed(const struct test_run *t, const char *id)
{
	const struct test_case *c = test_run_find(t, id);
	return c ? is_bad(c) : -1;
}

/* How this case ended behind those, in one run.  *ret_failed < 0: it did not run. */
static int
run_cases(const struct search *s, const struct test_case *const *cases, size_t n,
	enum condition condition, size_t setting, int *ret_failed, struct strlist *ret_refused)
{
	bool ordered;
	struct test_run t = {0};
	const struct test_case *wanted = cases[n - 1];
	OWN_FREE char *run = select_command(s->command, cases, n, &ordered);
	int rc = run ? experiment(s, run, condition, setting, &t, ret_refused) : 0;
	*ret_failed = rc == 0 && run ? has_failed(&t, wanted->id) : -1;
	test_run_cleanup(&t);
	return rc;
}

static void
add_all(const struct strlist *from, struct strlist *to)
{
	for (size_t i = 0; i < from->n; i++)
		strlist_add_new(to, from->v[i]);
}

static void
keep_common(const struct strlist *with, struct strlist *l)
{
	struct strlist common = {0};
	for (size_t i = 0; i < l->n; i++)
		if (strlist_has(with, l->v[i]))
			strlist_add(&common, l->v[i]);
	strlist_cleanup(l);
	*l = common;
}

/* *ret is zeroed by the caller. */
static int
run_alone(const struct search *s, const struct test_case *c, enum condition condition, int64_t runs,
	struct outcome *ret)
{
	int rc = 0, failed;
	for (int64_t i = 0; rc == 0 && i < runs; i++) {
		OWN(strlist) struct strlist refused = {0};
		rc = run_cases(s, &c, 1, condition, 0, &failed, &refused);
		if (rc < 0 || failed < 0)
			continue;
		ret->runs++;
		ret->failed += failed;
		if (!failed)
			add_all(&refused, &ret->refused_when_passed);
		else if (ret->failed == 1)
			add_all(&refused, &ret->refused_when_failed);
		else
			keep_common(&refused, &ret->refused_when_failed);
	}
	return rc;
}

/* What was not reached whenever it failed, and never when it passed; NULL. */
static const char *
not_reached(const struct outcome *o)
{
	if (o->failed == o->runs)
		return NULL;
	for (size_t i = 0; i < o->refused_when_failed.n; i++)
		if (!strlist_has(&o->refused_when_passed, o->refused_when_failed.v[i]))
			return o->refused_when_failed.v[i];
	return NULL;
}

/* ---- what holds something still ---- */

struct held {
	bool same;   /* each setting always gave the same result */
	bool varied; /* and not all settings gave the same */
};

/* Rounds lie apart in time: runs next to each other would share the second. */
static int
hold(const struct search *s, const struct test_case *c, enum condition condition, struct held *ret)
{
	int results[SETTINGS], rc = 0, failed;
	*ret = (struct held){.same = s->steady != NULL};
	for (size_t round = 0; rc == 0 && ret->same && round < ROUNDS; round++)
		for (size_t i = 0; rc == 0 && ret->same && i < SETTINGS; i++) {
			rc = run_cases(s, &c, 1, condition, i, &failed, NULL);
			ret->same = rc == 0 && failed >= 0 && (round == 0 || failed == results[i]);
			results[i] = failed;
			ret->varied = ret->varied || failed != results[0];
		}
	return rc;
}

/* ---- order ---- */

/* Those, and c behind them; heap. */
static const struct test_case **
put_behind(const struct test_case *const *before, size_t n, const struct test_case *c)
{
	const struct test_case **all = mem_zalloc(n + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = before[i];
	all[n] = c;
	return all;
}

/* Does it fail behind these? */
static int
fails_behind(const struct search *s, const struct test_case *const *before, size_t n,
	const struct test_case *c, bool *ret)
{
	const struct test_case **all = put_behind(before, n, c);
	int failed = 0;
	int rc = run_cases(s, all, n + 1, PLAIN, 0, &failed, NULL);
	*ret = failed == 1;
	free(all);
	return rc;
}

/* How many of these, from the first on, go into one command with c? */
static size_t
fitting(const struct search *s, const struct test_case *const *before, size_t n,
	const struct test_case *c)
{
	bool fits = false, ordered;
	while (n > 0 && !fits) {
		const struct test_case **all = put_behind(before, n, c);
		OWN_FREE char *run = select_command(s->command, all, n + 1, &ordered);
		fits = run != NULL;
		n = fits ? n : n / 2;
		free(all);
	}
	return n;
}

/* Part by part, each as long as a command can be; *ret_n 0: behind none of them. */
static int
find_part(const struct search *s, const struct test_case *c, const struct test_case ***p, size_t n,
	size_t *ret_n)
{
	bool fails = false;
	int rc = 0;
	*ret_n = 0;
	for (size_t part; rc == 0 && !fails && (part = fitting(s, *p, n, c)) > 0; n -= part) {
		rc = fails_behind(s, *p, part, c, &fails);
		*ret_n = fails ? part : 0;
		*p += fails ? 0 : part;
	}
	return rc;
}

/* Halve what runs before it as long as one half is enough. */
static int
find_polluter(const struct search *s, const struct test_case *c, const char **ret_id)
{
	const struct test_case **before = mem_zalloc(s->cases->n + 1, sizeof(*before)),
			       **p = before;
	size_t n = 0;
	*ret_id = NULL;
	for (size_t i = 0; i < s->cases->n && strcmp(s->cases->v[i].id, c->id) != 0; i++)
		if (strcmp(s->cases->v[i].suite, "command") != 0)
			before[n++] = &s->cases->v[i];
	int rc = find_part(s, c, &p, n, &n);
	bool fails = n > 0;
	while (rc == 0 && fails && n > 1) {
		size_t half = n / 2;
		rc = fails_behind(s, p, half, c, &fails);
		if (rc == 0 && fails) {
			n = half;
			continue;
		}
		if (rc == 0)
			rc = fails_behind(s, p + half, n - half, c, &fails);
		p += half;
		n -= half;
	}
	if (rc == 0 && fails && n == 1)
		*ret_id = p[0]->id;
	free(before);
	return rc;
}

/* ---- the causes ---- */

static int64_t
failed_runs(const struct search *s, const struct test_case *c)
{
	return (int64_t)(intptr_t)map_get(s->failed, c->id);
}

static void
set_cause(struct flake *f, enum flake_cause cause, const char *evidence)
{
	f->cause = cause;
	free(f->evidence);
	f->evidence = mem_strdup(evidence);
}

/* Among all the others? */
static int
fails_again(const struct search *s, const struct test_case *c, bool *ret)
{
	struct test_run t = {0};
	int rc = experiment(s, s->command->run, PLAIN, 0, &t, NULL);
	if (rc == 0) {
		*ret = has_failed(&t, c->id) == 1;
		test_run_cleanup(&t);
	}
	return rc;
}

/* It failed whenever it ran among the others, and never alone: after one run that may still be chance. */
static int
look_into_order(const struct search *s, const struct test_case *c, struct flake *f)
{
	const char *polluter;
	bool again = s->repeats > 1;
	int rc = again ? 0 : fails_again(s, c, &again);
	f->runs += s->repeats == 1;
	f->failed += s->repeats == 1 && again;
	if (rc < 0 || !again)
		return rc;
	rc = find_polluter(s, c, &polluter);
	if (rc < 0)
		return rc;
	OWN_FREE char *evidence = mem_printf("alone it passed %d times of %d%s%s", ALONE_RUNS,
		ALONE_RUNS, polluter ? ", and it failed behind " : "", polluter ? polluter : "");
	set_cause(f, FLAKE_ORDER, evidence);
	f->with = polluter ? mem_strdup(polluter) : NULL;
	return 0;
}

/* f counts the runs without load. */
static int
look_into_load(const struct search *s, const struct test_case *c, struct flake *f)
{
	OWN(outcome) struct outcome loaded = {0};
	double low, high;
	int rc = run_alone(s, c, LOADED, ALONE_RUNS, &loaded);
	qa_wilson(loaded.failed, loaded.runs, &low, &high);
	if (rc < 0 || low * (double)f->runs <= (double)f->failed)
		return rc;
	OWN_FREE char *evidence =
		mem_printf("it failed %lld of %lld times while all processors were busy",
			(long long)loaded.failed, (long long)loaded.runs);
	set_cause(f, FLAKE_RESOURCE, evidence);
	return 0;
}

/* It passes and fails by itself. */
static int
look_into_chance(const struct search *s, const struct test_case *c, const struct outcome *alone,
	struct flake *f)
{
	struct held seeded, frozen = {0};
	const char *target = not_reached(alone);
	if (target) {
		OWN_FREE char *evidence = mem_printf(
			"a connection to %s was refused each time it failed, and never when it passed",
			target);
		set_cause(f, FLAKE_NETWORK, evidence);
		return 0;
	}
	int rc = hold(s, c, SEEDED, &seeded);
	if (rc == 0 && !(seeded.same && seeded.varied))
		rc = hold(s, c, FROZEN, &frozen);
	if (rc == 0 && seeded.same && !(frozen.same && frozen.varied))
		set_cause(f, FLAKE_RANDOM,
			"with the kernel's random bytes from a seed, each seed always gave the same result");
	else if (rc == 0 && frozen.same)
		set_cause(f, FLAKE_TIME,
			"with the calendar held still, each moment always gave the same result");
	if (rc < 0 || f->cause != FLAKE_UNKNOWN)
		return rc;
	return look_into_load(s, c, f);
}

/* It fails always, here and now. */
static int
look_into_calendar(const struct search *s, const struct test_case *c, struct flake *f)
{
	struct held frozen;
	int rc = hold(s, c, FROZEN, &frozen);
	if (rc == 0 && frozen.same && frozen.varied)
		set_cause(f, FLAKE_TIME,
			"it passes at other times: with the calendar held still, each moment always gave the same result");
	return rc;
}

/* Adds nothing for a case that always fails. */
static int
look_into(const struct search *s, const struct test_case *c, struct flake_list *ret)
{
	bool ordered;
	OWN_FREE char *can_select = select_command(s->command, &c, 1, &ordered);
	struct flake f = {.runs = s->repeats, .failed = failed_runs(s, c)};
	OWN(outcome) struct outcome alone = {0};
	bool differs = f.failed < f.runs;
	int rc = can_select ? run_alone(s, c, PLAIN, ALONE_RUNS, &alone) : 0;
	bool always_alone = alone.runs && alone.failed == alone.runs;
	bool never_alone = alone.runs && !alone.failed;
	if (rc == 0 && never_alone && !differs) {
		rc = look_into_order(s, c, &f);
	} else if (rc == 0 && alone.runs && !(always_alone && !differs)) {
		f.runs += alone.runs;
		f.failed += alone.failed;
		rc = look_into_chance(s, c, &alone, &f);
	} else if (rc == 0 && always_alone) {
		rc = look_into_calendar(s, c, &f);
	}
	bool flaky = f.cause != FLAKE_UNKNOWN || f.failed < f.runs;
	if (rc == 0 && flaky) {
		f.id = mem_strdup(c->id);
		qa_wilson(f.failed, f.runs, &f.low, &f.high);
		if (!can_select)
			set_cause(
				&f, FLAKE_UNKNOWN, "its runner is not known to run a single case");
		*flake_list_add(ret) = f;
		return 0;
	}
	flake_cleanup(&f);
	return rc;
}

/* ---- all commands ---- */

static void
note_failed(struct map *failed, const struct test_run *t)
{
	for (size_t i = 0; i < t->cases.n; i++)
		if (is_bad(&t->cases.v[i])) {
			uintptr_t n = (uintptr_t)map_get(failed, t->cases.v[i].id) + 1;
			map_put(failed, t->cases.v[i].id, (void *)n);
		}
}

/* The first run of the command to ret; of every run, what failed. */
static int
run_command(struct search *s, struct test_run *ret)
{
	int rc = 0;
	for (int64_t i = 0; rc == 0 && i < s->repeats; i++) {
		struct test_run t = {0};
		int step = progress_begin(
			"running the tests, %lld of %lld", (long long)i + 1, (long long)s->repeats);
		rc = experiment(s, s->command->run, PLAIN, 0, &t, NULL);
		s->log = NULL;
		progress_end(step, rc < 0 ? "failed" : "ok");
		if (rc < 0)
			break;
		note_failed(s->failed, &t);
		if (i == 0)
			*ret = t;
		else
			test_run_cleanup(&t);
	}
	return rc;
}

static int
look_into_all(struct search *s, struct test_run *t, struct flake_list *ret)
{
	int rc = 0, looked = 0;
	for (size_t i = 0; rc == 0 && i < t->cases.n; i++) {
		struct test_case *c = &t->cases.v[i];
		int64_t failed = failed_runs(s, c);
		if (!failed || strcmp(c->suite, "command") == 0 || looked++ >= MAX_LOOKED_INTO)
			continue;
		int step = progress_begin("looking into %s", c->id);
		rc = look_into(s, c, ret);
		progress_end(step, rc < 0 ? "failed" : "ok");
		c->flaky = !is_bad(c) && failed;
	}
	return rc;
}

static void
append(struct test_run *all, struct test_run *one)
{
	for (size_t i = 0; i < one->cases.n; i++)
		*test_case_list_add(&all->cases) = one->cases.v[i];
	one->cases.n = 0;
	all->by_exit_status = all->by_exit_status || one->by_exit_status;
	if (!all->note)
		all->note = TAKE(one->note);
	test_run_cleanup(one);
}

/* "tests.log" with "-2": "tests-2.log" */
static char *
log_beside(const char *path, const char *suffix)
{
	struct str name = str_of(path);
	int n = (int)(str_ends(name, ".log") ? name.n - 4 : name.n);
	return mem_printf("%.*s%s.log", n, path, suffix);
}

int
qa_find_flakes(const struct qa_spec *spec, int64_t repeats, struct test_run *ret,
	struct flake_list *ret_flakes, enum exec_cause *ret_cause, struct dd_err *err)
{
	OWN_FREE char *steady = sandbox_program("drydock-steady.so"),
		      *experiment_log = log_beside(spec->log_path, "-experiment");
	struct test_run all = {0};
	struct flake_list flakes = {0};
	int rc = 0, ncommands = 0;
	for (size_t i = 0; rc == 0 && i < spec->commands->n; i++) {
		OWN_FREE char *number = mem_printf("-%d", ncommands + 1),
			      *log = log_beside(spec->log_path, ncommands ? number : "");
		OWN(map) struct map failed = {0};
		struct test_run one = {0};
		struct search s = {.spec = spec,
			.command = &spec->commands->v[i],
			.cases = &one.cases,
			.failed = &failed,
			.repeats = repeats,
			.steady = fs_exists(steady) ? steady : NULL,
			.log = log,
			.experiment_log = experiment_log,
			.err = err};
		if (s.command->phase != PHASE_TEST)
			continue;
		ncommands++;
		rc = run_command(&s, &one);
		if (rc == 0)
			rc = look_into_all(&s, &one, &flakes);
		append(&all, &one);
	}
	test_run_count(&all);
	if (rc < 0) {
		test_run_cleanup(&all);
		flake_list_cleanup(&flakes);
		return rc;
	}
	*ret = all;
	*ret_flakes = flakes;
	*ret_cause = CAUSE_NONE;
	return 0;
}
