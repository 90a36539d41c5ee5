/*
 * security: what a source tree holds that somebody will regret: secrets, calls of a kind that attackers use, and
 * dependencies that an advisory names.  Texts are held against patterns and versions against versions, no program is run;
 * that nothing is found proves nothing.
 *
 * The tree and the advisories are hostile: the worker "security" reads them.
 */
#ifndef SECURITY_SECURITY_H
#define SECURITY_SECURITY_H

#include "record/record.h"

enum security_kind { FINDING_SECRET, FINDING_UNSAFE, FINDING_VULNERABLE };
extern const char *const security_finding_kind_names[]; /* "secret", "unsafe", "vulnerable" */

enum security_level { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };
extern const char
	*const security_finding_level_names[]; /* those of SARIF: "note", "warning", "error" */

struct security_finding {
	enum security_kind kind;
	enum security_level level;
	char *rule; /* "secret/private-key", "unsafe/c-gets", the id of an advisory */
	char *cwe;  /* "CWE-798"; NULL */
	char *path;
	int64_t line;
	char *message; /* one sentence; never what is secret */
	char *print; /* SHA-256 that stays when lines move: of rule, file, and the line's text (of a secret: its number) */
	bool known;  /* an earlier report has it */
};
RECORD_LIST(security_finding);

struct security_dependency {
	char *ecosystem; /* as advisories write it: "npm", "PyPI", "Debian:12"; "Cargo" */
	char *name, *version;
	char *path; /* the file that says so */
	int64_t line;
};
RECORD_LIST(security_dependency);

struct security_result {
	int64_t files, left_out; /* read; too large, or no text */
	int64_t advisories;
	int64_t dropped; /* findings (but for notes of one kind in one file) and dependencies beyond what is kept */
	struct security_dependency_list dependencies;
	struct security_finding_list findings; /* by level (errors first), path, line, rule */
};
void security_result_cleanup(struct security_result *r);
/* The answer of the worker.  DD_ECORRUPT: it is none. */
int security_result_from_json(struct str text, struct security_result *ret, struct dd_err *err)
	DD_MUST_USE;

/*
 * Body of the worker "security" [ADVISORIES]: reads the tree below its working directory and, on standard input, a JSON list of
 * dependencies that the tree does not name; ADVISORIES is a file or directory of OSV's JSON, or an archive of such
 * files (ossf.github.io/osv-schema).
 */
int security_worker_main(int argc, char **argv);

/* Compile the table of patterns, for what match_on_compiled does with it. */
int security_compile_patterns(struct dd_err *err) DD_MUST_USE;

/* SARIF 2.1.0 (docs.oasis-open.org/sarif), at most SECURITY_MAX_RESULTS results; a new reference. */
#define SECURITY_MAX_RESULTS 25000
json_t *security_sarif(const struct security_finding_list *l);

/* Marks what a SARIF report of ours has as known.  DD_EINVAL: it is no such report. */
int security_compare(struct security_finding_list *l, struct str sarif, struct dd_err *err)
	DD_MUST_USE;

#endif
