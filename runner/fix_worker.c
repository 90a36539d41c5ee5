/* The worker "fix": what reads the target's source, and its repository, for a repair. */
#include "runner/fix.h"

#include "agents/edit.h"
#include "agents/fixer_build.h"
#include "agents/inventory.h"
#include "agents/judge.h"
#include "agents/lint.h"
#include "agents/source_c.h"
#include "agents/touched.h"
#include "base/fs.h"
#include "base/git_push.h"
#include "base/git_write.h"
#include "base/log.h"
#include "base/unpack.h"
#include "graph/graph.h"
#include "qa/qa.h"
#include "runner/fix_wire.h"
#include "runner/fix_worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define TREE_FILES_MAX 50000
#define SOURCE_MAX ((size_t)4 << 20)
#define CHANGES_DIR "/changes"

/* ---- every file of a tree ---- */

struct visiting {
	int root;
	fix_visit_file *fn;
	void *ctx;
	size_t files;
};

static int
visit_dir(struct visiting *v, const char *dir, int depth, struct dd_err *err)
{
	OWN_FD int fd =
		openat(v->root, *dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	OWN(strlist) struct strlist names = {0};
	if (fd < 0)
		return 0;
	int rc = fs_list_fd(fd, dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = *dir ? fs_join(dir, names.v[i]) : mem_strdup(names.v[i]);
		struct stat st;
		if (strcmp(names.v[i], ".git") == 0 ||
			fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < 64)
			rc = visit_dir(v, path, depth + 1, err);
		else if (S_ISREG(st.st_mode) && v->files++ < TREE_FILES_MAX)
			rc = v->fn(v->ctx, v->root, path, err);
	}
	return rc;
}

int
fix_worker_visit(int root, fix_visit_file *fn, void *ctx, struct dd_err *err)
{
	struct visiting v = {.root = root, .fn = fn, .ctx = ctx};
	return visit_dir(&v, "", 0, err);
}

bool
fix_worker_read(int root, const char *path, size_t max, struct buf *ret)
{
	OWN_FD int fd = -1;
	ret->max = max + 1;
	if (fs_open_in_root(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, &fd, NULL) < 0)
		return false;
	OWN_FREE char *self = mem_printf("/proc/self/fd/%d", fd);
	return fs_read(self, max, ret, NULL) == 0;
}

/* ---- propose ---- */

struct desk {
	int root;
	struct fixer_definition_list all; /* functions of the tree */
	bool looked;
	const char *path; /* that is being looked at */
};

static bool
read_answer(struct buf *ret)
{
	uint64_t n;
	char chunk[65536];
	size_t got = 0;
	for (ssize_t r; got < sizeof(n); got += (size_t)r)
		if ((r = read(STDIN_FILENO, (char *)&n + got, sizeof(n) - got)) <= 0)
			return false;
	while (n) {
		ssize_t r = read(STDIN_FILENO, chunk, n < sizeof(chunk) ? n : sizeof(chunk));
		if (r <= 0)
			return false;
		buf_add(ret, chunk, (size_t)r);
		n -= (uint64_t)r;
	}
	return true;
}

static int
say(char kind, struct str body, struct dd_err *err)
{
	uint64_t n = body.n + 1;
	int rc = fs_write_all(STDOUT_FILENO, &n, sizeof(n), err);
	if (rc == 0)
		rc = fs_write_all(STDOUT_FILENO, &kind, 1, err);
	return rc < 0 ? rc : fs_write_all(STDOUT_FILENO, body.p, body.n, err);
}

/* The changed files are the script's input, one behind the other. */
static int
run_there(void *ctx, struct str script, const struct fixer_file *files, size_t n, struct buf *ret,
	struct dd_err *err)
{
	OWN(buf) struct buf all = {0}, body = {0};
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		OWN(buf) struct buf path = {0};
		buf_put_shell(&path, str_of(files[i].path));
		/* It may be one that its owner may only read. */
		buf_printf(&all,
			"[ -w " WORK_DIR "/%s ] || chmod u+w " WORK_DIR
			"/%s\nhead -c %zu >" WORK_DIR "/%s\n",
			path.p, path.p, files[i].text.n, path.p);
	}
	buf_add_str(&all, script);
	wire_put(&body, buf_str(&all));
	for (size_t i = 0; i < n; i++)
		buf_add_str(&body, files[i].text);
	int rc = say(WIRE_REQUEST, buf_str(&body), err);
	if (rc == 0 && !read_answer(ret))
		rc = err_set(err, DD_EIO, "fix: nobody answers");
	return rc;
}

