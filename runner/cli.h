/*
 * The command line: one struct subcommand per subcommand file.  Parsing, --help, completion and the
 * manual's option lists all come from that one table.  Linked into the front program, too: base
 * only.
 */
#ifndef RUNNER_CLI_H
#define RUNNER_CLI_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

enum exit_status { /* what every command exits with */
	EXIT_DONE = 0,
	EXIT_TARGET_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_OURS = 3,
	EXIT_RESUMABLE = 4,
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char *, borrowed from argv */
	OPTION_TEXTS,  /* struct strlist; may be given again */
	OPTION_NUMBER, /* uint64_t, not 0 */
	OPTION_BYTES,  /* uint64_t; suffixes K, M, G, T (1024) */
	OPTION_LIMIT,  /* the same, not 0 */
};

struct option_def {
	const char *name; /* long name without the dashes; NULL ends the table */
	char letter;	  /* 0: none */
	enum option_kind kind;
	size_t offset;	     /* in the subcommand's options struct */
	const char *argname; /* "DIR"; NULL for flags */
	const char *help;    /* one sentence without a full stop */
};

/* First member, named `common`, of every options struct. */
struct common_options {
	const char *state;
	bool json;
	bool quiet;
	bool verbose;
	bool help;
};

struct cli_call {
	const struct subcommand *command;
	const void *options; /* the subcommand's options struct */
	char **args;	     /* positional, NULL-terminated */
	size_t nargs;
};

struct subcommand {
	const char *name; /* "up", "image build" */
	const char *summary;
	const char *args;		  /* usage of the positional arguments: "SOURCE", "[RUN]" */
	const char *description;	  /* paragraphs for --help and the manual; may be NULL */
	const struct option_def *options; /* without the common ones */
	size_t options_size;
	size_t min_args, max_args; /* max_args SIZE_MAX: any number */
	bool stop_at_first_arg;	   /* what follows the first argument is not ours (CMD...) */
	bool hidden;		   /* not listed: for drydock itself */
	int (*run)(const struct cli_call *call);
};

/*
 * Find the subcommand that argv (without the program's name) starts with, parse and run it. `table`
 * is NULL-terminated.  Usage errors and --help are dealt with here.  Gives the exit status.
 */
int cli_main(const struct subcommand *const *table, char **argv);

/* The subcommand argv starts with, two-word names first; *ret_words is how many words it took. */
const struct subcommand *cli_find(
	const struct subcommand *const *table, char **argv, size_t *ret_words);

/* "drydock: <message>" on standard error, one line, made safe for a terminal; gives `status`. */
int cli_fail(int status, const struct dd_err *err);
int cli_usage_error(const struct subcommand *c, const char *fmt, ...) DD_PRINTF(2, 3);

/* Exit status that fits an error of ours: usage, stopped or ours. */
int cli_status_of(const struct dd_err *err);

void cli_print_help(const struct subcommand *c);
/* The commands that begin with this word, as "image" does "image build"; false: none does. */
bool cli_print_group(const struct subcommand *const *table, const char *word, FILE *to);
void cli_print_overview(const struct subcommand *const *table, FILE *to);

/* Bash completion, and a manual page (man(7)) of one subcommand or, with c NULL, of drydock. */
void cli_write_completion(const struct subcommand *const *table, struct buf *out);
void cli_write_man(
	const struct subcommand *const *table, const struct subcommand *c, struct buf *out);

/* The options every subcommand has; ends with a NULL name. */
extern const struct option_def cli_common_options[];

bool cli_parse_bytes(const char *text, uint64_t *ret_bytes);

#endif
