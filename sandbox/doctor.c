/* What this machine can do for the sandbox, found out by trying. */
#include "sandbox/limits.h"
#include "sandbox/sandbox.h"

#include "base/fs.h"
#include "sandbox/trace.h"
#include "sandbox/warden/warden.h"

#include <string.h>
#include <unistd.h>

void
doctor_list_cleanup(struct doctor_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].detail);
		free(l->v[i].remedy);
	}
	free(l->v);
	*l = (struct doctor_list){0};
}

void
doctor_add(struct doctor_list *l, const char *name, bool ok, bool needed, const char *detail,
	const char *remedy)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n++] = (struct doctor_item){.name = mem_strdup(name),
		.ok = ok,
		.needed = needed,
		.detail = detail ? mem_strdup(detail) : NULL,
		.remedy = remedy ? mem_strdup(remedy) : NULL};
}

/* Is a switch such as kernel.unprivileged_userns_clone in the way? */
static const char *
namespace_remedy(void)
{
	static const struct {
		const char *path, *bad, *remedy;
	} switches[] = {
		{"/proc/sys/kernel/unprivileged_userns_clone", "0",
			"sysctl -w kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/user/max_user_namespaces", "0",
			"sysctl -w user.max_user_namespaces=15000"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
			"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile "
			"that lets drydock-box make user namespaces"},
	};
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		OWN(buf) struct buf text = {0};
		if (fs_read(switches[i].path, 64, &text, NULL) == 0 &&
			str_eq(str_trim(buf_str(&text)), switches[i].bad))
			return switches[i].remedy;
	}
	return "a kernel of at least 6.1 with user, mount, pid, network, ipc, uts and cgroup namespaces "
	       "and overlayfs, not inside a container that forbids them";
}

static struct exec_result
run_true(struct pod *pod, struct trace *t, bool *ret_ok)
{
	static const char *const argv[] = {"/bin/true", NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.trace = t,
		.trace_classes = TRACE_ALL,
		.time_limit_ms = 10000};
	struct exec_result r = {0};
	*ret_ok = pod_exec(pod, &spec, &r, NULL) == 0 && r.exit_code == 0;
	return r;
}

void
doctor_add_tracing(struct doctor_list *l, enum trace_method m)
{
	static const char *const remedies[] = {
		[TRACE_NOTIFY] =
			"a kernel of at least 6.6, whose synchronous wake-up makes traced builds as "
			"fast as others; until then they take up to a quarter more time",
		[TRACE_PTRACE] =
			"a kernel with seccomp user notification (5.0); until then traced builds "
			"take up to a quarter more time, and denied calls are not recorded",
		[TRACE_NONE] =
			"a kernel with seccomp user notification (5.0); until then needs that no "
			"message names are not found",
	};
	const char *remedy = (size_t)m < sizeof(remedies) / sizeof(*remedies) ? remedies[m] : NULL;
	doctor_add(l, "tracing", !remedy, false, trace_method_name(m), remedy);
}

static void
add_ids(const struct state *st, struct doctor_list *ret)
{
	doctor_add(ret, "user ids", st->root, false,
		st->root
			? "a range of 65536, of nobody else"
			: "one, yours (ordinary user): root inside is told what it wants to hear, a "
			  "service has a namespace for its own id, and can be ended by commands beside it",
		st->root ? NULL
			 : "run as root: installations and services then have ids of their own");
}

static void
try_pod(const struct state *st, struct doctor_list *ret)
{
	OWN(dd_err) struct dd_err err = {0};
	struct stack none = {0};
	struct pod *pod;
	const struct pod_spec spec = {.state = st, .work = &none};
	if (pod_open(&spec, &pod, &err) < 0) {
		doctor_add(ret, "sandbox", false, true, err_msg(&err), namespace_remedy());
		return;
	}
	struct trace *t = trace_create();
	bool ran;
	struct exec_result r = run_true(pod, t, &ran);
	doctor_add(ret, "sandbox", ran, true, "a pod opens and runs a program",
		ran ? NULL : "see the message of `drydock sandbox run -- /bin/true`");
	add_ids(st, ret);
	if (ran)
		doctor_add_tracing(ret, r.trace_method);
	trace_destroy(t);
	pod_close(pod);
}

/* ---- limits ---- */

/*
 * What can be taken between two looks of the warden when a limit is near, and once more while the processes
 * end: all processors at the speed that the warden reckons with.
 */
static unsigned
overshoot_mib(void)
{
	return (unsigned)((uint64_t)sysconf(_SC_NPROCESSORS_ONLN) * 2 * WARDEN_MIN_MS *
				  WARDEN_TOUCH_PER_MS >>
			  20);
}

static void
add_limits(struct doctor_list *ret)
{
	const char *mechanism = limits_mechanism();
	bool watched = strcmp(mechanism, "watchdog") == 0;
	unsigned over = overshoot_mib();
	OWN_FREE char *kernel = mem_printf("%s; overshoot: none, the kernel refuses", mechanism);
	OWN_FREE char *memory = mem_printf(
		"watchdog, looks every %d ms when the limit is near; overshoot: at most "
		"%u MiB, what all processors touch in %d ms, and more while others leave "
		"it none; pipes in addition, which "
		"the kernel bounds at 64 MiB a user and 8 KiB each",
		WARDEN_MIN_MS, over, 2 * WARDEN_MIN_MS);
	doctor_add(ret, "memory limit", !watched, false, watched ? memory : kernel,
		watched ? "run as root, or delegate a cgroup v2 with the memory and pids controllers to "
			  "this user"
			: NULL);
	OWN_FREE char *processes = mem_printf(
		"watchdog, looks every %d ms when the limit is near, and RLIMIT_NPROC of the pod's "
		"user namespace; overshoot: at most an eighth and %d, the kernel refuses more",
		WARDEN_MIN_MS, WARDEN_SPARE_TASKS_LEAST);
	doctor_add(ret, "process limit", true, false, watched ? processes : kernel, NULL);
	OWN_FREE char *disk = mem_printf(
		"no quota; watchdog, looks every %d ms when the limit is near, and no single file "
		"above the limit; an entry counts as 4 KiB at least; overshoot: at most %u MiB, and "
		"what is written while the tree is measured",
		WARDEN_MIN_MS, over);
	doctor_add(ret, "disk limit", false, false, disk,
		"a state directory on a file system of its own (--state), whose size then bounds all "
		"pods together");
}

void
sandbox_doctor(const struct state *st, struct doctor_list *ret)
{
	OWN_FREE char *state = mem_printf("%s, %s mode", st->dir, st->root ? "root" : "user");
	doctor_add(ret, "state directory", true, true, state, NULL);
	try_pod(st, ret);
	add_limits(ret);
}
