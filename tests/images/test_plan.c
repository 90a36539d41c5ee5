#include "images/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Two packages; one has an epoch and a plus sign, which URIs escape, and is of an architecture. */
static const char simulation[] =
	"NOTE: This is only a simulation!\n"
	"Inst liba1 (1:1.0+b2 Debian:12/stable [amd64])\n"
	"Inst b:amd64 [0.9] (2.0-1~x Debian:12/stable, Debian-Security:12 [amd64]) []\n"
	"Conf liba1 (1:1.0+b2 Debian:12/stable [amd64])\n"
	"Conf b (2.0-1~x Debian:12/stable [amd64])\n";
static const char uris[] =
	"Reading package lists...\n"
	"'http://127.0.0.1:3142/apt0/pool/a/liba/liba1_1.0%2bb2_amd64.deb' liba1_1%3a1.0+b2_amd64.deb 100 "
	"SHA256:" HASH_A "\n"
	"'http://127.0.0.1:3142/apt1/pool/b/b_2.0-1%7ex_amd64.deb' b_2.0-1~x_amd64.deb 7 SHA256:" HASH_B
	"\n";
static const char records[] = "Package: liba1\n"
			      "Version: 1:1.0+b2\n"
			      "Architecture: amd64\n"
			      "Description: text\n"
			      " Filename: pool/not/this\n"
			      "Filename: pool/a/liba/liba1_1.0+b2_amd64.deb\n"
			      "Size: 100\n"
			      "SHA256: " HASH_A "\n"
			      "\n"
			      "Package: b\n"
			      "Version: 2.0-1~x\n"
			      "Architecture: amd64\n"
			      "Filename: pool/b/b_2.0-1~x_amd64.deb\n"
			      "Size: 7\n"
			      "SHA256: " HASH_B "\n";

static int
parse(const char *sim, const char *uri, const char *rec, struct install_batch *ret,
	struct dd_err *err)
{
	*ret = (struct install_batch){0};
	return plan_parse(str_of(sim), str_of(uri), str_of(rec), ret, err);
}

static void
a_plan_has_what_where_and_in_which_order(void **state)
{
	(void)state;
	struct install_batch b;
	assert_int_equal(parse(simulation, uris, records, &b, NULL), 0);
	assert_int_equal(b.artefacts.n, 2);
	assert_string_equal(b.artefacts.v[0].name, "liba1");
	assert_string_equal(b.artefacts.v[0].version, "1:1.0+b2");
	assert_string_equal(b.artefacts.v[0].arch, "amd64");
	assert_string_equal(b.artefacts.v[0].sha256, HASH_A);
	assert_string_equal(b.artefacts.v[0].upstream, "apt0");
	assert_string_equal(b.artefacts.v[0].path, "pool/a/liba/liba1_1.0%2bb2_amd64.deb");
	assert_int_equal(b.artefacts.v[0].size, 100);
	assert_string_equal(b.artefacts.v[1].upstream, "apt1");
	assert_string_equal(b.artefacts.v[1].name, "b");
	assert_int_equal(b.steps.n, 2);
	assert_false(b.steps.v[0].configure);
	assert_int_equal(b.steps.v[0].items.n, 2);
	assert_string_equal(b.steps.v[0].items.v[1], HASH_B);
	assert_true(b.steps.v[1].configure);
	assert_string_equal(b.steps.v[1].items.v[0], "liba1");
	install_batch_cleanup(&b);
}

static void
unpacking_and_configuring_alternate_as_apt_says(void **state)
{
	(void)state;
	struct install_batch b;
	static const char sim[] = "Inst liba1 (1:1.0+b2 x [amd64])\n"
				  "Conf liba1 (1:1.0+b2 x [amd64])\n"
				  "Inst b (2.0-1~x x [amd64])\n"
				  "Conf b (2.0-1~x x [amd64])\n";
	assert_int_equal(parse(sim, uris, records, &b, NULL), 0);
	assert_int_equal(b.steps.n, 4);
	assert_false(b.steps.v[2].configure);
	assert_true(b.steps.v[3].configure);
	install_batch_cleanup(&b);
}

static void
nothing_to_do_is_an_empty_plan(void **state)
{
	(void)state;
	struct install_batch b;
	assert_int_equal(parse("", "", "", &b, NULL), 0);
	assert_int_equal(b.artefacts.n, 0);
	assert_int_equal(
		parse("b is already the newest version (2.0)\n", uris, records, &b, NULL), 0);
	assert_int_equal(b.artefacts.n + b.steps.n, 0);
}

