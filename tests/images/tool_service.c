/*
 * Does a package work?  Installs it on the base image, starts its service in a pod, and asks it
 * something.
 *
 *   tool_service STATE FILE [fresh]
 *
 * "fresh": what was installed before is removed first, so that the seconds are those of an
 * installation whose archives are there.
 *
 * FILE says what to do, a line each: a key, a blank, a value.
 *
 *   packages NAMES   what to install
 *   setup SCRIPT     run as root inside, before the service is started; several lines are one
 * script user NAME        of the service; "root" when it changes its identity itself dir PATH made
 * for it (may be given again) data PATH        a stack of its own (may be given again) port N,
 * socket PATH   where it listens start SCRIPT     what it is; without it there is no service, and
 * only the probe is made probe SCRIPT     succeeds when it answers; run as the user `as NAME`, else
 * an ordinary one
 *
 * Prints one line: name, "installed" or why not, seconds, "answers" or why not, seconds; separated
 * by tabs.
 */
#include "base/fs.h"
#include "base/log.h"
#include "images/apt.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>

#define LEASE "bench-services"
#define PROBE_LIMIT_MS 60000

struct subject {
	const char *name;
	struct strlist names, dirs, data;
	struct buf setup;
	char *user, *socket, *start, *probe, *as;
	uint64_t port;
};

static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp",
	"LANG=C.UTF-8", "LC_ALL=C.UTF-8", NULL};

/* ---- the file ---- */

static void
take_line(struct subject *p, struct str line)
{
	struct str key, word, value;
	if (!str_next_word(&line, &key))
		return;
	value = str_trim(line);
	char **to = str_eq(key, "user")	    ? &p->user
		    : str_eq(key, "socket") ? &p->socket
		    : str_eq(key, "start")  ? &p->start
		    : str_eq(key, "probe")  ? &p->probe
		    : str_eq(key, "as")	    ? &p->as
					    : NULL;
	if (to)
		*to = str_dup(value);
	else if (str_eq(key, "dir"))
		strlist_add_str(&p->dirs, value);
	else if (str_eq(key, "data"))
		strlist_add_str(&p->data, value);
	else if (str_eq(key, "setup"))
		buf_printf(&p->setup, STR_FMT "\n", STR_ARG(value));
	else if (str_eq(key, "port"))
		(void)str_parse_u64(value, 65535, &p->port);
	while (str_eq(key, "packages") && str_next_word(&value, &word))
		strlist_add_str(&p->names, word);
}

static int
read_package(const char *path, struct subject *p, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	const char *slash = strrchr(path, '/');
	int rc = fs_read(path, 65536, &text, err);
	struct str rest = buf_str(&text), line;
	p->name = slash ? slash + 1 : path;
	while (rc == 0 && str_next_line(&rest, &line))
		if (line.n && line.p[0] != '#')
			take_line(p, line);
	return rc;
}

/* ---- installing ---- */

static int
forget_installed(const struct state *st, struct dd_err *err)
{
	struct gc_result freed = {0};
	const struct gc_spec all = {0};
	int rc = layer_release_all(st, LEASE, err);
	return rc < 0 ? rc : layer_collect(st, &all, &freed, err);
}

/* What it takes, with all archives in the store. */
static int
prepare(const struct state *st, const struct subject *p, struct stack *root,
	struct install_batch *ret, struct dd_err *err)
{
	struct image img = {0};
	struct apt_index index = {0};
	int rc = image_ensure(st, IMAGE_BASE, false, false, NULL, &img, err);
	if (rc == 0) {
		stack_copy(root, &img.stack);
		rc = apt_index_open(st, false, false, NULL, &index, err);
	}
	if (rc == 0)
		rc = apt_resolve(st, &index, root, &p->names, ret, err);
	if (rc == 0)
		rc = apt_fetch(st, ret, LEASE, false, NULL, err);
	apt_index_cleanup(&index);
	image_cleanup(&img);
	return rc;
}

/* ---- asking ---- */

static void
keep(void *ctx, int stream, struct str data)
{
	(void)stream;
	buf_add_str(ctx, data);
}

