/*
 * The filters of all profiles, evaluated here for every system-call number of every ABI: what the kernel
 * of this machine happens to know or to refuse by itself does not come into it.
 */
#include "sandbox/box/filter.c"

#include "sandbox/box/calls.h"

#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define X32_BIT 0x40000000u
#define NUMBERS 1024
#define N_KINDS (FILTER_DEBUG + 1)

void
box_die(int errnum, const char *fmt, ...)
{
	fprintf(stderr, "box_die: %d %s\n", errnum, fmt);
	abort();
}

static uint32_t
load_word(const struct seccomp_data *d, uint32_t at)
{
	uint32_t v;
	assert_true(at + sizeof(v) <= sizeof(*d));
	memcpy(&v, (const char *)d + at, sizeof(v));
	return v;
}

/* What the kernel would answer: the part of classic BPF that seccomp filters are made of. */
static uint32_t
evaluate(const struct program *p, const struct seccomp_data *d)
{
	uint32_t a = 0;
	for (size_t pc = 0; pc < p->n; pc++) {
		const struct sock_filter *f = &p->f[pc];
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load_word(d, f->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			fail_msg("unknown instruction 0x%x", f->code);
		}
	}
	fail_msg("the filter has no end");
	return 0;
}

/* As filter_install_listening does when something is observed, as filter_install when not. */
static void
prepare(struct program *p, const struct filter_spec *s)
{
	bool record = s->observe & BOX_OBSERVE_DENIED;
	p->denied = record ? SECCOMP_RET_USER_NOTIF : ERRNO(EPERM);
	p->unknown = record ? SECCOMP_RET_USER_NOTIF : ERRNO(ENOSYS);
	p->faked = ERRNO(0);
	p->observed = s->observe ? SECCOMP_RET_USER_NOTIF : 0;
	assemble(p, s);
}

static void
for_each_filter(void (*fn)(const struct program *p, enum filter_kind kind))
{
	static const unsigned observed_sets[] = {0, BOX_OBSERVE_DENIED,
		BOX_OBSERVE_OPEN | BOX_OBSERVE_EXEC | BOX_OBSERVE_STAT | BOX_OBSERVE_CONNECT |
			BOX_OBSERVE_DENIED};
	static struct program p;
	for (int kind = 0; kind < N_KINDS; kind++)
		for (int ids = IDS_REAL; ids <= IDS_ASKED; ids++)
			for (size_t i = 0; i < 3; i++) {
				const struct filter_spec s = {.kind = (enum filter_kind)kind,
					.ids = (enum filter_ids)ids,
					.observe = observed_sets[i]};
				prepare(&p, &s);
				fn(&p, (enum filter_kind)kind);
			}
}

static struct seccomp_data
call(uint32_t arch, uint32_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	return (struct seccomp_data){.nr = (int)nr, .arch = arch, .args = {a, b, c}};
}

static void
no_foreign_call(const struct program *p, enum filter_kind kind)
{
	static const uint32_t foreign[] = {AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64,
		AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0, UINT32_MAX};
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		for (uint32_t nr = 0; foreign[i] != NATIVE_ARCH && nr < NUMBERS; nr++) {
			struct seccomp_data d = call(foreign[i], nr, 0, 0, 0);
			if (evaluate(p, &d) != ERRNO(ENOSYS))
				fail_msg("kind %d, ABI %x, call %u: %x", kind, foreign[i], nr,
					evaluate(p, &d));
		}
#ifdef __x86_64__
	for (uint32_t nr = 0; nr < NUMBERS; nr++) {
		struct seccomp_data d = call(NATIVE_ARCH, nr | X32_BIT, 0, 0, 0);
		if (evaluate(p, &d) != ERRNO(ENOSYS))
			fail_msg("kind %d, x32 call %u: %x", kind, nr, evaluate(p, &d));
	}
#endif
}

static void
calls_of_foreign_abis_are_unknown(void **state)
{
	(void)state;
	for_each_filter(no_foreign_call);
}