static void
a_removal_is_refused_by_name(void **state)
{
	(void)state;
	struct install_batch b;
	OWN(dd_err) struct dd_err err = {0};
	static const char sim[] = "Inst liba1 (1:1.0+b2 x [amd64])\nRemv libc6 [2.36-9]\n";
	assert_int_equal(parse(sim, uris, records, &b, &err), -DD_EINVAL);
	assert_non_null(strstr(err_msg(&err), "libc6"));
}

static void
check_corrupt(const char *sim, const char *uri, const char *rec)
{
	struct install_batch b;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(parse(sim, uri, rec, &b, &err), -DD_ECORRUPT);
	assert_non_null(strstr(err_msg(&err), "liba1=1:1.0+b2"));
}

static void
records_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const char *const bad_records[] = {
		"",						    /* none */
		"Package: liba1\nVersion: 9\nArchitecture: amd64\n" /* another version */
		"Filename: pool/a/liba/liba1_1.0+b2_amd64.deb\nSHA256: " HASH_A "\n",
		"Package: liba1\nVersion: 1:1.0+b2\nSHA256: " HASH_A "\n", /* no file */
		"Package: liba1\nVersion: 1:1.0+b2\n"			   /* no digest */
		"Filename: pool/a/liba/liba1_1.0+b2_amd64.deb\nMD5sum: 0\n",
		"Package: liba1\nVersion: 1:1.0+b2\n" /* no digest that is one */
		"Filename: pool/a/liba/liba1_1.0+b2_amd64.deb\nSHA256: ../../x\n",
		"Package: liba1\nVersion: 1:1.0+b2\n" /* a file that no URI has */
		"Filename: pool/../../etc/passwd\nSHA256: " HASH_A "\n",
	};
	static const char sim[] = "Inst liba1 (1:1.0+b2 x [amd64])\n";
	for (size_t i = 0; i < sizeof(bad_records) / sizeof(*bad_records); i++)
		check_corrupt(sim, uris, bad_records[i]);
	check_corrupt(sim, "", records);
	check_corrupt(sim, "'http://127.0.0.1:3142/apt0' x 1\n'http://x\n'\n''\nhttp://a/b/c x\n",
		records);
}

static void
what_would_be_unpacked_is_asked_for_by_version(void **state)
{
	(void)state;
	OWN(strlist) struct strlist wanted = {0};
	plan_wanted(STR(simulation), &wanted);
	assert_int_equal(wanted.n, 2);
	assert_string_equal(wanted.v[0], "liba1=1:1.0+b2");
	assert_string_equal(wanted.v[1], "b=2.0-1~x");
}

/* Cut off anywhere: an answer or an error, never a plan that names what is not there. */
static void
cut_off_output_never_gives_half_an_artefact(void **state)
{
	(void)state;
	const char *const whole[3] = {simulation, uris, records};
	for (size_t which = 0; which < 3; which++)
		for (size_t n = 0; n < strlen(whole[which]); n++) {
			OWN_FREE char *cut = mem_strndup(whole[which], n);
			const char *t[3] = {whole[0], whole[1], whole[2]};
			struct install_batch b;
			t[which] = cut;
			if (parse(t[0], t[1], t[2], &b, NULL) < 0)
				continue;
			for (size_t i = 0; i < b.artefacts.n; i++) {
				const struct artefact *a = &b.artefacts.v[i];
				assert_true(a->name && a->version && a->sha256 && a->path &&
					    a->upstream);
			}
			install_batch_cleanup(&b);
		}
}

static void
any_bytes_are_survived(void **state)
{
	(void)state;
	struct install_batch b;
	static const char odd[] = "Inst\nInst \nInst (\nInst x\nInst x:\nInst : (\nConf\nRemv\n"
				  "\x80\xff Inst\n(((((\nInst y (()\n";
	static const char *const odd_uris[] = {
		"'", "''", "'://'", "'://x/'", "'%'", "'http://h/u/%zz%4'\n"};
	OWN(strlist) struct strlist wanted = {0};
	plan_wanted(str_of(odd), &wanted);
	assert_int_equal(parse(odd, uris, records, &b, NULL), -DD_ECORRUPT);
	for (size_t i = 0; i < sizeof(odd_uris) / sizeof(*odd_uris); i++)
		assert_int_equal(parse("", odd_uris[i], odd, &b, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_has_what_where_and_in_which_order),
		cmocka_unit_test(unpacking_and_configuring_alternate_as_apt_says),
		cmocka_unit_test(nothing_to_do_is_an_empty_plan),
		cmocka_unit_test(a_removal_is_refused_by_name),
		cmocka_unit_test(records_that_do_not_fit_are_refused),
		cmocka_unit_test(what_would_be_unpacked_is_asked_for_by_version),
		cmocka_unit_test(cut_off_output_never_gives_half_an_artefact),
		cmocka_unit_test(any_bytes_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
