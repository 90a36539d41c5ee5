#include "envprobe/history.h"

#include <string.h>

#define MADE_UP "0.0.0"

/* As a rule of kind `history` takes the tool's words from a message. */
static const struct {
	const char *says, *variable;
} tools[] = {
	{"setuptools-scm was unable to detect version", "SETUPTOOLS_SCM_PRETEND_VERSION"},
	{"Versioning for this project requires", "PBR_VERSION"},
};

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
