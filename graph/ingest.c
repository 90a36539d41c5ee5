/*
 * Theory of operation.  The tree is scanned; a file whose size, times and inode are those of the map that is there
 * keeps its facts.  The others are read by a thread of ours, the feeder, which only copies bytes: it computes their
 * digest, and sends those with a new one to a worker, whose facts come back in the order in which files were sent.
 * Every file's row is written in the order of paths, and added to the model; when all are in, references are
 * resolved file by file, the model is written, and the new map takes the place of the old one.
 *
 * A worker that dies took a file with it.  The first that has no facts yet goes to a worker of its own; if that
 * dies, too, the file is recorded as one that cannot be parsed, and the rest goes on.
 */
#include "graph/graph.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "graph/edges.h"
#include "graph/extract.h"
#include "graph/history.h"
#include "graph/imports.h"
#include "graph/resolve.h"
#include "graph/scan.h"
#include "graph/store.h"
#include "graph/values.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEATHS 200
#define TURN_MS 100
#define MAX_FACTS ((uint64_t)512 << 20)
#define KEEP_BYTES \
	((size_t)64 << 20) /* of facts that are not unpacked a second time to be resolved */

enum fate { FATE_PENDING, FATE_KEPT, FATE_SENT, FATE_UNREAD };

struct source {
	struct scan_file *scan;
	uint32_t old; /* its number in the map that is there; 0: it is not */
	bool same;    /* by stat: not even read */
	int fate;     /* enum fate; written by the feeder, read here when it is no longer pending */
	const char *reason; /* FATE_UNREAD */
	struct hash_hex digest, old_digest;
	struct facts *kept; /* until it is resolved; NULL: they are unpacked again */
};

struct ingest {
	const struct graph_ingest_spec *spec;
	struct scan scan;
	struct source *sources;
	struct db *old, *db; /* old: NULL when there is none */
	struct model model;
	struct imports *imports;
	struct facts facts; /* of the file at hand */
	size_t kept;	    /* bytes of those that are kept */
	char *old_head;	    /* of the map that is there; NULL: it knows no history */
	const char *
		head; /* that of the spec, but an import does not bring history into a map without */
	struct hash *digest;
	size_t next; /* the file whose row is written next */
	struct graph_ingest_result result;
	/* a worker's output */
	struct buf pending;
	int rc;
	struct dd_err err;
};

/* ---- the feeder ---- */

struct feeder {
	struct ingest *in;
	int fd;
	size_t from, to;
};

/* Appended. */
static int
read_whole(int root_fd, const char *path, struct scan_file *sf, struct buf *ret,
	const char **ret_reason)
{
	OWN_FD int fd = -1;
	struct stat st;
	if (fs_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd, NULL) < 0 ||
		fstat(fd, &st) < 0) {
		*ret_reason = "cannot be opened";
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		*ret_reason = "special file";
		return -1;
	}
	if (st.st_size > (off_t)EXTRACT_MAX_BYTES) {
		*ret_reason = "too large";
		return -1;
	}
	char chunk[65536];
	ssize_t n;
	const size_t before = ret->n;
	while ((n = io_read(fd, chunk, sizeof(chunk))) > 0 && ret->n - before <= EXTRACT_MAX_BYTES)
		buf_add(ret, chunk, (size_t)n);
	if (n != 0 || ret->n - before > EXTRACT_MAX_BYTES) {
		*ret_reason = n < 0 ? "cannot be read" : "too large";
		return -1;
	}
	struct stat after;
	if (fstat(fd, &after) < 0 || after.st_size != st.st_size ||
		(uint64_t)st.st_size != ret->n - before ||
		after.st_mtim.tv_sec != st.st_mtim.tv_sec ||
		after.st_mtim.tv_nsec != st.st_mtim.tv_nsec)
		sf->mtime_ns = 0; /* it changes while we look: to be read again next time */
	return 0;
}

