/*
 * Theory of operation.  Tasks of a plan that may be executed side by side are executed by processes that are made from this one
 * (fork, without exec: what a task begins with, the tree and the cases of what is kept, is in memory here).  While they are made
 * nothing is open that two processes may not share: no database, no pod, no thread.
 *
 * A process has a journal of its own, RUN/beside/N, and nothing else writes there; calls to models all go into the run's
 * calls.db, where budgets are reserved in one transaction (agents/calls.h); all other names differ by the numbers of attempts.
 * The lock of the run is inherited, so that nobody takes the run up before the last of them is gone; who made them killed, they
 * are killed.
 *
 * When all have ended, their journals are adopted in the plan's order, each in one transaction with the step work/beside/ID.  From
 * then on it is as if the steps had been done here: what they mean is found by going through the same program over them
 * (work_join.c).  Killed before, the run makes the same processes again, and each goes on in its journal where it was.
 */
#include "runner/work_loop.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "runner/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define FOLDER "beside"
#define TURN_NS 20000000
#define MESSAGE_MAX 4000 /* a pipe takes it without a reader */

struct child {
	size_t task;
	bool due;   /* its steps are not adopted */
	pid_t pid;  /* 0: not begun, or over */
	int report; /* what went wrong comes there; -1 */
	struct dd_err err;
};

struct crew {
	struct child *v;
	size_t n;
	struct strlist ids;
	bool stopping;
};

static void
crew_cleanup(struct crew *c)
{
	for (size_t i = 0; i < c->n; i++)
		dd_err_cleanup(&c->v[i].err);
	free(c->v);
	strlist_cleanup(&c->ids);
}

/* ---- which ---- */

static bool
is_ready(struct work *w, const struct work_task *t)
{
	for (size_t i = 0; i < t->of->after.n; i++) {
		const struct work_task *before = work_find(w, t->of->after.v[i]);
		if (before && before->end != TASK_DONE)
			return false;
	}
	return true;
}

/* Beside all that is not joined before it, too: what it is executed on has none of them. */
static bool
is_beside(const struct work *w, size_t from, size_t task)
{
	for (size_t i = from; i < task; i++)
		if (!intent_are_beside(w->v[i].of, w->v[task].of))
			return false;
	return true;
}

static int
choose(struct working *k, size_t from, struct crew *c, struct dd_err *err)
{
	struct work *w = &k->w;
	int rc = 0;
	c->v = mem_zalloc(w->plan.n + 1, sizeof(*c->v));
	for (size_t i = from; rc == 0 && i < w->plan.n; i++) {
		OWN_FREE char *key = mem_printf("work/beside/%s", w->v[i].of->id);
		OWN_JSON json_t *adopted = NULL;
		if (k->begun[i].there || !is_ready(w, &w->v[i]) || !is_beside(w, from, i))
			continue;
		rc = journal_find(k->f.run->journal, key, &adopted, err);
		c->v[c->n++] = (struct child){.task = i, .due = !adopted, .report = -1};
		strlist_add(&c->ids, w->v[i].of->id);
	}
	return rc;
}

/* ---- in the process of a task ---- */

static char *
journal_of(const struct working *k, size_t task)
{
	OWN_FREE char *name = mem_printf(FOLDER "/%zu", task + 1);
	return run_path(k->f.run, name);
}

static int
execute_here(struct working *k, size_t task, struct dd_err *err)
{
	struct fixing *f = &k->f;
	OWN_FREE char *dir = journal_of(k, task);
	struct journal *own = NULL;
	int rc = journal_open(dir, false, &own, err);
	if (rc < 0)
		return rc;
	fix_use_journal(f, own);
	f->apart = dir;
	rc = fix_models_wake(f->run, f->answers, f->models, true, err);
	f->n = (int64_t)task * WORK_NUMBERS;
	if (rc == 0)
		rc = work_execute(k, &k->w.v[task], NULL, err);
	fix_models_rest(f->models);
	journal_close(own);
	return rc;
}

