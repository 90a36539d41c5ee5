#include "runner/commands.h"

#include "base/json.h"
#include "images/images.h"
#include "runner/session.h"

struct image_build_options {
	struct common_options common;
	bool refresh;
	bool offline;
};

#define O(member) offsetof(struct image_build_options, member)
static const struct option_def build_options[] = {
	{"refresh", 0, OPTION_FLAG, O(refresh), NULL,
		"look whether the package sources have newer inputs, and rebuild if so"},
	{"offline", 0, OPTION_FLAG, O(offline), NULL, "use only what is in the store"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static json_t *
describe(const struct image *img)
{
	return json_pack("{s:s, s:s*, s:s*, s:s*, s:i}", "name", img->name, "digest", img->digest,
		"suite", img->suite, "arch", img->arch, "layers", (int)img->stack.n);
}

static void
print_image(const struct image *img, bool json)
{
	if (!json) {
		printf("%s  %s  %s/%s\n", img->name, img->digest, img->suite, img->arch);
		return;
	}
	OWN_JSON json_t *j = describe(img);
	OWN(buf) struct buf out = {0};
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}

static int
run_build(const struct cli_call *call)
{
	const struct image_build_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(image) struct image img = {0};
	int rc = session_start(&o->common, &st, &err);
	if (rc == 0)
		rc = image_ensure(&st, call->nargs ? call->args[0] : IMAGE_BASE, o->refresh,
			o->offline, NULL, &img, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	print_image(&img, o->common.json);
	return EXIT_DONE;
}

static int
list_images(const struct state *st, json_t *all, bool json, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = image_names(st, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN(image) struct image img = {0};
		rc = image_open(st, names.v[i], &img, err);
		if (rc < 0)
			break;
		if (!json)
			print_image(&img, false);
		json_array_append_new(all, describe(&img));
	}
	return rc;
}

static int
run_list_images(const struct cli_call *call)
{
	const struct common_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_JSON json_t *all = json_array();
	bool none = session_require(o, NULL) < 0;
	int rc = none ? 0 : session_open(o, &st, &err);
	if (rc == 0 && !none)
		rc = list_images(&st, all, o->json, &err);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	if (o->json) {
		OWN(buf) struct buf out = {0};
		json_print(all, 2, &out);
		printf("%s\n", out.p);
	}
	return EXIT_DONE;
}

static int
run_rm(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	int rc = session_require(call->options, &err);
	if (rc == 0)
		rc = session_open(call->options, &st, &err);
	if (rc == 0)
		rc = image_remove(&st, call->args[0], &err);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_image_build = {
	.name = "image build",
	.summary = "build an image from the machine's package sources",
	.args = "[NAME]",
	.description =
		"NAME is base (the default), on which applications are stood up, or browser or display, with which qa "
		"looks at them.",
	.options = build_options,
	.options_size = sizeof(struct image_build_options),
	.max_args = 1,
	.run = run_build,
};

const struct subcommand cmd_image_list = {
	.name = "image list",
	.summary = "list the images",
	.args = "",
	.options_size = sizeof(struct common_options),
	.run = run_list_images,
};

const struct subcommand cmd_image_rm = {
	.name = "image rm",
	.summary = "forget an image; its layers go with the next gc",
	.args = "NAME",
	.options_size = sizeof(struct common_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_rm,
};
