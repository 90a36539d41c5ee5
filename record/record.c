#include "record/record.h"

#include <string.h>

/* Each record is described once, by its table; freeing, decoding and encoding follow from it. */
#define F(type, name, member, what) \
	.key = name, .kind = what, .offset = offsetof(struct type, member)
#define S(type, member) \
	{ \
		F(type, #member, member, JSON_K_STRING) \
	}
#define SREQ(type, member) \
	{ \
		F(type, #member, member, JSON_K_STRING), .required = true \
	}
#define SKEY(type, key, member) \
	{ \
		F(type, key, member, JSON_K_STRING) \
	}
#define B(type, member) \
	{ \
		F(type, #member, member, JSON_K_BOOL) \
	}
#define I(type, member) \
	{ \
		F(type, #member, member, JSON_K_INT) \
	}
#define IREQ(type, member) \
	{ \
		F(type, #member, member, JSON_K_INT), .required = true \
	}
#define R(type, member) \
	{ \
		F(type, #member, member, JSON_K_REAL) \
	}
#define L(type, member) \
	{ \
		F(type, #member, member, JSON_K_STRLIST) \
	}
#define E(type, member, table) \
	{ \
		F(type, #member, member, JSON_K_ENUM), .names = table \
	}
#define EREQ(type, member, table) \
	{ \
		F(type, #member, member, JSON_K_ENUM), .names = table, .required = true \
	}
#define A(type, member, elem) \
	{ \
		F(type, #member, member, JSON_K_ARRAY), .sub = elem##_fields, \
							.elem_size = sizeof(struct elem) \
	}
#define END \
	{ \
		.key = NULL \
	}

const char *const run_outcome_names[] = {"none", "up", "built", "tests-failed", "build-failed",
	"unsatisfiable", "blocked", "stopped", NULL};
const char *const diagnosis_class_names[] = {
	[DIAGNOSIS_NONE] = "",
	[DIAGNOSIS_NO_BUILD_SYSTEM] = "no-build-system",
	[DIAGNOSIS_BUILD_FAILED] = "build-failed",
	[DIAGNOSIS_COMPILE_ERROR] = "compile-error",
	[DIAGNOSIS_NO_PROVIDER] = "no-provider",
	[DIAGNOSIS_NO_VERSION] = "no-version",
	[DIAGNOSIS_TOOLCHAIN_TOO_NEW] = "toolchain-too-new",
	[DIAGNOSIS_LIMIT] = "limit",
	[DIAGNOSIS_NEEDS_ANSWER] = "needs-answer",
	[DIAGNOSIS_NO_TESTS_RAN] = "no-tests-ran",
	[DIAGNOSIS_TEST_FAILURE] = "test-failure",
	[DIAGNOSIS_STOPPED] = "stopped",
	[DIAGNOSIS_BAD_MANIFEST] = "bad-manifest",
	[DIAGNOSIS_CONFLICT] = "conflict",
	[DIAGNOSIS_NO_LOGIN] = "no-login",
	[DIAGNOSIS_CHANGED_UPSTREAM] = "changed-upstream",
	[DIAGNOSIS_WRONG_PLATFORM] = "wrong-platform",
	[DIAGNOSIS_WRONG_ENGINE] = "wrong-engine",
	[DIAGNOSIS_NOT_ON_REGISTRY] = "not-on-registry",
	[DIAGNOSIS_NPM_FAILED] = "npm-failed",
	NULL,
};
const char *const command_phase_names[] = {"configure", "build", "test", NULL};
const char *const test_level_names[] = {"unit", "integration", "e2e", NULL};
const char *const test_format_names[] = {
	[FORMAT_NONE] = "",
	[FORMAT_AUTO] = "auto",
	[FORMAT_EXIT] = "exit",
	[FORMAT_JUNIT] = "junit",
	[FORMAT_JSON] = "json",
	[FORMAT_GTEST] = "gtest",
	[FORMAT_CHECK] = "check",
	[FORMAT_PHPUNIT] = "phpunit",
	[FORMAT_SUREFIRE] = "surefire",
	[FORMAT_JUNIT_TEXT] = "junit-text",
	[FORMAT_NEXTEST] = "nextest",
	[FORMAT_VITEST] = "vitest",
	[FORMAT_AUTOMAKE] = "automake",
	[FORMAT_CTEST] = "ctest",
	[FORMAT_MESON] = "meson",
	[FORMAT_PYTEST] = "pytest",
	[FORMAT_NODE] = "node",
	[FORMAT_GO] = "go",
	[FORMAT_CARGO] = "cargo",
	[FORMAT_RSPEC] = "rspec",
	[FORMAT_MINITEST] = "minitest",
	[FORMAT_TCLTEST] = "tcltest",
	[FORMAT_JEST] = "jest",
	[FORMAT_MOCHA] = "mocha",
	[FORMAT_PROVE] = "prove",
	[FORMAT_UNITTEST] = "unittest",
	[FORMAT_TAP] = "tap",
	[FORMAT_LINES] = "lines",
	NULL,
};
const char *const build_system_names[] = {
	[SYSTEM_UNKNOWN] = "",
	[SYSTEM_NONE] = "none",
	[SYSTEM_ANT] = "ant",
	[SYSTEM_AUTOTOOLS] = "autotools",
	[SYSTEM_CMAKE] = "cmake",
	[SYSTEM_DUNE] = "dune",
	[SYSTEM_GO] = "go",
	[SYSTEM_IMAKE] = "imake",
	[SYSTEM_LUAROCKS] = "luarocks",
	[SYSTEM_MAKE] = "make",
	[SYSTEM_MAVEN] = "maven",
	[SYSTEM_MESON] = "meson",
	[SYSTEM_NODE] = "node",
	[SYSTEM_OPAM] = "opam",
	[SYSTEM_PERL] = "perl",
	[SYSTEM_PHP] = "php",
	[SYSTEM_PYTHON] = "python",
	[SYSTEM_QMAKE] = "qmake",
	[SYSTEM_RUBY] = "ruby",
	[SYSTEM_RUST] = "rust",
	[SYSTEM_SCONS] = "scons",
	[SYSTEM_SOURCES] = "sources",
	[SYSTEM_WAF] = "waf",
	NULL,
};
const char *const need_kind_names[] = {NEED_KIND_NAMES, NULL};
const char *const absent_kind_names[] = {"submodule", "lfs", NULL};
const char *const need_source_names[] = {"log", "declared", "trace", "search", "answer", NULL};
const char *const need_scope_names[] = {"build", "test", "run", NULL};
const char *const question_kind_names[] = {
	"env", "secret", "service", "prompt", "file", "decision", "dialog", NULL};
const char *const artefact_kind_names[] = {"", "deb", "npm", NULL};
const char *const run_step_names[] = {"build", "tests", NULL};
const char *const attempt_end_names[] = {
	[ATTEMPT_OPEN] = "",
	[ATTEMPT_PACKAGES_MISSING] = "packages missing",
	[ATTEMPT_BUILD_FAILED] = "build failed",
	[ATTEMPT_BUILT] = "built",
	[ATTEMPT_TESTS_FAILED] = "tests failed",
	[ATTEMPT_TESTS_PASSED] = "tests passed",
	[ATTEMPT_THE_SAME] = "the same",
	[ATTEMPT_NOT_THE_SAME] = "not the same",
	[ATTEMPT_WIDER] = "more tests run",
	[ATTEMPT_NO_WIDER] = "no more tests run",
	NULL,
};
const char *const source_set_names[] = {"fixed", "of tests", "with tests", "checked", NULL};
const char *const module_manager_names[] = {"", "npm", NULL};
const char *const test_status_names[] = {"passed", "failed", "skipped", "error", NULL};

const struct json_field diagnosis_fields[] = {E(diagnosis, class, diagnosis_class_names),
	S(diagnosis, text), S(diagnosis, where), S(diagnosis, way_out), END};

void
diagnosis_cleanup(struct diagnosis *d)
{
	json_release(diagnosis_fields, d);
	memset(d, 0, sizeof(*d));
}

const struct json_field command_fields[] = {E(command, phase, command_phase_names),
	SREQ(command, run), S(command, dir), E(command, level, test_level_names),
	E(command, format, test_format_names), B(command, debug), B(command, guessed),
	S(command, results), S(command, why), E(command, sources, source_set_names), END};
RECORD_IMPLEMENT(command)

bool
command_list_has(const struct command_list *l, enum command_phase phase)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].phase == phase)
			return true;
	return false;
}

const struct json_field need_fields[] = {E(need, kind, need_kind_names), SREQ(need, name),
	S(need, version), S(need, origin), E(need, scope, need_scope_names), B(need, optional),
	S(need, feature), E(need, source, need_source_names), S(need, why), END};
RECORD_IMPLEMENT(need)

const struct json_field absent_part_fields[] = {E(absent_part, kind, absent_kind_names),
	SREQ(absent_part, path), S(absent_part, where), S(absent_part, origin), END};
RECORD_IMPLEMENT(absent_part)

const struct json_field env_read_fields[] = {
	SREQ(env_read, name), SREQ(env_read, where), B(env_read, required), END};
RECORD_IMPLEMENT(env_read)

const struct json_field build_switch_fields[] = {
	SREQ(build_switch, name), SREQ(build_switch, off), S(build_switch, where), END};
RECORD_IMPLEMENT(build_switch)

const struct json_field given_variable_fields[] = {SREQ(given_variable, name),
	SREQ(given_variable, value), S(given_variable, where), S(given_variable, read), END};
RECORD_IMPLEMENT(given_variable)

const struct json_field project_fields[] = {EREQ(project, system, build_system_names),
	S(project, evidence), S(project, dir), A(project, commands, command),
	A(project, scripts, command), A(project, needs, need), L(project, own),
	A(project, env_reads, env_read), L(project, choices), L(project, others),
	L(project, options), A(project, absent, absent_part), A(project, switches, build_switch),
	A(project, given, given_variable), I(project, checked), END};

void
project_cleanup(struct project *p)
{
	json_release(project_fields, p);
	memset(p, 0, sizeof(*p));
}

const struct json_field package_fields[] = {SREQ(package, name), S(package, version),
	S(package, arch), S(package, sha256), E(package, scope, need_scope_names),
	B(package, requested), S(package, why), S(package, proof), END};
RECORD_IMPLEMENT(package)

bool
package_list_has(const struct package_list *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(name, l->v[i].name))
			return true;
	return false;
}

const struct json_field artefact_fields[] = {E(artefact, kind, artefact_kind_names),
	SREQ(artefact, name), S(artefact, version), S(artefact, arch), SREQ(artefact, sha256),
	I(artefact, size), S(artefact, upstream), S(artefact, path), S(artefact, integrity), END};
RECORD_IMPLEMENT(artefact)

const struct json_field question_fields[] = {SREQ(question, id),
	E(question, kind, question_kind_names), S(question, text), S(question, where),
	S(question, why), SKEY(question, "default", default_value), B(question, blocking),
	S(question, unlocks), B(question, secret), L(question, alternatives), END};
RECORD_IMPLEMENT(question)

struct question *
question_list_find(const struct question_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0)
			return &l->v[i];
	return NULL;
}

const struct json_field missing_file_fields[] = {SREQ(missing_file, path), S(missing_file, message),
	I(missing_file, line), S(missing_file, program), S(missing_file, where),
	B(missing_file, required), S(missing_file, sample), S(missing_file, package), END};
RECORD_IMPLEMENT(missing_file)

const struct question *
question_list_blocking(const struct question_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].blocking)
			return &l->v[i];
	return NULL;
}

void
question_list_merge(struct question_list *l, struct question_list *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct question *known = question_list_find(l, from->v[i].id);
		if (known) {
			known->blocking = from->v[i].blocking;
		} else {
			*question_list_add(l) = from->v[i];
			memset(&from->v[i], 0, sizeof(from->v[i]));
		}
	}
	question_list_cleanup(from);
}

const struct json_field refusal_fields[] = {SREQ(refusal, target), S(refusal, program),
	E(refusal, step, run_step_names), S(refusal, where), I(refusal, attempt), I(refusal, count),
	END};
RECORD_IMPLEMENT(refusal)

const struct json_field feature_off_fields[] = {
	SREQ(feature_off, feature), S(feature_off, input), END};
RECORD_IMPLEMENT(feature_off)

const struct json_field built_file_fields[] = {SREQ(built_file, path), S(built_file, sha256),
	L(built_file, needed), S(built_file, text), END};
RECORD_IMPLEMENT(built_file)

const struct json_field attempt_fields[] = {I(attempt, n), B(attempt, pruning), L(attempt, added),
	L(attempt, decisions), E(attempt, ended, attempt_end_names), S(attempt, learnt),
	S(attempt, log), R(attempt, seconds), END};
RECORD_IMPLEMENT(attempt)

const struct json_field test_case_fields[] = {SREQ(test_case, id), S(test_case, suite),
	SREQ(test_case, name), E(test_case, level, test_level_names),
	E(test_case, status, test_status_names), B(test_case, flaky), R(test_case, ms),
	S(test_case, message), S(test_case, file), END};
RECORD_IMPLEMENT(test_case)

const char *const flake_cause_names[] = {
	"unknown", "order", "time", "random", "network", "resource", NULL};
const struct json_field flake_fields[] = {SREQ(flake, id), E(flake, cause, flake_cause_names),
	S(flake, with), I(flake, runs), I(flake, failed), R(flake, low), R(flake, high),
	S(flake, evidence), END};
RECORD_IMPLEMENT(flake)

const char *const change_kind_names[] = {"regression", "vanished", "skipped", "different failure",
	"flaky", "same failure", "new", "fix", NULL};
const struct json_field change_fields[] = {SREQ(change, id), E(change, kind, change_kind_names),
	E(change, level, test_level_names), S(change, was), S(change, is), S(change, message),
	S(change, before), END};
RECORD_IMPLEMENT(change)

const struct json_field case_result_fields[] = {
	SREQ(case_result, id), E(case_result, status, test_status_names), END};
RECORD_IMPLEMENT(case_result)

const struct json_field test_run_fields[] = {I(test_run, passed), I(test_run, failed),
	I(test_run, skipped), B(test_run, by_exit_status), A(test_run, cases, test_case),
	S(test_run, ended), S(test_run, note), END};

void
test_run_cleanup(struct test_run *t)
{
	json_release(test_run_fields, t);
	memset(t, 0, sizeof(*t));
}

void
test_run_count(struct test_run *t)
{
	t->passed = t->failed = t->skipped = 0;
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		t->passed += c->status == TEST_PASSED;
		t->failed += c->status == TEST_FAILED || c->status == TEST_ERROR;
		t->skipped += c->status == TEST_SKIPPED;
	}
}

const struct test_case *
test_run_find(const struct test_run *t, const char *id)
{
	for (size_t i = 0; i < t->cases.n; i++)
		if (strcmp(t->cases.v[i].id, id) == 0)
			return &t->cases.v[i];
	return NULL;
}

const struct json_field screen_message_fields[] = {SREQ(screen_message, level),
	SREQ(screen_message, text), S(screen_message, url), I(screen_message, line), END};
RECORD_IMPLEMENT(screen_message)

const struct json_field screen_request_fields[] = {SREQ(screen_request, method),
	SREQ(screen_request, url), S(screen_request, type), I(screen_request, status),
	S(screen_request, error), I(screen_request, bytes), R(screen_request, ms), END};
RECORD_IMPLEMENT(screen_request)

const char *const screen_kind_names[] = {"page", "terminal", "display", NULL};

const struct json_field screen_step_fields[] = {I(screen_step, n),
	E(screen_step, screen, screen_kind_names), SREQ(screen_step, action),
	E(screen_step, status, test_status_names), S(screen_step, message), S(screen_step, url),
	S(screen_step, title), S(screen_step, picture), L(screen_step, whole),
	I(screen_step, width), I(screen_step, height), S(screen_step, tree), S(screen_step, dom),
	S(screen_step, output), I(screen_step, output_bytes), L(screen_step, unmet),
	A(screen_step, console, screen_message), A(screen_step, requests, screen_request),
	I(screen_step, dropped), R(screen_step, at_ms), R(screen_step, action_ms),
	R(screen_step, evidence_ms), END};
RECORD_IMPLEMENT(screen_step)

const struct json_field screen_scenario_fields[] = {SREQ(screen_scenario, scenario),
	E(screen_scenario, status, test_status_names), I(screen_scenario, steps),
	I(screen_scenario, failed), S(screen_scenario, message), R(screen_scenario, ms), END};
RECORD_IMPLEMENT(screen_scenario)

const struct json_field env_var_fields[] = {
	SREQ(env_var, name), S(env_var, value), S(env_var, question), S(env_var, why), END};
RECORD_IMPLEMENT(env_var)

struct env_var *
env_var_list_find(const struct env_var_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

const struct json_field fact_package_fields[] = {SREQ(fact_package, name),
	E(fact_package, scope, need_scope_names), S(fact_package, why), END};
RECORD_IMPLEMENT(fact_package)

const struct json_field fact_provider_fields[] = {
	SREQ(fact_provider, need), SREQ(fact_provider, package), S(fact_provider, why), END};
RECORD_IMPLEMENT(fact_provider)

const struct json_field premises_fields[] = {A(premises, packages, fact_package), L(premises, ban),
	A(premises, providers, fact_provider), A(premises, environment, env_var), END};

void
premises_cleanup(struct premises *f)
{
	json_release(premises_fields, f);
	memset(f, 0, sizeof(*f));
}

const struct json_field install_step_fields[] = {
	B(install_step, configure), L(install_step, items), END};
RECORD_IMPLEMENT(install_step)

const struct json_field install_batch_fields[] = {L(install_batch, requested),
	A(install_batch, artefacts, artefact), A(install_batch, steps, install_step), END};
RECORD_IMPLEMENT(install_batch)

const struct json_field module_set_fields[] = {EREQ(module_set, manager, module_manager_names),
	S(module_set, dir), SREQ(module_set, lock), S(module_set, lock_file),
	L(module_set, members), L(module_set, options), L(module_set, changes),
	A(module_set, artefacts, artefact), END};
RECORD_IMPLEMENT(module_set)
const struct json_field supplied_file_fields[] = {SREQ(supplied_file, path),
	SREQ(supplied_file, question), S(supplied_file, sample), B(supplied_file, archive),
	S(supplied_file, why), END};
RECORD_IMPLEMENT(supplied_file)

const struct json_field service_fields[] = {SREQ(service, name), SREQ(service, question),
	S(service, start), L(service, hosts), I(service, port), S(service, socket), END};
RECORD_IMPLEMENT(service)

const char *const port_protocol_names[] = {"tcp", "http", NULL};
const struct json_field served_port_fields[] = {IREQ(served_port, port),
	E(served_port, protocol, port_protocol_names), I(served_port, status),
	S(served_port, title), END};
RECORD_IMPLEMENT(served_port)

const struct json_field start_fields[] = {S(start, run), S(start, dir), S(start, why),
	A(start, ports, served_port), S(start, socket), END};

void
start_cleanup(struct start *s)
{
	json_release(start_fields, s);
	memset(s, 0, sizeof(*s));
}

void
start_copy(struct start *dst, const struct start *src)
{
	OWN_JSON json_t *j = json_encode(start_fields, src);
	if (json_decode(j, start_fields, false, dst, "start", NULL) < 0)
		abort();
}

const struct json_field start_try_fields[] = {
	SREQ(start_try, run), S(start_try, dir), S(start_try, why), S(start_try, ended), END};
RECORD_IMPLEMENT(start_try)

const struct json_field seen_run_fields[] = {
	SREQ(seen_run, program), S(seen_run, dir), L(seen_run, words), B(seen_run, served), END};
RECORD_IMPLEMENT(seen_run)

const struct json_field prompt_answer_fields[] = {
	SREQ(prompt_answer, question), S(prompt_answer, value), S(prompt_answer, run), END};
RECORD_IMPLEMENT(prompt_answer)

static const struct json_field recipe_base_fields[] = {S(recipe_base, name),
	SREQ(recipe_base, digest), S(recipe_base, suite), S(recipe_base, arch),
	S(recipe_base, index), END};

static const struct json_field recipe_fields[] = {IREQ(recipe, version), S(recipe, created),
	S(recipe, name), E(recipe, system, build_system_names), S(recipe, source_digest),
	{F(recipe, "base", base, JSON_K_OBJECT), .required = true, .sub = recipe_base_fields},
	A(recipe, packages, package), A(recipe, environment, env_var),
	A(recipe, files, supplied_file), L(recipe, options), A(recipe, services, service),
	A(recipe, commands, command), A(recipe, prompts, prompt_answer),
	A(recipe, questions, question), A(recipe, features_off, feature_off), I(recipe, passed),
	I(recipe, failed), I(recipe, skipped), E(recipe, outcome, run_outcome_names),
	A(recipe, batches, install_batch), A(recipe, modules, module_set),
	A(recipe, built_files, built_file), A(recipe, cases, case_result), END};

void
recipe_cleanup(struct recipe *r)
{
	json_release(recipe_fields, r);
	start_cleanup(&r->start);
	memset(r, 0, sizeof(*r));
}

/* ---- the commands of a lock: lists by phase, the phase itself left out ---- */

static json_t *
phase_to_json(const struct command_list *l, enum command_phase phase)
{
	json_t *a = json_array();
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].phase != phase)
			continue;
		json_t *c = json_encode(command_fields, &l->v[i]);
		(void)json_object_del(c, "phase");
		(void)json_object_del(c, "guessed"); /* it has shown what it is */
		(void)json_object_del(c, "sources"); /* what is left out of them is in `run` */
		if (!l->v[i].debug)
			(void)json_object_del(c, "debug");
		if (phase != PHASE_TEST) {
			(void)json_object_del(c, "level");
			(void)json_object_del(c, "format");
			(void)json_object_del(c, "results");
		}
		json_array_append_new(a, c);
	}
	return a;
}