/* As the worker reads it: sizes and path, behind which the text is. */
static void
begin_message(struct buf *message, const char *path)
{
	const uint64_t sizes[2] = {strlen(path), 0};
	buf_reset(message);
	buf_add(message, sizes, sizeof(sizes));
	buf_add(message, path, sizes[0]);
}

/* False when nobody reads any more. */
static bool
feed_one(struct feeder *f, int root_fd, struct source *s, struct buf *message,
	const char *old_digest)
{
	begin_message(message, s->scan->path);
	const size_t head = message->n;
	const char *reason = s->scan->unread;
	if (!reason && read_whole(root_fd, s->scan->path, s->scan, message, &reason) < 0 && !reason)
		reason = "cannot be read";
	int fate = FATE_UNREAD;
	s->reason = reason;
	if (!reason) {
		const uint64_t text_bytes = message->n - head;
		memcpy(message->p + sizeof(uint64_t), &text_bytes, sizeof(text_bytes));
		s->digest = hash_bytes((struct str){message->p + head, text_bytes});
		fate = old_digest && strcmp(old_digest, s->digest.s) == 0 ? FATE_KEPT : FATE_SENT;
	}
	__atomic_store_n(&s->fate, fate, __ATOMIC_RELEASE);
	return fate != FATE_SENT || fs_write_all(f->fd, message->p, message->n, NULL) == 0;
}

