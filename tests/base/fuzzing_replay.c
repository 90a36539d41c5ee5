/*
 * Plays the targets of a room without an engine, and prepares them for one.
 *
 *   fuzz_ROOM TESTS [INPUTS]               TAP: a case a target, so many inputs each (1000): its seeds, and mutants of them
 *   fuzz_ROOM --list                       the names of its targets
 *   fuzz_ROOM --corpus TARGET TESTS DIR    its seeds as files
 *
 * TESTS is the directory of all tests.  The same seeds give the same mutants.  Where a target dies, the input is told as hex.
 */
#include "tests/base/fuzzing.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#define SEED_MAX ((size_t)64 << 10)

static struct { /* what is tried now, for who asks when it died */
	char *p;
	size_t n;
} at;

static struct {
	struct buf *v;
	size_t n, cap;
} seeds;

static void
add_seed(struct str name, struct str text)
{
	if (seeds.n == seeds.cap) {
		seeds.cap = seeds.cap ? 2 * seeds.cap : 64;
		seeds.v = realloc(seeds.v, seeds.cap * sizeof(*seeds.v));
		fuzz_holds(seeds.v);
	}
	struct buf *b = &seeds.v[seeds.n++];
	*b = (struct buf){0};
	if (name.n) {
		buf_add_str(b, name);
		buf_putc(b, '\n');
	}
	buf_add_str(b, text);
}

static void
drop_seeds(void)
{
	for (size_t i = 0; i < seeds.n; i++)
		buf_cleanup(&seeds.v[i]);
	seeds.n = 0;
}

static void
read_file(const char *path, const char *name, bool named)
{
	static char text[SEED_MAX];
	FILE *f = fopen(path, "r");
	fuzz_holds(f);
	size_t n = fread(text, 1, sizeof(text), f);
	fclose(f);
	add_seed(named ? str_of(name) : (struct str){0}, (struct str){text, n});
}

static int
not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void
read_directory(const char *dir, bool named)
{
	struct dirent **v;
	int n = scandir(dir, &v, not_hidden, alphasort);
	if (n < 0) {
		fprintf(stderr, "cannot read the seeds in %s\n", dir);
		exit(2);
	}
	for (int i = 0; i < n; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", dir, v[i]->d_name);
		if (v[i]->d_type == DT_DIR)
			read_directory(path, named);
		else if (v[i]->d_type == DT_REG)
			read_file(path, v[i]->d_name, named);
		free(v[i]);
	}
	free(v);
}

static void
read_seeds(const struct fuzz_target *t, const char *tests)
{
	drop_seeds();
	if (t->example.n)
		add_seed((struct str){0}, t->example);
	if (!t->seeds)
		return;
	char dir[4096];
	snprintf(dir, sizeof(dir), "%s/%s", tests, t->seeds);
	read_directory(dir, t->named);
}

/* ---- mutants ---- */

static uint64_t random_state;

/* xorshift64 (Marsaglia, 2003): below n. */
static size_t
below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return n ? (size_t)(random_state % n) : 0;
}

static const char *const pieces[] = {"\0", "\n", "\r\n", "\t", "\x1b[31m", "\xff", "\xc3",
	"\xe2\x80\xae", "\"", "'", "\\", "{", "}", "[", "]", "((((((((", "<!--", "-->", "<![CDATA[",
	"&x;", "#", "%s", "-1", "4294967296", "18446744073709551615", "1e999", "*/", "/*", "${",
	"$(", "\\u0000", "\\ud800", "..", "/"};

/* A piece of b, from `from`, becomes the n bytes at p. */
static void
replace(struct buf *b, size_t from, size_t old, const char *p, size_t n)
{
	OWN(buf) struct buf out = {0};
	buf_add(&out, b->p, from);
	buf_add(&out, p, n);
	buf_add(&out, b->p + from + old, b->n - from - old);
	buf_reset(b);
	buf_add(b, out.p, out.n);
}