static bool
is_refused(const struct program *p, uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
	return (action == SECCOMP_RET_ERRNO && (answer & SECCOMP_RET_DATA)) ||
	       answer == p->denied || answer == p->unknown;
}

/* Numbers that no list has; with a supervisor it answers them, without one they are unknown. */
static void
nothing_unheard_of(const struct program *p, enum filter_kind kind)
{
	for (uint32_t nr = 463; nr < NUMBERS; nr++) {
		struct seccomp_data d = call(NATIVE_ARCH, nr, 0, 0, 0);
		if (!is_refused(p, evaluate(p, &d)))
			fail_msg("kind %d allows call %u", kind, nr);
	}
}

static void
new_calls_are_refused_until_somebody_looked_at_them(void **state)
{
	(void)state;
	for_each_filter(nothing_unheard_of);
}

static void
nothing_denied(const struct program *p, enum filter_kind kind)
{
	for (const char *const *name = calls_denied; *name; name++) {
		int nr = seccomp_syscall_resolve_name(*name);
		if (nr < 0)
			continue;
		struct seccomp_data d = call(NATIVE_ARCH, (uint32_t)nr, 0, 0, 0);
		if (!is_refused(p, evaluate(p, &d)))
			fail_msg("kind %d allows %s", kind, *name);
	}
}

static void
what_is_known_for_misuse_is_refused_in_every_profile(void **state)
{
	(void)state;
	for_each_filter(nothing_denied);
}

/* Each flag alone, with every other, and with bits above the 32 that the kernel looks at. */
static void
no_namespace(const struct program *p, enum filter_kind kind)
{
	static const uint64_t flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
	static const uint64_t beside[] = {
		0, 17, CLONE_VM, 1ULL << 32, 0xffffffff00000000ULL, 0xffffffffULL};
	if (kind == FILTER_BROWSER)
		return;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		for (size_t k = 0; k < sizeof(beside) / sizeof(*beside); k++) {
			struct seccomp_data c =
				call(NATIVE_ARCH, SYS_clone, flags[i] | beside[k], 0, 0);
			struct seccomp_data u =
				call(NATIVE_ARCH, SYS_unshare, flags[i] | beside[k], 0, 0);
			uint32_t unshare = evaluate(p, &u);
			/* What the watcher is asked about it answers with EPERM. */
			bool asked = (unshare & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
			if (!is_refused(p, evaluate(p, &c)) || (!is_refused(p, unshare) && !asked))
				fail_msg("kind %d: flags %llx", kind,
					(unsigned long long)(flags[i] | beside[k]));
		}
	struct seccomp_data d = call(NATIVE_ARCH, SYS_clone3, 0, 0, 0);
	assert_int_equal(evaluate(p, &d), ERRNO(ENOSYS));
}

static void
no_profile_but_a_browsers_makes_namespaces(void **state)
{
	(void)state;
	for_each_filter(no_namespace);
}

/* A limit of cores is set by nobody, whatever half of the pointer is not zero. */
static void
no_core_limit(const struct program *p, enum filter_kind kind)
{
	static const uint64_t pointers[] = {1, 0x7fff12345678ULL, 1ULL << 32};
	(void)kind;
	for (size_t i = 0; i < 3; i++) {
		struct seccomp_data d =
			call(NATIVE_ARCH, SYS_prlimit64, 0, RLIMIT_CORE, pointers[i]);
		assert_int_equal(evaluate(p, &d), ERRNO(0));
	}
	struct seccomp_data get = call(NATIVE_ARCH, SYS_prlimit64, 0, RLIMIT_CORE, 0);
	assert_int_equal(evaluate(p, &get), SECCOMP_RET_ALLOW);
}

static void
the_core_limit_stays(void **state)
{
	(void)state;
	for_each_filter(no_core_limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_of_foreign_abis_are_unknown),
		cmocka_unit_test(new_calls_are_refused_until_somebody_looked_at_them),
		cmocka_unit_test(what_is_known_for_misuse_is_refused_in_every_profile),
		cmocka_unit_test(no_profile_but_a_browsers_makes_namespaces),
		cmocka_unit_test(the_core_limit_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
