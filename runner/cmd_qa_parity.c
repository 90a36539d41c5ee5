/* drydock qa parity: does the program of one run do what that of another does, on generated inputs? */
#include "runner/commands.h"

#include "base/fs.h"
#include "runner/graph_map.h"
#include "runner/left.h"
#include "runner/session.h"
#include "runner/twins.h"

#include <string.h>

#define CASES 2000
#define DIFFERENCES 20
#define SECONDS 600
#define REPLAY_MAX ((size_t)64 << 20)

struct parity_options {
	struct common_options common;
	const char *original, *port, *replay, *output;
	uint64_t seed, cases, time, differences;
	bool loose_errors;
};

#define O(member) offsetof(struct parity_options, member)
static const struct option_def options[] = {
	{"original", 0, OPTION_TEXT, O(original), "CMD",
		"words that run the original; ./X is in its built tree (default: the only program there)"},
	{"port", 0, OPTION_TEXT, O(port), "CMD", "the same of the port"},
	{"seed", 0, OPTION_NUMBER, O(seed), "N", "of the inputs (default: 1)"},
	{"cases", 0, OPTION_NUMBER, O(cases), "N", "inputs that are tried (default: 2000)"},
	{"time", 0, OPTION_NUMBER, O(time), "S", "end after so many seconds (default: 600)"},
	{"differences", 0, OPTION_NUMBER, O(differences), "N",
		"end when so many kinds of difference were found (default: 20)"},
	{"loose-errors", 0, OPTION_FLAG, O(loose_errors), NULL,
		"of standard error, compare only whether there is any"},
	{"replay", 0, OPTION_TEXT, O(replay), "FILE",
		"play the cases of a report again (the JSON of --json or -o), and no others"},
	{"output", 'o', OPTION_TEXT, O(output), "FILE", "write the JSON there, too"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct side { /* a run, and its program in a pod */
	struct run run;
	struct left left;
	struct twin twin;
	bool held, loaded;
};

struct comparing {
	const struct parity_options *o;
	struct state st;
	struct side sides[2];
	json_t *replay, *result;
};

static void
comparing_cleanup(struct comparing *c)
{
	for (size_t i = 0; i < 2; i++) {
		struct side *s = &c->sides[i];
		twin_close(&s->twin);
		if (s->loaded)
			left_cleanup(&s->left);
		if (s->held)
			run_cleanup(&s->run);
	}
	json_decref(c->replay);
	json_decref(c->result);
	state_cleanup(&c->st);
}

static int
load(struct comparing *c, struct side *s, const char *of, struct dd_err *err)
{
	int rc = run_open_held(&c->st, of, &s->run, err);
	s->held = rc == 0;
	if (rc == 0)
		rc = left_load(&c->st, &s->run, NULL, &s->left, err);
	s->loaded = rc == 0;
	return rc;
}

/* The name of a program without its ending; heap, NULL: there is none. */
static char *
stem_of(const struct twin *t)
{
	const char *name = t->command.n ? fs_name(parity_program_of(&t->command)) : "";
	return *name ? mem_strndup(name, strcspn(name, ".")) : NULL;
}

static int
open_side(struct comparing *c, size_t which, const char *command, const char *like,
	struct dd_err *err)
{
	static const char *const what[] = {"original", "port"};
	struct side *s = &c->sides[which];
	const struct twin_spec spec = {.command = command,
		.what = what[which],
		.like = like,
		.alone = c->replay != NULL,
		.live = {.state = &c->st,
			.run_dir = s->run.dir,
			.root = &s->left.root,
			.work = &s->left.work,
			.services = &s->left.recipe.services,
			.answers = s->left.answers,
			.env = &s->left.env,
			.files = &s->left.files}};
	int rc = twin_open(&spec, &s->twin, err);
	return rc < 0 ? err_wrap(err, "the %s (run %s)", what[which], s->run.id) : 0;
}

static int
read_replay(struct comparing *c, struct dd_err *err)
{
	OWN_JSON json_t *file = NULL;
	size_t i;
	json_t *one;
	if (!c->o->replay)
		return 0;
	int rc = json_parse_file(c->o->replay, REPLAY_MAX, &file, err);
	if (rc < 0)
		return rc;
	const json_t *list = json_object_get(file, "differences");
	if (!list) {
		c->replay = json_is_array(file) ? json_incref(file) : json_pack("[O]", file);
		return 0;
	}
	c->replay = json_array();
	json_array_foreach ((json_t *)list, i, one)
		json_array_append(c->replay, json_object_get(one, "case"));
	return 0;
}

static int
compare(struct comparing *c, struct dd_err *err)
{
	const struct parity_options *o = c->o;
	struct parity_spec spec = {.state = &c->st,
		.trees = {&c->sides[0].left.work, &c->sides[1].left.work},
		.seed = o->seed ? o->seed : 1,
		.cases = o->cases ? o->cases : CASES,
		.differences = o->differences ? o->differences : DIFFERENCES,
		.limit_ms = (int64_t)(o->time ? o->time : SECONDS) * 1000,
		.loose_errors = o->loose_errors,
		.replay = c->replay};
	twins_set_sides(&c->sides[0].twin, &c->sides[1].twin, &spec);
	return parity_run(&spec, &c->result, err);
}

static int
do_it(struct comparing *c, char **args, struct dd_err *err)
{
	int rc = read_replay(c, err);
	if (rc == 0)
		rc = session_start(&c->o->common, &c->st, err);
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = load(c, &c->sides[i], args[i], err);
	c->st.limits = limit_options_to_pod(&c->sides[0].run.options.limits);
	if (rc == 0)
		rc = open_side(c, 0, c->o->original, NULL, err);
	OWN_FREE char *stem = rc == 0 ? stem_of(&c->sides[0].twin) : NULL;
	if (rc == 0)
		rc = open_side(c, 1, c->o->port, stem, err);
	return rc < 0 ? rc : compare(c, err);
}

/* ---- what is said ---- */

static void
print_text(const char *what, const json_t *side, const char *key)
{
	const char *text = json_string_in(side, key);
	struct str rest = str_of(text), line;
	for (size_t i = 0; i < 5 && str_next_line(&rest, &line); i++) {
		OWN(buf) struct buf out = {.max = 4096};
		buf_put_visible(&out, line);
		printf("    %-9s %s\n", what, out.n ? out.p : "");
	}
}

static void
print_side(const char *what, const json_t *d)
{
	const json_t *side = json_object_get(d, what);
	if (json_object_get(side, "exit"))
		printf("    %-9s exit %lld%s\n", what,
			(long long)json_integer_value(json_object_get(side, "exit")),
			strcmp(json_string_in(side, "ended"), "none") == 0 ? "" : ", ended early");
	print_text(what, side, "output");
	print_text(what, side, "errors");
}

static void
print_difference(const json_t *d)
{
	OWN(buf) struct buf script = {.max = 65536};
	OWN_FREE char *channels = NULL;
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(d, "channels"), i, one) {
		char *more = mem_printf("%s%s%s", channels ? channels : "", channels ? ", " : "",
			json_string_value(one));
		free(channels);
		channels = more;
	}
	printf("differs in %s\n", channels);
	parity_put_script(json_object_get(d, "case"), "PROGRAM", &script);
	struct str rest = buf_str(&script), line;
	while (str_next_line(&rest, &line)) {
		OWN(buf) struct buf out = {.max = 4096};
		buf_put_visible(&out, line);
		printf("  $ %s\n", out.n ? out.p : "");
	}
	print_side("original", d);
	print_side("port", d);
	json_array_foreach (json_object_get(d, "files"), i, one)
		printf("    file %s\n", json_string_in(one, "path"));
}

static int
report(const struct comparing *c, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = (size_t)1 << 30};
	size_t i;
	json_t *one;
	OWN_JSON json_t *runs =
		json_pack("{s:[s, s]}", "runs", c->sides[0].run.id, c->sides[1].run.id);
	json_object_update(c->result, runs);
	for (i = 0; i < 2; i++)
		answers_redact_json(c->sides[i].left.answers, c->result);
	json_print(c->result, 2, &out);
	buf_putc(&out, '\n');
	if (c->o->output) {
		int rc = fs_write_atomic(c->o->output, buf_str(&out), 0644, err);
		if (rc < 0)
			return rc;
	}
	if (c->o->common.json) {
		fputs(out.p, stdout);
		return 0;
	}
	const json_t *all = json_object_get(c->result, "differences");
	json_array_foreach ((json_t *)all, i, one)
		print_difference(one);
	printf("%zu differences in %lld cases of %lld calls, %lld of them known (seed %lld; %lld unsteady); ended by %s\n",
		json_array_size(all),
		(long long)json_integer_value(json_object_get(c->result, "cases")),
		(long long)json_integer_value(json_object_get(c->result, "steps")),
		(long long)json_integer_value(json_object_get(c->result, "remembered")),
		(long long)json_integer_value(json_object_get(c->result, "seed")),
		(long long)json_integer_value(json_object_get(c->result, "unsteady")),
		json_string_in(c->result, "ended"));
	return 0;
}

