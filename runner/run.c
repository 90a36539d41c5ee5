#include "runner/run.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define LOCK_PATIENCE_MS 5000
#define LOCK_TURN_MS 50
#define NEW_PREFIX ".new-"
#define OWNER_PREFIX "run-" /* of leases */
#define COMMAND_PREFIX "command-"

#define F(member, what) .key = #member, .kind = what, .offset = offsetof(struct run_options, member)
static const struct json_field option_fields[] = {
	{F(source, JSON_K_STRING), .required = true},
	{F(answers, JSON_K_STRING)},
	{F(image, JSON_K_STRING)},
	{F(recipe, JSON_K_STRING)},
	{F(bundle, JSON_K_STRING)},
	{F(discover, JSON_K_BOOL)},
	{F(fix, JSON_K_BOOL)},
	{F(strict, JSON_K_BOOL)},
	{F(no_branch, JSON_K_BOOL)},
	{F(patch, JSON_K_STRING)},
	{F(osv, JSON_K_STRING)},
	{F(fix_ms, JSON_K_INT)},
	{F(goal, JSON_K_STRING)},
	{F(models, JSON_K_STRING)},
	{F(budget_tokens, JSON_K_INT)},
	{F(budget_nano_usd, JSON_K_INT)},
	{F(plan, JSON_K_ANY)},
	{F(notify, JSON_K_STRING)},
	{F(jobs, JSON_K_INT)},
	{F(refine, JSON_K_ANY)},
	{F(rebase, JSON_K_ANY)},
	{F(workspace, JSON_K_ANY)},
	{F(peers, JSON_K_STRLIST)},
	{F(given, JSON_K_ANY)},
	{F(build_only, JSON_K_BOOL)},
	{F(offline, JSON_K_BOOL)},
	{F(screens, JSON_K_BOOL)},
	{F(browser, JSON_K_BOOL)},
	{F(no_prune, JSON_K_BOOL)},
	{F(facts, JSON_K_STRING)},
	{F(no_learnt, JSON_K_BOOL)},
	{F(apart, JSON_K_BOOL)},
	{F(install_anew, JSON_K_BOOL)},
	{F(without, JSON_K_STRLIST)},
	{F(time_ms, JSON_K_INT)},
	{F(silence_ms, JSON_K_INT)},
	{F(limits.memory, JSON_K_INT)},
	{F(limits.pids, JSON_K_INT)},
	{F(limits.disk, JSON_K_INT)},
	{F(created_ns, JSON_K_INT), .required = true},
	{.key = NULL},
};

void
run_options_cleanup(struct run_options *o)
{
	json_release(option_fields, o);
	memset(o, 0, sizeof(*o));
}

static char *
make_id(int64_t now_ns)
{
	time_t s = (time_t)(now_ns / 1000000000);
	struct tm tm;
	char date[32];
	unsigned char r[2] = {0};
	(void)gmtime_r(&s, &tm);
	(void)strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		abort();
	return mem_printf("%s%03d-%02x%02x", date, (int)(now_ns / 1000000 % 1000), r[0], r[1]);
}

static char *
runs_dir(const struct state *st)
{
	return state_path(st, "runs");
}

/* Held while a run is created or leftovers are swept, so that neither takes the other for dead. */
static int
lock_runs(const char *runs, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(runs, ".lock");
	int rc = fs_mkdirs(runs, 0700, err);
	return rc < 0 ? rc : fs_lock(path, true, ret_fd, err);
}

char *
run_path(const struct run *r, const char *name)
{
	return fs_join(r->dir, name);
}

char *
run_owner(const struct run *r)
{
	return mem_printf(OWNER_PREFIX "%s", r->id);
}

void
run_cleanup(struct run *r)
{
	journal_close(r->journal);
	run_options_cleanup(&r->options);
	if (r->lock_fd > 0)
		(void)close(r->lock_fd);
	if (r->hold_fd > 0)
		(void)close(r->hold_fd);
	free(r->id);
	free(r->dir);
	free(r->whole);
	*r = (struct run){.lock_fd = -1};
}

