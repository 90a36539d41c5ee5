#include "envprobe/history.h"

#include <string.h>

#define MADE_UP "0.0.0"

/* The times that a checkout gives to files are of no use for its date: a tree that is the same has others elsewhere. */
const char history_repository_script[] =
	"when=$(grep -Eoshw '(19[7-9][0-9]|20[0-9][0-9])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' "
	"ChangeLog* CHANGELOG* CHANGES* NEWS* | LC_ALL=C sort | tail -n 1 || :); when=${when:-2000-01-01}T00:00:00Z; "
	"export GIT_AUTHOR_DATE=$when GIT_COMMITTER_DATE=$when; "
	"git config --global --replace-all safe.directory '*' && git init -q && git add -A && "
	"git -c user.name=none -c user.email=none@localhost commit -q --allow-empty -m 'no history' && "
	"git -c user.name=none -c user.email=none@localhost tag -a v" MADE_UP " -m 'no version'; "
	"made=$?; unset when GIT_AUTHOR_DATE GIT_COMMITTER_DATE; [ $made = 0 ]";

/* As a rule of kind `history` takes the tool's words from a message. */
static const struct {
	const char *says, *variable;
} tools[] = {
	{"setuptools-scm was unable to detect version", "SETUPTOOLS_SCM_PRETEND_VERSION"},
	{"Versioning for this project requires", "PBR_VERSION"},
};

#define REPOSITORY "not a git repository"

static const char *
find_variable(const char *says)
{
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(tools[i].says, says) == 0)
			return tools[i].variable;
	return NULL;
}

static void
make_up(struct loop *l, const char *variable, const struct problem *p)
{
	OWN_FREE char *id = mem_printf("env:%s", variable);
	struct question *q = question_list_find(&l->r->questions, id);
	struct env_var *e = env_var_list_add(&l->r->environment);
	e->name = mem_strdup(variable);
	e->value = mem_strdup(MADE_UP);
	e->why = mem_printf("made up, for want of the source's history: %s", p->text);
	strlist_set_env(&l->env, variable, MADE_UP);
	strlist_addf(&l->r->options, "version=%s, made up (%s)", MADE_UP, p->text);
	if (q && !q->default_value)
		q->default_value = mem_strdup(MADE_UP);
}

bool
history_learn(struct loop *l)
{
	bool any = false;
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		const char *variable = p->kind == PROBLEM_HISTORY ? find_variable(p->name) : NULL;
		if (!variable || env_var_list_find(&l->r->environment, variable))
			continue;
		if (!loop_ask_variable(l, variable, NULL, p->text, false))
			make_up(l, variable, p);
		any = true;
	}
	return any;
}

static bool
has_command(const struct command_list *l, const char *run)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].run, run) == 0)
			return true;
	return false;
}

/* Before everything else that is done to the tree. */
static void
put_first(struct command_list *l, const char *run, const char *why)
{
	(void)command_list_add(l);
	memmove(&l->v[1], &l->v[0], (l->n - 1) * sizeof(*l->v));
	l->v[0] = (struct command){
		.phase = PHASE_CONFIGURE, .run = mem_strdup(run), .why = mem_strdup(why)};
}

bool
history_make_up(struct loop *l)
{
	struct need git = {.kind = NEED_PROGRAM, .name = (char *)"git", .why = (char *)REPOSITORY};
	struct command_list *commands = &l->r->project.commands;
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		if (p->kind != PROBLEM_HISTORY || strcmp(p->name, REPOSITORY) != 0 ||
			has_command(commands, history_repository_script))
			continue;
		put_first(commands, history_repository_script, p->text);
		(void)loop_want(l, &git);
		strlist_addf(&l->r->options, "history=one commit with the tag v%s, made up (%s)",
			MADE_UP, p->text);
		return true;
	}
	return false;
}
