/*
 * Theory of operation.  The worker "graph" is a pure function of its input: files come on standard input, each as
 * the length of its path (8 bytes, little-endian), the length of its text, path and text; their facts go to standard
 * output in the same order, each behind its length.  It opens nothing.  One thread reads, one writes, the others
 * parse; a ring of places between them bounds what is in memory.
 */
#include "graph/graph.h"

#include "base/fs.h"
#include "graph/extract.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define MAX_THREADS 32
#define MAX_PATH_BYTES 65536

enum place_state { PLACE_FREE, PLACE_FULL, PLACE_TAKEN, PLACE_DONE };

struct place {
	enum place_state state;
	char *path, *text;
	size_t text_bytes;
	struct buf facts;
};

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct place *places;
	size_t n;
	size_t next_in, next_taken, next_out; /* counts from the beginning; place = count % n */
	bool ended;			      /* nothing more comes in */
	bool broken;			      /* nobody reads what we write */
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
read_file(struct place *pl)
{
	uint64_t sizes[2];
	if (!read_all(STDIN_FILENO, sizes, sizeof(sizes)) || sizes[0] > MAX_PATH_BYTES ||
		sizes[1] > EXTRACT_MAX_BYTES)
		return false;
	pl->path = mem_zalloc(1, sizes[0] + 1);
	pl->text = mem_alloc(sizes[1] + 1);
	pl->text_bytes = sizes[1];
	return read_all(STDIN_FILENO, pl->path, sizes[0]) &&
	       read_all(STDIN_FILENO, pl->text, sizes[1]);
}

static void *
parse_files(void *arg)
{
	struct ring *r = arg;
	struct extractor *x = extractor_create();
	struct facts f = {0};
	(void)pthread_mutex_lock(&r->lock);
	for (;;) {
		while (r->next_taken == r->next_in && !r->ended)
			(void)pthread_cond_wait(&r->changed, &r->lock);
		if (r->next_taken == r->next_in)
			break;
		struct place *pl = &r->places[r->next_taken++ % r->n];
		pl->state = PLACE_TAKEN;
		(void)pthread_mutex_unlock(&r->lock);
		extract(x, pl->path, (struct str){pl->text, pl->text_bytes}, &f);
		buf_reset(&pl->facts);
		facts_pack(&f, &pl->facts);
		if (pl->facts.truncated) {
			facts_reset(&f);
			f.state = FILE_UNREAD;
			f.reason = STR("too many facts");
			buf_reset(&pl->facts);
			facts_pack(&f, &pl->facts);
		}
		(void)pthread_mutex_lock(&r->lock);
		pl->state = PLACE_DONE;
		(void)pthread_cond_broadcast(&r->changed);
	}
	(void)pthread_mutex_unlock(&r->lock);
	facts_cleanup(&f);
	extractor_destroy(x);
	return NULL;
}

static void *
write_facts(void *arg)
{
	struct ring *r = arg;
	(void)pthread_mutex_lock(&r->lock);
	for (;;) {
		struct place *pl = &r->places[r->next_out % r->n];
		while (!(r->next_out < r->next_in && pl->state == PLACE_DONE) &&
			!(r->ended && r->next_out == r->next_in))
			(void)pthread_cond_wait(&r->changed, &r->lock);
		if (r->next_out == r->next_in)
			break;
		bool broken = r->broken;
		(void)pthread_mutex_unlock(&r->lock);
		uint64_t n = pl->facts.n;
		broken = broken || fs_write_all(STDOUT_FILENO, &n, sizeof(n), NULL) < 0 ||
			 fs_write_all(STDOUT_FILENO, pl->facts.p, pl->facts.n, NULL) < 0;
		free(TAKE(pl->path));
		free(TAKE(pl->text));
		(void)pthread_mutex_lock(&r->lock);
		r->broken = broken;
		pl->state = PLACE_FREE;
		r->next_out++;
		(void)pthread_cond_broadcast(&r->changed);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void
read_files(struct ring *r)
{
	for (bool more = true; more;) {
		(void)pthread_mutex_lock(&r->lock);
		struct place *pl = &r->places[r->next_in % r->n];
		while (pl->state != PLACE_FREE)
			(void)pthread_cond_wait(&r->changed, &r->lock);
		more = !r->broken;
		(void)pthread_mutex_unlock(&r->lock);
		more = more && read_file(pl);
		(void)pthread_mutex_lock(&r->lock);
		if (more) {
			pl->state = PLACE_FULL;
			r->next_in++;
		} else {
			r->ended = true;
		}
		(void)pthread_cond_broadcast(&r->changed);
		(void)pthread_mutex_unlock(&r->lock);
	}
}

int
graph_worker_main(int argc, char **argv)
{
	uint64_t threads = 1;
	if (argc > 1 && !str_parse_u64(str_of(argv[1]), MAX_THREADS, &threads))
		threads = 1;
	threads = threads ? threads : 1;
	struct ring r = {.n = threads * 4};
	pthread_t parsers[MAX_THREADS], writer;
	size_t started = 0;
	(void)pthread_mutex_init(&r.lock, NULL);
	(void)pthread_cond_init(&r.changed, NULL);
	r.places = mem_zalloc(r.n, sizeof(*r.places));
	for (; started < threads; started++)
		if (pthread_create(&parsers[started], NULL, parse_files, &r) != 0)
			break;
	if (!started || pthread_create(&writer, NULL, write_facts, &r) != 0) {
		fprintf(stderr, "graph: cannot start a thread\n");
		return 1;
	}
	read_files(&r);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(parsers[i], NULL);
	(void)pthread_join(writer, NULL);
	for (size_t i = 0; i < r.n; i++) {
		free(r.places[i].path);
		free(r.places[i].text);
		buf_cleanup(&r.places[i].facts);
	}
	free(r.places);
	return r.broken;
}