/* What is locked and removed: a part goes with the run that it is in. */
static const char *
whole_of(const struct run *r)
{
	return r->whole ? r->whole : r->dir;
}

static int
load_options(struct run *r, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = journal_get(r->journal, "options", &j, err);
	if (rc == 0 && !j)
		rc = err_set(err, DD_ECORRUPT, "its journal has no options");
	return rc < 0 ? rc : json_decode(j, option_fields, false, &r->options, "options", err);
}

/*
 * Who was killed holds it until the last of the processes it was just starting is gone, too: that is waited for, so that
 * a resume right behind a kill is no error.
 */
static int
take_lock(struct run *r, struct dd_err *err)
{
	const int64_t until = clock_mono_ns() + (int64_t)LOCK_PATIENCE_MS * 1000000;
	OWN_FREE char *path = fs_join(whole_of(r), "lock");
	int fd = -1, rc;
	while ((rc = fs_lock(path, false, &fd, err)) == -DD_EBUSY && clock_mono_ns() < until)
		(void)poll(NULL, 0, LOCK_TURN_MS);
	if (rc == -DD_EBUSY)
		return err_set(err, DD_EBUSY, "run %s: another drydock is working on it", r->id);
	if (rc == 0)
		r->lock_fd = fd;
	return rc;
}

