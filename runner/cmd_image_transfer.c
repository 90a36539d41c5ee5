/* image import, export, pull and push. */
#include "runner/commands.h"

#include "base/json.h"
#include "images/transfer.h"
#include "runner/session.h"

#include <string.h>

struct transfer_options {
	struct common_options common;
	const char *ref, *platform;
	bool skip_special;
	uint64_t max_bytes;
	const char *format, *compress;
	bool plain_http;
	const char *ca_file, *authfile;
};

#define O(member) offsetof(struct transfer_options, member)
#define IN_OPTIONS \
	{"platform", 0, OPTION_TEXT, O(platform), "OS/ARCH", \
		"take the image of this platform (default: this machine's)"}, \
		{"skip-special", 0, OPTION_FLAG, O(skip_special), NULL, \
			"leave out device nodes and FIFOs instead of refusing the image"}, \
	{ \
		"max-bytes", 0, OPTION_BYTES, O(max_bytes), "B", \
			"refuse an image whose files take more (default 32G)" \
	}
#define REGISTRY_OPTIONS \
	{"plain-http", 0, OPTION_FLAG, O(plain_http), NULL, \
		"speak HTTP without TLS (to localhost it is always so)"}, \
		{"ca-file", 0, OPTION_TEXT, O(ca_file), "FILE", \
			"trust these certificates instead of the system's"}, \
	{ \
		"authfile", 0, OPTION_TEXT, O(authfile), "FILE", \
			"take the login from here (default: docker's and podman's own files)" \
	}
#define COMPRESS_OPTION \
	{ \
		"compress", 0, OPTION_TEXT, O(compress), "gzip|zstd|none", \
			"how layers are compressed (default gzip; none in an archive of docker's)" \
	}
#define END \
	{ \
		NULL, 0, OPTION_FLAG, 0, NULL, NULL \
	}

static const struct option_def import_options[] = {
	{"ref", 0, OPTION_TEXT, O(ref), "REF", "which image, when FILE holds several"}, IN_OPTIONS,
	END};
static const struct option_def pull_options[] = {IN_OPTIONS, REGISTRY_OPTIONS, END};
static const struct option_def export_options[] = {
	{"format", 0, OPTION_TEXT, O(format), "oci|docker",
		"an OCI layout (the default), or what docker save writes"},
	COMPRESS_OPTION,
	{"ref", 0, OPTION_TEXT, O(ref), "REF",
		"its name inside (default latest, docker: NAME:latest)"},
	END};
static const struct option_def push_options[] = {
	{"format", 0, OPTION_TEXT, O(format), "oci|docker", "the kind of manifest (default oci)"},
	COMPRESS_OPTION, REGISTRY_OPTIONS, END};

/* ---- results ---- */

static json_t *
describe(const char *name, const struct image *img, const struct image_transfer *t)
{
	json_t *j = json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:I, s:I, s:I}", "name", name, "tree",
		t->tree, "manifest", t->manifest, "layers", (json_int_t)t->layers, "reused",
		(json_int_t)t->reused, "bytes", (json_int_t)t->bytes, "skipped",
		(json_int_t)t->skipped, "aside", (json_int_t)t->aside);
	if (img) {
		json_object_set_new(j, "digest", json_string(img->digest));
		json_object_set_new(j, "suite", json_string(img->suite));
		json_object_set_new(j, "arch", json_string(img->arch));
	}
	return j;
}

static void
report(const struct transfer_options *o, const char *name, const struct image *img,
	const struct image_transfer *t)
{
	if (o->common.json) {
		OWN_JSON json_t *j = describe(name, img, t);
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
		return;
	}
	if (img)
		printf("%s  %s  %s/%s\n", name, img->digest, img->suite, img->arch);
	else
		printf("%s  %s\n", name, t->manifest);
	if (t->skipped)
		fprintf(stderr, "drydock: %llu device nodes, FIFOs or sockets were left out\n",
			(unsigned long long)t->skipped);
}

static int
finish(const struct transfer_options *o, int rc, const char *name, struct image *img,
	struct image_transfer *t, const struct dd_err *err)
{
	if (rc == 0)
		report(o, name, img, t);
	image_transfer_cleanup(t);
	if (rc == 0)
		return EXIT_DONE;
	/* On the way out the image is one that the user named. */
	return cli_fail(img ? cli_status_of(err) : command_status_of_name(err), err);
}

/* ---- ways in ---- */

static struct image_import_opts
import_opts_of(const struct transfer_options *o)
{
	return (struct image_import_opts){.ref = o->ref,
		.platform = o->platform,
		.skip_special = o->skip_special,
		.max_bytes = o->max_bytes};
}

static struct image_registry_opts
registry_opts_of(const struct transfer_options *o)
{
	return (struct image_registry_opts){
		.plain_http = o->plain_http, .ca_file = o->ca_file, .login = o->authfile};
}

static int
run_import(const struct cli_call *call)
{
	const struct transfer_options *o = call->options;
	const struct image_import_opts opts = import_opts_of(o);
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(image) struct image img = {0};
	struct image_transfer t = {0};
	int rc = session_start(&o->common, &st, &err);
	rc = rc ? rc : image_import(&st, call->args[0], call->args[1], &opts, &img, &t, &err);
	return finish(o, rc, call->args[1], &img, &t, &err);
}