static void *
feed(void *arg)
{
	struct feeder *f = arg;
	OWN(buf) struct buf message = {.max = EXTRACT_MAX_BYTES + ((size_t)1 << 20)};
	OWN_FD int root = open(f->in->spec->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sigset_t all;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (size_t i = f->from; i < f->to; i++) {
		struct source *s = &f->in->sources[i];
		if (s->same) {
			s->digest = s->old_digest;
			__atomic_store_n(&s->fate, FATE_KEPT, __ATOMIC_RELEASE);
			continue;
		}
		if (!feed_one(f, root, s, &message, s->old ? s->old_digest.s : NULL))
			break;
	}
	(void)close(TAKE_FD(f->fd));
	return NULL;
}

/* ---- rows, in the order of paths ---- */

/* Facts of a file that nothing could be said of. */
static struct str
no_facts(struct ingest *in, const char *reason, struct buf *b)
{
	facts_reset(&in->facts);
	in->facts.state = FILE_UNREAD;
	in->facts.reason = str_of(reason);
	facts_pack(&in->facts, b);
	return buf_str(b);
}

static int
put_file(struct ingest *in, struct source *s, struct str packed, struct dd_err *err)
{
	int rc = facts_unpack(&in->facts, packed, err);
	if (rc < 0)
		return rc;
	model_add_file(&in->model, s->scan->path, &in->facts);
	const struct model_file *mf = &in->model.files[in->model.nfiles - 1];
	struct store_file row = {.id = (uint32_t)in->next + 1,
		.path = str_of(s->scan->path),
		.lang = in->facts.lang,
		.state = in->facts.state,
		.reason = in->facts.reason,
		.digest = str_of(s->digest.s),
		.size = s->scan->size,
		.inode = s->scan->inode,
		.mtime_ns = s->scan->mtime_ns,
		.lines = in->facts.lines,
		.bad_bytes = in->facts.bad_bytes,
		.first = mf->entity,
		.end = mf->end,
		.package = model_text(&in->model, mf->package)};
	hash_add(in->digest, s->scan->path, strlen(s->scan->path) + 1);
	hash_add(in->digest, s->digest.s, strlen(s->digest.s) + 1);
	hash_add(in->digest, row.reason.p, row.reason.n);
	in->result.unread += row.state == FILE_UNREAD;
	in->next++;
	rc = store_put_file(in->db, &row, packed, err);
	if (rc == 0 && in->kept < (in->spec->keep_bytes ? in->spec->keep_bytes : KEEP_BYTES)) {
		size_t bytes;
		s->kept = facts_keep(&in->facts, &bytes);
		in->kept += bytes;
	}
	return rc;
}

static int
put_without_worker(struct ingest *in, struct source *s, int fate, struct dd_err *err)
{
	if (fate == FATE_KEPT) {
		struct str packed;
		int rc = store_facts(in->old, s->old, &packed, err);
		if (rc == 0)
			rc = put_file(in, s, packed, err);
		in->result.reused++;
		return rc;
	}
	OWN(buf) struct buf b = {0};
	memset(s->digest.s, 0, sizeof(s->digest.s));
	return put_file(in, s, no_facts(in, s->reason, &b), err);
}

/* The rows up to the next file that a worker has; *ret_sent: there is one. */
static int
put_until_sent(struct ingest *in, size_t end, bool *ret_sent, struct dd_err *err)
{
	int rc = 0;
	*ret_sent = false;
	while (rc == 0 && in->next < end) {
		struct source *s = &in->sources[in->next];
		int fate = __atomic_load_n(&s->fate, __ATOMIC_ACQUIRE);
		if (fate == FATE_PENDING)
			return 0;
		if (fate == FATE_SENT) {
			*ret_sent = true;
			return 0;
		}
		rc = put_without_worker(in, s, fate, err);
	}
	return rc;
}

static int
take_facts(struct ingest *in, struct str packed)
{
	bool sent;
	int rc = put_until_sent(in, in->scan.n, &sent, &in->err);
	if (rc == 0 && !sent)
		rc = err_set(&in->err, DD_ECORRUPT,
			"a worker gave facts of a file that it was not sent");
	if (rc == 0)
		rc = put_file(in, &in->sources[in->next], packed, &in->err);
	in->result.parsed++;
	return rc;
}

/* What a worker prints: facts, each behind its length. */
static void
take_output(void *ctx, struct str data)
{
	struct ingest *in = ctx;
	if (in->rc < 0)
		return;
	buf_add_str(&in->pending, data);
	size_t at = 0;
	uint64_t n;
	while (in->rc == 0 && in->pending.n - at >= sizeof(n)) {
		memcpy(&n, in->pending.p + at, sizeof(n));
		if (n > MAX_FACTS) {
			in->rc = err_set(&in->err, DD_ECORRUPT, "a worker gave too many facts");
			break;
		}
		if (in->pending.n - at - sizeof(n) < n)
			break;
		in->rc = take_facts(in, (struct str){in->pending.p + at + sizeof(n), (size_t)n});
		at += sizeof(n) + (size_t)n;
	}
	buf_drop_front(&in->pending, at < in->pending.n ? at : in->pending.n);
}

/* ---- workers ---- */

static unsigned
threads_of(const struct graph_ingest_spec *spec)
{
	long n = spec->threads ? (long)spec->threads : sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > 16 ? 16 : (unsigned)n;
}

/* One worker over the files from in->next up to end; with one thread it gives facts as soon as it has them. */
static int
run_worker(struct ingest *in, size_t end, unsigned threads, struct dd_err *err)
{
	int pipe_fds[2];
	pthread_t thread;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)fcntl(pipe_fds[1], F_SETPIPE_SZ, 1 << 20);
	for (size_t i = in->next; i < in->scan.n; i++)
		in->sources[i].fate = FATE_PENDING;
	struct feeder f = {in, pipe_fds[1], in->next, end};
	buf_reset(&in->pending);
	int created = pthread_create(&thread, NULL, feed, &f);
	if (created != 0) {
		(void)close(pipe_fds[0]);
		(void)close(pipe_fds[1]);
		return err_errno(err, created, "cannot start a thread");
	}
	int rc = in->spec->host.parse(
		in->spec->host.ctx, threads, pipe_fds[0], take_output, in, err);
	(void)close(pipe_fds[0]);
	(void)pthread_join(thread, NULL);
	if (in->rc < 0)
		return err_move(err, &in->err);
	bool sent;
	int rest = put_until_sent(in, end, &sent, rc < 0 ? NULL : err);
	if (rc == 0 && rest < 0)
		return rest;
	if (rc == 0 && sent)
		return err_set(err, DD_ECORRUPT, "a worker left out a file");
	return rc;
}