static void
change(struct buf *b)
{
	size_t from = below(b->n + 1), left = b->n - from, n = below(left < 32 ? left + 1 : 33);
	const struct buf *other = &seeds.v[below(seeds.n)];
	const char *piece = pieces[below(sizeof(pieces) / sizeof(*pieces))];
	size_t there = below(other->n + 1), taken = below(other->n - there + 1);
	char byte = (char)below(256);
	switch (below(6)) {
	case 0: /* it ends early */
		b->n = from;
		break;
	case 1:
		replace(b, from, n, &byte, 1);
		break;
	case 2:
		replace(b, from, n, piece, *piece ? strlen(piece) : 1);
		break;
	case 3:
		replace(b, from, 0, other->p + there, taken < 512 ? taken : 512);
		break;
	case 4:
		replace(b, from, n, "", 0);
		break;
	default:
		for (int i = 0; i < 6 && b->n < SEED_MAX; i++) { /* the same again and again */
			OWN(buf) struct buf again = {0};
			buf_add(&again, b->p + from, n);
			replace(b, from, 0, again.p ? again.p : "", again.n);
			n *= 2;
			n = n > b->n - from ? b->n - from : n;
		}
	}
}

static void
try_one(const struct fuzz_target *t, struct str input)
{
	at.p = malloc(
		input.n ? input.n : 1); /* so that what reads behind it is seen by those who look */
	fuzz_holds(at.p);
	at.n = input.n;
	if (input.n)
		memcpy(at.p, input.p, input.n);
	t->one((struct str){at.p, at.n});
	free(at.p);
	at.n = 0;
}

static void
play(const struct fuzz_target *t, size_t inputs)
{
	random_state = 88172645463325252U;
	try_one(t, STR(""));
	for (size_t i = 0; i < seeds.n; i++)
		try_one(t, buf_str(&seeds.v[i]));
	for (size_t i = seeds.n; i < inputs; i++) {
		OWN(buf) struct buf b = {0};
		const struct buf *of = &seeds.v[below(seeds.n)];
		buf_add(&b, of->p, of->n);
		for (size_t changes = 1 + below(4); changes; changes--)
			change(&b);
		try_one(t, buf_str(&b));
	}
}

static void
on_death(int signal)
{
	static const char digit[] = "0123456789abcdef";
	(void)!write(STDOUT_FILENO, "# died of: ", 11);
	for (size_t i = 0; i < at.n; i++) {
		char two[2] = {digit[(unsigned char)at.p[i] >> 4], digit[at.p[i] & 15]};
		(void)!write(STDOUT_FILENO, two, 2);
	}
	(void)!write(STDOUT_FILENO, "\n", 1);
	raise(signal);
}

static const struct fuzz_target *
find(const char *name)
{
	const struct fuzz_target *t = fuzz_targets;
	while (t->name && strcmp(t->name, name) != 0)
		t++;
	return t->name ? t : NULL;
}

static int
write_corpus(const char *name, const char *tests, const char *dir)
{
	const struct fuzz_target *t = find(name);
	if (!t)
		return 2;
	read_seeds(t, tests);
	for (size_t i = 0; i < seeds.n; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/seed-%zu", dir, i);
		FILE *f = fopen(path, "w");
		if (!f ||
			fwrite(seeds.v[i].p ? seeds.v[i].p : "", 1, seeds.v[i].n, f) !=
				seeds.v[i].n ||
			fclose(f))
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
			puts(t->name);
		return 0;
	}
	if (argc == 5 && strcmp(argv[1], "--corpus") == 0)
		return write_corpus(argv[2], argv[3], argv[4]);
	if (argc != 2 && argc != 3)
		return 2;
	struct sigaction once = {.sa_handler = on_death, .sa_flags = SA_RESETHAND | SA_NODEFER};
	sigaction(SIGSEGV, &once, NULL);
	sigaction(SIGBUS, &once, NULL);
	sigaction(SIGABRT, &once, NULL);
	size_t inputs = argc == 3 ? strtoul(argv[2], NULL, 10) : 1000, n = 0;
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
		read_seeds(t, argv[1]);
		play(t, inputs);
		printf("ok %zu - %s: %zu seeds and what becomes of them\n", ++n, t->name, seeds.n);
		fflush(stdout);
	}
	printf("1..%zu\n", n);
	drop_seeds();
	free(seeds.v);
	return 0;
}
