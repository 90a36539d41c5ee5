/*
 * record: what a run knows, once.  Plain structs with one JSON table each (record_json.c); report,
 * recipe, BUILD.md and the --json output are views of them.  Strings are heap strings owned by
 * their struct, NULL where unknown; X_cleanup frees what X owns.  Zeroed memory is a valid empty
 * value.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/json.h"
#include "base/str.h"

#include <string.h>

/*
 * One list type per record; RECORD_LIST(need) gives struct need_list {v, n, cap}.  X_list_add
 * appends a zeroed element; the pointer is valid until the next append.  X_list_copy makes an empty list a deep copy, by
 * way of the JSON form: the table is the only description of a record.
 */
#define RECORD_LIST(type) \
	struct type##_list { \
		struct type *v; \
		size_t n, cap; \
	}; \
	void type##_cleanup(struct type *x); \
	void type##_list_cleanup(struct type##_list *l); \
	struct type *type##_list_add(struct type##_list *l); \
	extern const struct json_field type##_fields[]; \
	json_t *type##_list_to_json(const struct type##_list *l); \
	int type##_list_from_json(const json_t *array, const char *what, struct type##_list *ret, \
		struct dd_err *err) DD_MUST_USE; \
	void type##_list_copy(struct type##_list *dst, const struct type##_list *src)