/* mask: the signals that were blocked before it was made; until it follows, all are. */
static void __attribute__((noreturn))
be_child(struct working *k, size_t task, int report, pid_t parent, const sigset_t *mask)
{
	struct dd_err err = {0};
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)setpgid(0, 0); /* a terminal stops who made it, who tells it */
	session_set_last_words(NULL, NULL);
	session_follow();
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	log_init(LOG_QUIET);
	int rc = execute_here(k, task, &err);
	OWN(buf) struct buf said = {.max = MESSAGE_MAX};
	buf_printf(&said, "%d %s", -rc, err_msg(&err));
	if (rc < 0)
		log_say(report, said.p);
	_exit(rc < 0);
}

/* ---- here ---- */

#define TURNS_ALONE 100

static void
take_a_nap(void)
{
	const struct timespec turn = {.tv_nsec = TURN_NS};
	(void)nanosleep(&turn, NULL);
}

/* A thread that was joined may be seen for a moment longer. */
static bool
is_alone(void)
{
	for (int turn = 0; turn < TURNS_ALONE; turn++) {
		OWN(strlist) struct strlist threads = {0};
		if (fs_list("/proc/self/task", &threads, NULL) == 0 && threads.n == 1)
			return true;
		take_a_nap();
	}
	return false;
}

/* Made under another name first, so that one that is there can be opened. */
static int
make_journal(const struct working *k, size_t task, struct dd_err *err)
{
	OWN_FREE char *dir = journal_of(k, task);
	OWN_FREE char *hidden = mem_printf("%s.new", dir);
	struct journal *j = NULL;
	if (fs_exists(dir))
		return 0;
	int rc = fs_remove_tree(hidden, err);
	if (rc == 0)
		rc = fs_mkdirs(hidden, 0700, err);
	if (rc == 0)
		rc = journal_open(hidden, true, &j, err);
	journal_close(j);
	if (rc == 0 && io_rename(hidden, dir) < 0)
		rc = err_errno(err, errno, "cannot create %s", dir);
	return rc;
}

static int
begin(struct working *k, struct child *h, struct dd_err *err)
{
	int fds[2];
	sigset_t all, mask;
	pid_t self = getpid();
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &mask);
	h->pid = fork();
	if (h->pid == 0)
		be_child(k, h->task, fds[1], self, &mask);
	int errnum = errno;
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	(void)close(fds[1]);
	if (h->pid > 0) {
		h->report = fds[0];
		return 0;
	}
	(void)close(fds[0]);
	h->pid = 0;
	return err_errno(err, errnum, "cannot start a process");
}

static void
stop(struct crew *c)
{
	for (size_t i = 0; !c->stopping && i < c->n; i++)
		if (c->v[i].pid)
			(void)kill(c->v[i].pid, SIGINT);
	c->stopping = true;
}

/* What it said, or what became of it. */
static void
hear(struct child *h, const char *id, int status)
{
	char text[MESSAGE_MAX + 1] = "";
	ssize_t n = read(h->report, text, MESSAGE_MAX);
	char *rest = text;
	long code = n > 0 ? strtol(text, &rest, 10) : 0;
	if (code > DD_OK && code <= DD_ESTOPPED)
		(void)err_set(
			&h->err, (enum dd_code)code, "task %s: %s", id, rest + (*rest == ' '));
	else if (WIFSIGNALED(status))
		(void)err_set(&h->err, DD_EIO, "the process of task %s died of signal %d", id,
			WTERMSIG(status));
	else if (status)
		(void)err_set(&h->err, DD_EIO, "the process of task %s exits with %d", id,
			WEXITSTATUS(status));
	(void)close(h->report);
	h->report = -1;
	h->pid = 0;
}

