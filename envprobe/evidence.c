#include "envprobe/evidence.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/match.h"
#include "envprobe/data.h"
#include "envprobe/envprobe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_RULES 1000
#define MAX_TEXT 300
#define PATHS_MAX 100

const char *const problem_kind_names[] = {NEED_KIND_NAMES, "env", "mention", "host", "unresolved",
	"compile", "removed", "dialect", "history", "path", "database", "role", "table", "display",
	"unread", NULL};
_Static_assert(sizeof(problem_kind_names) / sizeof(*problem_kind_names) == PROBLEM_UNREAD + 2,
	"each kind of problem has a name");

#define F(member, what) .key = #member, .kind = what, .offset = offsetof(struct problem, member)
const struct json_field problem_fields[] = {
	{F(kind, JSON_K_ENUM), .required = true, .names = problem_kind_names},
	{F(name, JSON_K_STRING), .required = true},
	{F(scope, JSON_K_ENUM), .names = need_scope_names},
	{F(line, JSON_K_INT)},
	{F(text, JSON_K_STRING)},
	{F(place, JSON_K_STRING)},
	{.key = NULL},
};
RECORD_IMPLEMENT(problem)

const struct problem *
problem_first(const struct problem_list *l, enum problem_kind kind)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind == kind)
			return &l->v[i];
	return NULL;
}

/* ---- matching ---- */

/* The rules as they are compiled at the first log, for as long as the process lives. */
struct rules {
	enum problem_kind kinds[MAX_RULES];
	enum need_scope scopes[MAX_RULES];
	struct match_set *set;
};

struct finder {
	const struct rules *rules;
	struct map seen; /* "kind name" */
	struct problem_list *out;
	unsigned paths;
};

static char seen_once;

/* What a tool is content without, or was told to remove or to make. */
static bool
is_mere_remark(struct str line)
{
	static const char *const words[] = {"warning", "Warning", "WARNING", "optional", "ignor",
		"default", "skipp", "cannot remove", "cannot access", "cannot create",
		"cannot touch", "cd: ", NULL};
	for (size_t i = 0; words[i]; i++)
		if (memmem(line.p, line.n, words[i], strlen(words[i])))
			/* PHP calls it a warning and then has nothing to go on with. */
			return !memmem(line.p, line.n, "ailed to open stream", 20);
	return false;
}

/* A message about a file says little by itself: these must not crowd out the others. An option was no file to anybody. */
static bool
is_kept_path(struct finder *f, struct str name, struct str line)
{
	return name.p[0] != '-' && !is_mere_remark(line) && f->paths++ < PATHS_MAX;
}

/* "   12 |   puts("MOON is not set");": a line of the source, which a compiler shows. */
static bool
is_excerpt(struct str line)
{
	size_t i = 0;
	while (i < line.n && line.p[i] == ' ')
		i++;
	size_t digits = i;
	while (i < line.n && isdigit((unsigned char)line.p[i]))
		i++;
	return i > digits && digits && i + 1 < line.n && line.p[i] == ' ' && line.p[i + 1] == '|';
}

static bool
take_hit(void *ctx, const struct match_hit *hit)
{
	struct finder *f = ctx;
	struct str name = match_named(hit, "name");
	if (!name.p || !name.n || name.n > 200 || is_excerpt(hit->text))
		return true;
	enum problem_kind kind = f->rules->kinds[hit->rule];
	OWN_FREE char *key = mem_printf("%s " STR_FMT, problem_kind_names[kind], STR_ARG(name));
	if (map_get(&f->seen, key))
		return true;
	map_put(&f->seen, key, &seen_once);
	if (kind == PROBLEM_PATH && !is_kept_path(f, name, hit->text))
		return true;
	struct str text = hit->text;
	if (text.n > MAX_TEXT)
		text.n = MAX_TEXT;
	*problem_list_add(f->out) = (struct problem){.kind = kind,
		.name = str_dup(name),
		.scope = f->rules->scopes[hit->rule],
		.line = (int64_t)hit->line,
		.text = str_dup(text)};
	return f->out->n < EVIDENCE_MAX;
}

/* The value that a field of the data file names. */
static int
named_value(struct str name, const char *const *names, struct dd_err *err)
{
	for (int i = 0; names[i]; i++)
		if (str_eq(name, names[i]))
			return i;
	return err_set(err, DD_ECORRUPT, "rules.tsv: \"" STR_FMT "\" is no kind and no scope",
		STR_ARG(name));
}

static int
compile_rules(struct rules *r, struct dd_err *err)
{
	OWN(strlist) struct strlist patterns = {0};
	struct str rest = data_rules(), field[3];
	size_t n = 0;
	while (n < MAX_RULES && data_next(&rest, field, 3)) {
		int kind = named_value(field[0], problem_kind_names, err);
		int scope = named_value(field[1], need_scope_names, err);
		if (kind < 0 || scope < 0)
			return -DD_ECORRUPT;
		r->kinds[n] = (enum problem_kind)kind;
		r->scopes[n] = (enum need_scope)scope;
		strlist_add_str(&patterns, field[2]);
		n++;
	}
	struct match_rule *rules = mem_zalloc(MAX_RULES, sizeof(*rules));
	for (size_t i = 0; i < n; i++)
		rules[i] = (struct match_rule){.id = patterns.v[i], .pattern = patterns.v[i]};
	int rc = match_compile(rules, n, (struct str){"", 0}, &r->set, err);
	free(rules);
	return rc;
}