/* start, ready and ports: what runs it, where it is known to be ready, and all that it serves. */
static void
put_start(const struct start *s, json_t *o)
{
	const struct served_port *first = s->ports.n ? &s->ports.v[0] : NULL;
	json_t *start = json_null(), *ready = json_null();
	if (s->run)
		start = json_pack("{s:o, s:o, s:o}", "run", json_text(str_of(s->run)), "dir",
			s->dir ? json_text(str_of(s->dir)) : json_null(), "why",
			s->why ? json_text(str_of(s->why)) : json_null());
	if (s->run && first)
		ready = json_pack("{s:I, s:s}", "port", (json_int_t)first->port, "protocol",
			port_protocol_names[first->protocol]);
	else if (s->run && s->socket)
		ready = json_pack("{s:o}", "socket", json_text(str_of(s->socket)));
	json_object_set_new(o, "start", start);
	json_object_set_new(o, "ready", ready);
	json_object_set_new(o, "ports", served_port_list_to_json(&s->ports));
	json_object_set_new(o, "stop", json_null());
}

static int
take_start(const json_t *o, struct start *ret, struct dd_err *err)
{
	const json_t *start = json_object_get(o, "start"), *ports = json_object_get(o, "ports");
	const char *socket =
		json_string_value(json_object_get(json_object_get(o, "ready"), "socket"));
	if (!start || json_is_null(start))
		return 0;
	int rc = json_decode(start, start_fields, false, ret, "recipe.commands.start", err);
	if (rc == 0 && ports)
		rc = served_port_list_from_json(ports, "recipe.commands.ports", &ret->ports, err);
	if (rc == 0 && socket)
		ret->socket = mem_strdup(socket);
	for (size_t i = 0; rc == 0 && i < ret->ports.n; i++)
		if (ret->ports.v[i].port < 1 || ret->ports.v[i].port > 65535)
			rc = err_set(err, DD_ECORRUPT, "recipe.commands.ports[%zu]: no port", i);
	return rc;
}