/* The worker died. */
static bool
took_a_file(const struct ingest *in, int rc)
{
	return (rc == -DD_ECORRUPT || rc == -DD_ELIMIT) && in->rc == 0;
}

/* Up to the first file that a worker dies of, and that one alone: if it dies of it again, that is recorded. */
static int
run_carefully(struct ingest *in, struct dd_err *err)
{
	int rc = in->next < in->scan.n ? run_worker(in, in->scan.n, 1, err) : 0;
	if (!took_a_file(in, rc))
		return rc;
	dd_err_cleanup(err);
	size_t i = in->next;
	if (i == in->scan.n) /* it was over */
		return 0;
	rc = run_worker(in, i + 1, 1, err);
	if (!took_a_file(in, rc) || in->next != i)
		return rc;
	OWN(buf) struct buf b = {0};
	dd_err_cleanup(err);
	return put_file(in, &in->sources[i], no_facts(in, "the parser failed", &b), err);
}

/* DD_ESTOPPED: somebody asked us to. */
static int
go_on(const struct graph_ingest_spec *spec, struct dd_err *err)
{
	bool stop = spec->host.stopping && spec->host.stopping();
	return stop ? err_set(err, DD_ESTOPPED, "stopped") : 0;
}

static int
parse_all(struct ingest *in, struct dd_err *err)
{
	int rc = 0;
	for (unsigned deaths = 0; rc == 0 && in->next < in->scan.n; deaths++) {
		rc = run_worker(in, in->scan.n, threads_of(in->spec), err);
		if (took_a_file(in, rc) && deaths < MAX_DEATHS) {
			dd_err_cleanup(err);
			rc = run_carefully(in, err);
		}
		if (rc == 0)
			rc = go_on(in->spec, err);
	}
	return rc;
}

/* ---- relations ---- */

/* A history that cannot be read is none: the map does not need it. */
static int
read_history(struct ingest *in, struct dd_err *err)
{
	const struct graph_host *host = &in->spec->host;
	OWN(buf) struct buf packed = {0};
	OWN(dd_err) struct dd_err why = {0};
	if (!in->head || !host->history)
		return 0;
	int rc = host->history(host->ctx, in->spec->root, NULL, NULL, &packed, &why);
	if (rc == -DD_ESTOPPED)
		return err_move(err, &why);
	if (rc < 0)
		log_warn("the history is not read: %s", err_msg(&why));
	rc = rc < 0 ? 0 : history_add(in->db, &in->model, buf_str(&packed), err);
	return rc < 0 ? rc : store_put_meta(in->db, "head", in->head, err);
}

static void
drop_kept(struct source *s)
{
	if (s->kept)
		facts_cleanup(s->kept);
	free(TAKE(s->kept));
}

/* The facts of the file of that number, to be resolved. */
static int
facts_again(struct ingest *in, size_t file, const struct facts **ret, struct dd_err *err)
{
	struct str packed;
	*ret = in->sources[file].kept;
	if (*ret)
		return 0;
	*ret = &in->facts;
	int rc = store_facts(in->db, (uint32_t)file + 1, &packed, err);
	return rc < 0 ? rc : facts_unpack(&in->facts, packed, err);
}

static int
resolve_all(struct ingest *in, struct dd_err *err)
{
	struct model *m = &in->model;
	struct values *values = values_create(m);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < m->nfiles; i++) {
		const struct facts *facts = NULL;
		struct overlay *overlay = NULL;
		rc = go_on(in->spec, err);
		if (rc == 0)
			rc = imports_overlay(in->imports, i, &overlay, err);
		if (rc == 0)
			rc = facts_again(in, i, &facts, err);
		if (rc < 0)
			break;
		resolve_file(m, i, facts, overlay, values);
		drop_kept(&in->sources[i]);
		edges_keep(m);
	}
	values_destroy(values);
	if (rc == 0)
		rc = read_history(in, err);
	if (rc == 0)
		rc = imports_seen(in->imports, err);
	model_drop_tables(m);
	if (!in->spec->import || in->spec->import->format == GRAPH_SCIP)
		imports_counts(in->imports, &in->result.import);
	in->result.entities = m->n - 1;
	return rc;
}

