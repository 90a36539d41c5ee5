/* drydock scan: secrets, unsafe calls and vulnerable dependencies of a source tree. */
#include "runner/commands.h"

#include "base/fs.h"
#include "runner/handed.h"
#include "runner/intake.h"
#include "runner/scan.h"

#define MAX_REPORT ((size_t)64 << 20)

struct scan_options {
	struct common_options common;
	bool run;
	const char *osv, *sarif, *known, *fail_on;
};

#define O(member) offsetof(struct scan_options, member)
static const struct option_def options[] = {
	{"run", 0, OPTION_FLAG, O(run), NULL,
		"SOURCE is a run: its source, and what was installed for it"},
	OSV_OPTION(O(osv)),
	{"known", 0, OPTION_TEXT, O(known), "FILE",
		"an earlier SARIF report: what it has is not new"},
	{"sarif", 0, OPTION_TEXT, O(sarif), "FILE", "write a SARIF 2.1.0 report"},
	{"fail-on", 0, OPTION_TEXT, O(fail_on), "LEVEL",
		"exit with 1 for new findings from this level on: note, warning, error (default), never"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
#undef O

struct scan {
	const struct scan_options *o;
	const char *source;
	struct state st;
	struct security_result result;
};

/* ---- what is scanned ---- */

/* Installed packages of a run as dependencies, by the names of their sources, which advisories go by. */
static json_t *
installed_packages(const struct run *r)
{
	OWN_JSON json_t *inventory = journal_result(r->journal, "recipe/inventory");
	const char *release = json_string_value(json_object_get(inventory, "release"));
	const char *vendor = json_string_value(json_object_get(inventory, "vendor"));
	json_t *list = json_array(), *package;
	size_t i;
	if (!release || !vendor || strcmp(vendor, "debian") != 0)
		return list;
	OWN_FREE char *ecosystem = mem_printf("Debian:%s", release);
	json_array_foreach (json_object_get(inventory, "packages"), i, package) {
		json_t *name = json_object_get(package, "source");
		json_t *version = json_object_get(package, "source_version");
		if (json_is_string(name) && json_is_string(version))
			json_array_append_new(list,
				json_pack("{s:s, s:O, s:O, s:s}", "ecosystem", ecosystem, "name",
					name, "version", version, "path", "drydock.lock.json"));
	}
	return list;
}

static int
scan_layer(struct scan *s, const char *layer, const json_t *packages, struct dd_err *err)
{
	OWN_FREE char *osv = NULL;
	struct stack tree = {0};
	int rc = scan_advisories(s->o->osv, &osv, err);
	stack_push(&tree, layer);
	if (rc == 0)
		rc = scan_stack(&s->st, &tree, packages, osv, &s->result, err);
	stack_cleanup(&tree);
	return rc;
}

static int
scan_run(struct scan *s, struct dd_err *err)
{
	struct run r = {.lock_fd = -1};
	int rc = handed_find(&s->o->common, s->source, &s->st, &r, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *source = journal_result(r.journal, "source");
	OWN_JSON json_t *packages = installed_packages(&r);
	const char *layer = json_string_value(json_object_get(source, "layer"));
	rc = run_hold(&r, err);
	if (rc == 0 && !layer)
		rc = err_set(err, DD_EINVAL, "run %s has read no source", r.id);
	if (rc == 0)
		rc = scan_layer(s, layer, packages, err);
	run_cleanup(&r);
	return rc;
}

static int
scan_source(struct scan *s, struct dd_err *err)
{
	OWN_FREE char *owner = run_command_owner(), *path = NULL;
	OWN_JSON json_t *none = json_array();
	struct source source = {0};
	int rc = state_open(s->o->common.state, &s->st, err);
	if (rc == 0)
		rc = command_source(s->source, &path, err);
	if (rc < 0)
		return rc;
	rc = intake_source(&s->st, owner, path, false, NULL, &source, err);
	if (rc == 0)
		rc = scan_layer(s, source.layer, none, err);
	source_cleanup(&source);
	int released = layer_release_all(&s->st, owner, rc < 0 ? NULL : err);
	return rc < 0 ? rc : released;
}

/* ---- what is told ---- */

static void
count(const struct security_finding_list *l, size_t ret_new[FINDING_ERROR + 1], size_t *ret_known)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].known)
			++*ret_known;
		else
			ret_new[l->v[i].level]++;
	}
}

