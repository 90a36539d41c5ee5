#include "runner/twins.h"

#include "base/fs.h"

#include <string.h>

#define STEADY "/run/drydock-steady.so"
#define MOMENT "1709210096" /* 2024-02-29T12:34:56Z */
#define CHANCE "1001"

void
twin_close(struct twin *t)
{
	for (size_t i = 0; i < PARITY_LANES; i++)
		live_close(t->lives[i]);
	if (t->files.nbinds)
		free((char *)t->files.binds[t->files.nbinds - 1].src);
	free(t->files.binds);
	strlist_cleanup(&t->env);
	strlist_cleanup(&t->command);
	*t = (struct twin){0};
}

/* ---- which program ---- */

static bool
has_stem(const char *path, const char *stem)
{
	const char *name = fs_name(path);
	size_t n = strlen(stem);
	return strncmp(name, stem, n) == 0 && (!name[n] || name[n] == '.');
}

static int
find_program(const struct twin_spec *spec, struct strlist *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist all = {0};
	OWN(buf) struct buf names = {0};
	const char *chosen = NULL;
	int rc = parity_find_programs(spec->live.state, spec->live.work, &all, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.n; i++) {
		bool like = spec->like && has_stem(all.v[i], spec->like);
		if (like || all.n == 1)
			chosen = chosen ? "" : all.v[i];
		buf_printf(&names, "%s%s", i ? ", " : "", all.v[i]);
	}
	if (!chosen || !*chosen)
		return err_set(err, DD_EINVAL, "which program is the %s? say --%s: %s", spec->what,
			spec->what, names.n ? names.p : "the tree has none that may be executed");
	strlist_addf(ret, WORK_DIR "/%s", chosen);
	return 0;
}

static int
take_command(const struct twin_spec *spec, struct strlist *ret, struct dd_err *err)
{
	struct str rest = str_of(spec->command), word;
	if (!spec->command)
		return find_program(spec, ret, err);
	while (str_next_word(&rest, &word)) {
		if (str_starts(word, "./"))
			strlist_addf(ret, WORK_DIR "/" STR_FMT, (int)word.n - 2, word.p + 2);
		else
			strlist_add_str(ret, word);
	}
	return ret->n ? 0 : err_set(err, DD_EINVAL, "--%s names no program", spec->what);
}

/* A program that is nowhere would do the same as another that is nowhere. */
static int
require_program(struct twin *t, const char *what, struct dd_err *err)
{
	static const char script[] =
		"case $1 in */*) [ -x \"$1\" ] ;; *) command -v \"$1\" >/dev/null ;; esac || exit 1\n"
		"for w; do case $w in " WORK_DIR "/*) [ -e \"$w\" ] || exit 1 ;; esac; done";
	OWN(strlist) struct strlist argv = {0};
	OWN(buf) struct buf said = {0};
	struct exec_result r = {0};
	static const char *const shell[] = {"/bin/sh", "-c", script, "sh"};
	for (size_t i = 0; i < sizeof(shell) / sizeof(*shell); i++)
		strlist_add(&argv, shell[i]);
	strlist_copy(&argv, &t->command);
	const struct exec_spec exec = {.argv = (const char *const *)argv.v,
		.env = (const char *const *)t->env.v,
		.profile = PROFILE_TEST,
		.fds = {-1, -1, -1}};
	int rc = pod_exec(live_pod(t->lives[0]), &exec, &r, err);
	if (rc < 0 || r.exit_code == 0)
		return rc;
	for (size_t i = 0; i < t->command.n; i++)
		buf_printf(&said, " %s", t->command.v[i]);
	return err_set(err, DD_EINVAL, "the %s is not there, or is no program:%s", what, said.p);
}

/* ---- where it runs ---- */

static void
set_environment(const struct strlist *base, bool steady, struct strlist *ret)
{
	static const char *const same[][2] = {{"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"},
		{"HOME", "/tmp/drydock-parity/home"}, {"TMPDIR", "/tmp/drydock-parity/tmp"},
		{"COLUMNS", "80"}, {"PYTHONHASHSEED", "0"}, {"PYTHONDONTWRITEBYTECODE", "1"},
		{"PERL_HASH_SEED", "0"}};
	strlist_copy(ret, base);
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		strlist_set_env(ret, same[i][0], same[i][1]);
	if (!steady)
		return;
	strlist_set_env(ret, "LD_PRELOAD", STEADY);
	strlist_set_env(ret, "DRYDOCK_CLOCK", MOMENT);
	strlist_set_env(ret, "DRYDOCK_RANDOM", CHANCE);
}

static void
add_steady(struct twin *t, const struct probe_files *files, char *steady)
{
	t->files = *files;
	t->files.nbinds = files->nbinds + (steady != NULL);
	t->files.binds = mem_zalloc(t->files.nbinds + 1, sizeof(*t->files.binds));
	for (size_t i = 0; i < files->nbinds; i++)
		t->files.binds[i] = files->binds[i];
	if (steady)
		t->files.binds[files->nbinds] = (struct pod_bind){.src = steady, .dst = STEADY};
}

/* Services of each lane would take memory and disk of their own. */
static size_t
lanes_of(const struct twin_spec *spec)
{
	bool one = spec->alone || spec->live.services->n ||
		   sysconf(_SC_NPROCESSORS_ONLN) < PARITY_LANES;
	return one ? 1 : PARITY_LANES;
}

static int
open_lanes(struct twin *t, size_t n, struct dd_err *err)
{
	int rc = 0;
	for (; rc == 0 && t->lanes < n; t->lanes++) {
		rc = live_open(&t->spec, &t->lives[t->lanes], err);
		if (rc == 0)
			rc = live_serve(t->lives[t->lanes], err);
	}
	return rc;
}

int
twin_open(const struct twin_spec *spec, struct twin *ret, struct dd_err *err)
{
	struct twin *t = ret;
	OWN_FREE char *steady = sandbox_program("drydock-steady.so");
	bool there = steady && fs_exists(steady);
	*t = (struct twin){.spec = spec->live};
	int rc = take_command(spec, &t->command, err);
	set_environment(spec->live.env, there, &t->env);
	add_steady(t, spec->live.files, there ? TAKE(steady) : NULL);
	t->spec.env = &t->env;
	t->spec.files = &t->files;
	if (rc == 0)
		rc = open_lanes(t, lanes_of(spec), err);
	if (rc == 0)
		rc = require_program(t, spec->what, err);
	if (rc < 0)
		twin_close(t);
	return rc;
}

static int
renew(void *ctx, struct dd_err *err)
{
	return live_renew(ctx, err);
}

static struct parity_side
side_of(struct twin *t, size_t lane)
{
	return (struct parity_side){.pod = live_pod(t->lives[lane]),
		.renew = renew,
		.ctx = t->lives[lane],
		.command = &t->command,
		.env = &t->env};
}

void
twins_set_sides(struct twin *original, struct twin *port, struct parity_spec *ret)
{
	ret->lanes = original->lanes < port->lanes ? original->lanes : port->lanes;
	for (size_t i = 0; i < ret->lanes; i++) {
		ret->original[i] = side_of(original, i);
		ret->port[i] = side_of(port, i);
	}
}
