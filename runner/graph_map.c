#include "runner/graph_map.h"

#include "base/fs.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define WORKER_MEMORY ((uint64_t)3 << 30)
#define WORKER_TIME_MS ((int64_t)6 * 3600 * 1000)

/* ---- where the map is ---- */

/* Of the directory at an absolute path; heap. */
char *
graph_map_path(const struct common_options *o, const char *dir)
{
	OWN_FREE char *state = state_dir(o->state);
	struct hash_hex key = hash_bytes(str_of(dir));
	return mem_printf("%s/graph/%.32s.db", state, key.s);
}

int
graph_map_real_path(const char *dir, char **ret, struct dd_err *err)
{
	char *path = realpath(dir, NULL);
	if (!path)
		return err_set(err, DD_EINVAL, "%s: %s", dir, strerror(errno));
	*ret = path;
	return 0;
}

int
graph_map_find(const struct graph_options *o, char **ret, struct dd_err *err)
{
	OWN_FREE char *dir = NULL;
	if (o->db) {
		*ret = mem_strdup(o->db);
		return 0;
	}
	int rc = graph_map_real_path(o->dir ? o->dir : ".", &dir, err);
	if (rc < 0)
		return rc;
	for (char *at = dir;;) {
		OWN_FREE char *map = graph_map_path(&o->common, *at ? at : "/");
		if (fs_exists(map) || o->dir) {
			*ret = TAKE(map);
			return 0;
		}
		char *slash = strrchr(at, '/');
		if (!slash || !*at)
			break;
		*slash = 0;
	}
	return err_set(err, DD_EINVAL,
		"no directory from here upwards has a map: drydock graph ingest DIR makes one");
}

int
graph_map_open(const struct graph_options *o, struct graph **ret, struct dd_err *err)
{
	OWN_FREE char *map = NULL;
	int rc = graph_map_find(o, &map, err);
	if (rc == 0)
		rc = graph_open(map, ret, err);
	if (rc == -DD_ENOENT)
		rc = err_set(err, DD_EINVAL,
			"there is no map %s: drydock graph ingest DIR makes one", map);
	return rc;
}

/* ---- workers ---- */

int
graph_map_parse(void *ctx, unsigned threads, int input_fd,
	void (*take)(void *take_ctx, struct str data), void *take_ctx, struct dd_err *err)
{
	OWN_FREE char *count = mem_printf("%u", threads);
	const char *args[] = {count, NULL};
	const struct worker_spec spec = {.state = ctx,
		.name = "graph",
		.program = "drydock-parser",
		.args = args,
		.input_fd = input_fd,
		.on_output = take,
		.ctx = take_ctx,
		.memory_bytes = WORKER_MEMORY,
		.time_limit_ms = WORKER_TIME_MS};
	return worker_run(&spec, NULL, err);
}

/* Where the repository of the directory is in the worker. */
#define REPOSITORY_INSIDE "/repository"

/* The directory .git; not a link, nor the file of another work tree. Heap; NULL: there is none. */
static char *
repository_of(const char *root)
{
	struct stat st;
	OWN_FREE char *path = fs_join(root, ".git");
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) ? TAKE(path) : NULL;
}