/* ---- the map that is there ---- */

static void
open_old(struct ingest *in)
{
	OWN_FREE char *root = NULL, *version = NULL;
	if (in->spec->anew ||
		db_open_read(in->spec->db, STORE_APPLICATION_ID, STORE_VERSION, &in->old, NULL) < 0)
		return;
	(void)!store_meta(in->old, "head", &in->old_head, NULL);
	if (store_meta(in->old, "root", &root, NULL) == 0 &&
		store_meta(in->old, "extractor", &version, NULL) == 0 && root && version &&
		strcmp(root, in->spec->root) == 0 && strcmp(version, GRAPH_EXTRACTOR) == 0)
		return;
	db_close(TAKE(in->old));
}

/* Both lists are in the order of paths.  *ret_same: they are one. */
static int
compare_old(struct ingest *in, bool *ret_same, struct dd_err *err)
{
	struct db_stmt *st;
	size_t i = 0, gone = 0, same = 0;
	int rc = db_query(in->old, &st, err,
		"SELECT id, path, digest, size, inode, mtime_ns, state, reason FROM file ORDER BY id",
		"");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		struct str path = db_text(st, 1), digest = db_text(st, 2);
		while (i < in->scan.n && strcmp(in->scan.v[i].path, path.p) < 0)
			i++;
		if (i == in->scan.n || strcmp(in->scan.v[i].path, path.p) != 0) {
			gone++;
			continue;
		}
		struct source *s = &in->sources[i];
		const struct scan_file *f = s->scan;
		bool unread = !hash_is_hex(digest);
		s->old = unread ? 0 : (uint32_t)db_int(st, 0);
		if (!unread)
			memcpy(s->old_digest.s, digest.p, HASH_HEX + 1);
		bool alike = scan_is_alike(
			f, (uint64_t)db_int(st, 3), (uint64_t)db_int(st, 4), db_int(st, 5));
		/* What could not be read then is tried again. */
		s->same = alike && !unread && !f->unread;
		bool still_unread =
			alike && unread && f->unread && str_eq(db_text(st, 7), f->unread);
		same += s->same || still_unread;
	}
	const char *head = in->head ? in->head : "", *old_head = in->old_head ? in->old_head : "";
	*ret_same = rc == 0 && !gone && same == in->scan.n && strcmp(head, old_head) == 0;
	return rc < 0 ? rc : 0;
}

/* ---- all of it ---- */

/* Those of the map that is there, as far as they are of the files as they are, and the new one. */
static int
take_imports(struct ingest *in, struct dd_err *err)
{
	int rc = 0;
	in->imports = imports_create(in->db, &in->model);
	if (in->old)
		rc = imports_carry(in->imports, in->old, &in->result.dropped, err);
	if (rc == 0 && in->spec->import)
		rc = imports_add(in->imports, in->spec->import, &in->result.import, err);
	return rc < 0 ? rc : imports_load(in->imports, in->digest, err);
}