/* "app" of "host:5000/team/app:1.0@sha256:..." */
static char *
name_of(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	const char *start = slash ? slash + 1 : ref;
	return mem_strndup(start, strcspn(start, ":@"));
}

static int
run_pull(const struct cli_call *call)
{
	const struct transfer_options *o = call->options;
	const struct image_import_opts opts = import_opts_of(o);
	const struct image_registry_opts registry = registry_opts_of(o);
	OWN_FREE char *name = call->nargs > 1 ? mem_strdup(call->args[1]) : name_of(call->args[0]);
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(image) struct image img = {0};
	struct image_transfer t = {0};
	int rc = session_start(&o->common, &st, &err);
	rc = rc ? rc : image_pull(&st, call->args[0], name, &opts, &registry, &img, &t, &err);
	return finish(o, rc, name, &img, &t, &err);
}

/* ---- ways out ---- */

/* 0, or the exit status of a usage error. */
static int
read_export_opts(const struct cli_call *call, const char *ref, struct image_export_opts *ret)
{
	static const char *const methods[] = {"gzip", "zstd", "none", NULL};
	const struct transfer_options *o = call->options;
	bool known = !o->compress;
	*ret = (struct image_export_opts){.compression = o->compress, .ref = ref};
	if (o->format && strcmp(o->format, "docker") == 0)
		ret->format = IMAGE_DOCKER;
	else if (o->format && strcmp(o->format, "oci") != 0)
		return cli_usage_error(
			call->command, "--format: \"%s\" is neither oci nor docker", o->format);
	for (size_t i = 0; o->compress && methods[i]; i++)
		known = known || strcmp(o->compress, methods[i]) == 0;
	if (!known)
		return cli_usage_error(call->command,
			"--compress: \"%s\" is none of gzip, zstd and none", o->compress);
	if (ret->format == IMAGE_DOCKER && o->compress && strcmp(o->compress, "zstd") == 0)
		return cli_usage_error(call->command, "docker's format knows no zstd");
	return 0;
}

static int
run_export(const struct cli_call *call)
{
	const struct transfer_options *o = call->options;
	struct image_export_opts opts;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct image_transfer t = {0};
	int status = read_export_opts(call, o->ref, &opts);
	if (status)
		return status;
	int rc = session_start(&o->common, &st, &err);
	rc = rc ? rc : image_export(&st, call->args[0], call->args[1], &opts, &t, &err);
	if (rc == 0 && strcmp(call->args[1], "-") == 0) { /* standard output is the archive's */
		image_transfer_cleanup(&t);
		return EXIT_DONE;
	}
	return finish(o, rc, call->args[0], NULL, &t, &err);
}

static int
run_push(const struct cli_call *call)
{
	const struct transfer_options *o = call->options;
	const struct image_registry_opts registry = registry_opts_of(o);
	struct image_export_opts opts;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct image_transfer t = {0};
	int status = read_export_opts(call, NULL, &opts);
	if (status)
		return status;
	int rc = session_start(&o->common, &st, &err);
	rc = rc ? rc : image_push(&st, call->args[0], call->args[1], &opts, &registry, &t, &err);
	return finish(o, rc, call->args[0], NULL, &t, &err);
}

/* ---- commands ---- */

const struct subcommand cmd_image_import = {
	.name = "image import",
	.summary = "make an image of an OCI layout or an archive of docker save",
	.args = "FILE|DIR NAME",
	.description =
		"FILE is a tar archive (also compressed) of an OCI layout or of docker save, DIR an\n"
		"OCI layout. All of it is read in the sandbox; each layer is held against its digest.\n"
		"Refused are absolute paths, \"..\", paths through links, hard links to what is not in\n"
		"the image, devices, names that are there twice, overlayfs's own attributes, and what\n"
		"exceeds a bound. Set-id bits and file capabilities are kept beside the layer and never\n"
		"put on the disk; export brings them back.",
	.options = import_options,
	.options_size = sizeof(struct transfer_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_import,
};

const struct subcommand cmd_image_export = {
	.name = "image export",
	.summary = "write an image to an archive, layer by layer",
	.args = "NAME FILE",
	.description = "The same image gives the same bytes. FILE may be - for standard output.",
	.options = export_options,
	.options_size = sizeof(struct transfer_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_export,
};

const struct subcommand cmd_image_pull = {
	.name = "image pull",
	.summary = "fetch an image from a registry",
	.args = "HOST/REPOSITORY[:TAG][@DIGEST] [NAME]",
	.description =
		"NAME is by default the last part of REPOSITORY. The login is the one that docker login\n"
		"or podman login keeps for HOST; credential helpers are asked.",
	.options = pull_options,
	.options_size = sizeof(struct transfer_options),
	.min_args = 1,
	.max_args = 2,
	.run = run_pull,
};

const struct subcommand cmd_image_push = {
	.name = "image push",
	.summary = "send an image to a registry",
	.args = "NAME HOST/REPOSITORY[:TAG]",
	.description = "Layers that the registry has are not sent again.",
	.options = push_options,
	.options_size = sizeof(struct transfer_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_push,
};
