/*
 * Commands in a project's documents: lines with a prompt, between fences or indented.  What has to be done once before
 * the application serves is one of them, where a start of the same tool is known: "flask init-db", "rake db:setup".
 */
#include "envprobe/starts.h"

#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_DOCUMENTS 24
#define MAX_SAID 64

static bool
is_document(const char *dir, const char *path)
{
	static const char *const own[] = {"README*", "INSTALL*", "*.md", "*.rst", "*.txt", NULL};
	static const char *const docs[] = {
		"*nstall*", "*INSTALL*", "*start*", "*etup*", "*eploy*", "README*", NULL};
	size_t n = strlen(dir);
	if (n && (strncmp(path, dir, n) != 0 || path[n] != '/'))
		return false;
	const char *inside = n ? path + n + 1 : path, *slash = strchr(inside, '/');
	bool aside = slash && !strchr(slash + 1, '/') &&
		     (strncmp(inside, "doc/", 4) == 0 || strncmp(inside, "docs/", 5) == 0);
	for (const char *const *p = slash ? docs : own; (!slash || aside) && *p; p++)
		if (tree_name_is(inside, *p))
			return true;
	return false;
}

/* Nothing that stands for something else, nothing of the shell. */
static bool
is_plain(struct str words)
{
	for (size_t i = 0; i < words.n; i++)
		if (!isalnum((unsigned char)words.p[i]) && !strchr(" _-./=:,@+~", words.p[i]))
			return false;
	return !memmem(words.p, words.n, "...", 3);
}

/* Behind a prompt, variables, and what only says which Python or bundle it is. */
static struct str
command_of(struct str line)
{
	static const char *const before[] = {"python3 -m ", "python -m ", "poetry run ",
		"pipenv run ", "bundle exec ", "bin/", "./", NULL};
	struct str word, rest;
	line = str_trim(line);
	if (str_starts(line, "$ ") || str_starts(line, "% "))
		line = str_trim((struct str){line.p + 2, line.n - 2});
	for (rest = line; str_next_word(&rest, &word) && memchr(word.p, '=', word.n) &&
			  isupper((unsigned char)*word.p);)
		line = str_trim(rest);
	for (const char *const *p = before; *p; p++)
		if (str_starts(line, *p))
			line = (struct str){line.p + strlen(*p), line.n - strlen(*p)};
	return line;
}

static void
read_document(const struct tree *t, const char *path, const char *name, struct start_try_list *ret)
{
	OWN(buf) struct buf text = {0};
	struct str rest, line, tool;
	bool fenced = false;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line) && ret->n < MAX_SAID; n++) {
		bool code = fenced || str_starts(line, "$ ") || str_starts(line, "  ") ||
			    str_starts(line, "\t");
		if (str_starts(str_trim(line), "```")) {
			fenced = !fenced;
			continue;
		}
		struct str words = command_of(line);
		if (!code || !str_next_word(&words, &tool) || !str_eq(tool, name) ||
			!is_plain(words))
			continue;
		struct start_try *said = start_try_list_add(ret);
		said->run = str_dup(str_trim(words));
		said->why = scan_cite(path, n);
	}
}

void
starts_said(const struct tree *t, const char *dir, const char *name, struct start_try_list *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < t->files.n && n < MAX_DOCUMENTS; i++)
		if (is_document(dir, t->files.v[i])) {
			read_document(t, t->files.v[i], name, ret);
			n++;
		}
}

/* ---- what is done once before ---- */

/* A tool of documents, the start that it belongs to, and how it is called there; NULL: as the start is, up to `run`. */
static const struct once_rule {
	const char *tool, *start, *call;
} once_rules[] = {
	{"flask", " -m flask ", NULL},
	{"rake", "rackup ", "rake"},
	{"rake", "exec ruby ", "rake"},
	{"rails", "rackup ", "rails"},
	{"npm", "exec node ", "npm"},
	{"npm", "node_modules/.bin", "npm"},
	{"php", "exec php -S ", "php"},
	{"alembic", " -m uvicorn ", "alembic"},
	{"alembic", " -m flask ", "alembic"},
};

/* Does a command make or bring up to date what is kept? */
static bool
prepares(struct str words)
{
	static const char *const marks[] = {"init", "migrat", "setup", "set-up", "upgrade", "seed",
		"create", "db:", "-db", "_db", NULL};
	static const char *const others[] = {
		"test", "drop", "reset", "delete", "revision", "deploy", NULL};
	struct str word;
	bool found = false;
	for (struct str rest = words; str_next_word(&rest, &word);) {
		if (str_eq(word, "generate")) /* a file of the source */
			return false;
		for (size_t i = 0; others[i]; i++)
			if (memmem(word.p, word.n, others[i], strlen(others[i])))
				return false;
		for (size_t i = 0; *word.p != '-' && marks[i]; i++)
			found = found || memmem(word.p, word.n, marks[i], strlen(marks[i]));
	}
	return found;
}

/* "--app x init-db" without the options in front that the start has its own of. */
static struct str
behind_options(struct str words)
{
	static const char *const valued[] = {"--app", "-A", "--env-file", "-e", NULL};
	struct str rest = words, word;
	while (str_next_word(&rest, &word) && *word.p == '-') {
		if (str_is_one(word, valued))
			(void)str_next_word(&rest, &word);
		words = str_trim(rest);
	}
	return words;
}

/* Append the commands of the documents for this start, in their order; true: there are some. */
static bool
put_once(const struct tree *t, const struct once_rule *r, const struct start_try *c,
	struct buf *out, struct buf *why)
{
	OWN(start_try_list) struct start_try_list said = {0};
	const char *own = strstr(c->run, " run ");
	size_t before = out->n;
	if (!strstr(c->run, r->start) || (!r->call && (!own || strncmp(c->run, "exec ", 5) != 0)))
		return false;
	starts_said(t, c->dir ? c->dir : "", r->tool, &said);
	for (size_t i = 0; i < said.n; i++) {
		struct str words = behind_options(str_of(said.v[i].run));
		OWN_FREE char *line = r->call ? mem_printf("%s " STR_FMT, r->call, STR_ARG(words))
					      : mem_printf("%.*s " STR_FMT, (int)(own - c->run - 5),
							c->run + 5, STR_ARG(words));
		/* its own words make a project, or install */
		if (strcmp(r->tool, "npm") == 0 && !str_starts(words, "run"))
			continue;
		if (!prepares(words) || (out->n > before && strstr(out->p + before, line)))
			continue;
		buf_printf(out, "%s && ", line);
		buf_printf(why, ", %s", said.v[i].why);
	}
	return out->n > before;
}

void
starts_prepare(const struct tree *t, struct start_try_list *l)
{
	OWN(start_try_list) struct start_try_list all = {0};
	for (size_t i = 0; i < l->n; i++) {
		const struct start_try *c = &l->v[i];
		OWN(buf) struct buf once = {0}, why = {0};
		buf_puts(&why, c->why);
		for (size_t k = 0; k < sizeof(once_rules) / sizeof(*once_rules); k++)
			if (put_once(t, &once_rules[k], c, &once, &why))
				break;
		if (once.n)
			starts_add(&all, c->dir, why.p,
				"[ -e " STARTS_ONCE " ] || { %s: >" STARTS_ONCE "; } || exit\n%s",
				once.p, c->run);
		starts_add(&all, c->dir, c->why, "%s", c->run);
	}
	start_try_list_cleanup(l);
	*l = all;
	all = (struct start_try_list){0};
}
