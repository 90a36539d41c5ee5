#include "parity/play.h"

#include "base/fs.h"
#include "parity/turn.h"

#include <string.h>

#define FILES_MAX ((size_t)16 << 20)
#define TRACED_MAX 200
#define NAME_MIN 3 /* a shorter one may be any word */

void
play_job_cleanup(struct play_job *j)
{
	parity_seen_cleanup(&j->seen[0]);
	parity_seen_cleanup(&j->seen[1]);
	j->remembered = 0;
}

/* ---- names ---- */

static int
by_length(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	size_t n = strlen(*x), m = strlen(*y);
	return n == m ? strcmp(*x, *y) : (m > n) - (m < n);
}

const char *
parity_program_of(const struct strlist *command)
{
	for (size_t i = 0; i < command->n; i++)
		if (fs_is_below(command->v[i], WORK_DIR))
			return command->v[i];
	return command->v[command->n - 1];
}

void
play_names(const struct parity_side *const *sides, size_t n, struct strlist *ret)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = parity_program_of(sides[i]->command);
		strlist_add_new(ret, path);
		if (strlen(fs_name(path)) >= NAME_MIN)
			strlist_add_new(ret, fs_name(path));
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), by_length);
}

/* ---- what a call did ---- */

static bool
note_created(void *ctx, const struct trace_path *p)
{
	static const char *const aside[] = {PLAY_DIR, "/dev", "/proc", NULL};
	struct parity_seen *s = ctx;
	if (p->created && fs_is_below(p->path, PLAY_DIR))
		s->steps[s->n - 1].writes = true;
	for (size_t i = 0; aside[i]; i++)
		if (fs_is_below(p->path, aside[i]))
			return true;
	if (p->created)
		strlist_add_new(&s->created, p->path);
	s->reaches = s->reaches || p->created;
	return s->created.n < TRACED_MAX;
}

static bool
note_connection(void *ctx, const struct trace_connect *c)
{
	struct parity_seen *s = ctx;
	strlist_add_new(&s->connections, c->target);
	s->reaches = s->reaches || !c->refused;
	return s->connections.n < TRACED_MAX;
}

static void
take_step(struct turn *t, struct parity_seen *ret)
{
	struct seen_step *s = &ret->steps[ret->n++];
	s->exit_code = t->result.exit_code;
	s->signal = t->result.signal;
	s->cause = t->result.cause;
	stream_finish(&t->out, &s->out, &s->out_rest);
	stream_finish(&t->err, &s->err, &s->err_rest);
	trace_each_path(t->trace, note_created, ret);
	trace_each_connect(t->trace, note_connection, ret);
}

/* ---- a lane ---- */

enum stage {
	STAGE_MAKE,   /* the case's directory, as it begins or as it is remembered */
	STAGE_CALL,   /* the next call of the case */
	STAGE_LOOK,   /* what lies there, to be remembered */
	STAGE_GATHER, /* what lies there at the end */
};

struct running { /* a case on a lane */
	const struct play *play;
	struct play_lane *lane;
	struct play_job *job; /* NULL: none */
	enum stage stage;
	struct turn turns[2];
	bool made;			  /* the directory was made for this case */
	bool remembers;			  /* else it is played to its end */
	bool pending;			  /* what the call behind `state` left was not looked at */
	const struct memory_state *state; /* behind the steps so far; NULL: unknown */
	size_t step;			  /* the next */
};

static void
begin(struct running *r, struct play_job *job)
{
	const struct memory *m = r->play->memory;
	r->job = job;
	r->made = r->pending = false;
	r->remembers = !job->whole && memory_is_open(m);
	r->state = r->remembers ? memory_begin(m, job->c) : NULL;
	r->step = 0;
	play_job_cleanup(job);
}

/* The directory is what the steps so far left. */
static bool
is_there(const struct running *r)
{
	return r->state ? r->lane->there == r->state : r->made;
}

