/*
 * Runs when drydock is built: compiles the lists of calls.h, one program for each kind of filter, and
 * prints them as C.  libseccomp knows the numbers; the program is ours.  The numbers of an action lie in
 * few ranges, so that a tree over the bounds of ranges is a quarter of one over single numbers: each
 * exec pays for the length (the kernel translates the program), each first call for the depth.
 *
 * What a denied and an unknown call answer depends on whether a supervisor listens, so that both are
 * markers here, which filter.c replaces when it installs a filter.  With the argument "names": what
 * the calls of this architecture are called, by number.
 */
#include "sandbox/box/calls.h"
#include "sandbox/box/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 1024
#define FOREIGN 0x40000000u /* numbers from here on are another ABI's */
#define MAX_RANGES 250	    /* what a jump of eight bits reaches */

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "gen_filters: %s\n", what);
	exit(1);
}

static bool
is_in(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Every name but those of `except`.  What this architecture has no number for cannot be called. */
static void
add_names(uint32_t *actions, uint32_t action, const char *const *names, const char *const *except)
{
	for (; *names; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		if (nr < 0 || is_in(except, *names))
			continue;
		if (nr >= NUMBERS || (actions[nr] != MARK_UNKNOWN && actions[nr] != action))
			fail(*names);
		actions[nr] = action;
	}
}

/* ---- from actions to a program ---- */

static const uint32_t returns[] = {
	SECCOMP_RET_ALLOW, MARK_DENIED, MARK_UNKNOWN, SECCOMP_RET_ERRNO | ENOSYS};
#define N_RETURNS (sizeof(returns) / sizeof(*returns))

struct range {
	uint32_t first; /* the last number is before the next range's */
	size_t action;	/* index in returns */
};

struct program {
	struct range ranges[MAX_RANGES];
	size_t nranges;
	struct sock_filter f[MAX_RANGES + 16];
	size_t n;
};

static size_t
index_of(uint32_t action)
{
	for (size_t i = 0; i < N_RETURNS; i++)
		if (returns[i] == action)
			return i;
	fail("an action without a return");
}

static void
add_range(struct program *p, uint32_t first, uint32_t action)
{
	size_t i = index_of(action);
	if (p->nranges && p->ranges[p->nranges - 1].action == i)
		return;
	if (p->nranges == MAX_RANGES)
		fail("too many ranges");
	p->ranges[p->nranges++] = (struct range){first, i};
}

/* Where to go for ranges [a, b): its node comes next, or it is a single return. */
static size_t
target(const struct program *p, size_t a, size_t b, size_t node, size_t end)
{
	return b - a == 1 ? end + p->ranges[a].action : node;
}

/*
 * A node for ranges [a, b) and those below it; a tree of n ranges has n - 1 nodes.  The returns stand at
 * `end`.
 */
static void
add_tree(struct program *p, size_t a, size_t b, size_t end)
{
	if (b - a < 2)
		return;
	size_t middle = a + (b - a) / 2, at = p->n++;
	size_t left = at + 1, right = left + (middle - a - 1);
	size_t if_not = target(p, a, middle, left, end), if_so = target(p, middle, b, right, end);
	p->f[at] = (struct sock_filter){BPF_JMP | BPF_JGE | BPF_K, (uint8_t)(if_so - at - 1),
		(uint8_t)(if_not - at - 1), p->ranges[middle].first};
	add_tree(p, a, middle, end);
	add_tree(p, middle, b, end);
}

static void
compile(struct program *p, const uint32_t *actions)
{
	*p = (struct program){0};
	for (uint32_t nr = 0; nr < NUMBERS; nr++)
		add_range(p, nr, actions[nr]);
	add_range(p, NUMBERS, MARK_UNKNOWN);
	add_range(p, FOREIGN, SECCOMP_RET_ERRNO | ENOSYS);
	p->f[p->n++] = (struct sock_filter){
		BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch)};
	p->f[p->n++] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 1, 0, seccomp_arch_native()};
	p->f[p->n++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS};
	p->f[p->n++] = (struct sock_filter){
		BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)};
	add_tree(p, 0, p->nranges, p->n + p->nranges - 1);
	for (size_t i = 0; i < N_RETURNS; i++)
		p->f[p->n++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, returns[i]};
}

static void
print_program(const uint32_t *actions, const char *name)
{
	static struct program p;
	compile(&p, actions);
	printf("static const struct sock_filter %s_program[] = {\n", name);
	for (size_t i = 0; i < p.n; i++)
		printf("\t{0x%04x, %u, %u, 0x%08x},\n", p.f[i].code, p.f[i].jt, p.f[i].jf,
			p.f[i].k);
	printf("};\n\n");
}

/* What each kind opens of the lists that are closed to build and test. */
static const struct {
	const char *name;
	bool mounts, roots, debugs;
	const char *const *without;
} kinds[] = {
	[FILTER_BUILD] = {"build", false, false, false, NULL},
	[FILTER_PROVISION] = {"provision", false, true, false, NULL},
	[FILTER_IMAGE] = {"image", true, true, false, NULL},
	[FILTER_PARSER] = {"parser", false, false, false, calls_parser_denied},
	[FILTER_BROWSER] = {"browser", false, true, false, NULL},
	[FILTER_DEBUG] = {"debug", false, false, true, NULL},
};

static void
print_names(void)
{
	printf("static const char *const call_names[] = {\n");
	for (int nr = 0; nr < NUMBERS; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		if (name)
			printf("\t[%d] = \"%s\",\n", nr, name);
		free(name);
	}
	printf("};\n");
}

static void
print_programs(void)
{
	static const char *const rooting[] = {"chroot", NULL};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		uint32_t actions[NUMBERS];
		for (size_t nr = 0; nr < NUMBERS; nr++)
			actions[nr] = MARK_UNKNOWN;
		add_names(actions, SECCOMP_RET_ALLOW, calls_allowed, kinds[i].without);
		if (kinds[i].without)
			add_names(actions, MARK_DENIED, kinds[i].without, NULL);
		add_names(actions, MARK_DENIED, calls_denied, NULL);
		add_names(actions, kinds[i].debugs ? SECCOMP_RET_ALLOW : MARK_DENIED,
			calls_debugging, NULL);
		add_names(actions, kinds[i].mounts ? SECCOMP_RET_ALLOW : MARK_DENIED,
			calls_mounting, NULL);
		add_names(actions, kinds[i].roots ? SECCOMP_RET_ALLOW : MARK_DENIED, rooting, NULL);
		add_names(actions, SECCOMP_RET_ERRNO | ENOSYS, calls_quiet, NULL);
		print_program(actions, kinds[i].name);
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "names") == 0)
		print_names();
	else
		print_programs();
	return 0;
}