static void
print_text(const struct security_result *r)
{
	size_t new[FINDING_ERROR + 1] = {0}, known = 0;
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct security_finding *f = &r->findings.v[i];
		OWN(buf) struct buf line = {0}, safe = {0};
		if (f->known)
			continue;
		buf_printf(&line, "%s:%lld: %s: %s [%s%s%s]", f->path, (long long)f->line,
			security_finding_level_names[f->level], f->message, f->rule,
			f->cwe ? ", " : "", f->cwe ? f->cwe : "");
		buf_put_visible(&safe, buf_str(&line));
		printf("%s\n", safe.p);
	}
	count(&r->findings, new, &known);
	printf("%zu errors, %zu warnings, %zu notes; %zu known; %lld files read, %lld left out, %zu dependencies, "
	       "%lld advisories\n",
		new[FINDING_ERROR], new[FINDING_WARNING], new[FINDING_NOTE], known,
		(long long)r->files, (long long)r->left_out, r->dependencies.n,
		(long long)r->advisories);
	if (r->dropped)
		printf("%lld findings and dependencies more than are kept: this is not all\n",
			(long long)r->dropped);
}

static void
print_json(const struct security_result *r)
{
	size_t new[FINDING_ERROR + 1] = {0}, known = 0;
	OWN(buf) struct buf out = {0};
	count(&r->findings, new, &known);
	OWN_JSON json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}, s:I, s:o}",
		"files", (json_int_t)r->files, "dropped", (json_int_t)r->dropped, "left_out",
		(json_int_t)r->left_out, "dependencies", (json_int_t)r->dependencies.n,
		"advisories", (json_int_t)r->advisories, "new", "error",
		(json_int_t) new[FINDING_ERROR], "warning", (json_int_t) new[FINDING_WARNING],
		"note", (json_int_t) new[FINDING_NOTE], "known", (json_int_t)known, "findings",
		security_finding_list_to_json(&r->findings));
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}

static int
compare(struct scan *s, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read(s->o->known, MAX_REPORT, &text, err);
	if (rc == -DD_ENOENT)
		return err_set(err, DD_EINVAL, "there is no file %s", s->o->known);
	if (rc == 0)
		rc = security_compare(&s->result.findings, buf_str(&text), err);
	return rc < 0 ? err_wrap(err, "%s", s->o->known) : 0;
}

static int
write_sarif(const struct scan *s, struct dd_err *err)
{
	OWN_JSON json_t *j = security_sarif(&s->result.findings);
	OWN(buf) struct buf out = {0};
	json_print(j, 2, &out);
	buf_putc(&out, '\n');
	return fs_write_atomic(s->o->sarif, buf_str(&out), 0644, err);
}

/* The lowest level that fails; one above all: none does; -1: there is no such level. */
static int
failing_level(const char *name)
{
	if (!name)
		return FINDING_ERROR;
	if (strcmp(name, "never") == 0)
		return FINDING_ERROR + 1;
	for (int i = 0; security_finding_level_names[i]; i++)
		if (strcmp(name, security_finding_level_names[i]) == 0)
			return i;
	return -1;
}

static int
run_scan(const struct cli_call *call)
{
	const struct scan_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	struct scan s = {.o = o, .source = call->args[0]};
	int level = failing_level(o->fail_on), status = EXIT_DONE;
	if (level < 0)
		return cli_usage_error(call->command, "--fail-on: note, warning, error or never");
	int rc = o->run ? scan_run(&s, &err) : scan_source(&s, &err);
	if (rc == 0 && o->known)
		rc = compare(&s, &err);
	if (rc == 0 && o->sarif)
		rc = write_sarif(&s, &err);
	if (rc == 0)
		o->common.json ? print_json(&s.result) : print_text(&s.result);
	for (size_t i = 0; i < s.result.findings.n; i++)
		if (!s.result.findings.v[i].known && (int)s.result.findings.v[i].level >= level)
			status = EXIT_TARGET_FAILED;
	if (s.result.dropped && level <= FINDING_ERROR) /* what was dropped may be of any level */
		status = EXIT_TARGET_FAILED;
	security_result_cleanup(&s.result);
	state_cleanup(&s.st);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : status;
}

const struct subcommand cmd_scan = {
	.name = "scan",
	.summary = "look for secrets, unsafe calls and dependencies with known vulnerabilities",
	.args = "SOURCE|RUN",
	.description =
		"The texts of the tree are held against patterns, and the dependencies that lock files name (and, with --run, the\n"
		"packages that were installed) against the advisories of --osv.  Nothing is run and nobody is asked.  A secret is never\n"
		"repeated.  What lies among tests, examples and documents is a note.  With --known only what is new counts.",
	.options = options,
	.options_size = sizeof(struct scan_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_scan,
};