static void
take_function(void *ctx, const struct graph_function *fn)
{
	struct desk *d = ctx;
	bool header = str_ends(str_of(d->path), ".h");
	if (fn->declaration && !header)
		return;
	struct fixer_definition *to = fixer_definition_list_add(&d->all);
	*to = (struct fixer_definition){
		str_dup(fn->name), mem_strdup(d->path), fn->line, fn->declaration, fn->is_static};
}

static void
take_untyped(void *ctx, struct str name, size_t line, bool is_static)
{
	const struct graph_function fn = {
		.name = name, .line = (uint32_t)line, .is_static = is_static};
	take_function(ctx, &fn);
}

static int
look_at_source(void *ctx, int root, const char *path, struct dd_err *err)
{
	struct desk *d = ctx;
	OWN(buf) struct buf text = {0};
	(void)err;
	if ((str_ends(str_of(path), ".c") || str_ends(str_of(path), ".h")) &&
		fix_worker_read(root, path, SOURCE_MAX, &text)) {
		d->path = path;
		graph_functions(path, buf_str(&text), take_function, d);
		source_untyped(buf_str(&text), take_untyped, d);
	}
	return 0;
}

static int
find_functions(void *ctx, const struct strlist *names, struct fixer_definition_list *ret,
	struct dd_err *err)
{
	struct desk *d = ctx;
	int rc = d->looked ? 0 : fix_worker_visit(d->root, look_at_source, d, err);
	d->looked = true;
	for (size_t i = 0; rc == 0 && i < d->all.n; i++) {
		const struct fixer_definition *one = &d->all.v[i];
		if (!strlist_has(names, one->name))
			continue;
		struct fixer_definition *to = fixer_definition_list_add(ret);
		*to = *one;
		to->name = mem_strdup(one->name);
		to->path = mem_strdup(one->path);
	}
	return rc;
}

static int
do_propose(bool strict, struct dd_err *err)
{
	struct desk d = {.root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	const struct fixer_host host = {run_there, find_functions, &d};
	const struct edit_check check = {fix_worker_is_worse, &d.root};
	struct fixer_unit_list units = {0};
	OWN(buf) struct buf recorded = {0}, text = {0};
	OWN_JSON json_t *result = NULL;
	int rc = d.root < 0 ? err_set(err, DD_EIO, "fix: no tree")
			    : run_there(&d, str_of(fixer_recorded_script), NULL, 0, &recorded, err);
	if (rc == 0) {
		fixer_units(buf_str(&recorded), &units);
		const struct fixer_spec spec = {.root_fd = d.root,
			.units = &units,
			.strict = strict,
			.host = &host,
			.check = &check};
		rc = fixer_c_run(&spec, &result, err);
	}
	if (rc == 0) {
		json_object_set_new(result, "compiled", json_integer((json_int_t)units.n));
		json_print(result, 0, &text);
		rc = say(WIRE_RESULT, buf_str(&text), err);
	}
	fixer_unit_list_cleanup(&units);
	fixer_definition_list_cleanup(&d.all);
	return rc;
}

static int
do_build(const char *command, struct dd_err *err)
{
	struct desk d = {.root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	const struct fixer_host host = {run_there, find_functions, &d};
	const struct edit_check check = {fix_worker_is_worse, &d.root};
	const struct fixer_build_spec spec = {
		.root_fd = d.root, .command = command, .host = &host, .check = &check};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *result = NULL;
	int rc = d.root < 0 ? err_set(err, DD_EIO, "fix: no tree")
			    : fixer_build_run(&spec, &result, err);
	if (rc == 0) {
		json_print(result, 0, &text);
		rc = say(WIRE_RESULT, buf_str(&text), err);
	}
	fixer_definition_list_cleanup(&d.all);
	return rc;
}

/* ---- changes ---- */

struct layer_change {
	char *path;
	struct buf before, after;
	bool created;
};

struct layer_changes {
	int tree;	       /* below all layers */
	int *layers;	       /* lowest first */
	size_t nlayers, layer; /* layer: whose changes these are */
	struct layer_change *v;
	size_t n, cap;
};

static void
layer_changes_reset(struct layer_changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].path);
		buf_cleanup(&c->v[i].before);
		buf_cleanup(&c->v[i].after);
	}
	c->n = 0;
}

