/* Scripts that only their names made tests. */
#include "envprobe/loop.h"

#include <string.h>

/* The last command, if it is one of them and came to no case; NULL. */
static struct command *
find_vain(struct loop *l)
{
	struct command_list *c = &l->r->project.commands;
	const struct test_run *t = &l->r->tests;
	struct command *last = c->n ? &c->v[c->n - 1] : NULL;
	bool cases = !t->by_exit_status && t->passed + t->failed > 0;
	return last && last->guessed && !cases ? last : NULL;
}

bool
loop_want_for_guess(struct loop *l)
{
	if (l->tested || !find_vain(l))
		return false;
	l->tested = true;
	l->for_guess = loop_want_missed(l);
	return l->for_guess;
}

bool
loop_forget_guess(struct loop *l)
{
	struct command *vain = find_vain(l);
	struct test_run *t = &l->r->tests;
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	if (!vain)
		return false;
	strlist_addf(&a->decisions,
		"\"%s\" is named as scripts of tests are, but reports no single case: it counts for nothing",
		vain->run);
	command_cleanup(vain);
	l->r->project.commands.n--;
	test_run_cleanup(t);
	*t = (struct test_run){0};
	l->vain = l->for_guess;
	return true;
}

bool
loop_settle_guess(struct loop *l, bool limited)
{
	bool forgotten = limited && loop_forget_guess(l);
	bool more = l->vain && l->r->root.n != l->good.layers;
	if (more)
		loop_settle(l);
	l->vain = false;
	return forgotten || more;
}
