/*
 * Rust: Cargo.toml.  Crates of the distribution are a directory registry at /usr/share/cargo/registry, in which each
 * has one version: the lock file asks for others, and so does not count.  Cargo wants to see every crate that any
 * platform or feature could need; those that are not used here are stood in for by empty ones.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/cargo_manifest.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define REGISTRY "/usr/share/cargo/registry"
#define CONFIG_DIR ".cargo-system"
#define CONFIG CONFIG_DIR "/config.toml"

static char *
find(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "Cargo.toml");
}

struct rust {
	const struct tree *t;
	const char *dir;
	struct project *p;
	struct strlist own;   /* crates of the tree */
	struct buf git;	      /* commands that make releases of what is to come from repositories */
	struct strlist empty; /* "name version features" of those that may be stood in for */
};

/* "^1.2" -> "1.2.0": the lowest version that the requirement is fine with */
static char *
lowest_version(const char *requirement)
{
	unsigned long part[3] = {0, 0, 0};
	const char *s = requirement ? requirement + strcspn(requirement, "0123456789") : "";
	for (int i = 0; i < 3 && isdigit((unsigned char)*s); i++) {
		char *end;
		part[i] = strtoul(s, &end, 10);
		s = *end == '.' ? end + 1 : "";
	}
	return mem_printf("%lu.%lu.%lu", part[0], part[1], part[2]);
}

static void
add_need(struct rust *r, const struct crate *c, const char *feature, const char *path)
{
	OWN_FREE char *why =
		mem_printf("%s:%u: %s%s%s%s%s", path, c->line, c->name, c->version ? " " : "",
			c->version ? c->version : "", c->git ? " of " : "", c->git ? c->git : "");
	OWN_FREE char *name = feature ? mem_printf("%s+%s", c->name, feature) : mem_strdup(c->name);
	struct need *n =
		detect_need(r->p, NEED_CRATE, name, c->use == CRATE_DEV ? SCOPE_TEST : SCOPE_BUILD,
			c->optional || c->use == CRATE_DEV || feature, why);
	if (c->version && !n->version)
		n->version = mem_strdup(c->version);
	if (c->git && !n->origin)
		n->origin = mem_strdup(c->git);
}

/*
 * No repository can be reached: the manifest of the tree that is built asks for a release in its place, that of the version
 * which stands beside it, or any.
 */
static void
add_git(struct rust *r, const struct crate *c, const char *path)
{
	const char *scheme = c->git ? strstr(c->git, "://") : NULL;
	const char *url = scheme ? scheme + 3 : c->git;
	if (!url || !detect_is_plain(url, "_-+.:/~%"))
		return;
	OWN(buf) struct buf script = {.max = 2000};
	OWN_FREE char *git = mem_printf("git *= *\"[^\"]*%s\"", url);
	const char *ref = "\\(branch\\|tag\\|rev\\) *= *\"[^\"]*\"";
	if (c->version) /* also where another crate of that repository has none */
		buf_printf(&script, "/version *=/{s#, *%s##; s#%s *,\\? *##}; s#^ *%s *$##; ", git,
			git, git);
	else
		buf_printf(&script, "/version *=/!s#%s#version = \"*\"#; ", git);
	buf_printf(&script, "s#, *%s##; s#%s *, *##; s#^ *%s *$##", ref, ref, ref);
	if (script.truncated)
		return;
	buf_printf(&r->git, "%ssed -i ", r->git.n ? " && " : "");
	buf_put_shell(&r->git, buf_str(&script));
	buf_putc(&r->git, ' ');
	OWN_FREE char *seen = mem_printf("./%s", path + (*r->dir ? strlen(r->dir) + 1 : 0));
	buf_put_shell(&r->git, str_of(seen));
	strlist_addf(
		&r->p->options, "cargo-git=a release of %s in the place of %s", c->name, c->git);
}

static void
add_crate(struct rust *r, const struct crate *c, const char *path)
{
	if (c->local || strlist_has(&r->own, c->name) || !detect_is_plain(c->name, "_-"))
		return;
	if (!c->foreign) {
		add_need(r, c, NULL, path);
		if (!c->no_default)
			add_need(r, c, "default", path);
		for (size_t i = 0; i < c->features.n; i++)
			add_need(r, c, c->features.v[i], path);
		add_git(r, c, path);
	}
	if (!c->foreign && !c->optional && c->use != CRATE_DEV)
		return;
	OWN_FREE char *version = lowest_version(c->version);
	OWN(buf) struct buf line = {.max = 65536};
	buf_printf(&line, "%s %s", c->name, version);
	for (size_t i = 0; i < c->features.n; i++)
		if (detect_is_plain(c->features.v[i], "_-+."))
			buf_printf(&line, " %s", c->features.v[i]);
	strlist_add_new(&r->empty, line.p);
}