/* Their definitions, behind the table type##_fields. */
#define RECORD_IMPLEMENT(type) \
	void type##_cleanup(struct type *x) \
	{ \
		json_release(type##_fields, x); \
		memset(x, 0, sizeof(*x)); \
	} \
	void type##_list_cleanup(struct type##_list *l) \
	{ \
		for (size_t i = 0; i < l->n; i++) \
			type##_cleanup(&l->v[i]); \
		free(l->v); \
		memset(l, 0, sizeof(*l)); \
	} \
	struct type *type##_list_add(struct type##_list *l) \
	{ \
		l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v)); \
		memset(&l->v[l->n], 0, sizeof(*l->v)); \
		return &l->v[l->n++]; \
	} \
	json_t *type##_list_to_json(const struct type##_list *l) \
	{ \
		json_t *a = json_array(); \
		for (size_t i = 0; i < l->n; i++) \
			json_array_append_new(a, json_encode(type##_fields, &l->v[i])); \
		return a; \
	} \
	int type##_list_from_json(const json_t *array, const char *what, struct type##_list *ret, \
		struct dd_err *err) \
	{ \
		struct type##_list l = {0}; \
		size_t i; \
		json_t *item; \
		if (!json_is_array(array)) \
			return err_set(err, DD_ECORRUPT, "%s: expected an array", what); \
		json_array_foreach (array, i, item) { \
			OWN_FREE char *where = mem_printf("%s[%zu]", what, i); \
			int rc = json_decode( \
				item, type##_fields, false, type##_list_add(&l), where, err); \
			if (rc < 0) { \
				type##_list_cleanup(&l); \
				return rc; \
			} \
		} \
		*ret = l; \
		return 0; \
	} \
	void type##_list_copy(struct type##_list *dst, const struct type##_list *src) \
	{ \
		OWN_JSON json_t *list = type##_list_to_json(src); \
		if (type##_list_from_json(list, #type, dst, NULL) < 0) \
			abort(); \
	}

/* ---- the run -----------------------------------------------------------------------------------
 */

enum run_outcome {
	OUTCOME_NONE, /* not known yet */
	OUTCOME_UP,
	OUTCOME_BUILT,
	OUTCOME_TESTS_FAILED,
	OUTCOME_BUILD_FAILED,
	OUTCOME_UNSATISFIABLE,
	OUTCOME_BLOCKED,
	OUTCOME_STOPPED,
};
extern const char *const run_outcome_names[]; /* NULL-terminated, index is the value */

enum diagnosis_class {
	DIAGNOSIS_NONE,
	DIAGNOSIS_NO_BUILD_SYSTEM,
	DIAGNOSIS_BUILD_FAILED,
	DIAGNOSIS_COMPILE_ERROR,
	DIAGNOSIS_NO_PROVIDER,
	DIAGNOSIS_NO_VERSION,
	DIAGNOSIS_TOOLCHAIN_TOO_NEW,
	DIAGNOSIS_LIMIT,
	DIAGNOSIS_NEEDS_ANSWER,
	DIAGNOSIS_NO_TESTS_RAN,
	DIAGNOSIS_TEST_FAILURE,
	DIAGNOSIS_STOPPED,
	/* of the packages of a language's own registry */
	DIAGNOSIS_BAD_MANIFEST,
	DIAGNOSIS_CONFLICT,
	DIAGNOSIS_NO_LOGIN,
	DIAGNOSIS_CHANGED_UPSTREAM,
	DIAGNOSIS_WRONG_PLATFORM,
	DIAGNOSIS_WRONG_ENGINE,
	DIAGNOSIS_NOT_ON_REGISTRY,
	DIAGNOSIS_NPM_FAILED,
};
extern const char *const diagnosis_class_names[]; /* "compile-error", ... */

struct diagnosis {
	enum diagnosis_class class;
	char *text;    /* one sentence */
	char *where;   /* file:line, command or log */
	char *way_out; /* what a person can do */
};
void diagnosis_cleanup(struct diagnosis *d);
extern const struct json_field diagnosis_fields[];

/* ---- the project -------------------------------------------------------------------------------
 */

enum command_phase { PHASE_CONFIGURE, PHASE_BUILD, PHASE_TEST };
extern const char *const command_phase_names[];

enum test_level { LEVEL_UNIT, LEVEL_INTEGRATION, LEVEL_E2E };
extern const char *const test_level_names[]; /* "unit", "integration", "e2e" */

enum test_format {
	FORMAT_NONE,  /* of what is no test */
	FORMAT_AUTO,  /* whatever is recognised */
	FORMAT_EXIT,  /* one case, by its exit status */
	FORMAT_JUNIT, /* and other reports in XML */
	FORMAT_JSON,  /* of jest, vitest, mocha, Playwright, RSpec, go, libtest */
	FORMAT_GTEST, /* and cmocka */
	FORMAT_CHECK,
	FORMAT_PHPUNIT,
	FORMAT_SUREFIRE,
	FORMAT_JUNIT_TEXT, /* as its own runners print it */
	FORMAT_NEXTEST,
	FORMAT_VITEST,
	FORMAT_AUTOMAKE,
	FORMAT_CTEST,
	FORMAT_MESON,
	FORMAT_PYTEST,
	FORMAT_NODE,
	FORMAT_GO,
	FORMAT_CARGO,
	FORMAT_RSPEC,
	FORMAT_MINITEST, /* and test-unit */
	FORMAT_TCLTEST,
	FORMAT_JEST,
	FORMAT_MOCHA,
	FORMAT_PROVE,
	FORMAT_UNITTEST,
	FORMAT_TAP,
	FORMAT_LINES, /* of no framework: a line a case, with a word for its result */
};
extern const char *const test_format_names[];

/* Which of the sources that find(1) prints in a command may be left out of it, if they do not compile. */
enum source_set {
	SOURCES_FIXED,	    /* none, or there is no find(1) */
	SOURCES_OF_TESTS,   /* all of them are tests' */
	SOURCES_WITH_TESTS, /* some of them are */
	SOURCES_CHECKED,    /* any: it only looks whether they compile */
};
extern const char *const source_set_names[];

struct command {
	enum command_phase phase;
	char *run;		 /* shell text, run by /bin/sh -c inside, in the directory `dir` */
	char *dir;		 /* below the work tree; NULL: its root */
	enum test_level level;	 /* PHASE_TEST */
	enum test_format format; /* PHASE_TEST */
	bool debug;   /* PHASE_TEST: it traces processes of its own, which the sandbox must open */
	bool guessed; /* PHASE_TEST: by its name alone; without a report of single cases it is none */
	char *results;		 /* PHASE_TEST: glob below dir of result files, NULL: the output */
	char *why;		 /* what showed it: "Makefile.am:12", "package.json scripts.test" */
	enum source_set sources; /* PHASE_BUILD */
};
RECORD_LIST(command);
bool command_list_has(const struct command_list *l, enum command_phase phase);

enum need_kind {
	NEED_PROGRAM,	/* a command: "bison" */
	NEED_HEADER,	/* "zlib.h", "sys/acl.h" */
	NEED_LIBRARY,	/* link name: "z" for libz.so */
	NEED_PKGCONFIG, /* "glib-2.0" */
	NEED_CMAKE,	/* find_package name */
	NEED_M4,	/* autoconf macro: "AM_PATH_GTK" */
	NEED_PERL,	/* "XML::Parser" */
	NEED_PYTHON,	/* module or distribution: "pytest" */
	NEED_NODE,	/* npm package */
	NEED_GO,	/* import path of a package: "golang.org/x/text/width" */
	NEED_PHP, /* extension "ext-curl", or class or file of a library as a path: "Psr/Log/NullLogger" */
	NEED_CRATE,   /* of Rust, with a feature: "serde", "serde+derive" */
	NEED_JAVA,    /* package that classes are imported from: "org.junit" */
	NEED_GEM,     /* of Ruby, or what is required: "nokogiri", "active_support/all" */
	NEED_TCL,     /* package: "Itcl" */
	NEED_FILE,    /* any other absolute path */
	NEED_PACKAGE, /* a distribution package by name */
};
extern const char *const need_kind_names[];
#define NEED_KIND_NAMES \
	"program", "header", "library", "pkgconfig", "cmake", "m4", "perl", "python", "node", \
		"go", "php", "crate", "java", "gem", "tcl", "file", "package"

enum need_source { /* what showed it */
	NEED_FROM_LOG,
	NEED_DECLARED,
	NEED_FROM_TRACE,  /* something tried to use it */
	NEED_FROM_SEARCH, /* something looked whether it is there */
	NEED_FROM_ANSWER, /* a person's */
};
extern const char *const need_source_names[];

enum need_scope { SCOPE_BUILD, SCOPE_TEST, SCOPE_RUN };
extern const char *const need_scope_names[];

struct need { /* something the application wants, before it is resolved */
	enum need_kind kind;
	char *name;
	char *version; /* constraint as written, such as ">= 1.2"; NULL: any */
	enum need_scope scope;
	char *origin; /* URL of the repository that a manifest names in the place of a registry; NULL */
	bool optional; /* a feature goes off without it */
	char *feature; /* the name of that feature, if known */
	enum need_source source;
	char *why; /* citation: "configure.ac:31: PKG_CHECK_MODULES(glib-2.0)", a log line */
};
RECORD_LIST(need);

enum absent_kind { ABSENT_SUBMODULE, ABSENT_LFS };
extern const char *const absent_kind_names[]; /* "submodule", "lfs" */

struct absent_part { /* of the source: referred to, and not in it */
	enum absent_kind kind;
	char *path;   /* of a submodule's empty directory, of a Git LFS pointer */
	char *where;  /* ".gitmodules:3" */
	char *origin; /* URL of a submodule, size and digest that the pointer names */
};
RECORD_LIST(absent_part);

struct env_read { /* of a variable by the source, with no default */
	char *name;
	char *where;   /* "file:line" */
	bool required; /* it fails there without it, as ${NAME:?} does; else it may do without */
};
RECORD_LIST(env_read);

enum build_system {
	SYSTEM_UNKNOWN, /* nobody has looked */
	SYSTEM_NONE,
	SYSTEM_ANT,
	SYSTEM_AUTOTOOLS,
	SYSTEM_CMAKE,
	SYSTEM_DUNE,
	SYSTEM_GO,
	SYSTEM_IMAKE,
	SYSTEM_LUAROCKS,
	SYSTEM_MAKE,
	SYSTEM_MAVEN,
	SYSTEM_MESON,
	SYSTEM_NODE,
	SYSTEM_OPAM,
	SYSTEM_PERL,
	SYSTEM_PHP,
	SYSTEM_PYTHON,
	SYSTEM_QMAKE,
	SYSTEM_RUBY,
	SYSTEM_RUST,
	SYSTEM_SCONS,
	SYSTEM_SOURCES, /* and nothing that builds them */
	SYSTEM_WAF,
};
extern const char *const build_system_names[];

struct build_switch { /* that leaves a feature out of the build */
	char *name;   /* "avcodec" */
	char *off;    /* "--disable-avcodec", for the last command of PHASE_CONFIGURE */
	char *where;  /* "file:line" */
};
RECORD_LIST(build_switch);

struct given_variable { /* that a configuration of continuous integration gives the tests */
	char *name, *value;
	char *where; /* "file:line" */
	char *read;  /* "file:line" of the source that names it */
};
RECORD_LIST(given_variable);

struct project {
	enum build_system system;
	char *evidence; /* the file that decided it */
	char *dir;	/* sub-directory of the work tree that is built; NULL: its root */
	struct command_list commands;
	struct command_list
		scripts; /* of tests, the likeliest first, for when nothing of the build runs any */
	struct need_list needs; /* declared ones */
	struct strlist own;	/* what the tree makes itself: "python tide", "pkgconfig tide" */
	struct env_read_list env_reads;
	struct strlist
		choices; /* names of the build systems seen, best first: "cmake", "make:src" */
	struct strlist others;	/* those that were not chosen, with their evidence */
	struct strlist options; /* labelled decisions that the commands contain */
	struct absent_part_list absent;
	struct build_switch_list switches;
	struct given_variable_list given;
	int64_t checked; /* sources that a command of SOURCES_CHECKED looks at */
};
void project_cleanup(struct project *p);
extern const struct json_field project_fields[];

/* ---- what was found out ---- */

struct package { /* installed because of a need */
	char *name;
	char *version;
	char *arch;
	char *sha256; /* of its archive */
	enum need_scope scope;
	bool requested; /* for a need of the application; else pulled in by another package */
	char *why;	/* the need and its citation */
	char *proof;	/* a file of it that the build or tests opened; NULL: none seen */
};
RECORD_LIST(package);
bool package_list_has(const struct package_list *l, struct str name);

enum artefact_kind { ARTEFACT_UNKNOWN, ARTEFACT_DEB, ARTEFACT_NPM };
extern const char *const artefact_kind_names[]; /* "deb", "npm" */

struct artefact { /* a download, kept in the content store */
	enum artefact_kind kind;
	char *name;
	char *version;
	char *arch;
	char *sha256;
	int64_t size;
	char *upstream;	 /* name of the upstream of the machine's configuration, "apt0" */
	char *path;	 /* below that upstream */
	char *integrity; /* ARTEFACT_NPM: the digest as its lock file has it, "sha512-..."; NULL */
};
RECORD_LIST(artefact);

enum question_kind { Q_ENV, Q_SECRET, Q_SERVICE, Q_PROMPT, Q_FILE, Q_DECISION, Q_DIALOG };
extern const char *const question_kind_names[]; /* "env", "secret", ...: the id's prefix, too */

struct question {
	char *id; /* "env:NAME", "prompt:slug", "dialog:slug" */
	enum question_kind kind;
	char *text;  /* one sentence */
	char *where; /* file:line, command */
	char *why;
	char *default_value; /* used where not blocking; JSON key "default" */
	bool blocking;
	char *unlocks; /* what can go on with an answer */
	bool secret;
	struct strlist alternatives; /* Q_DECISION: what can be chosen */
};
RECORD_LIST(question);
struct question *question_list_find(const struct question_list *l, const char *id); /* NULL */
/* First one that blocks; NULL. */
const struct question *question_list_blocking(const struct question_list *l);
/* Add those of `from` that are new; of the others, take whether they block.  from is empty then. */
void question_list_merge(struct question_list *l, struct question_list *from);

enum run_step { STEP_BUILD, STEP_TESTS };
extern const char *const run_step_names[]; /* "build", "tests" */

struct refusal {       /* a connection that a build or a test tried, and that nobody took */
	char *target;  /* "127.0.0.1:5432", "unix:/run/x.sock" */
	char *program; /* that tried; "" when unknown */
	enum run_step step;
	char *where;	 /* file:line of the source that may name the address, else the log */
	int64_t attempt; /* it was made in; 0: a replay */
	int64_t count;
};
RECORD_LIST(refusal);

struct missing_file { /* a build or a test looked for it, it was never there, and nothing would make it */
	char *path;    /* below the tree, or absolute */
	char *message; /* the line of the log that names it; NULL: none does */
	int64_t line;  /* of that log */
	char *program; /* that looked for it */
	char *where;   /* file:line that refers to it; NULL */
	bool required; /* the code there gives up without it */
	char *sample;  /* a file of the tree that is made to be copied there; NULL */
	char *package; /* that has it; NULL */
};
RECORD_LIST(missing_file);

struct feature_off {
	char *feature;
	char *input; /* what would switch it on */
};
RECORD_LIST(feature_off);

struct built_file { /* what a build made: a program, a library, a page; nothing on the way there */
	char *path; /* below the work tree */
	char *sha256;
	struct strlist needed; /* sonames it is linked to, in its own order */
	char *text;	       /* digest of a text without its digits; NULL: it is none */
};
RECORD_LIST(built_file);

enum attempt_end {
	ATTEMPT_OPEN,
	ATTEMPT_PACKAGES_MISSING,
	ATTEMPT_BUILD_FAILED,
	ATTEMPT_BUILT,
	ATTEMPT_TESTS_FAILED,
	ATTEMPT_TESTS_PASSED,
	ATTEMPT_THE_SAME, /* without something, as with it */
	ATTEMPT_NOT_THE_SAME,
	ATTEMPT_WIDER, /* more tests ran with what they had skipped cases for */
	ATTEMPT_NO_WIDER,
};
extern const char *const attempt_end_names[]; /* "packages missing", ... */

struct attempt {
	int64_t n;    /* from 1 */
	bool pruning; /* one more, with the result known, without what nothing was seen to use */
	struct strlist added;	  /* packages installed for it */
	struct strlist decisions; /* options, environment, answers that are new in it */
	enum attempt_end ended;
	char *learnt; /* one line: what it was missing */
	char *log;    /* path of its log, relative to the run's directory */
	double seconds;
};
RECORD_LIST(attempt);

/* ---- tests -------------------------------------------------------------------------------------
 */

enum test_status { TEST_PASSED, TEST_FAILED, TEST_SKIPPED, TEST_ERROR };
extern const char *const test_status_names[]; /* "passed", "failed", "skipped", "error" */

struct test_case {
	char *id; /* stable: suite + "/" + name, made unique with "#2" */
	char *suite;
	char *name;
	enum test_level level;
	enum test_status status;
	bool flaky; /* it passed, and had failed before in the same run: message says how */
	double ms;  /* < 0: unknown */
	char *message;
	char *file;
};
RECORD_LIST(test_case);

struct case_result { /* how a case ended, and no more */
	char *id;
	enum test_status status;
};
RECORD_LIST(case_result);

struct test_run {
	int64_t passed, failed, skipped;
	bool by_exit_status; /* no per-case format was recognised: one case per command */
	struct test_case_list cases;
	char *ended; /* the command or service that was ended before it was done; NULL */
	char *note;  /* what a reader must know: "0 tests were executed", "report truncated" */
};
void test_run_cleanup(struct test_run *t);
extern const struct json_field test_run_fields[];
/* Count cases: TEST_PASSED, failed = TEST_FAILED and TEST_ERROR, skipped. */
void test_run_count(struct test_run *t);
const struct test_case *test_run_find(const struct test_run *t, const char *id); /* NULL: none */

/* ---- screens ---- */

enum screen_kind { SCREEN_PAGE, SCREEN_TERMINAL, SCREEN_DISPLAY };
extern const char *const screen_kind_names[]; /* "page", "terminal", "display" */

struct screen_message { /* what a page said to its console, or did where it was seen */
	/* Of the console; "exception", "dialog", "popup", "download", "crash"; of a terminal "title", "bell",
	 * "answered", "refused", "ignored"; of a display "answered", "question". */
	char *level;
	char *text;
	char *url; /* where it was said; NULL: unknown */
	int64_t line;
};
RECORD_LIST(screen_message);

struct screen_request {
	char *method;
	char *url;
	char *type;	/* "Document", "Script", ... */
	int64_t status; /* 0: there was no answer */
	char *error;	/* NULL: it went well */
	int64_t bytes;	/* on the wire */
	double ms;
};
RECORD_LIST(screen_request);

/*
 * A step on a screen with its evidence.  Digests are those of objects of the content store; NULL: it could not be
 * had, and `unmet` says why.  The same record serves whatever has a screen.
 */
struct screen_step {
	int64_t n; /* from 1 */
	enum screen_kind screen;
	char *action; /* in words: click button "Pay" */
	enum test_status status;
	char *message; /* why it failed */
	char *url;
	char *title;
	char *picture; /* PNG of what is in sight */
	struct strlist
		whole; /* PNGs of the whole page, from the top; the picture itself where all is in sight; of a
			  display, of its windows, the uppermost first */
	int64_t width, height; /* of the whole page, in pixels */
	char *tree;   /* JSON: roles, names and states, as assistive technology sees them */
	char *dom;    /* JSON: the document and its layout (DOMSnapshot.captureSnapshot) */
	char *output; /* of a program in a terminal, or on a display: the bytes it wrote since the step before, from their start */
	int64_t output_bytes; /* so many it wrote; `output` may hold less */
	struct strlist
		unmet; /* conditions of a still picture that did not hold in time, and evidence not had */
	struct screen_message_list console;
	struct screen_request_list requests;
	int64_t dropped; /* messages and requests past what is kept */
	double at_ms;	 /* since its scenario began */
	double action_ms, evidence_ms;
};
RECORD_LIST(screen_step);

struct screen_scenario { /* a line of its own, behind its steps */
	char *scenario;
	enum test_status status;
	int64_t steps, failed;
	char *message; /* why it ended early; NULL */
	double ms;
};
RECORD_LIST(screen_scenario);

enum flake_cause {
	FLAKE_UNKNOWN,
	FLAKE_ORDER,
	FLAKE_TIME,
	FLAKE_RANDOM,
	FLAKE_NETWORK,
	FLAKE_RESOURCE
};
extern const char *const flake_cause_names[]; /* "unknown", "order", ... */

struct flake { /* a case that passed in some runs and failed in others */
	char *id;
	enum flake_cause cause;
	char *with; /* FLAKE_ORDER: the case that must run before it for it to fail; NULL */
	int64_t runs, failed; /* under the conditions of the tests themselves */
	double low, high;     /* of its failure rate, with 95 % confidence (Wilson 1927) */
	char *evidence;	      /* one line: what was run, and how often it failed */
};
RECORD_LIST(flake);

enum change_kind {
	CHANGE_REGRESSION, /* passed, and fails */
	CHANGE_VANISHED,
	CHANGE_SKIPPED,	  /* passed, and is skipped */
	CHANGE_DIFFERENT, /* fails in another way */
	CHANGE_FLAKY,	  /* in either */
	CHANGE_SAME,	  /* fails as before */
	CHANGE_NEW,
	CHANGE_FIX,
};
extern const char *const change_kind_names[]; /* "regression", ... */

struct change { /* of a case between two runs; of one that passes in both there is none */
	char *id;
	enum change_kind kind;
	enum test_level level;
	char *was, *is; /* statuses; NULL: it is not there */
	char *message;	/* of the failure there is, else of the one there was */
	char *before;	/* CHANGE_DIFFERENT: of the one there was */
};
RECORD_LIST(change);

/* ---- the recipe ---- */

#define RECIPE_VERSION 2

struct env_var { /* of the build; a secret has its question's id and no value */
	char *name;
	char *value;	/* NULL when `question` names where it comes from */
	char *question; /* id "env:NAME"; NULL: value is a constant */
	char *why;
};
RECORD_LIST(env_var);
struct env_var *env_var_list_find(const struct env_var_list *l, const char *name); /* NULL */

/*
 * What is known of an application before it is looked at: what a run learnt, and what a person says in a
 * drydock.yaml.
 */
struct fact_package { /* wanted from the first attempt on */
	char *name;
	enum need_scope scope;
	char *why;
};
RECORD_LIST(fact_package);

struct fact_provider { /* of a need, "header curl/curl.h" */
	char *need;
	char *package;
	char *why;
};
RECORD_LIST(fact_provider);

struct premises {
	struct fact_package_list packages;
	struct strlist ban; /* packages that no need brings in */
	struct fact_provider_list providers;
	struct env_var_list environment; /* constants; they have no question */
};
void premises_cleanup(struct premises *f);
extern const struct json_field premises_fields[];

struct install_step {	      /* one call of the package tool */
	bool configure;	      /* false: unpack these archives; true: configure these packages */
	struct strlist items; /* sha256 digests; package names */
};
RECORD_LIST(install_step);

struct install_batch {			/* one layer: what was installed together */
	struct strlist requested;	/* package names asked for */
	struct artefact_list artefacts; /* in the order they are unpacked */
	struct install_step_list steps;
};
RECORD_LIST(install_batch);

enum module_manager { MANAGER_NONE, MANAGER_NPM };
extern const char *const module_manager_names[]; /* "npm" */

/*
 * Packages from the registry of a language, which become a layer of the work tree.  What stands in
 * `lock` are names, versions and digests: nothing that runs, no address.
 */
struct module_set {
	enum module_manager manager;
	char *dir;	 /* below the work tree; NULL: its root */
	char *lock;	 /* text of the lock file they are installed from */
	char *lock_file; /* the source's own file that says the same; NULL: `lock` is part of the
			    recipe */
	struct strlist members; /* directories below dir that are packages of the tree's own */
	struct strlist options; /* of the manager, beside its usual ones */
	struct strlist
		changes; /* "name=version" put in place of what no registry has, "name" left out */
	struct artefact_list artefacts; /* in the order of installation */
};
RECORD_LIST(module_set);
struct supplied_file {	/* of the build and the tests, not of the source */
	char *path;	/* below the tree, or absolute */
	char *question; /* id "file:PATH": where it comes from, unless it is a copy */
	char *sample;	/* the file of the tree that it is a copy of; NULL: an answer */
	bool archive;	/* what is unpacked there: the content of a submodule */
	char *why;
};
RECORD_LIST(supplied_file);

struct service {	      /* started before the tests, in their pod */
	char *name;	      /* "redis", "localhost:15432", "/run/x.sock" */
	char *question;	      /* id "service:NAME" */
	char *start;	      /* the command; NULL: a secret, from the answers */
	struct strlist hosts; /* names that must lead to it */
	int64_t port;	      /* it is ready when it listens there; 0: see socket */
	char *socket;	      /* and there; NULL */
};
RECORD_LIST(service);

enum port_protocol { PORT_TCP, PORT_HTTP };
extern const char *const port_protocol_names[]; /* "tcp", "http" */

struct served_port { /* on which the application was seen to wait for connections */
	int64_t port;
	enum port_protocol protocol; /* PORT_HTTP: it answered a request */
	int64_t status;		     /* of "GET /"; 0: none */
	char *title;		     /* of that page; NULL */
};
RECORD_LIST(served_port);

struct start {	   /* how the application is run: until it ends, and it was seen to serve */
	char *run; /* shell text; NULL: not found out */
	char *dir; /* below the work tree; NULL: its root */
	char *why; /* what showed it: "Procfile:1" */
	struct served_port_list ports;
	char *socket; /* path of a UNIX socket it serves; NULL */
};
void start_cleanup(struct start *s);
void start_copy(struct start *dst, const struct start *src); /* dst is empty */
extern const struct json_field start_fields[];

struct start_try { /* a command that might be how it is run */
	char *run, *dir, *why;
	char *ended; /* in words; NULL: not tried */
};
RECORD_LIST(start_try);

struct seen_run {      /* a program that the tests ran */
	char *program; /* absolute path */
	char *dir;
	struct strlist words; /* its command line */
	bool served;	      /* it waited for connections */
};
RECORD_LIST(seen_run);

struct prompt_answer {	/* typed when a step asks */
	char *question; /* id "prompt:slug" */
	char *value;	/* the default that was accepted; NULL: from the answers file */
	char *run;	/* the command that asks */
};
RECORD_LIST(prompt_answer);

struct recipe_base {
	char *name, *digest, *suite, *arch;
	char *index; /* digest of the package lists the packages were resolved with */
};

/*
 * drydock.lock.json.  There, `commands` is an object of lists by phase; its keys start, ready,
 * ports and stop say how the application is run: null and empty as long as that is not found out (stop: by SIGTERM).
 */
struct recipe {
	int64_t version;
	char *created; /* RFC 3339, from the journal */
	char *name;    /* of the application */
	enum build_system system;
	char *source_digest; /* of the tree that was stood up */
	struct recipe_base base;
	struct install_batch_list batches;
	struct module_set_list modules;
	struct package_list packages;
	struct env_var_list environment;
	struct supplied_file_list files;
	struct strlist options; /* labelled decisions */
	struct service_list services;
	struct command_list commands; /* in the order of their phases */
	struct start start;	      /* in the lock, a part of `commands` */
	struct prompt_answer_list prompts;
	struct question_list questions;
	struct feature_off_list features_off;
	int64_t passed, failed, skipped; /* what it yielded */
	enum run_outcome outcome;
	struct built_file_list built_files; /* and what a replay is compared with */
	struct case_result_list cases;
};
void recipe_cleanup(struct recipe *r);
json_t *recipe_to_json(const struct recipe *r);
int recipe_from_json(const json_t *j, struct recipe *ret, struct dd_err *err) DD_MUST_USE;

#endif
