#include "parity/play.h"

#include "base/fs.h"
#include "parity/stream.h"
#include "sandbox/trace.h"

#include <string.h>

#define STEP_LIMIT_MS 10000
#define FILES_MAX ((size_t)16 << 20)
#define SIDES_MAX 2
#define TRACED_MAX 200
#define NAME_MIN 3 /* a shorter one may be any word */

const char *const parity_channel_names[] = {
	"exit", "output", "errors", "files", "created", "connections", NULL};

void
parity_seen_cleanup(struct parity_seen *s)
{
	for (size_t i = 0; i < s->n; i++) {
		buf_cleanup(&s->steps[i].out);
		buf_cleanup(&s->steps[i].err);
	}
	buf_cleanup(&s->files);
	strlist_cleanup(&s->created);
	strlist_cleanup(&s->connections);
	*s = (struct parity_seen){0};
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
play_names(const struct parity_side *sides, size_t n, struct strlist *ret)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = parity_program_of(sides[i].command);
		strlist_add_new(ret, path);
		if (strlen(fs_name(path)) >= NAME_MIN)
			strlist_add_new(ret, fs_name(path));
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), by_length);
}

/* ---- one command on all sides ---- */

struct turn { /* on one side */
	const struct parity_side *side;
	struct exec *exec;
	struct exec_result result;
	struct stream out, err;
	struct trace *trace;
};

static void
turns_cleanup(struct turn *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		stream_cleanup(&t[i].out);
		stream_cleanup(&t[i].err);
		trace_destroy(t[i].trace);
	}
}

static void
keep(void *ctx, int stream, struct str data)
{
	struct turn *t = ctx;
	stream_add(stream == 1 ? &t->out : &t->err, data);
}

struct call { /* borrowed */
	const struct strlist *args;
	bool of_target; /* args come behind the side's command */
	const char *dir;
	struct str input;
	const struct strlist *names; /* hidden in what it prints; NULL: none */
	size_t output_max;
};

static int
start(struct turn *t, const struct call *c, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	OWN_FD int fd = -1;
	if (c->of_target)
		strlist_copy(&argv, t->side->command);
	strlist_copy(&argv, c->args);
	stream_init(&t->out, c->names, c->output_max);
	stream_init(&t->err, c->names, c->output_max);
	t->trace = c->of_target ? trace_create() : NULL;
	int rc = fs_memory_file(c->input, &fd, err);
	const struct exec_spec spec = {.argv = (const char *const *)argv.v,
		.env = (const char *const *)t->side->env->v,
		.cwd = c->dir,
		.profile = PROFILE_TEST,
		.fds = {fd, -1, -1},
		.on_output = keep,
		.ctx = t,
		.trace = t->trace,
		.trace_classes = t->trace ? TRACE_CONNECT | TRACE_OPEN : 0,
		.time_limit_ms = STEP_LIMIT_MS};
	return rc < 0 ? rc : exec_start(t->side->pod, &spec, &t->exec, err);
}