static int
build(struct ingest *in, const char *path, struct dd_err *err)
{
	int rc = store_create(path, &in->db, err);
	if (rc == 0)
		rc = db_exec(in->db, "BEGIN", err);
	if (rc == 0)
		rc = parse_all(in, err);
	if (rc == 0) {
		model_settle(&in->model);
		rc = take_imports(in, err);
	}
	if (rc == 0)
		rc = resolve_all(in, err);
	if (rc == 0)
		rc = store_put_model(
			in->db, &in->model, &in->result.relations, &in->result.unresolved, err);
	struct hash_hex digest = hash_finish(TAKE(in->digest));
	if (rc == 0)
		rc = store_put_meta(in->db, "digest", digest.s, err);
	if (rc == 0)
		rc = store_put_meta(in->db, "extractor", GRAPH_EXTRACTOR, err);
	if (rc == 0)
		rc = store_put_meta(in->db, "root", in->spec->root, err);
	if (rc == 0)
		rc = db_exec(in->db, "COMMIT", err);
	db_close(TAKE(in->db));
	return rc;
}

/* Durable first, then in its place. */
static int
put_in_place(const char *from, const char *to, struct dd_err *err)
{
	OWN_FD int fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || io_fsync(fd) < 0)
		return err_errno(err, errno, "cannot sync %s", from);
	if (io_rename(from, to) < 0)
		return err_errno(err, errno, "cannot rename %s", from);
	const char *slash = strrchr(to, '/');
	OWN_FREE char *dir =
		slash ? mem_strndup(to, slash > to ? (size_t)(slash - to) : 1) : mem_strdup(".");
	return fs_sync_dir(dir, err);
}

static int
ingest(struct ingest *in, struct dd_err *err)
{
	bool same = false;
	int rc = scan_tree(in->spec->root, &in->scan, err);
	if (rc < 0)
		return rc;
	in->sources = mem_zalloc(in->scan.n + 1, sizeof(*in->sources));
	for (size_t i = 0; i < in->scan.n; i++)
		in->sources[i].scan = &in->scan.v[i];
	in->result.files = in->scan.n;
	open_old(in);
	in->head = in->spec->import && in->old && !in->old_head ? NULL : in->spec->head;
	if (in->old)
		rc = compare_old(in, &same, err);
	if (rc < 0 || (same && !in->spec->import)) {
		in->result.unchanged = same;
		return rc;
	}
	OWN_FREE char *path = mem_printf("%s.new", in->spec->db);
	rc = build(in, path, err);
	if (rc == 0)
		rc = put_in_place(path, in->spec->db, err);
	if (rc < 0)
		(void)!io_unlink(path);
	return rc;
}

/* One process at a time makes a map; what it made is then found, and seldom made anew. */
static int
wait_for_turn(const struct graph_ingest_spec *spec, int *ret_fd, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s.lock", spec->db);
	for (bool told = false;; told = true) {
		OWN(dd_err) struct dd_err why = {0};
		int rc = fs_lock(path, false, ret_fd, &why);
		if (rc == 0)
			return 0;
		if (rc != -DD_EBUSY)
			return err_move(err, &why);
		if (!told)
			log_info("another drydock makes the map of %s; waiting", spec->root);
		rc = go_on(spec, err);
		if (rc < 0)
			return rc;
		(void)poll(NULL, 0, TURN_MS);
	}
}

int
graph_ingest(
	const struct graph_ingest_spec *spec, struct graph_ingest_result *ret, struct dd_err *err)
{
	OWN_FD int lock_fd = -1;
	int rc = wait_for_turn(spec, &lock_fd, err);
	if (rc < 0)
		return err_wrap(err, "graph");
	struct ingest in = {
		.spec = spec, .digest = hash_create(), .pending = {.max = (size_t)1 << 30}};
	model_init(&in.model);
	rc = ingest(&in, err);
	if (rc == 0)
		*ret = in.result;
	hash_destroy(in.digest);
	imports_destroy(in.imports);
	db_close(in.old);
	free(in.old_head);
	for (size_t i = 0; in.sources && i < in.scan.n; i++)
		drop_kept(&in.sources[i]);
	free(in.sources);
	scan_cleanup(&in.scan);
	model_cleanup(&in.model);
	facts_cleanup(&in.facts);
	buf_cleanup(&in.pending);
	dd_err_cleanup(&in.err);
	return rc < 0 ? err_wrap(err, "graph") : 0;
}
