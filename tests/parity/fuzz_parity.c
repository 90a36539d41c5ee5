/* What is read of a target to make inputs for it, and of what it prints. */
#include "parity/case.h"
#include "parity/seed.h"
#include "parity/shellish.h"
#include "parity/stream.h"

#include "base/hash.h"
#include "base/json.h"
#include "tests/base/fuzzing.h"

static void
one_seed(struct str input)
{
	char name[FUZZ_NAME + 1];
	struct str text = fuzz_split(input, name);
	OWN(strlist) struct strlist names = {0};
	strlist_add(&names, "app");
	struct seeds *s = seeds_create(&names);
	seeds_read(s, name, text);
	seeds_read_usage(s, text);
	json_decref(seeds_result(s));
	seeds_destroy(s);
}

static void
one_shell(struct str input)
{
	for (int as_list = 0; as_list < 2; as_list++) {
		struct str rest = input;
		struct shellish s = {0};
		while (shellish_next(&rest, as_list, &s))
			shellish_cleanup(&s);
		shellish_cleanup(&s);
	}
}

static void
one_case(struct str input)
{
	OWN_JSON json_t *j = NULL, *back = NULL;
	OWN(parity_case) struct parity_case c = {0}, again = {0};
	if (json_parse(input, &j, NULL) < 0 || case_from_json(j, &c, NULL) < 0)
		return;
	back = case_to_json(&c);
	fuzz_holds(case_from_json(back, &again, NULL) == 0 && case_equal(&c, &again));
}

/* However the output is cut, the same is kept of it. */
static void
one_stream(struct str input)
{
	OWN(strlist) struct strlist names = {0};
	strlist_add(&names, "secret");
	OWN(stream) struct stream whole, cut;
	OWN(buf) struct buf a = {0}, b = {0};
	struct hash_hex rest_a, rest_b;
	stream_init(&whole, &names, 64);
	stream_init(&cut, &names, 64);
	stream_add(&whole, input);
	for (size_t i = 0; i < input.n; i++)
		stream_add(&cut, (struct str){input.p + i, 1});
	stream_finish(&whole, &a, &rest_a);
	stream_finish(&cut, &b, &rest_b);
	fuzz_holds(a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0));
	fuzz_holds(memcmp(&rest_a, &rest_b, sizeof(rest_a)) == 0);
}

const struct fuzz_target fuzz_targets[] = {
	{"seed", one_seed, "graph/cases", true, {0}},
	{"shell", one_shell, NULL, false,
		STR("#!/bin/sh\napp add \"a b\" 'c'$'\\n' | app list --all <<EOF >out && x=$(app y)\n1\nEOF\n")},
	{"case", one_case, NULL, false,
		STR("{\"steps\":[{\"program\":\"app\",\"args\":[\"a\"],\"input\":\"x\"}],\"files\":[{\"name\":\"f\",\"text\":\"t\"}]}")},
	{"stream", one_stream, NULL, false,
		STR("a secret at /tmp/x\nsecretsecre secret\n0123456789012345678901234567890123456789012345678901234567890123456789\n")},
	{0},
};