/* Nothing of this case is remembered from here on; where its directory is not what the steps so far left, it begins anew. */
static void
lose(struct running *r)
{
	bool right = r->pending || is_there(r);
	if (!right)
		begin(r, r->job);
	r->made = right;
	r->remembers = r->pending = false;
	r->state = r->lane->there = NULL;
}

/* Steps that were played in such a state before. */
static void
recall(struct running *r)
{
	struct play_job *j = r->job;
	while (r->state && r->step < j->c->n) {
		const struct memory_call *known =
			memory_find(r->play->memory, r->state, &j->c->steps[r->step]);
		if (!known)
			return;
		for (size_t i = 0; i < 2; i++)
			seen_step_copy(&j->seen[i].steps[j->seen[i].n++], &known->sides[i]);
		r->state = known->after;
		r->step++;
		j->remembered++;
	}
}

/* ---- its stages ---- */

#define REMOVE "d=" PLAY_DIR "; rm -rf $d 2>/dev/null || { chmod -R u+rwx $d; rm -rf $d; }; "
#define MAKE "mkdir -p $d/work $d/home $d/tmp && cd $d"
#define RESTORE "exec tar --one-top-level=$d -xmpf -"
#define ARCHIVE \
	"tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -b1 -cf - ."

static int
start_make(struct running *r, struct dd_err *err)
{
	const struct parity_case *c = r->job->c;
	OWN(buf) struct buf script = {0}, input = {0};
	int rc = 0;
	buf_puts(&script, REMOVE);
	buf_puts(&script, r->state ? RESTORE : MAKE);
	if (r->state)
		buf_add_str(&input, memory_archive(r->state));
	for (size_t i = 0; !r->state && i < c->nfiles; i++) {
		buf_printf(&script, " && head -c %zu >work/%s", strlen(c->files[i].text),
			c->files[i].name);
		buf_puts(&input, c->files[i].text);
	}
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = turn_start_script(
			&r->turns[i], r->lane->sides[i], script.p, buf_str(&input), 4096, err);
	return rc;
}

/* What nobody may read is made readable at the end, and its mode told behind the archive. */
static const char gather_script[] =
	"cd " PLAY_DIR " || exit\n"
	"m=$(find . ! -type l ! -perm -400 -printf '%m %P\\n' | sort); [ ! \"$m\" ] || chmod -R u+rX .; " ARCHIVE
	"; printf %s \"$m\"";

static int
start_gather(struct running *r, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = turn_start_script(
			&r->turns[i], r->lane->sides[i], gather_script, STR(""), FILES_MAX, err);
	return rc;
}

/* The same without a shell: it is done often. */
static int
start_look(struct running *r, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	struct str rest = STR(ARCHIVE), word;
	while (str_next_word(&rest, &word))
		strlist_add_str(&argv, word);
	const struct call c = {.args = &argv, .dir = PLAY_DIR, .output_max = FILES_MAX};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = turn_start(&r->turns[i], r->lane->sides[i], &c, err);
	return rc;
}

static int
start_call(struct running *r, struct dd_err *err)
{
	const struct case_step *s = &r->job->c->steps[r->step];
	const struct call c = {.args = &s->args,
		.of_target = true,
		.dir = PLAY_DIR "/work",
		.input = str_of(s->input),
		.names = r->play->names,
		.output_max = PLAY_OUTPUT_MAX};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = turn_start(&r->turns[i], r->lane->sides[i], &c, err);
	return rc;
}

static int
start_stage(struct running *r, enum stage stage, struct dd_err *err)
{
	r->stage = stage;
	if (stage != STAGE_LOOK)
		r->lane->there = NULL;
	switch (stage) {
	case STAGE_MAKE:
		return start_make(r, err);
	case STAGE_CALL:
		return start_call(r, err);
	case STAGE_LOOK:
		return start_look(r, err);
	case STAGE_GATHER:
		break;
	}
	return start_gather(r, err);
}