static void
read_manifests(struct rust *r)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < r->t->files.n; i++) {
			const char *path = r->t->files.v[i];
			struct cargo_manifest m;
			if (!tree_name_is(path, "Cargo.toml") || !fs_is_below(path, r->dir) ||
				detect_is_aside(path))
				continue;
			OWN(buf) struct buf text = {0};
			tree_read(r->t, path, &text);
			cargo_manifest_read(buf_str(&text), &m);
			if (!pass && m.package)
				strlist_add_new(&r->own, m.package);
			if (!pass && m.rust && !strcmp(path, r->p->evidence)) {
				OWN_FREE char *least = mem_printf(">= %s", m.rust);
				detect_program(r->p, "rustc", str_of(least), path);
			}
			for (size_t k = 0; pass && k < m.n; k++)
				add_crate(r, &m.v[k], path);
			cargo_manifest_cleanup(&m);
		}
}

/* Empty crates for those that the system lacks and this build does not use, as patches of the registry. */
static void
add_empty_crates(struct rust *r)
{
	OWN(buf) struct buf list = {.max = 1 << 20};
	for (size_t i = 0; i < r->empty.n; i++)
		buf_printf(&list, " '%s'", r->empty.v[i]);
	strlist_add(&r->p->options,
		"cargo-empty-crates=those of other platforms and of features that are off");
	detect_command(r->p, PHASE_CONFIGURE, r->p->evidence,
		"for c in%s; do set -- $c; d=$PWD/" CONFIG_DIR "/$1-$2; "
		"series=$(echo \"$2\" | sed 's/^\\(0\\.[0-9]*\\|[1-9][0-9]*\\)\\..*/\\1/'); "
		"ls -d " REGISTRY "/$1-$series.* >/dev/null 2>&1 && continue; "
		"mkdir -p $d/src && : >$d/src/lib.rs && "
		"{ printf '[package]\\nname = \"%%s\"\\nversion = \"%%s\"\\n[features]\\n' $1 $2; "
		"for f; do [ \"$f\" = $1 ] || [ \"$f\" = $2 ] || echo \"\\\"$f\\\" = []\"; done; } >$d/Cargo.toml && "
		"printf '[patch.crates-io.\"%%s\"]\\npackage = \"%%s\"\\npath = \"%%s\"\\n' $1-$2 $1 $d "
		">>" CONFIG "; done",
		list.p);
}

static void
add_registry(struct rust *r)
{
	detect_command(r->p, PHASE_CONFIGURE, r->p->evidence,
		"mkdir -p " CONFIG_DIR
		" && printf '[source.crates-io]\\nreplace-with = \"system\"\\n"
		"[source.system]\\ndirectory = \"" REGISTRY "\"\\n' >" CONFIG);
	if (r->empty.n)
		add_empty_crates(r);
	if (r->git.n)
		detect_command(r->p, PHASE_CONFIGURE, r->p->evidence, "%s", r->git.p);
}

static bool
has_tests(const struct rust *r)
{
	for (size_t i = 0; i < r->t->files.n; i++) {
		const char *path = r->t->files.v[i];
		if (!tree_name_is(path, "*.rs") || !fs_is_below(path, r->dir))
			continue;
		OWN(buf) struct buf text = {0};
		tree_read(r->t, path, &text);
		if (text.n && memmem(text.p, text.n, "#[test]", 7))
			return true;
	}
	return false;
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	struct rust r = {.t = t, .dir = dir, .p = p};
	OWN_FREE char *lock = tree_file(t, dir, "Cargo.lock");
	detect_need(p, NEED_PROGRAM, "cargo", SCOPE_BUILD, false, p->evidence);
	read_manifests(&r);
	add_registry(&r);
	if (lock) {
		strlist_add(&p->options,
			"cargo-lock=left out, for the versions of the system's crates");
		detect_command(p, PHASE_CONFIGURE, lock, "rm -f Cargo.lock");
	}
	detect_command(
		p, PHASE_BUILD, p->evidence, "cargo build --workspace --offline --config " CONFIG);
	if (has_tests(&r))
		detect_test(p, FORMAT_CARGO, NULL, p->evidence,
			"cargo test --workspace --no-fail-fast --offline --config " CONFIG);
	strlist_cleanup(&r.own);
	buf_cleanup(&r.git);
	strlist_cleanup(&r.empty);
}

const struct detector detect_rust = {SYSTEM_RUST, find, read_project};
