#include "sandbox/flat.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/spawn.h"

#include <string.h>
#include <sys/wait.h>

#define MAX_RECORD 65536

size_t
flat_prefix(size_t n)
{
	return n > FLAT_ABOVE ? (n - 1) / FLAT_STEP * FLAT_STEP : 0;
}

/* Only one that the disk has: what would have to be brought there is none of the run's layers. */
static bool
is_whole(const struct state *st, const char *key)
{
	OWN_FREE char *tree = layer_dir(st, key);
	OWN_FREE char *marker = mem_printf("%s/layers/%s/boot", st->dir, key);
	return fs_is_dir(tree) && !fs_exists(marker);
}

static char *
record_path(const struct state *st, const struct stack *s, size_t n)
{
	return mem_printf("%s/flat/%s", st->dir, s->v[n - 1].s);
}

/* First the key of the flat layer, then, lowest first, those it stands for; a line each. */
static void
write_record(const struct stack *s, size_t n, const char *key, struct buf *ret)
{
	buf_printf(ret, "%s\n", key);
	for (size_t i = 0; i < n; i++)
		buf_printf(ret, "%s\n", s->v[i].s);
}

int
flat_record(const struct state *st, const struct stack *s, size_t n, const char *key,
	struct dd_err *err)
{
	OWN_FREE char *dir = state_path(st, "flat");
	OWN_FREE char *path = record_path(st, s, n);
	OWN(buf) struct buf text = {0};
	int rc = fs_mkdirs(dir, 0700, err);
	write_record(s, n, key, &text);
	return rc < 0 ? rc : fs_write_atomic(path, buf_str(&text), 0600, err);
}

static bool
find_one(const struct state *st, const struct stack *s, size_t n, struct hash_hex *ret)
{
	OWN_FREE char *path = record_path(st, s, n);
	OWN(buf) struct buf text = {0}, wanted = {0};
	struct hash_hex key = {0};
	if (fs_read(path, MAX_RECORD, &text, NULL) < 0 || text.n < HASH_HEX)
		return false;
	memcpy(key.s, text.p, HASH_HEX);
	write_record(s, n, key.s, &wanted); /* the same layers, all of them */
	if (text.n != wanted.n || memcmp(text.p, wanted.p, text.n) != 0 || !is_whole(st, key.s))
		return false;
	*ret = key;
	return true;
}

size_t
flat_find(const struct state *st, const struct stack *s, struct hash_hex *ret_key)
{
	for (size_t n = flat_prefix(s->n); n; n -= FLAT_STEP)
		if (find_one(st, s, n, ret_key))
			return n;
	return 0;
}

void
flat_ask(const struct state *st, const struct stack *s)
{
	static pid_t running; /* of the thread that freezes */
	struct hash_hex key;
	if (running > 0 && waitpid(running, NULL, WNOHANG) == 0)
		return;
	running = 0;
	if (flat_find(st, s, &key) == flat_prefix(s->n))
		return;
	OWN_FREE char *core = sandbox_program("drydock-core");
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, core);
	strlist_add(&argv, "flatten");
	strlist_add(&argv, "--state");
	strlist_add(&argv, st->dir);
	for (size_t i = 0; i < s->n; i++)
		strlist_add(&argv, s->v[i].s);
	const struct spawn_spec spec = {.argv = (const char *const *)argv.v};
	(void)!spawn_start(&spec, &running, NULL, NULL);
}

bool
flat_sources(const struct state *st, const char *key, struct strlist *ret)
{
	OWN_FREE char *path = mem_printf("%s/layers/%s/of", st->dir, key);
	OWN(buf) struct buf text = {0};
	struct str rest, line;
	if (fs_read(path, MAX_RECORD, &text, NULL) < 0)
		return false;
	rest = buf_str(&text);
	while (str_next_line(&rest, &line))
		strlist_add_str(ret, line);
	return ret->n > 0;
}

void
flat_forget(const struct state *st)
{
	OWN_FREE char *dir = state_path(st, "flat");
	OWN(strlist) struct strlist names = {0};
	(void)!fs_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		OWN(buf) struct buf text = {0};
		struct str rest, key = {0};
		(void)!fs_read(path, MAX_RECORD, &text, NULL);
		rest = buf_str(&text);
		(void)str_next_line(&rest, &key);
		OWN_FREE char *layer = str_dup(key);
		if (!*layer || !is_whole(st, layer))
			(void)!io_unlink(path);
	}
}