static void
end_job(struct running *r)
{
	struct play_job *j = r->job;
	for (size_t i = 0; i < 2; i++) {
		strlist_sort(&j->seen[i].created);
		strlist_sort(&j->seen[i].connections);
		if (r->state)
			buf_add_str(&j->seen[i].files, memory_archive(r->state));
	}
	if (j->whole && memory_is_open(r->play->memory))
		memory_check(r->play->memory, j->c, j->seen);
	r->job = NULL;
}

/* The next thing of its case; none is left, and the lane is free, where all of it was remembered. */
static int
go_on(struct running *r, struct dd_err *err)
{
	if (r->remembers && !memory_is_open(r->play->memory))
		lose(r);
	if (r->pending)
		return start_stage(r, STAGE_LOOK, err);
	recall(r);
	if (r->step == r->job->c->n && r->state) {
		end_job(r);
		return 0;
	}
	if (!is_there(r))
		return start_stage(r, STAGE_MAKE, err);
	if (r->remembers && !r->state)
		return start_stage(r, STAGE_LOOK, err);
	return start_stage(r, r->step < r->job->c->n ? STAGE_CALL : STAGE_GATHER, err);
}

/* ---- and behind them ---- */

static int
end_make(struct running *r, struct dd_err *err)
{
	for (size_t i = 0; i < 2; i++) {
		const struct turn *t = &r->turns[i];
		if (t->result.exit_code == 0 && t->result.cause == CAUSE_NONE)
			continue;
		if (!r->state)
			return err_set(err, DD_EIO, "the files of a case could not be made: %s",
				t->err.kept.n ? t->err.kept.p : "it was ended");
		memory_close(r->play->memory, "files that were kept could not be made again");
		begin(r, r->job);
		return 0;
	}
	r->made = true;
	r->lane->there = r->state;
	return 0;
}

/* The call that was played last is known from here on; NULL: it cannot be. */
static const struct memory_state *
note_call(struct running *r, struct str archive)
{
	const struct parity_seen *seen = r->job->seen;
	const struct seen_step *const sides[] = {
		&seen[0].steps[seen[0].n - 1], &seen[1].steps[seen[1].n - 1]};
	if (seen_compare_step(sides[0], sides[1], r->play->loose_errors))
		return NULL;
	return memory_note(
		r->play->memory, r->state, &r->job->c->steps[r->step - 1], sides, archive);
}

static void
take_state(struct running *r, const struct memory_state *now)
{
	if (!now) {
		lose(r);
		return;
	}
	r->state = r->lane->there = now;
	r->pending = false;
}

/* The call that was played last. */
static struct memory_did
did(const struct running *r)
{
	const struct seen_step *a = &r->job->seen[0].steps[r->step - 1],
			       *b = &r->job->seen[1].steps[r->step - 1];
	return (struct memory_did){
		.writes = a->writes || b->writes, .succeeded = !a->exit_code && !b->exit_code};
}

/* Its connections are told of the case, and kept with no call: one that was refused is no reason to play all others anew. */
static void
end_call(struct running *r)
{
	struct memory *m = r->play->memory;
	bool connected = false;
	for (size_t i = 0; i < 2; i++) {
		struct parity_seen *s = &r->job->seen[i];
		take_step(&r->turns[i], s);
		connected = connected || s->connections.n;
		if (s->reaches && memory_is_open(m))
			memory_close(m, "a call reached beyond its files");
	}
	const struct case_step *played = &r->job->c->steps[r->step++];
	r->pending = r->remembers;
	if (r->pending && connected)
		lose(r);
	else if (r->pending && memory_is_open(m) && memory_is_quiet(m, played, did(r)))
		take_state(r, note_call(r, memory_archive(r->state)));
}

