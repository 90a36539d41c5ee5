/*
 * Runs when drydock is built: compiles the lists of calls.h with libseccomp, one program for each
 * kind of filter, and prints them as C.  What a denied and an unknown call answer depends on
 * whether a supervisor listens, so that both are markers here, which filter.c replaces when it
 * installs a filter.  With the argument "names": what the calls of this architecture are called, by
 * number.
 */
#include "sandbox/box/calls.h"
#include "sandbox/box/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
check(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "gen_filters: %s: %s\n", what, strerror(-rc));
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
add_names(scmp_filter_ctx ctx, uint32_t action, const char *const *names, const char *const *except)
{
	for (; *names; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		if (nr >= 0 && !is_in(except, *names))
			check(seccomp_rule_add(ctx, action, nr, 0), *names);
	}
}

static void
print_program(scmp_filter_ctx ctx, const char *name)
{
	int fd = memfd_create("filter", 0);
	check(seccomp_export_bpf(ctx, fd), "export");
	off_t bytes = lseek(fd, 0, SEEK_END);
	const struct sock_filter *f = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (f == MAP_FAILED)
		check(-errno, "mmap");
	printf("static const struct sock_filter %s_program[] = {\n", name);
	for (size_t i = 0; i < (size_t)bytes / sizeof(*f); i++)
		printf("\t{0x%04x, %u, %u, 0x%08x},\n", f[i].code, f[i].jt, f[i].jf, f[i].k);
	printf("};\n\n");
	(void)close(fd);
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

#define NAMES_END 1024

static void
print_names(void)
{
	printf("static const char *const call_names[] = {\n");
	for (int nr = 0; nr < NAMES_END; nr++) {
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
		scmp_filter_ctx ctx = seccomp_init(MARK_UNKNOWN);
		if (!ctx)
			check(-ENOMEM, "seccomp");
		check(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)),
			"foreign ABIs");
		check(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimisation");
		add_names(ctx, SCMP_ACT_ALLOW, calls_allowed, kinds[i].without);
		if (kinds[i].without)
			add_names(ctx, MARK_DENIED, kinds[i].without, NULL);
		add_names(ctx, MARK_DENIED, calls_denied, NULL);
		add_names(
			ctx, kinds[i].debugs ? SCMP_ACT_ALLOW : MARK_DENIED, calls_debugging, NULL);
		add_names(
			ctx, kinds[i].mounts ? SCMP_ACT_ALLOW : MARK_DENIED, calls_mounting, NULL);
		add_names(ctx, kinds[i].roots ? SCMP_ACT_ALLOW : MARK_DENIED, rooting, NULL);
		add_names(ctx, SCMP_ACT_ERRNO(ENOSYS), calls_quiet, NULL);
		print_program(ctx, kinds[i].name);
		seccomp_release(ctx);
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
