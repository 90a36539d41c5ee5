#include "base/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "text/x-test"
/* The first key of RFC 8032, 7.1, in the form of RFC 8410, and the digest of its public half. */
static const char rfc_private[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n";
#define RFC_ID "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"

static struct sign_key *
parse(const char *pem)
{
	struct sign_key *k = NULL;
	assert_int_equal(sign_key_parse(str_of(pem), &k, NULL), 0);
	return k;
}

static enum sign_state
open_with(const json_t *envelope, struct sign_key *k, const char *wanted)
{
	struct sign_keys known = {0};
	enum sign_state state = SIGN_BAD;
	OWN_FREE char *id = NULL;
	OWN(buf) struct buf payload = {0};
	if (k)
		sign_keys_add(&known, k);
	assert_int_equal(
		sign_open_envelope(envelope, TYPE, &known, &state, &id, &payload, NULL), 0);
	assert_string_equal(payload.p, wanted);
	sign_keys_cleanup(&known);
	return state;
}

static void
a_published_key_has_the_id_of_its_public_half(void **unused)
{
	(void)unused;
	struct sign_key *k = parse(rfc_private);
	assert_string_equal(sign_key_id(k), RFC_ID);
	OWN(buf) struct buf public = {0};
	sign_key_put_public(k, &public);
	struct sign_key *half = parse(public.p);
	assert_string_equal(sign_key_id(half), RFC_ID);
	sign_key_destroy(half);
	sign_key_destroy(k);
}

static void
what_was_signed_is_known_again(void **unused)
{
	(void)unused;
	struct sign_key *k = sign_key_create();
	OWN(buf) struct buf private = {0};
	sign_key_put_private(k, &private);
	for (const char *text = "abcd"; *text; text++) { /* each length of a base64 group */
		OWN_JSON json_t *e = sign_envelope(str_of(text), TYPE, k);
		assert_int_equal(open_with(e, parse(private.p), text), SIGN_GOOD);
		assert_int_equal(open_with(e, sign_key_create(), text), SIGN_UNKNOWN);
		assert_int_equal(open_with(e, NULL, text), SIGN_UNKNOWN);
	}
	OWN_JSON json_t *bare = sign_envelope(STR("abc"), TYPE, NULL);
	assert_int_equal(open_with(bare, k, "abc"), SIGN_NONE);
}

static void
another_payload_or_type_under_a_signature_is_bad(void **unused)
{
	(void)unused;
	struct sign_key *k = parse(rfc_private);
	OWN_JSON json_t *e = sign_envelope(STR("abc"), "text/other", k);
	json_object_set_new(e, "payloadType", json_string(TYPE));
	assert_int_equal(open_with(e, k, "abc"), SIGN_BAD);
	k = parse(rfc_private);
	OWN_JSON json_t *f = sign_envelope(STR("abc"), TYPE, k);
	json_object_set_new(f, "payload", json_string("YWJk"));
	assert_int_equal(open_with(f, k, "abd"), SIGN_BAD);
}

static void
one_good_signature_among_others_is_enough(void **unused)
{
	(void)unused;
	struct sign_key *k = parse(rfc_private), *other = sign_key_create();
	OWN_JSON json_t *e = sign_envelope(STR("abc"), TYPE, other),
			*f = sign_envelope(STR("abc"), TYPE, k);
	json_array_extend(json_object_get(e, "signatures"), json_object_get(f, "signatures"));
	assert_int_equal(open_with(e, k, "abc"), SIGN_GOOD);
	sign_key_destroy(other);
}

static void
what_is_no_envelope_or_no_key_is_refused(void **unused)
{
	(void)unused;
	static const char *const texts[] = {"{}", "[]",
		"{\"payloadType\": \"text/x-test\", \"payload\": \"YWJ\", \"signatures\": []}",
		"{\"payloadType\": \"text/x-test\", \"payload\": \"!!!!\", \"signatures\": []}",
		"{\"payloadType\": \"text/x-test\", \"payload\": \"YWJj\", \"signatures\": {}}",
		"{\"payloadType\": \"text/plain\", \"payload\": \"YWJj\", \"signatures\": []}"};
	struct sign_keys none = {0};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		OWN_JSON json_t *j = NULL;
		enum sign_state state;
		char *id;
		OWN(buf) struct buf payload = {0};
		assert_int_equal(json_parse(str_of(texts[i]), &j, NULL), 0);
		assert_int_equal(sign_open_envelope(j, TYPE, &none, &state, &id, &payload, NULL),
			-DD_EINVAL);
	}
	struct sign_key *k;
	assert_int_equal(sign_key_parse(STR(""), &k, NULL), -DD_EINVAL);
	assert_int_equal(
		sign_key_parse(STR("-----BEGIN PRIVATE KEY-----\nAAAA\n"), &k, NULL), -DD_EINVAL);
	sign_key_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_published_key_has_the_id_of_its_public_half),
		cmocka_unit_test(what_was_signed_is_known_again),
		cmocka_unit_test(another_payload_or_type_under_a_signature_is_bad),
		cmocka_unit_test(one_good_signature_among_others_is_enough),
		cmocka_unit_test(what_is_no_envelope_or_no_key_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
