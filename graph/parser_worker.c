/*
 * Theory of operation.  The worker "graph" is a pure function of its input: files come on standard input, each as
 * the length of its path (8 bytes, little-endian), the length of its text, path and text; their facts go to standard
 * output in the same order, each behind its length.  It opens nothing.  Each thread reads a file, parses it and leaves
 * its facts in the file's place of a ring, which bounds what is in memory; who fills the place that is next takes all
 * that stand behind it to the output, which is written some files at a time.  So nobody is woken for each file.  One
 * thread alone writes the facts of each file before it reads the next: whoever looks for the file that it dies of asks so.
 */
#include "graph/graph.h"

#include "base/fs.h"
#include "graph/extract.h"
#include "graph/pool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define MAX_THREADS 32
#define MAX_PATH_BYTES 65536
#define WRITE_BYTES ((size_t)64 << 10)
#define POOL_BYTES ((size_t)32 << 20) /* that a thread keeps from one file to the next */

struct place {
	bool done;
	struct buf facts;
};

struct worker {
	pthread_mutex_t input; /* held while a file is read: that is the order of their numbers */
	size_t nread;
	bool ended; /* nothing more comes in */
	pthread_mutex_t output;
	pthread_cond_t moved; /* ntaken is more than it was */
	struct place *places; /* that of file i is i % n */
	size_t n, ntaken;     /* ntaken: to the output */
	struct buf out;	      /* facts that are not written yet */
	size_t hold;	      /* bytes of them, from which on they are written */
	bool broken;	      /* nobody reads what we write */
};

struct file {
	size_t number;
	struct buf path;
	char *text;
	size_t text_bytes, cap;
};

static bool
read_all(int fd, void *p, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = read(fd, (char *)p + got, n - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return true;
}

/* False at the end of the input. */
static bool
read_file(struct file *ret)
{
	uint64_t sizes[2];
	if (!read_all(STDIN_FILENO, sizes, sizeof(sizes)) || sizes[0] > MAX_PATH_BYTES ||
		sizes[1] > EXTRACT_MAX_BYTES)
		return false;
	size_t n = sizes[0] + sizes[1];
	if (n > ret->cap) {
		free(ret->text);
		ret->cap = n;
		ret->text = mem_alloc(n);
	}
	if (!read_all(STDIN_FILENO, ret->text, n))
		return false;
	buf_reset(&ret->path);
	buf_add(&ret->path, ret->text, sizes[0]);
	ret->text_bytes = sizes[1];
	return true;
}

static bool
next_file(struct worker *w, struct file *ret)
{
	(void)pthread_mutex_lock(&w->input);
	w->ended = w->ended || !read_file(ret);
	bool more = !w->ended;
	ret->number = w->nread++;
	(void)pthread_mutex_unlock(&w->input);
	return more;
}

static void
write_out(struct worker *w)
{
	w->broken =
		w->broken || fs_write_all(STDOUT_FILENO, buf_str(&w->out).p, w->out.n, NULL) < 0;
	buf_reset(&w->out);
}

/* The facts of the next files, as far as they are there. */
static void
take_places(struct worker *w)
{
	for (struct place *p; (p = &w->places[w->ntaken % w->n])->done; w->ntaken++) {
		uint64_t n = p->facts.n;
		buf_add(&w->out, &n, sizeof(n));
		buf_add_str(&w->out, buf_str(&p->facts));
		p->done = false;
		if (w->out.n >= w->hold)
			write_out(w);
	}
	(void)pthread_cond_broadcast(&w->moved);
}

/* False: nobody wants them. */
static bool
leave_facts(struct worker *w, size_t number, struct buf *facts)
{
	(void)pthread_mutex_lock(&w->output);
	while (number - w->ntaken >= w->n)
		(void)pthread_cond_wait(&w->moved, &w->output);
	struct place *p = &w->places[number % w->n];
	const struct buf empty = p->facts;
	*p = (struct place){true, *facts};
	*facts = empty;
	if (number == w->ntaken)
		take_places(w);
	bool wanted = !w->broken;
	(void)pthread_mutex_unlock(&w->output);
	return wanted;
}

static void
pack(struct facts *f, struct buf *ret)
{
	buf_reset(ret);
	facts_pack(f, ret);
	if (!ret->truncated)
		return;
	facts_reset(f);
	f->state = FILE_UNREAD;
	f->reason = STR("too many facts");
	buf_reset(ret);
	facts_pack(f, ret);
}

/* What a large file took is not kept: how much memory a file may take does not depend on those before it. */
static void
give_back(struct extractor **x)
{
	if (pool_bytes() <= POOL_BYTES)
		return;
	extractor_destroy(*x);
	pool_drop();
	*x = extractor_create();
}

static void *
parse_files(void *arg)
{
	struct worker *w = arg;
	struct extractor *x = extractor_create();
	struct facts f = {0};
	struct file file = {0};
	OWN(buf) struct buf packed = {0};
	for (bool wanted = true; wanted && next_file(w, &file);) {
		const struct str text = {file.text + file.path.n, file.text_bytes};
		extract(x, file.path.n ? file.path.p : "", text, &f);
		pack(&f, &packed);
		wanted = leave_facts(w, file.number, &packed);
		give_back(&x);
	}
	buf_cleanup(&file.path);
	free(file.text);
	facts_cleanup(&f);
	extractor_destroy(x);
	pool_drop();
	return NULL;
}

int
graph_worker_main(int argc, char **argv)
{
	uint64_t threads = 1;
	if (argc > 1 && !str_parse_u64(str_of(argv[1]), MAX_THREADS, &threads))
		threads = 1;
	threads = threads ? threads : 1;
	struct worker w = {.n = threads * 8,
		.out = {.max = (size_t)1 << 30},
		.hold = threads > 1 ? WRITE_BYTES : 1};
	pthread_t parsers[MAX_THREADS];
	size_t started = 0;
	pool_use();
	(void)pthread_mutex_init(&w.input, NULL);
	(void)pthread_mutex_init(&w.output, NULL);
	(void)pthread_cond_init(&w.moved, NULL);
	w.places = mem_zalloc(w.n, sizeof(*w.places));
	for (; started < threads; started++)
		if (pthread_create(&parsers[started], NULL, parse_files, &w) != 0)
			break;
	if (!started) {
		fprintf(stderr, "graph: cannot start a thread\n");
		return 1;
	}
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(parsers[i], NULL);
	write_out(&w);
	for (size_t i = 0; i < w.n; i++)
		buf_cleanup(&w.places[i].facts);
	free(w.places);
	buf_cleanup(&w.out);
	return w.broken;
}