static json_t *
commands_to_json(const struct command_list *l)
{
	json_t *o = json_object();
	for (int i = 0; command_phase_names[i]; i++)
		json_object_set_new(
			o, command_phase_names[i], phase_to_json(l, (enum command_phase)i));
	return o;
}

/* One list again; a new reference in *ret. */
static int
commands_from_json(const json_t *o, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *all = json_array();
	for (int i = 0; command_phase_names[i]; i++) {
		const char *phase = command_phase_names[i];
		const json_t *l = json_object_get(o, phase);
		size_t k;
		json_t *c;
		if (!json_is_array(l))
			return err_set(
				err, DD_ECORRUPT, "recipe.commands.%s: expected an array", phase);
		json_array_foreach (l, k, c) {
			if (!json_is_object(c))
				return err_set(err, DD_ECORRUPT,
					"recipe.commands.%s[%zu]: expected an object", phase, k);
			json_t *one = json_copy(c);
			json_object_set_new(one, "phase", json_string(phase));
			json_array_append_new(all, one);
		}
	}
	*ret = json_incref(all);
	return 0;
}

json_t *
recipe_to_json(const struct recipe *r)
{
	json_t *j = json_encode(recipe_fields, r);
	json_t *commands = commands_to_json(&r->commands);
	put_start(&r->start, commands);
	json_object_set_new(j, "commands", commands);
	return j;
}

