#include "envprobe/dialect.h"

#include "envprobe/data.h"
#include "envprobe/given.h"

#include <fnmatch.h>
#include <string.h>

struct dialect {
	char *variable, *program, *flag;
};

static void
dialect_cleanup(struct dialect *d)
{
	free(d->variable);
	free(d->program);
	free(d->flag);
}

static bool
find_dialect(const char *name, struct dialect *ret)
{
	struct str rest = data_dialects(), f[4];
	while (data_next(&rest, f, 4)) {
		OWN_FREE char *pattern = str_dup(f[3]);
		if (fnmatch(pattern, name, 0) != 0)
			continue;
		const char *percent = memchr(f[2].p, '%', f[2].n);
		size_t n = percent ? (size_t)(percent - f[2].p) : f[2].n;
		*ret = (struct dialect){str_dup(f[0]), str_dup(f[1]),
			mem_printf("%.*s%s", (int)n, f[2].p, percent ? name : "")};
		return true;
	}
	return false;
}

static struct env_var *
variable(struct loop *l, const char *name)
{
	struct env_var_list *all = &l->r->environment;
	struct env_var *e = env_var_list_find(all, name);
	if (e)
		return e;
	e = env_var_list_add(all);
	e->name = mem_strdup(name);
	return e;
}

static bool
has_word(const char *text, const char *word)
{
	struct str rest = str_of(text), one;
	while (str_next_word(&rest, &one))
		if (str_eq(one, word))
			return true;
	return false;
}

void
dialect_tell_make(struct loop *l, const char *name, const char *before, const char *now)
{
	OWN_FREE char *old = mem_printf(" %s='%s'", name, before ? before : "");
	for (size_t i = 0; i < l->r->project.commands.n; i++) {
		struct command *c = &l->r->project.commands.v[i];
		OWN_FREE char *run = TAKE(c->run);
		char *at = before ? strstr(run, old) : NULL;
		if (strncmp(run + given_length(run), "make", 4) != 0)
			c->run = mem_strdup(run);
		else if (at)
			c->run = mem_printf("%.*s %s='%s'%s", (int)(at - run), run, name, now,
				at + strlen(old));
		else
			c->run = mem_printf("%s %s='%s'", run, name, now);
	}
}

static bool
use(struct loop *l, const struct dialect *d, const struct problem *p)
{
	struct env_var *e = variable(l, d->variable);
	if (e->question || (e->value && has_word(e->value, d->flag)))
		return false;
	OWN_FREE char *before = TAKE(e->value);
	const bool none = !before && strcmp(d->program, "-") == 0;
	e->value = none ? mem_strdup(d->flag)
			: mem_printf("%s %s", before ? before : d->program, d->flag);
	free(e->why);
	e->why = mem_printf("the source is of another dialect: %s", p->text);
	strlist_set_env(&l->env, d->variable, e->value);
	strlist_addf(&l->r->options, "%s=%s (%s)",
		strcmp(d->program, "-") == 0 ? d->variable : "compiler", d->flag, p->text);
	if (l->r->project.system == SYSTEM_MAKE)
		dialect_tell_make(l, d->variable, before, e->value);
	return true;
}

bool
dialect_learn(struct loop *l, enum need_scope scope)
{
	bool any = false;
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		struct dialect d = {0};
		if (p->kind != PROBLEM_DIALECT || (scope == SCOPE_TEST && p->scope != scope) ||
			!find_dialect(p->name, &d))
			continue;
		any = use(l, &d, p) || any;
		dialect_cleanup(&d);
	}
	return any;
}
