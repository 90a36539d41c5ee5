/* drydock graph import ...: a file of another tool is taken into the map. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/io.h"
#include "runner/graph_map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const struct option_def import_options[] = {
	GRAPH_DIR_OPTION,
	GRAPH_DB_OPTION,
	{"format", 0, OPTION_TEXT, GRAPH_O(format), "NAME",
		"what FILE is: scip, lcov, perf, access-log, otlp or runtime"},
	{"below", 0, OPTION_TEXT, GRAPH_O(below), "DIR",
		"where in the tree the paths of FILE begin (default: at its top)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
open_import(const char *path, int *ret_fd, struct hash_hex *ret_digest, struct dd_err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, DD_EINVAL, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, DD_EINVAL, "%s is no file", path);
	if ((uint64_t)st.st_size > GRAPH_IMPORT_MAX_BYTES)
		return err_set(err, DD_EINVAL, "%s is larger than a gigabyte", path);
	if (hash_fd(fd, ret_digest, NULL, err) < 0)
		return err_wrap(err, "%s", path);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot read %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* What the map is made of with it. */
static int
import_into(const struct graph_options *o, const char *file, const char *format, char **ret_map,
	struct graph_ingest_result *ret, struct dd_err *err)
{
	OWN(state) struct state st = {0};
	OWN_FD int fd = -1;
	OWN(buf) struct buf packed = {.max = GRAPH_IMPORT_MAX_BYTES};
	struct hash_hex digest;
	struct graph *g = NULL;
	OWN_FREE char *root = NULL;
	/* The map tells which tree it is of. */
	int rc = graph_map_open(o, &g, err);
	graph_close(g);
	if (rc == 0)
		rc = graph_map_find(o, ret_map, err);
	if (rc == 0)
		rc = graph_root(*ret_map, &root, err);
	if (rc == 0)
		rc = open_import(file, &fd, &digest, err);
	if (rc == 0)
		rc = session_start(&o->common, &st, err);
	if (rc == 0)
		rc = graph_map_read_import(&st, format, file, fd, &packed, err);
	if (rc < 0)
		return rc;
	const struct graph_import import = {.format = graph_format_of(format),
		.source = fs_name(file),
		.digest = digest.s,
		.below = o->below ? o->below : "",
		.packed = buf_str(&packed)};
	return graph_map_refresh(o, &st, root, *ret_map, &import, ret, err);
}

static void
print_imported(const struct graph_options *o, const char *map, const struct graph_ingest_result *r)
{
	const struct graph_import_result *i = &r->import;
	bool index = graph_format_of(o->format) == GRAPH_SCIP;
	if (o->common.json) {
		OWN(buf) struct buf out = {0};
		OWN_JSON json_t *j = json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "db",
			json_text(str_of(map)), "files", (json_int_t)i->files, "missing",
			(json_int_t)i->missing, index ? "references" : "seen", (json_int_t)i->said,
			"placed", (json_int_t)i->placed, "dropped", (json_int_t)r->dropped,
			"relations", (json_int_t)r->relations);
		json_object_set_new(j, index ? "refuted" : "entities",
			json_integer((json_int_t)(index ? i->refuted : i->entities)));
		json_print(j, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	if (!index) {
		printf("%zu things seen, %zu of them are of the map: %zu entities in %zu files; what the others are is not kept\n",
			i->said, i->placed, i->entities, i->files);
		return;
	}
	printf("%zu files (%zu are not in the map), %zu references to what the map has, %zu seen where the index says, %zu guesses taken back\n",
		i->files, i->missing, i->said, i->placed, i->refuted);
}

static int
run_import(const struct cli_call *call)
{
	const struct graph_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *map = NULL;
	struct graph_ingest_result result = {0};
	if (!o->format)
		return cli_usage_error(call->command, "--format says what FILE is");
	if (graph_format_of(o->format) == GRAPH_FORMATS)
		return cli_usage_error(call->command, "there is no format \"%s\"", o->format);
	int rc = import_into(o, call->args[0], o->format, &map, &result, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	print_imported(o, map, &result);
	return EXIT_DONE;
}

const struct subcommand cmd_graph_import = {
	.name = "graph import",
	.summary = "take what another tool knows of the tree into the map",
	.args = "FILE",
	.description =
		"scip: the index of a compiler or a language server.  Where it says what a name means, nothing is guessed, and the\n"
		"relation has the provenance \"compiler\"; what it does not say stays as it is.\n"
		"lcov: what tests reached.  perf: the output of perf script, or folded stacks.  access-log: NCSA lines, with rt=SECONDS\n"
		"if the server was told to, or a JSON object a line.  otlp: traces as JSON.  How often, how many failed and how long it\n"
		"took is told by every answer about the function, endpoint, table or service; a call that was seen is a relation with\n"
		"the provenance \"runtime\" (lcov) or \"production\".  runtime: what drydock qa record kept of a run.  Nothing is taken away by what was not seen.  Queries, addresses,\n"
		"users and values are not kept: only names that the source has.  A log has to be complete: lines that a longer\n"
		"one has again count again.\n"
		"The map is refreshed first.  What\n"
		"was imported of a file stays for as long as the file has the same digest; drydock graph status tells what was\n"
		"dropped, and drydock graph ingest --anew makes the map without imports.",
	.options = import_options,
	.options_size = sizeof(struct graph_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_import,
};
