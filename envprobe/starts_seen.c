/*
 * Commands from what the tests ran.  A program of the application that waited for connections is what runs it, with
 * the words it had there, but: a port that was any free one (0) becomes the usual one, and a file that only the tests made
 * becomes the one that another run of the same program, with the same option, prepared; that run is made before.
 */
#include "envprobe/starts.h"

#include "base/fs.h"
#include "sandbox/sandbox.h"

#include <ctype.h>
#include <string.h>

#define MAX_SERVERS 4
#define MAX_WORDS 64

/* The path below the tree; NULL: it is elsewhere. */
static const char *
below_tree(const char *path)
{
	size_t n = strlen(WORK_DIR);
	return strncmp(path, WORK_DIR "/", n + 1) == 0 ? path + n + 1 : NULL;
}

/* Does a word of an interpreter's name a file of the tree that is no test? */
static bool
runs_file_of_tree(const struct tree *t, const struct seen_run *r)
{
	for (size_t i = 1; i < r->words.n; i++) {
		const char *word = r->words.v[i], *inside = below_tree(word);
		word = inside ? inside : strncmp(word, "./", 2) == 0 ? word + 2 : word;
		if (tree_has(t, word))
			return !starts_is_aside(word);
	}
	return false;
}

static bool
is_application(const struct tree *t, const struct seen_run *r)
{
	const char *own = below_tree(r->program);
	if (!r->words.n || r->words.n > MAX_WORDS)
		return false;
	return own ? !starts_is_aside(own) : runs_file_of_tree(t, r);
}

/* The value of an option of a run, "--db FILE" or "--db=FILE"; NULL: it has none. */
static const char *
value_of(const struct seen_run *r, struct str option)
{
	for (size_t i = 1; i < r->words.n; i++) {
		const char *word = r->words.v[i];
		if (strncmp(word, option.p, option.n) != 0)
			continue;
		if (word[option.n] == '=')
			return word + option.n + 1;
		if (!word[option.n] && i + 1 < r->words.n && r->words.v[i + 1][0] != '-')
			return r->words.v[i + 1];
	}
	return NULL;
}

static struct str
option_in(const char *word)
{
	return word[0] == '-' ? (struct str){word, strcspn(word, "=")} : (struct str){word, 0};
}

/* A path that is not in the tree: something made it. */
static bool
is_made(const struct tree *t, const char *value)
{
	const char *inside = below_tree(value);
	value = inside ? inside : value;
	bool path = strchr(value, '/') || strchr(value, '.');
	return path && !isdigit((unsigned char)*value) && !strstr(value, "://") &&
	       !tree_has(t, value);
}

/* An earlier run of the same program that was given another such file by the same option: *ret_option. */
static const struct seen_run *
preparation(const struct tree *t, const struct start_question *q, const struct seen_run *server,
	struct str *ret_option)
{
	for (const struct seen_run *r = q->runs.v; r < server; r++) {
		if (r->served || strcmp(r->program, server->program) != 0)
			continue;
		for (size_t i = 1; i < server->words.n; i++) {
			struct str option = option_in(server->words.v[i]);
			const char *value = option.n ? value_of(server, option) : NULL;
			const char *other = value ? value_of(r, option) : NULL;
			if (!other || !is_made(t, value) || !is_made(t, other))
				continue;
			*ret_option = option;
			return r;
		}
	}
	return NULL;
}

static void
put_word(struct buf *out, const char *word)
{
	buf_putc(out, ' ');
	buf_put_shell(out, str_of(word));
}

/* "0" behind an option about a port, or "127.0.0.1:0", becomes one that can be told. */
static bool
put_port(struct buf *out, const char *before, const char *word)
{
	size_t n = strlen(word);
	bool about = before && (strcasestr(before, "port") || strcmp(before, "-p") == 0);
	if (strcmp(word, "0") == 0 && about) {
		buf_puts(out, " " STARTS_PORT);
		return true;
	}
	if (n > 2 && strcmp(word + n - 2, ":0") == 0) {
		buf_putc(out, ' ');
		buf_put_shell(out, (struct str){word, n - 1});
		buf_puts(out, STARTS_PORT);
		return true;
	}
	if (n > 2 && strcmp(word + n - 2, "=0") == 0 && strcasestr(word, "port")) {
		buf_putc(out, ' ');
		buf_put_shell(out, (struct str){word, n - 1});
		buf_puts(out, STARTS_PORT);
		return true;
	}
	return false;
}

/* The program and its words; the value of `option` is another one. */
static void
put_command(const struct seen_run *r, struct str option, const char *instead, struct buf *out)
{
	const char *own = below_tree(r->program);
	OWN_FREE char *program = own ? fs_join(WORK_DIR, own) : mem_strdup(r->words.v[0]);
	buf_put_shell(out, str_of(program));
	for (size_t i = 1; i < r->words.n; i++) {
		const char *word = r->words.v[i], *before = r->words.v[i - 1];
		struct str this = option_in(word), last = option_in(before);
		if (instead && last.n == option.n && last.n == strlen(before) &&
			strncmp(last.p, option.p, option.n) == 0)
			put_word(out, instead);
		else if (instead && this.n == option.n && word[this.n] == '=' &&
			 strncmp(word, option.p, option.n) == 0) {
			OWN_FREE char *all = mem_printf(STR_FMT "=%s", STR_ARG(option), instead);
			put_word(out, all);
		} else if (!put_port(out, i > 1 ? before : NULL, word)) {
			put_word(out, word);
		}
	}
}

static void
put_directory(const char *path, struct buf *out)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return;
	buf_puts(out, "mkdir -p");
	OWN_FREE char *dir = mem_strndup(path, (size_t)(slash - path));
	put_word(out, dir);
	buf_putc(out, '\n');
}

static void
add_server(const struct tree *t, const struct start_question *q, const struct seen_run *r,
	struct start_try_list *ret)
{
	OWN(buf) struct buf run = {0};
	struct str option = {"", 0};
	const struct seen_run *before = preparation(t, q, r, &option);
	const char *dir = below_tree(r->dir), *made = before ? value_of(before, option) : NULL;
	OWN_FREE char *why = mem_printf("the tests: %s waited for connections there", r->program);
	if (before) {
		put_directory(made, &run);
		buf_puts(&run, "[ -e");
		put_word(&run, made);
		buf_puts(&run, " ] || ");
		put_command(before, option, NULL, &run);
		buf_puts(&run, " || exit\nexec ");
		put_command(r, option, made, &run);
		starts_add(ret, dir, why, "%s", run.p);
		buf_reset(&run);
	}
	buf_puts(&run, "exec ");
	put_command(r, option, NULL, &run);
	starts_add(ret, dir, why, "%s", run.p);
}

void
starts_from_runs(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < q->runs.n && n < MAX_SERVERS; i++)
		if (q->runs.v[i].served && is_application(t, &q->runs.v[i])) {
			add_server(t, q, &q->runs.v[i], ret);
			n++;
		}
}