char *
graph_map_head(const char *root)
{
	OWN_FREE char *git = repository_of(root);
	OWN_FD int fd = git ? open(git, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	OWN(buf) struct buf head = {.max = 4096}, all = {.max = (size_t)64 << 20};
	if (fd < 0 || fs_read_regular(fd, "HEAD", false, 4096, &head, NULL) < 0)
		return NULL;
	buf_add_str(&all, buf_str(&head));
	struct str ref = str_trim(buf_str(&head));
	if (str_starts(ref, "ref: ")) {
		OWN_FREE char *name = str_dup((struct str){ref.p + 5, ref.n - 5});
		(void)!fs_read_regular(fd, name, false, 4096, &all, NULL);
	}
	(void)!fs_read_regular(fd, "packed-refs", false, (size_t)64 << 20, &all, NULL);
	return mem_strdup(hash_bytes(buf_str(&all)).s);
}

int
graph_map_history(void *ctx, const char *root, const char *from, const char *to, struct buf *ret,
	struct dd_err *err)
{
	OWN_FREE char *git = repository_of(root);
	if (!git)
		return err_set(err, DD_ENOENT, "%s is not the top of a git repository", root);
	const struct pod_bind bind = {git, REPOSITORY_INSIDE, false};
	const char *args[] = {REPOSITORY_INSIDE, from, to, NULL};
	const struct worker_spec spec = {
		.state = ctx, .name = "history", .args = args, .binds = &bind, .nbinds = 1};
	int rc = worker_run(&spec, ret, err);
	/* Of two revisions that were asked for, it is the question that it could not answer. */
	if (rc == -DD_ECORRUPT && from) {
		OWN_FREE char *why = mem_strdup(err_msg(err));
		dd_err_cleanup(err);
		return err_set(err, DD_EINVAL, "%s", why);
	}
	return rc;
}

/* ---- answers ---- */

/* Text of the target, for a terminal. */
void
graph_map_print_text(const char *text)
{
	OWN(buf) struct buf b = {.max = 4096};
	buf_put_visible(&b, str_of(text));
	printf("%s", b.p ? b.p : "");
}

static void
print_item(const json_t *item)
{
	const json_t *e = json_object_get(item, "entity");
	graph_map_print_text(json_string_in(e, "file"));
	printf(":%lld  %s ", (long long)json_integer_value(json_object_get(e, "line")),
		json_string_in(e, "kind"));
	graph_map_print_text(json_string_in(e, "name"));
	printf("  (");
	graph_map_print_text(json_string_in(item, "reason"));
	printf(", %.2f", json_number_value(json_object_get(item, "conf")));
	if (json_is_string(json_object_get(item, "cond"))) {
		printf(", if ");
		graph_map_print_text(json_string_in(item, "cond"));
	}
	printf(")");
	size_t i;
	json_t *seen;
	json_array_foreach (json_object_get(item, "seen"), i, seen) {
		printf("%s%s (%s)", i ? "; " : "  ", json_string_in(seen, "text"),
			json_string_in(seen, "format"));
	}
	printf("\n");
}

static void
print_excerpt(const json_t *x)
{
	struct str text = str_of(json_string_in(x, "text")), line;
	long long number = json_integer_value(json_object_get(x, "from"));
	printf("\n");
	graph_map_print_text(json_string_in(x, "file"));
	printf(":%lld  (", number);
	graph_map_print_text(json_string_in(x, "reason"));
	printf(")\n");
	while (str_next_line(&text, &line)) {
		OWN(buf) struct buf b = {.max = 4096};
		struct str part = line, piece;
		/* A tab is no trick of a terminal's. */
		for (bool first = true; str_next(&part, '\t', &piece); first = false) {
			if (!first)
				buf_putc(&b, '\t');
			buf_put_visible(&b, piece);
		}
		printf("%6lld  %s\n", number++, b.p ? b.p : "");
	}
}

void
graph_map_print(const json_t *answer, bool json)
{
	size_t i;
	json_t *item;
	if (json) {
		OWN(buf) struct buf out = {0};
		json_print(answer, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	json_array_foreach (json_object_get(answer, "items"), i, item) {
		print_item(item);
	}
	json_array_foreach (json_object_get(answer, "excerpts"), i, item) {
		print_excerpt(item);
	}
	if (json_is_true(json_object_get(json_object_get(answer, "index"), "stale")))
		fprintf(stderr,
			"drydock: the tree has changed since the map was made: drydock graph ingest refreshes it\n");
}

int
graph_map_tell(const struct cli_call *call,
	int (*ask)(struct graph *g, json_t **ret, struct dd_err *err),
	void (*print)(const json_t *answer))
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	int rc = graph_map_open(o, &g, &err);
	if (rc == 0)
		rc = ask(g, &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->common.json)
		graph_map_print(answer, true);
	else
		print(answer);
	return EXIT_DONE;
}

int
graph_map_ask(
	const struct cli_call *call, int (*question)(struct graph *g, const struct cli_call *call,
					     json_t **ret, struct dd_err *err))
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *answer = NULL;
	struct graph *g = NULL;
	int rc = graph_map_open(o, &g, &err);
	if (rc == 0)
		rc = question(g, call, &answer, &err);
	graph_close(g);
	if (rc < 0)
		return cli_fail(rc == -DD_ENOENT ? EXIT_USAGE : cli_status_of(&err), &err);
	graph_map_print(answer, o->common.json);
	return EXIT_DONE;
}

/* ---- making it ---- */

int
graph_map_refresh(const struct graph_options *o, struct state *st, const char *root,
	const char *map, const struct graph_import *import, struct graph_ingest_result *ret,
	struct dd_err *err)
{
	OWN_FREE char *head = o->no_history ? NULL : graph_map_head(root);
	const struct graph_ingest_spec spec = {.root = root,
		.db = map,
		.head = head,
		.anew = o->anew,
		.threads = o->threads < 16 ? (unsigned)o->threads : 16,
		.import = import,
		.host = {.parse = graph_map_parse,
			.history = graph_map_history,
			.stopping = sandbox_stop_requested,
			.ctx = st}};
	return graph_ingest(&spec, ret, err);
}

int
graph_map_read_import(struct state *st, const char *format, const char *name, int fd,
	struct buf *ret, struct dd_err *err)
{
	const char *args[] = {format, NULL};
	const struct worker_spec spec = {.state = st,
		.name = "import",
		.args = args,
		.input_fd = fd,
		.memory_bytes = WORKER_MEMORY};
	int rc = worker_run(&spec, ret, err);
	if (rc != -DD_ECORRUPT)
		return rc;
	OWN_FREE char *why = mem_strdup(err_msg(err));
	dd_err_cleanup(err);
	return err_set(err, DD_EINVAL, "%s: %s", name, why);
}

int
graph_map_make(const struct graph_options *o, const char *dir, char **ret_map,
	struct graph_ingest_result *ret, struct dd_err *err)
{
	OWN(state) struct state st = {0};
	OWN_FREE char *root = NULL, *map = NULL, *maps = NULL;
	int rc = graph_map_real_path(dir, &root, err);
	if (rc == 0)
		rc = session_start(&o->common, &st, err);
	if (rc < 0)
		return rc;
	maps = state_path(&st, "graph");
	rc = fs_mkdirs(maps, 0700, err);
	map = o->db ? mem_strdup(o->db) : graph_map_path(&o->common, root);
	if (rc == 0)
		rc = graph_map_refresh(o, &st, root, map, NULL, ret, err);
	if (rc == 0)
		*ret_map = TAKE(map);
	return rc;
}