static void
end_look(struct running *r)
{
	struct memory *m = r->play->memory;
	OWN(buf) struct buf first = {0}, second = {0};
	struct buf *archives[] = {&first, &second};
	struct hash_hex rest[2];
	bool whole = true;
	for (size_t i = 0; i < 2; i++) {
		struct turn *t = &r->turns[i];
		stream_finish(&t->out, archives[i], &rest[i]);
		whole = whole && t->result.exit_code == 0 && t->result.cause == CAUSE_NONE &&
			!*rest[i].s;
	}
	struct str now = buf_str(&first);
	bool same = whole && str_same(now, buf_str(&second));
	if (r->pending)
		memory_note_look(m, &r->job->c->steps[r->step - 1], did(r),
			!same || !str_same(now, memory_archive(r->state)));
	if (!same)
		take_state(r, NULL);
	else
		take_state(
			r, r->pending ? note_call(r, now) : memory_note_begin(m, r->job->c, now));
}

static int
end_gather(struct running *r, struct dd_err *err)
{
	for (size_t i = 0; i < 2; i++) {
		struct turn *t = &r->turns[i];
		struct parity_seen *s = &r->job->seen[i];
		if (!t->out.kept.n)
			return err_set(err, DD_EUNSUPPORTED,
				"what a program wrote cannot be gathered (GNU tar is needed there): %s",
				t->err.kept.n ? t->err.kept.p : "it printed nothing");
		stream_finish(&t->out, &s->files, &s->files_rest);
	}
	end_job(r);
	return 0;
}

static int
end_stage(struct running *r, struct dd_err *err)
{
	switch (r->stage) {
	case STAGE_MAKE:
		return end_make(r, err);
	case STAGE_CALL:
		end_call(r);
		return 0;
	case STAGE_LOOK:
		end_look(r);
		return 0;
	case STAGE_GATHER:
		break;
	}
	return end_gather(r, err);
}

/* ---- all lanes ---- */

/* Something runs on each lane that has a case, or will get one; *ret: on how many. */
static int
start_all(struct running *r, struct play_job *jobs, size_t n, size_t *next, size_t *ret,
	struct dd_err *err)
{
	int rc = 0;
	*ret = 0;
	for (size_t i = 0; i < r[0].play->n; i++) {
		while (rc == 0 && (r[i].job || *next < n)) {
			if (!r[i].job)
				begin(&r[i], &jobs[(*next)++]);
			rc = go_on(&r[i], err);
			if (r[i].job)
				break;
		}
		*ret += r[i].job != NULL;
	}
	return rc;
}

/* All that were started are waited for, whatever happens. */
static int
end_all(struct running *r, int rc, struct dd_err *err)
{
	size_t n = r[0].play->n;
	struct turn *turns[2 * PARITY_LANES];
	for (size_t i = 0; i < 2 * n; i++)
		turns[i] = &r[i / 2].turns[i % 2];
	int waited = turns_wait(turns, 2 * n, rc < 0 ? NULL : err);
	rc = rc < 0 ? rc : waited;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (r[i].job)
			rc = end_stage(&r[i], err);
	for (size_t i = 0; i < 2 * n; i++)
		turn_cleanup(turns[i]);
	return rc;
}

int
play_jobs(struct play *p, struct play_job *jobs, size_t n, struct dd_err *err)
{
	struct running r[PARITY_LANES] = {0};
	size_t next = 0, started = 1;
	int rc = 0;
	for (size_t i = 0; i < p->n; i++)
		r[i] = (struct running){.play = p, .lane = &p->lanes[i]};
	while (rc == 0 && started) {
		rc = start_all(r, jobs, n, &next, &started, err);
		rc = end_all(r, rc, err);
	}
	return rc;
}

int
play_disturb(const struct play *p, struct dd_err *err)
{
	static const char script[] = "i=0; while [ $i -lt 37 ]; do (:); i=$((i + 1)); done";
	struct turn turns[2] = {0}, *both[] = {&turns[0], &turns[1]};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = turn_start_script(&turns[i], p->lanes[0].sides[i], script, STR(""), 4096, err);
	int waited = turns_wait(both, 2, rc < 0 ? NULL : err);
	turn_cleanup(&turns[0]);
	turn_cleanup(&turns[1]);
	return rc < 0 ? rc : waited;
}