/* As `user` (of the pod's passwd), or with a profile that needs none. */
static int
run_script(struct pod *pod, const char *what, const char *script, enum exec_profile profile,
	const char *user, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = 65536};
	const char *argv[] = {"/bin/sh", "-ec", script, NULL};
	const struct exec_spec spec = {.argv = argv,
		.env = env,
		.cwd = "/",
		.profile = profile,
		.user = user,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &out,
		.time_limit_ms = PROBE_LIMIT_MS};
	struct exec_result r;
	int rc = pod_exec(pod, &spec, &r, err);
	if (rc < 0 || r.exit_code == 0)
		return rc;
	struct str rest = buf_str(&out), line, last = {"", 0};
	while (str_next_line(&rest, &line))
		last = str_trim(line).n ? str_trim(line) : last;
	log_debug("%s: " STR_FMT, what, STR_ARG(buf_str(&out)));
	return err_set(err, DD_EIO, "%s: status %d, " STR_FMT, what, r.exit_code, STR_ARG(last));
}

static const char *const *
words(struct strlist *l)
{
	strlist_add(l, "");
	free(l->v[--l->n]);
	l->v[l->n] = NULL;
	return (const char *const *)l->v;
}

static int
ask(struct pod *pod, struct subject *p, struct dd_err *err)
{
	const char *argv[] = {"/bin/sh", "-c", p->start, NULL};
	const struct service_spec service = {.name = p->name,
		.argv = argv,
		.env = env,
		.user = p->user,
		.dirs = words(&p->dirs),
		.port = (uint16_t)p->port,
		.socket = p->socket};
	int rc =
		p->setup.n ? run_script(pod, "setup", p->setup.p, PROFILE_PROVISION, NULL, err) : 0;
	if (rc == 0 && p->start)
		rc = service_start(pod, &service, NULL, err);
	if (rc == 0)
		rc = run_script(
			pod, "probe", p->probe, p->as ? PROFILE_SERVICE : PROFILE_TEST, p->as, err);
	OWN(buf) struct buf text = {0};
	if (rc < 0 && p->start && service_output(pod, p->name, &text, NULL) == 0)
		log_debug("%s: " STR_FMT, p->name, STR_ARG(buf_str(&text)));
	return rc;
}

static int
answers(const struct state *st, struct subject *p, const struct stack *root, struct dd_err *err)
{
	const struct pod_spec spec = {.state = st, .root = *root, .data_dirs = words(&p->data)};
	struct pod *pod;
	int rc = pod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	rc = ask(pod, p, err);
	/* What it stored and how it starts must survive a snapshot. */
	const struct pod_snapshot keep_data = {.keep_data = true};
	if (rc == 0 && p->start && p->data.n) {
		rc = pod_reopen(pod, &keep_data, err);
		if (rc == 0)
			rc = run_script(pod, "probe after a snapshot", p->probe,
				p->as ? PROFILE_SERVICE : PROFILE_TEST, p->as, err);
	}
	pod_close(pod);
	return rc;
}

static double
seconds_since(int64_t start_ns)
{
	return (double)(clock_mono_ns() - start_ns) / 1e9;
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct subject p = {0};
	struct state st = {0};
	struct stack root = {0};
	struct install_batch batch = {0};
	if (argc != 3 && (argc != 4 || strcmp(argv[3], "fresh") != 0)) {
		fprintf(stderr, "usage: tool_service STATE FILE [fresh]\n");
		return 2;
	}
	log_init(LOG_QUIET);
	int rc = read_package(argv[2], &p, &err);
	if (rc == 0)
		rc = state_open(argv[1], &st, &err);
	if (rc == 0 && argc == 4)
		rc = forget_installed(&st, &err);
	if (rc < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return 3;
	}
	rc = prepare(&st, &p, &root, &batch, &err);
	int64_t start = clock_mono_ns();
	if (rc == 0)
		rc = apt_install(&st, &root, &batch, LEASE, NULL, &err);
	install_batch_cleanup(&batch);
	printf("%s\t%s\t%.1f\t", p.name, rc < 0 ? err_msg(&err) : "installed",
		seconds_since(start));
	start = clock_mono_ns();
	if (rc == 0)
		rc = answers(&st, &p, &root, &err);
	printf("%s\t%.1f\n",
		rc < 0	  ? err_msg(&err)
		: p.start ? "answers"
			  : "works",
		seconds_since(start));
	return rc < 0;
}