static int
take_change(void *ctx, int root, const char *path, struct dd_err *err)
{
	struct layer_changes *c = ctx;
	struct layer_change one = {.path = mem_strdup(path)};
	bool there = false;
	(void)err;
	(void)fix_worker_read(root, path, EDIT_MAX_BYTES, &one.after);
	for (size_t k = c->layer; !there && k-- > 0;)
		there = fix_worker_read(c->layers[k], path, EDIT_MAX_BYTES, &one.before);
	there = there || fix_worker_read(c->tree, path, EDIT_MAX_BYTES, &one.before);
	one.created = !there;
	c->v = mem_grow(c->v, c->n, &c->cap, sizeof(*c->v));
	c->v[c->n++] = one;
	return 0;
}

static int
open_layers(struct layer_changes *c, size_t n, struct dd_err *err)
{
	c->tree = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c->layers = mem_zalloc(n + 1, sizeof(*c->layers));
	c->nlayers = n;
	for (size_t i = 0; i < n; i++) {
		OWN_FREE char *dir = mem_printf(CHANGES_DIR "/%zu", i);
		c->layers[i] = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (c->layers[i] < 0)
			return err_errno(err, errno, "fix: cannot open a layer");
	}
	return c->tree < 0 ? err_errno(err, errno, "fix: no tree") : 0;
}

static int
load_layer(struct layer_changes *c, size_t layer, struct dd_err *err)
{
	layer_changes_reset(c);
	c->layer = layer;
	return fix_worker_visit(c->layers[layer], take_change, c, err);
}

/* All layers as one change: a file's last content against its first. */
static int
load_all(struct layer_changes *c, struct dd_err *err)
{
	struct layer_changes all = {.tree = c->tree};
	int rc = 0;
	for (size_t k = c->nlayers; rc == 0 && k-- > 0;) {
		rc = load_layer(c, k, err);
		for (size_t i = 0; i < c->n; i++) {
			bool seen = false;
			for (size_t j = 0; !seen && j < all.n; j++)
				seen = strcmp(all.v[j].path, c->v[i].path) == 0;
			if (seen)
				continue;
			struct layer_change one = {.path = mem_strdup(c->v[i].path)};
			buf_add_str(&one.after, buf_str(&c->v[i].after));
			one.created =
				!fix_worker_read(c->tree, one.path, EDIT_MAX_BYTES, &one.before);
			all.v = mem_grow(all.v, all.n, &all.cap, sizeof(*all.v));
			all.v[all.n++] = one;
		}
	}
	layer_changes_reset(c);
	free(c->v);
	c->v = all.v;
	c->n = all.n;
	c->cap = all.cap;
	return rc;
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(
		((const struct layer_change *)a)->path, ((const struct layer_change *)b)->path);
}

/* Of the tree as it was. */
static bool
read_config(void *ctx, const char *path, struct buf *ret)
{
	const struct layer_changes *c = ctx;
	return fix_worker_read(c->tree, path, ret->max, ret);
}