static const struct artefact *
find_archive(const struct recipe *r, const char *name)
{
	for (size_t i = 0; i < r->batches.n; i++)
		for (size_t k = 0; k < r->batches.v[i].artefacts.n; k++)
			if (strcmp(r->batches.v[i].artefacts.v[k].name, name) == 0)
				return &r->batches.v[i].artefacts.v[k];
	return NULL;
}

/* Is every package there with its archive, the same by digest? */
static int
check_archives(const struct recipe *r, struct dd_err *err)
{
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct package *p = &r->packages.v[i];
		const struct artefact *a = find_archive(r, p->name);
		if (!a || !p->sha256 || strcmp(a->sha256, p->sha256) != 0)
			return err_set(err, DD_ECORRUPT,
				"recipe: packages[%zu]: batches have no archive of %s with that digest",
				i, p->name);
	}
	return 0;
}

int
recipe_from_json(const json_t *j, struct recipe *ret, struct dd_err *err)
{
	struct recipe r = {0};
	const json_t *version = json_object_get(j, "version");
	OWN_JSON json_t *flat = NULL, *commands = NULL;
	if (json_is_integer(version) && json_integer_value(version) != RECIPE_VERSION)
		return err_set(err, DD_EUNSUPPORTED,
			"recipe: version %lld is not one this drydock knows (%d)",
			(long long)json_integer_value(version), RECIPE_VERSION);
	int rc = commands_from_json(json_object_get(j, "commands"), &commands, err);
	if (rc < 0)
		return rc;
	flat = json_copy((json_t *)j);
	json_object_set(flat, "commands", commands);
	rc = json_decode(flat, recipe_fields, false, &r, "recipe", err);
	if (rc == 0)
		rc = take_start(json_object_get(j, "commands"), &r.start, err);
	if (rc == 0)
		rc = check_archives(&r, err);
	if (rc < 0) {
		recipe_cleanup(&r);
		return rc;
	}
	*ret = r;
	return 0;
}