/* The directory itself is what is locked: shared by those who hold it, for one alone to remove it. */
static int
lock_directory(const struct run *r, int how, int *ret_fd, struct dd_err *err)
{
	const char *dir = whole_of(r);
	OWN_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", dir);
	if (flock(fd, how | LOCK_NB) < 0)
		return err_errno(err, errno, "run %s", r->id);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int
run_hold(struct run *r, struct dd_err *err)
{
	int rc = lock_directory(r, LOCK_SH, &r->hold_fd, err);
	if (rc == 0 && !fs_is_dir(whole_of(r))) /* its name was gone before we had the lock */
		rc = err_set(err, DD_EBUSY, "run %s is being removed", r->id);
	return rc;
}

bool
run_is_held(const struct run *r)
{
	OWN_FD int fd = -1;
	return lock_directory(r, LOCK_EX, &fd, NULL) == -DD_EBUSY;
}

/* Out of sight first: what a crash leaves is swept like an unfinished creation. */
static int
remove_run(const struct state *st, const struct run *r, struct dd_err *err)
{
	OWN_FREE char *owner = run_owner(r);
	OWN_FREE char *runs = runs_dir(st);
	OWN_FREE char *hidden = mem_printf("%s/" NEW_PREFIX "%s", runs, r->id);
	if (strcmp(r->dir, hidden) != 0 && io_rename(r->dir, hidden) < 0)
		return err_errno(err, errno, "cannot rename to %s", hidden);
	int rc = layer_release_all(st, owner, err);
	return rc < 0 ? rc : fs_remove_tree(hidden, err);
}

/*
 * The directory is filled under a hidden name and renamed when its journal holds the options, so
 * that a run that can be seen can be resumed.
 */
static int
fill_new(struct run *r, const char *hidden, const struct run_options *o, struct dd_err *err)
{
	OWN_FREE char *logs = fs_join(hidden, "logs");
	int rc = fs_mkdirs(logs, 0700, err);
	if (rc == 0)
		rc = take_lock(r, err);
	if (rc == 0)
		rc = journal_open(hidden, true, &r->journal, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *j = json_encode(option_fields, o);
	rc = journal_set(r->journal, "options", j, err);
	journal_close(r->journal);
	r->journal = NULL;
	return rc;
}

int
run_create(const struct state *st, const struct run_options *o, struct run *ret, struct dd_err *err)
{
	OWN_FREE char *runs = runs_dir(st);
	struct run r = {.lock_fd = -1, .id = make_id(o->created_ns)};
	OWN_FREE char *hidden = mem_printf("%s/" NEW_PREFIX "%s", runs, r.id);
	r.dir = mem_strdup(hidden);
	OWN_FD int runs_lock = -1;
	int rc = lock_runs(runs, &runs_lock, err);
	if (rc == 0)
		rc = fill_new(&r, hidden, o, err);
	if (rc == 0) {
		free(r.dir);
		r.dir = fs_join(runs, r.id);
		if (io_rename(hidden, r.dir) < 0)
			rc = err_errno(err, errno, "cannot create run %s", r.dir);
	}
	if (rc == 0)
		rc = fs_sync_dir(runs, err);
	if (rc == 0)
		rc = journal_open(r.dir, false, &r.journal, err);
	if (rc == 0)
		rc = load_options(&r, err);
	if (rc < 0) {
		(void)!remove_run(st, &r, NULL);
		run_cleanup(&r);
		return err_wrap(err, "run");
	}
	*ret = r;
	return 0;
}

int
run_open_held(const struct state *st, const char *name, struct run *ret, struct dd_err *err)
{
	int rc = run_open(st, name, false, ret, err);
	if (rc < 0)
		return rc;
	rc = run_hold(ret, err);
	if (rc < 0)
		run_cleanup(ret);
	return rc;
}

int
run_list(const struct state *st, struct strlist *ret, struct dd_err *err)
{
	OWN_FREE char *runs = runs_dir(st);
	OWN(strlist) struct strlist names = {0};
	if (!fs_exists(runs))
		return 0;
	int rc = fs_list(runs, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		if (names.v[i][0] != '.')
			strlist_add(ret, names.v[i]);
	return rc;
}

static int
find_run(const struct state *st, const char *name, char **ret_id, struct dd_err *err)
{
	OWN(strlist) struct strlist ids = {0};
	if (name && !*name) /* a prefix of all */
		return err_set(err, DD_EINVAL, "the name of a run is empty");
	int rc = run_list(st, &ids, err);
	if (rc < 0)
		return rc;
	bool latest = !name || strcmp(name, "latest") == 0;
	const char *found = latest && ids.n ? ids.v[ids.n - 1] : NULL;
	for (size_t i = 0; !latest && i < ids.n; i++) {
		if (strcmp(ids.v[i], name) == 0) {
			found = ids.v[i];
			break;
		}
		if (strncmp(ids.v[i], name, strlen(name)) != 0)
			continue;
		if (found)
			return err_set(err, DD_EINVAL, "run \"%s\" is not unique: %s, %s", name,
				found, ids.v[i]);
		found = ids.v[i];
	}
	if (!found && latest)
		return err_set(err, DD_EINVAL, "there is no run yet in %s", st->dir);
	if (!found)
		return err_set(err, DD_EINVAL,
			"there is no run \"%s\" in %s (drydock runs lists them)", name, st->dir);
	*ret_id = mem_strdup(found);
	return 0;
}

/* Where a member is; it is not there before it is stood up. */
static int
find_member(const char *whole, const char *id, const char *name, char **ret, struct dd_err *err)
{
	OWN_FREE char *dir = mem_printf("%s/" RUN_MEMBERS "/%s", whole, name);
	if (!*name || *name == '.' || strchr(name, '/') || !fs_is_dir(dir))
		return err_set(err, DD_EINVAL, "run %s has no member \"%s\"", id, name);
	*ret = TAKE(dir);
	return 0;
}

int
run_open(const struct state *st, const char *name, bool lock, struct run *ret, struct dd_err *err)
{
	const char *member = name ? strchr(name, '/') : NULL;
	OWN_FREE char *first = member ? mem_strndup(name, (size_t)(member - name)) : NULL;
	struct run r = {.lock_fd = -1};
	int rc = find_run(st, first ? first : name, &r.id, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *runs = runs_dir(st);
	r.dir = fs_join(runs, r.id);
	if (member) {
		r.whole = TAKE(r.dir);
		rc = find_member(r.whole, r.id, member + 1, &r.dir, err);
	}
	if (rc == 0 && lock)
		rc = take_lock(&r, err);
	if (rc == 0) {
		rc = journal_open(r.dir, false, &r.journal, err);
		if (rc == 0)
			rc = load_options(&r, err);
		if (rc < 0)
			rc = err_wrap(err, "run %s", r.id);
	}
	if (rc < 0) {
		run_cleanup(&r);
		return rc;
	}
	*ret = r;
	return 0;
}

/* Made under another name first, so that a part that is there has its options. */
static int
make_part(const char *dir, const struct run_options *o, struct dd_err *err)
{
	OWN_FREE char *hidden = mem_printf("%s.new", dir), *logs = fs_join(hidden, "logs");
	struct journal *j = NULL;
	int rc = fs_remove_tree(hidden, err);
	if (rc == 0)
		rc = fs_mkdirs(logs, 0700, err);
	if (rc == 0)
		rc = journal_open(hidden, true, &j, err);
	OWN_JSON json_t *options = json_encode(option_fields, o);
	if (rc == 0)
		rc = journal_set(j, "options", options, err);
	journal_close(j);
	if (rc == 0 && io_rename(hidden, dir) < 0)
		rc = err_errno(err, errno, "cannot create %s", dir);
	return rc;
}

int
run_open_part(const struct run *of, const char *name, const struct run_options *o, struct run *ret,
	struct dd_err *err)
{
	struct run r = {.lock_fd = -1,
		.id = mem_strdup(of->id),
		.dir = run_path(of, name),
		.whole = mem_strdup(whole_of(of))};
	int rc = fs_exists(r.dir) ? 0 : make_part(r.dir, o, err);
	if (rc == 0)
		rc = journal_open(r.dir, false, &r.journal, err);
	if (rc == 0)
		rc = load_options(&r, err);
	if (rc < 0) {
		run_cleanup(&r);
		return rc;
	}
	*ret = r;
	return 0;
}

int
run_open_member(const struct run *of, const char *name, struct run *ret, struct dd_err *err)
{
	OWN_FREE char *dir = NULL;
	const struct run whole = {.id = of->id, .dir = (char *)whole_of(of)};
	OWN_FREE char *path = mem_printf(RUN_MEMBERS "/%s", name);
	int rc = find_member(whole.dir, of->id, name, &dir, err);
	return rc < 0 ? rc : run_open_part(&whole, path, &of->options, ret, err);
}

int
run_require_single(const struct run *r, struct dd_err *err)
{
	return r->options.workspace
		       ? err_set(err, DD_EINVAL,
				 "run %s is of a workspace: name one of its members, %s/NAME",
				 r->id, r->id)
		       : 0;
}

int
run_require_whole(const struct run *r, struct dd_err *err)
{
	return r->whole ? err_set(err, DD_EINVAL,
				  "that is a member of a workspace: name its run alone, %s", r->id)
			: 0;
}

enum run_outcome
run_outcome(const struct run *r)
{
	OWN_JSON json_t *j = NULL;
	(void)!journal_get(r->journal, "outcome", &j, NULL);
	const char *name = json_string_value(json_object_get(j, "name"));
	for (int i = 0; name && run_outcome_names[i]; i++)
		if (strcmp(run_outcome_names[i], name) == 0)
			return (enum run_outcome)i;
	return OUTCOME_NONE;
}

int
run_change_answers(struct run *r, const char *path, struct dd_err *err)
{
	static const char *const decided_by_answers[] = {
		"attempt/", "replay/", "recipe", "views", "report", "together", NULL};
	if (!path && run_outcome(r) != OUTCOME_BLOCKED)
		return 0;
	if (path) {
		char *real = realpath(path, NULL);
		if (!real)
			return err_set(err, DD_EINVAL, "%s: %s", path, strerror(errno));
		free(r->options.answers);
		r->options.answers = real;
	}
	OWN_JSON json_t *j = json_encode(option_fields, &r->options);
	return journal_forget(r->journal, decided_by_answers, "options", j, err);
}

bool
run_is_pinned(const struct run *r)
{
	OWN_JSON json_t *j = NULL;
	(void)!journal_get(r->journal, "pinned", &j, NULL);
	return json_is_true(json_object_get(j, "pinned"));
}

int
run_pin(struct run *r, bool pinned, struct dd_err *err)
{
	OWN_JSON json_t *j = json_pack("{s:b}", "pinned", pinned);
	return journal_set(r->journal, "pinned", j, err);
}

bool
run_is_live(const struct run *r)
{
	if (r->lock_fd >= 0)
		return true;
	OWN_FREE char *path = fs_join(whole_of(r), "lock");
	OWN_FD int fd = -1;
	return fs_lock(path, false, &fd, NULL) == -DD_EBUSY;
}

int
run_discard(const struct state *st, struct run *r, struct dd_err *err)
{
	journal_close(TAKE(r->journal));
	int rc = remove_run(st, r, err);
	return rc < 0 ? err_wrap(err, "run %s", r->id) : 0;
}

int
run_remove(const struct state *st, const char *id, struct dd_err *err)
{
	struct run r;
	int rc = run_open(st, id, true, &r, err);
	if (rc < 0)
		return rc;
	rc = lock_directory(&r, LOCK_EX, &r.hold_fd, err);
	if (rc == 0)
		rc = run_discard(st, &r, err);
	run_cleanup(&r);
	return rc;
}

char *
run_command_owner(void)
{
	return mem_printf(COMMAND_PREFIX "%d", (int)getpid());
}

static bool
is_of_the_dead(const char *owner)
{
	size_t n = strlen(COMMAND_PREFIX);
	return strncmp(owner, COMMAND_PREFIX, n) == 0 && kill((pid_t)atoi(owner + n), 0) < 0 &&
	       errno == ESRCH;
}

/* Leases of runs that are not there (somebody removed a run's directory by hand), and of commands that were killed. */
static int
sweep_leases(const struct state *st, const char *runs, struct dd_err *err)
{
	OWN_FREE char *leases = state_path(st, "leases");
	OWN(strlist) struct strlist owners = {0};
	int rc = fs_list(leases, &owners, err);
	for (size_t i = 0; rc == 0 && i < owners.n; i++) {
		if (is_of_the_dead(owners.v[i]))
			rc = layer_release_all(st, owners.v[i], err);
		if (strncmp(owners.v[i], OWNER_PREFIX, strlen(OWNER_PREFIX)) != 0)
			continue;
		const char *id = owners.v[i] + strlen(OWNER_PREFIX);
		OWN_FREE char *dir = fs_join(runs, id);
		OWN_FREE char *hidden = mem_printf("%s/" NEW_PREFIX "%s", runs, id);
		if (!fs_exists(dir) && !fs_exists(hidden))
			rc = layer_release_all(st, owners.v[i], err);
	}
	return rc;
}

int
run_sweep(const struct state *st, struct dd_err *err)
{
	OWN_FREE char *runs = runs_dir(st);
	OWN(strlist) struct strlist names = {0};
	OWN_FD int runs_lock = -1;
	int rc = lock_runs(runs, &runs_lock, err);
	if (rc == 0)
		rc = fs_list(runs, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		if (strncmp(names.v[i], NEW_PREFIX, strlen(NEW_PREFIX)) != 0)
			continue;
		OWN_FREE char *dir = fs_join(runs, names.v[i]);
		OWN_FREE char *lock = fs_join(dir, "lock");
		OWN_FREE char *owner =
			mem_printf(OWNER_PREFIX "%s", names.v[i] + strlen(NEW_PREFIX));
		OWN_FD int fd = -1;
		int held = fs_exists(lock) ? fs_lock(lock, false, &fd, NULL) : 0;
		if (held == -DD_EBUSY)
			continue;
		rc = layer_release_all(st, owner, err);
		if (rc == 0)
			rc = fs_remove_tree(dir, err);
	}
	if (rc == 0)
		rc = sweep_leases(st, runs, err);
	return rc < 0 ? err_wrap(err, "runs") : 0;
}