/* A module that a message of its language names is no file to ask for, wherever it was looked for. */
static bool
is_module(const struct problem_list *all, const struct problem *p)
{
	if (p->kind != PROBLEM_PATH || p->name[0] == '.' || p->name[0] == '/')
		return false;
	for (size_t i = 0; i < all->n; i++) {
		const struct problem *o = &all->v[i];
		bool language = o->kind >= (enum problem_kind)NEED_PERL &&
				o->kind <= (enum problem_kind)NEED_TCL;
		size_t n = strlen(o->name);
		if (language && o->line == p->line && strncmp(p->name, o->name, n) == 0 &&
			(!p->name[n] || strcmp(p->name + n, ".pm") == 0))
			return true;
	}
	return false;
}

/* What a configure script looked for and went on without. */
static bool
is_answer_of_configure(const struct problem *p, struct str log)
{
	struct str line = {"", 0};
	if (p->kind != PROBLEM_REMOVED || !str_starts(str_of(p->text), "checking for "))
		return false;
	for (int64_t n = 0; n <= p->line; n++)
		if (!str_next_line(&log, &line))
			return true;
	return !str_starts(line, "configure: error: ");
}

static void
drop(struct problem_list *l, size_t i)
{
	problem_cleanup(&l->v[i]);
	memmove(&l->v[i], &l->v[i + 1], (--l->n - i) * sizeof(*l->v));
}

/* The next module of Python that is missed after the i-th problem; l->n: none. */
static size_t
next_module(const struct problem_list *l, size_t i)
{
	for (i++; i < l->n; i++)
		if (l->v[i].kind == (enum problem_kind)NEED_PYTHON)
			return i;
	return i;
}

/* "ModuleNotFoundError: ..." at the start of a line, or as pytest has it: where a traceback ends. */
static bool
ends_traceback(struct str line)
{
	struct str word;
	if (str_starts(line, "E "))
		line = (struct str){line.p + 2, line.n - 2};
	else if (line.n && isspace((unsigned char)line.p[0]))
		return false;
	return str_next_word(&line, &word) &&
	       (str_ends(word, "Error:") || str_ends(word, "Error") ||
		       str_ends(word, "Exception:"));
}

/*
 * A module that is loaded for want of another one, as Python tells by what stands between the two messages: one need, of
 * both names, the first choice first.
 */
static void
join_choices(struct problem_list *l, struct str log)
{
	static const char between[] = "During handling of the above exception";
	size_t of = next_module(l, SIZE_MAX);
	bool chained = false;
	struct str line;
	for (int64_t n = 1; of < l->n && str_next_line(&log, &line); n++) {
		while (!chained && of < l->n && l->v[of].line < n - 2)
			of = next_module(l, of);
		if (of < l->n && l->v[of].line < n && str_starts(line, between)) {
			chained = true;
			continue;
		}
		if (!chained || !ends_traceback(line))
			continue;
		size_t other = next_module(l, of);
		chained = false;
		if (other >= l->n || l->v[other].line != n)
			continue;
		OWN_FREE char *first = l->v[of].name;
		l->v[of].name = mem_printf("%s %s", first, l->v[other].name);
		drop(l, other);
	}
}

static void
forget_mentions(struct problem_list *l, struct str log)
{
	for (size_t i = l->n; i-- > 0;)
		if (is_module(l, &l->v[i]) || is_answer_of_configure(&l->v[i], log))
			drop(l, i);
	join_choices(l, log);
}

int
evidence_find(struct str log, struct problem_list *ret, struct dd_err *err)
{
	static struct rules rules;
	struct finder f = {.rules = &rules, .out = ret};
	int rc = rules.set ? 0 : compile_rules(&rules, err);
	if (rc == 0)
		rc = match_text(rules.set, log, take_hit, &f, err);
	map_cleanup(&f.seen);
	forget_mentions(ret, log);
	return rc;
}

/* ---- the worker ---- */

int
probe_evidence_worker_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf log = {.max = (size_t)64 << 20};
	struct problem_list found = {0};
	worker_take_input(&log);
	if (evidence_find(buf_str(&log), &found, &err) < 0) {
		fprintf(stderr, "evidence: %s\n", err_msg(&err));
		return 1;
	}
	OWN_JSON json_t *all = problem_list_to_json(&found);
	int rc = json_give(all, &err);
	problem_list_cleanup(&found);
	return rc < 0 ? 1 : 0;
}

int
evidence_read(
	const struct state *st, const char *log_path, struct problem_list *ret, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = (size_t)8 << 20};
	OWN_FD int fd = open(log_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "log %s", log_path);
	const struct worker_spec spec = {.state = st, .name = "evidence", .input_fd = fd};
	int rc = worker_run(&spec, &out, err);
	OWN_JSON json_t *j = NULL;
	if (rc == 0)
		rc = json_parse(buf_str(&out), &j, err);
	if (rc == 0)
		rc = problem_list_from_json(j, "problems", ret, err);
	return rc < 0 ? err_wrap(err, "reading the log") : 0;
}

/* ---- needs ---- */

bool
problem_to_need(const struct problem *p, struct need *ret)
{
	if (p->kind >= PROBLEM_ENV)
		return false;
	*ret = (struct need){.kind = (enum need_kind)p->kind, .scope = p->scope};
	ret->name = mem_strdup(p->name);
	if (ret->kind == NEED_PERL) /* "XML/Parser" as Perl's own message has it */
		for (char *s = strchr(ret->name, '/'); s; s = strchr(ret->name, '/')) {
			OWN_FREE char *old = ret->name;
			*s = '\0';
			ret->name = mem_printf("%s::%s", old, s + 1);
		}
	if (ret->kind == NEED_PROGRAM) {
		char *only = mem_strdup(fs_name(ret->name));
		free(ret->name);
		ret->name = only;
	}
	ret->source = NEED_FROM_LOG;
	ret->why = mem_printf("log line %lld: %s", (long long)p->line, p->text);
	return true;
}