/* What looks at the files that were changed. */
static json_t *
linters_of(struct layer_changes *c)
{
	OWN(strlist) struct strlist paths = {0};
	const struct lint_host host = {read_config, c};
	for (size_t i = 0; i < c->n; i++)
		if (!lint_is_config(c->v[i].path))
			strlist_add(&paths, c->v[i].path);
	return lint_asked(&host, &paths);
}

/* The values that tests use. */
static int
take_literals(void *ctx, int root, const char *path, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	(void)err;
	if (inventory_is_test(path) && fix_worker_read(root, path, SOURCE_MAX, &text))
		inventory_literals(buf_str(&text), ctx);
	return 0;
}

static int
do_changes(size_t n, struct dd_err *err)
{
	OWN(map) struct map literals = {0};
	struct layer_changes c = {0};
	OWN(buf) struct buf patch = {0}, text = {0}, out = {0};
	OWN_JSON json_t *files = json_array(), *findings = json_array(), *marks = json_array();
	int rc = open_layers(&c, n, err);
	if (rc == 0)
		rc = load_all(&c, err);
	if (rc == 0)
		rc = fix_worker_visit(c.tree, take_literals, &literals, err);
	if (rc == 0 && c.n)
		qsort(c.v, c.n, sizeof(*c.v), compare_paths);
	for (size_t i = 0; rc == 0 && i < c.n; i++) {
		const struct layer_change *one = &c.v[i];
		const struct gitrepo_change g = {
			one->path, buf_str(&one->before), buf_str(&one->after), one->created};
		size_t from = patch.n;
		rc = gitrepo_put_diff(&g, &patch, err);
		const struct str added = {patch.p + from, patch.n - from};
		json_t *file = touched_lines(added);
		int64_t conflict = touched_conflict(added);
		json_object_set_new(file, "path", json_text(str_of(one->path)));
		json_object_set_new(file, "created", json_boolean(one->created));
		if (conflict)
			json_object_set_new(file, "conflict", json_integer(conflict));
		json_array_append_new(files, file);
		lint_marks(one->path, g.before, g.after, json_object_get(file, "is"), marks);
		inventory_compare(one->path, g.before, g.after, &literals, findings);
	}
	OWN_JSON json_t *j = json_pack("{s:O, s:O, s:O, s:o}", "files", files, "findings", findings,
		"suppressed", marks, "linters", linters_of(&c));
	json_print(j, 0, &text);
	wire_put(&out, buf_str(&text));
	buf_add_str(&out, buf_str(&patch));
	if (rc == 0)
		rc = fs_write_all(STDOUT_FILENO, out.p, out.n, err);
	layer_changes_reset(&c);
	return rc;
}

/* Path and text of each file that is a test. */
static int
do_tests(struct dd_err *err)
{
	struct layer_changes c = {0};
	OWN(buf) struct buf out = {0};
	int rc = open_layers(&c, 1, err);
	if (rc == 0)
		rc = load_all(&c, err);
	for (size_t i = 0; rc == 0 && i < c.n; i++) {
		if (!inventory_is_test(c.v[i].path))
			continue;
		wire_put(&out, str_of(c.v[i].path));
		wire_put(&out, buf_str(&c.v[i].after));
	}
	if (rc == 0)
		rc = fs_write_all(STDOUT_FILENO, out.p, out.n, err);
	layer_changes_reset(&c);
	return rc;
}

/* ---- judge ---- */

#define JUDGE_TESTS_MAX 200
#define JUDGE_RUN_S (20 * 60)
#define JUDGE_BYTES_MAX ((size_t)64 << 20)
#define JUDGE_CHECK_MS (10 * 60 * 1000)

struct judged_tests { /* how they are run */
	const char *command;
	int64_t longest_s; /* of the first run, which is of the change, and of those that passed; 0: there was none */
};

struct tests { /* of the tree; the texts are owned by `texts` */
	struct judge_file v[JUDGE_TESTS_MAX];
	struct buf texts[JUDGE_TESTS_MAX];
	char *paths[JUDGE_TESTS_MAX];
	size_t n;
};