/* All that were started are waited for, whatever happens. */
static int
execute(struct turn *t, size_t n, const struct call *c, struct dd_err *err)
{
	OWN(dd_err) struct dd_err first = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = start(&t[i], c, &first);
	for (size_t i = 0; i < n; i++) {
		OWN(dd_err) struct dd_err why = {0};
		if (!t[i].exec || exec_wait(t[i].exec, -1, &t[i].result, &why) == 0)
			continue;
		if (rc == 0)
			rc = err_move(&first, &why);
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (t[i].result.cause == CAUSE_STOPPED)
			rc = err_set(&first, DD_ESTOPPED, "stopped");
	return rc < 0 ? err_move(err, &first) : 0;
}

static void
begin_turns(struct turn *t, const struct parity_side *const *sides, size_t n)
{
	memset(t, 0, n * sizeof(*t));
	for (size_t i = 0; i < n; i++)
		t[i].side = sides[i];
}

static int
execute_own(struct turn *t, size_t n, const char *script, struct str input, size_t output_max,
	struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-c");
	strlist_add(&argv, script);
	const struct call c = {
		.args = &argv, .dir = "/tmp", .input = input, .output_max = output_max};
	return execute(t, n, &c, err);
}

/* ---- before and behind a case ---- */

static int
prepare(const struct parity_side *const *sides, size_t n, const struct parity_case *c,
	struct dd_err *err)
{
	struct turn turns[SIDES_MAX];
	OWN(buf) struct buf script = {0}, input = {0};
	begin_turns(turns, sides, n);
	buf_puts(&script,
		"d=" PLAY_DIR "; rm -rf $d 2>/dev/null || { chmod -R u+rwx $d; rm -rf $d; }; "
		"mkdir -p $d/work $d/home $d/tmp && cd $d/work");
	for (size_t i = 0; i < c->nfiles; i++) {
		buf_printf(
			&script, " && head -c %zu >%s", strlen(c->files[i].text), c->files[i].name);
		buf_puts(&input, c->files[i].text);
	}
	int rc = execute_own(turns, n, script.p, buf_str(&input), 4096, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (turns[i].result.exit_code != 0 || turns[i].result.cause != CAUSE_NONE)
			rc = err_set(err, DD_EIO, "the files of a case could not be made: %s",
				turns[i].err.kept.n ? turns[i].err.kept.p : "it was ended");
	turns_cleanup(turns, n);
	return rc;
}

/* What nobody may read is made readable, and its mode told behind the archive. */
static const char gather_script[] =
	"cd " PLAY_DIR " || exit\n"
	"m=$(find . ! -type l ! -perm -400 -printf '%m %P\\n' | sort); [ ! \"$m\" ] || chmod -R u+rX .; "
	"tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -cf - .; printf %s \"$m\"";

static int
gather(const struct parity_side *const *sides, size_t n, struct parity_seen *ret,
	struct dd_err *err)
{
	struct turn turns[SIDES_MAX];
	begin_turns(turns, sides, n);
	int rc = execute_own(turns, n, gather_script, STR(""), FILES_MAX, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (!turns[i].out.kept.n)
			rc = err_set(err, DD_EUNSUPPORTED,
				"what a program wrote cannot be gathered (GNU tar is needed there): %s",
				turns[i].err.kept.n ? turns[i].err.kept.p : "it printed nothing");
		stream_finish(&turns[i].out, &ret[i].files, &ret[i].files_rest);
	}
	turns_cleanup(turns, n);
	return rc;
}

int
play_disturb(const struct parity_side *const *sides, size_t n, struct dd_err *err)
{
	struct turn turns[SIDES_MAX];
	begin_turns(turns, sides, n);
	int rc = execute_own(turns, n, "i=0; while [ $i -lt 37 ]; do (:); i=$((i + 1)); done",
		STR(""), 4096, err);
	turns_cleanup(turns, n);
	return rc;
}

/* ---- a case ---- */

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
	return s->created.n < TRACED_MAX;
}

static bool
note_connection(void *ctx, const struct trace_connect *c)
{
	struct parity_seen *s = ctx;
	strlist_add_new(&s->connections, c->target);
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

static int
play_step(const struct parity_side *const *sides, size_t n, const struct strlist *names,
	const struct case_step *s, struct parity_seen *ret, struct dd_err *err)
{
	struct turn turns[SIDES_MAX];
	begin_turns(turns, sides, n);
	const struct call c = {.args = &s->args,
		.of_target = true,
		.dir = PLAY_DIR "/work",
		.input = str_of(s->input),
		.names = names,
		.output_max = PLAY_OUTPUT_MAX};
	int rc = execute(turns, n, &c, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		take_step(&turns[i], &ret[i]);
	turns_cleanup(turns, n);
	return rc;
}

int
play_case(const struct parity_side *const *sides, size_t n, const struct strlist *names,
	const struct parity_case *c, struct parity_seen *ret, struct dd_err *err)
{
	int rc = prepare(sides, n, c, err);
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		rc = play_step(sides, n, names, &c->steps[i], ret, err);
	if (rc == 0)
		rc = gather(sides, n, ret, err);
	for (size_t i = 0; i < n; i++) {
		strlist_sort(&ret[i].created);
		strlist_sort(&ret[i].connections);
	}
	return rc;
}

/* ---- comparison ---- */

static bool
same_bytes(const struct buf *a, const struct hash_hex *a_rest, const struct buf *b,
	const struct hash_hex *b_rest)
{
	return a->n == b->n && (!a->n || memcmp(a->p, b->p, a->n) == 0) &&
	       strcmp(a_rest->s, b_rest->s) == 0;
}

static bool
same_names(const struct strlist *a, const struct strlist *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

static unsigned
compare_step(const struct seen_step *a, const struct seen_step *b, bool loose_errors)
{
	unsigned bits = 0;
	if (a->exit_code != b->exit_code || a->signal != b->signal || a->cause != b->cause)
		bits |= 1u << PARITY_EXIT;
	if (!same_bytes(&a->out, &a->out_rest, &b->out, &b->out_rest))
		bits |= 1u << PARITY_OUTPUT;
	if (loose_errors ? !a->err.n != !b->err.n
			 : !same_bytes(&a->err, &a->err_rest, &b->err, &b->err_rest))
		bits |= 1u << PARITY_ERRORS;
	return bits;
}

unsigned
play_compare(const struct parity_seen *a, const struct parity_seen *b, bool loose_errors,
	size_t *ret_step)
{
	unsigned bits = 0;
	*ret_step = a->n;
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		unsigned of_step = compare_step(&a->steps[i], &b->steps[i], loose_errors);
		if (of_step && *ret_step == a->n)
			*ret_step = i;
		bits |= of_step;
	}
	if (!same_bytes(&a->files, &a->files_rest, &b->files, &b->files_rest))
		bits |= 1u << PARITY_FILES;
	if (!same_names(&a->created, &b->created))
		bits |= 1u << PARITY_CREATED;
	if (!same_names(&a->connections, &b->connections))
		bits |= 1u << PARITY_CONNECTIONS;
	return bits;
}
