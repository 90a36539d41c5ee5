/*
 * A stage for qa_play_screens with something else in the browser's place: a layer on the base image.
 *
 *   tool_fake_browser STATE DIR SECONDS none | SCRIPT
 *
 * SECONDS are what all of it may take.  SCRIPT is what /bin/sh runs where the browser is (descriptors 3 and 4 are its pipe); "none": there is nothing.  Plays
 * one step and prints what came of it: "error MESSAGE", or "ended MESSAGE" behind the number of steps that are kept.
 */
#include "base/fs.h"
#include "qa/qa.h"
#include "qa/scenario.h"

#include <stdio.h>
#include <string.h>

#define PLACE "/usr/lib/chromium/chromium-headless-shell"

static const char install[] =
	"mkdir -p \"${0%/*}\"; printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\"; chmod 755 \"$0\"";

/* The layers of the base image, which somebody made before us. */
static int
base_layers(const struct state *st, struct stack *ret, struct dd_err *err)
{
	OWN_FREE char *path = state_path(st, "images/base.ref");
	OWN(buf) struct buf text = {0};
	struct str line, key, value;
	int rc = fs_read(path, 65536, &text, err);
	for (struct str rest = buf_str(&text); str_next_line(&rest, &line);)
		if (str_next_word(&line, &key) && str_eq(key, "layer") &&
			str_next_word(&line, &value)) {
			OWN_FREE char *name = str_dup(value);
			stack_push(ret, name);
		}
	return rc;
}

static int
add_fake(const struct state *st, struct stack *root, const char *script, struct dd_err *err)
{
	struct hash_hex key = stack_next_key(root, str_of(script));
	const struct pod_spec spec = {.state = st, .root = *root};
	const char *const argv[] = {"/bin/sh", "-ec", install, PLACE, script, NULL};
	const struct exec_spec exec = {
		.argv = argv, .cwd = "/", .profile = PROFILE_PROVISION, .fds = {-1, -1, -1}};
	struct exec_result r;
	struct pod *pod;
	int rc = layer_exists(st, key.s) ? 0 : pod_open(&spec, &pod, err);
	if (rc == 0 && !layer_exists(st, key.s)) {
		rc = pod_exec(pod, &exec, &r, err);
		rc = rc ? rc : pod_freeze(pod, POD_ROOT, key.s, err);
	}
	stack_push(root, key.s);
	return rc;
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(screen_result) struct screen_result result = {0};
	OWN_JSON json_t *j = json_pack("{s:[{s:s}]}", "steps", "go", "/");
	struct stack root = {0};
	struct scenario_list scenarios = {0};
	uint64_t seconds;
	if (argc != 5 || !str_parse_u64(str_of(argv[3]), 3600, &seconds))
		return 2;
	int rc = state_open(argv[1], &st, &err);
	rc = rc ? rc : base_layers(&st, &root, &err);
	if (rc == 0 && strcmp(argv[4], "none") != 0)
		rc = add_fake(&st, &root, argv[4], &err);
	rc = rc ? rc : scenario_list_from_json(j, &scenarios, &err);
	const struct screen_spec spec = {.state = &st,
		.root = &root,
		.base_url = "http://127.0.0.1:1",
		.scenarios = &scenarios,
		.dir = argv[2],
		.time_limit_ms = (int64_t)seconds * 1000};
	rc = rc ? rc : qa_play_screens(&spec, &result, &err);
	if (rc < 0)
		printf("error %s\n", err_msg(&err));
	else
		printf("%lld ended %s\n", (long long)result.steps,
			result.ended ? result.ended : "well");
	stack_cleanup(&root);
	scenario_list_cleanup(&scenarios);
	return rc < 0 ? 1 : 0;
}