static int
take_test(void *ctx, int root, const char *path, struct dd_err *err)
{
	struct tests *t = ctx;
	(void)err;
	if (t->n == JUDGE_TESTS_MAX || !inventory_is_test(path) ||
		!fix_worker_read(root, path, SOURCE_MAX, &t->texts[t->n]))
		return 0;
	t->paths[t->n] = mem_strdup(path);
	t->v[t->n] = (struct judge_file){t->paths[t->n], buf_str(&t->texts[t->n])};
	t->n++;
	return 0;
}

/* A change that hangs is not waited for as long as tests may take that nobody ran yet. */
static int
run_tests_there(void *ctx, const struct judge_file *files, size_t n, struct judge_run *ret,
	struct dd_err *err)
{
	struct judged_tests *t = ctx;
	int64_t limit_s = t->longest_s ? fix_patience_ms(t->longest_s * 1000) / 1000 : JUDGE_RUN_S;
	int64_t began_ns = clock_mono_ns();
	OWN(buf) struct buf script = {0}, body = {0}, out = {0};
	judge_put_script(&script, WORK_DIR, files, n, t->command,
		limit_s < JUDGE_RUN_S ? limit_s : JUDGE_RUN_S);
	wire_put(&body, buf_str(&script));
	for (size_t i = 0; i < n; i++)
		buf_add_str(&body, files[i].text);
	int rc = say(WIRE_REQUEST, buf_str(&body), err);
	if (rc == 0 && !read_answer(&out))
		rc = err_set(err, DD_EIO, "fix: nobody answers");
	if (rc == 0) {
		judge_take_run(buf_str(&out), ret);
		ret->passed = ret->passed && qa_output_passes(buf_str(&ret->output));
	}
	int64_t took_s = (clock_mono_ns() - began_ns) / 1000000000 + 1;
	if (rc == 0 && (ret->passed || !t->longest_s) && took_s > t->longest_s)
		t->longest_s = took_s;
	return rc;
}

/* They are sent with every run. */
static bool
is_too_much(const struct layer_changes *c)
{
	size_t bytes = 0;
	for (size_t i = 0; i < c->n; i++)
		bytes += 400 + 10 * strlen(c->v[i].path) + c->v[i].after.n;
	return bytes > JUDGE_BYTES_MAX;
}

static int
do_judge(bool passes, bool tests_may_change, const char *command, struct dd_err *err)
{
	struct layer_changes c = {0};
	struct tests *t = mem_zalloc(1, sizeof(*t));
	struct judged_tests how = {.command = command};
	const struct judge_host host = {run_tests_there, &how};
	OWN_JSON json_t *findings = json_array(), *result = NULL;
	OWN(buf) struct buf text = {0};
	int rc = open_layers(&c, 1, err);
	if (rc == 0)
		rc = load_all(&c, err);
	if (rc == 0)
		rc = fix_worker_visit(c.tree, take_test, t, err);
	struct judge_change *changes = mem_zalloc(c.n + 1, sizeof(*changes));
	for (size_t i = 0; i < c.n; i++)
		changes[i] = (struct judge_change){c.v[i].path, buf_str(&c.v[i].before),
			buf_str(&c.v[i].after), !c.v[i].created, true};
	const struct judge_spec spec = {.changes = changes,
		.nchanges = c.n,
		.tests = t->v,
		.ntests = t->n,
		.passes = passes,
		.tests_may_change = tests_may_change,
		.time_ms = JUDGE_CHECK_MS,
		.host = &host};
	if (rc == 0 && is_too_much(&c))
		result = json_pack("{s:i, s:{}, s:s}", "runs", 0, "checks", "ended",
			"it changes more than is looked at");
	else if (rc == 0)
		rc = judge_change(&spec, findings, &result, err);
	if (rc == 0) {
		json_object_set(result, "findings", findings);
		json_print(result, 0, &text);
		rc = say(WIRE_RESULT, buf_str(&text), err);
	}
	for (size_t i = 0; i < t->n; i++) {
		buf_cleanup(&t->texts[i]);
		free(t->paths[i]);
	}
	free(t);
	free(changes);
	layer_changes_reset(&c);
	return rc;
}