static size_t
wait_a_turn(struct crew *c)
{
	size_t running = 0;
	int status;
	take_a_nap();
	progress_tick();
	for (size_t i = 0; i < c->n; i++) {
		struct child *h = &c->v[i];
		if (h->pid && waitpid(h->pid, &status, WNOHANG) == h->pid)
			hear(h, c->ids.v[i], status);
		running += h->pid != 0;
		if (h->err.code != DD_OK)
			stop(c);
	}
	if (sandbox_stop_requested())
		stop(c);
	return running;
}

/* At most so many at once; the first that cannot go on stops the others. */
static void
run_crew(struct working *k, struct crew *c)
{
	size_t next = 0, running = 0, jobs = (size_t)k->f.run->options.jobs;
	while (running || (next < c->n && !c->stopping)) {
		for (; next < c->n && running < jobs && !c->stopping; next++) {
			if (!c->v[next].due)
				continue;
			if (begin(k, &c->v[next], &c->v[next].err) < 0)
				stop(c);
			else
				running++;
		}
		running = wait_a_turn(c);
	}
}

/* What went wrong first, in the plan's order; that one was stopped tells nothing while another failed. */
static int
first_error(struct crew *c, struct dd_err *err)
{
	struct child *first = NULL;
	for (size_t i = 0; i < c->n; i++) {
		struct child *h = &c->v[i];
		if (h->err.code != DD_OK &&
			(!first || (first->err.code == DD_ESTOPPED && h->err.code != DD_ESTOPPED)))
			first = h;
	}
	if (first)
		return err_move(err, &first->err);
	return c->stopping ? err_set(err, DD_ESTOPPED, "stopped") : 0;
}

static int
execute_all(struct working *k, struct crew *c, struct dd_err *err)
{
	struct fixing *f = &k->f;
	int rc = is_alone() ? 0
			    : err_set(err, DD_EIO,
				      "tasks cannot be executed side by side: a thread is running");
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		rc = c->v[i].due ? make_journal(k, c->v[i].task, err) : 0;
	if (rc < 0)
		return rc;
	journal_close(TAKE(f->run->journal));
	fix_models_rest(f->models);
	run_crew(k, c);
	struct journal *j = NULL;
	rc = journal_open(f->run->dir, false, &j, err);
	if (rc < 0)
		return rc;
	fix_use_journal(f, j);
	rc = fix_models_wake(f->run, f->answers, f->models, false, err);
	return rc < 0 ? rc : first_error(c, err);
}

static int
adopt(const struct working *k, size_t task, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("work/beside/%s", k->w.v[task].of->id);
	OWN_FREE char *dir = journal_of(k, task);
	struct journal *own = NULL;
	int rc = journal_open(dir, false, &own, err);
	if (rc == 0)
		rc = journal_adopt(k->f.run->journal, own, key, err);
	journal_close(own);
	return rc;
}

static int
go_beside(struct working *k, struct crew *c, struct dd_err *err)
{
	OWN_FREE char *folder = run_path(k->f.run, FOLDER);
	OWN(buf) struct buf names = {0};
	bool due = false;
	for (size_t i = 0; i < c->n; i++) {
		fix_point_take(&k->f, &k->begun[c->v[i].task]);
		buf_printf(&names, "%s%s", i ? ", " : "", c->ids.v[i]);
		due = due || c->v[i].due;
	}
	int step = due ? progress_begin("side by side: tasks %s", names.p) : -1;
	int rc = due ? execute_all(k, c, err) : 0;
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		rc = c->v[i].due ? adopt(k, c->v[i].task, err) : 0;
	if (rc == 0)
		rc = fs_remove_tree(folder, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

int
work_beside(struct working *k, size_t i, struct dd_err *err)
{
	OWN(crew) struct crew c = {0};
	if (!k->begun[i].there)
		k->f.n = (int64_t)i * WORK_NUMBERS;
	if (k->begun[i].there || k->r.outcome == FIX_BUDGET || !is_ready(&k->w, &k->w.v[i]))
		return 0;
	int rc = choose(k, i, &c, err);
	return rc < 0 || c.n < 2 ? rc : go_beside(k, &c, err);
}