static int
run_parity(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	struct comparing c = {.o = call->options};
	int rc = session_require(&c.o->common, &err);
	if (rc == 0)
		rc = do_it(&c, call->args, &err);
	if (rc == 0)
		rc = report(&c, &err);
	bool same = json_array_size(json_object_get(c.result, "differences")) == 0;
	comparing_cleanup(&c);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	return same ? EXIT_DONE : EXIT_TARGET_FAILED;
}

const struct subcommand cmd_qa_parity = {
	.name = "qa parity",
	.summary = "hold a translated program against its original, on generated inputs",
	.args = "ORIGINAL PORT",
	.description =
		"ORIGINAL and PORT are runs of drydock up (or the same run twice, with --original and --port).  Both programs run side by side,\n"
		"each in a pod on what its run built, with its services, in a directory of the input's own; locale is the same,\n"
		"and time and chance are for programs that are linked to a C library.  An input is a few files and up to 24 calls, one after another, with arguments and standard input.\n\n"
		"Inputs are made of what the programs say of their usage, the calls and the texts in documents and tests of both trees, their data\n"
		"files, literals and numbers in their code, and boundary values; they are varied, and those that made a program say\n"
		"something of a new kind are varied further.  The same seed gives the same inputs.  A call that was played before for the same files is\n"
		"not played again, as long as programs do the same in them.\n\n"
		"Compared are exit status, signal or limit; standard output and error, in which the programs' own names and paths are PROGRAM; the\n"
		"files left in the input's directory and the directories HOME and TMPDIR, with their modes; paths of files made elsewhere; and\n"
		"where connections were made to.  A difference is told if it is there again in new pods, and made as small as it goes.\n"
		"Inputs on which the original differs from itself are counted as unsteady.  Secrets that the runs were given are not told.\n\n"
		"The exit status is 0 where none was found, 1 where one was.",
	.options = options,
	.options_size = sizeof(struct parity_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_parity,
};