/* ---- commits ---- */

#define REPOSITORY WORK_DIR "/.git"

/*
 * Standard input, an archive, becomes the git directory.  The one that the layers may hold is of whoever had the same
 * files first.
 */
static int
do_repository(struct dd_err *err)
{
	struct unpack_result r = {0};
	const struct unpack_opts opts = {.skip_special = true};
	int rc = fs_remove_tree(REPOSITORY, err);
	if (rc == 0)
		rc = fs_mkdirs(REPOSITORY, 0755, err);
	OWN_FD int dir = rc == 0 ? open(REPOSITORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (rc == 0 && dir < 0)
		rc = err_errno(err, errno, "fix: cannot open a directory");
	if (rc == 0)
		rc = unpack_to(STDIN_FILENO, dir, &opts, &r, err);
	unpack_result_cleanup(&r);
	return rc;
}

/* Standard input: the messages, each as a message.  Output: the commit, then type and bytes of each object. */
static int
do_commits(size_t n, int64_t time_s, const char *onto, struct dd_err *err)
{
	struct layer_changes c = {0};
	struct gitrepo_object_list objects = {0};
	OWN(buf) struct buf input = {0}, out = {0};
	OWN_FREE char *commit = onto ? mem_strdup(onto) : NULL;
	int rc = fs_read("/proc/self/fd/0", (size_t)16 << 20, &input, err);
	struct str rest = buf_str(&input), message;
	if (rc == 0)
		rc = open_layers(&c, n, err);
	for (size_t k = 0; rc == 0 && k < n && wire_take(&rest, &message); k++) {
		OWN_FREE char *words = str_dup(message), *parent = TAKE(commit);
		rc = load_layer(&c, k, err);
		struct gitrepo_change *changes = mem_zalloc(c.n + 1, sizeof(*changes));
		for (size_t i = 0; i < c.n; i++)
			changes[i] = (struct gitrepo_change){c.v[i].path, buf_str(&c.v[i].before),
				buf_str(&c.v[i].after), c.v[i].created};
		const struct gitrepo_commit_spec spec = {.parent = parent,
			.changes = changes,
			.nchanges = c.n,
			.message = words,
			.author = "drydock",
			.email = "drydock@localhost",
			.time_s = time_s};
		if (rc == 0)
			rc = gitrepo_make_commit(REPOSITORY, &spec, &objects, &commit, err);
		free(changes);
	}
	wire_put(&out, str_of(commit));
	for (size_t i = 0; i < objects.n; i++) {
		const char type = (char)objects.v[i].type;
		wire_put(&out, (struct str){&type, 1});
		wire_put(&out, buf_str(&objects.v[i].data));
	}
	if (rc == 0)
		rc = fs_write_all(STDOUT_FILENO, out.p, out.n, err);
	gitrepo_object_list_cleanup(&objects);
	layer_changes_reset(&c);
	return rc;
}

/* ---- what is pushed ---- */

/* Standard input: commits the other side has, a line each.  Output: a pack, or type and bytes of each object. */
static int
do_pack(const char *commit, const char *from, bool as_objects, struct dd_err *err)
{
	struct gitrepo_object_list objects = {0};
	OWN(buf) struct buf input = {.max = (size_t)64 << 20}, out = {.max = (size_t)1 << 30};
	OWN(strlist) struct strlist has = {0};
	struct str rest, line;
	worker_take_input(&input);
	for (rest = buf_str(&input); str_next_line(&rest, &line);)
		strlist_add_str(&has, line);
	const struct gitrepo_pack_spec spec = {commit, strcmp(from, "-") == 0 ? NULL : from, &has};
	int rc = gitrepo_pack(REPOSITORY, &spec, &out, as_objects ? &objects : NULL, err);
	for (size_t i = 0; rc == 0 && i < objects.n; i++) {
		const char type = (char)objects.v[i].type;
		wire_put(&out, (struct str){&type, 1});
		wire_put(&out, buf_str(&objects.v[i].data));
	}
	if (rc == 0 && out.truncated)
		rc = err_set(err, DD_ELIMIT, "what is to be pushed is larger than 1 GiB");
	if (rc == 0)
		rc = fs_write_all(STDOUT_FILENO, out.p, out.n, err);
	gitrepo_object_list_cleanup(&objects);
	return rc;
}

int
fix_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	uint64_t n = 0, time_s = 0, to = 0;
	int rc = -DD_EINVAL;
	if (argc == 3 && strcmp(argv[1], "propose") == 0)
		rc = do_propose(strcmp(argv[2], "strict") == 0, &err);
	else if (argc == 3 && strcmp(argv[1], "build") == 0)
		rc = do_build(argv[2], &err);
	else if (argc == 5 && strcmp(argv[1], "judge") == 0)
		rc = do_judge(strcmp(argv[2], "passes") == 0, strcmp(argv[3], "may-change") == 0,
			argv[4], &err);
	else if (argc == 3 && strcmp(argv[1], "changes") == 0 &&
		 str_parse_u64(str_of(argv[2]), 1000, &n))
		rc = do_changes(n, &err);
	else if (argc == 2 && strcmp(argv[1], "tests") == 0)
		rc = do_tests(&err);
	else if (argc == 2 && strcmp(argv[1], "repository") == 0)
		rc = do_repository(&err);
	else if (argc == 5 && strcmp(argv[1], "commits") == 0 &&
		 str_parse_u64(str_of(argv[2]), 1000, &n) &&
		 str_parse_u64(str_of(argv[3]), INT64_MAX, &time_s))
		rc = do_commits(
			n, (int64_t)time_s, strcmp(argv[4], "HEAD") == 0 ? NULL : argv[4], &err);
	else if (argc == 5 && strcmp(argv[1], "lint") == 0 &&
		 str_parse_u64(str_of(argv[3]), 255, &n) &&
		 str_parse_u64(str_of(argv[4]), 255, &to))
		rc = fix_worker_lint(strcmp(argv[2], "new") == 0, (int)n, (int)to, &err);
	else if (argc == 2 && strcmp(argv[1], "cover") == 0)
		rc = fix_worker_cover(&err);
	else if (argc == 5 && strcmp(argv[1], "pack") == 0)
		rc = do_pack(argv[2], argv[3], strcmp(argv[4], "objects") == 0, &err);
	else if (argc == 6 && strcmp(argv[1], "origin") == 0 &&
		 str_parse_u64(str_of(argv[5]), INT32_MAX, &n))
		rc = fix_worker_origin(strcmp(argv[2], "tree") == 0, REPOSITORY, argv[3], argv[4],
			(int64_t)n, &err);
	else if (argc == 4 && strcmp(argv[1], "picks") == 0)
		rc = fix_worker_picks(REPOSITORY, argv[2], argv[3], &err);
	else if (argc == 4 && strcmp(argv[1], "merge") == 0)
		rc = fix_worker_merge(REPOSITORY, argv[2], argv[3], &err);
	else if (argc == 3 && strcmp(argv[1], "put") == 0)
		rc = fix_worker_put(strcmp(argv[2], "marked") == 0, &err);
	else if (argc == 2 && strcmp(argv[1], "edit") == 0)
		rc = fix_worker_edit(&err);
	else if (argc == 5 && strcmp(argv[1], "show") == 0 &&
		 str_parse_u64(str_of(argv[3]), UINT32_MAX, &n) &&
		 str_parse_u64(str_of(argv[4]), UINT32_MAX, &to))
		rc = fix_worker_show(argv[2], n, to, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
