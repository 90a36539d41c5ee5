#include "base/sign.h"

#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define RAW_BYTES 32
#define SIGNATURE_BYTES 64

struct sign_key {
	EVP_PKEY *pkey;
	struct hash_hex id;
};

void
sign_key_destroy(struct sign_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

void
sign_keys_cleanup(struct sign_keys *l)
{
	for (size_t i = 0; i < l->n; i++)
		sign_key_destroy(l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

void
sign_keys_add(struct sign_keys *l, struct sign_key *k)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(struct sign_key *));
	l->v[l->n++] = k;
}

/* Takes the pkey; NULL: it is of another kind. */
static struct sign_key *
wrap(EVP_PKEY *pkey)
{
	unsigned char raw[RAW_BYTES];
	size_t n = sizeof(raw);
	if (EVP_PKEY_get_raw_public_key(pkey, raw, &n) != 1 || n != sizeof(raw) ||
		EVP_PKEY_base_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	struct sign_key *k = mem_new(struct sign_key);
	k->pkey = pkey;
	k->id = hash_bytes((struct str){(const char *)raw, n});
	return k;
}

struct sign_key *
sign_key_create(void)
{
	struct sign_key *k = NULL;
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!pkey || !(k = wrap(pkey)))
		abort(); /* no randomness: nobody can act on that */
	return k;
}

/* An empty passphrase, so that nobody is asked for one. */
static int
no_passphrase(char *to, int size, int writing, void *ctx)
{
	(void)to, (void)size, (void)writing, (void)ctx;
	return -1;
}

int
sign_key_parse(struct str pem, struct sign_key **ret, struct dd_err *err)
{
	if (pem.n > 65536)
		return err_set(err, DD_EINVAL, "it is too large for a key");
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	if (!pkey && bio && BIO_reset(bio) == 1)
		pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	struct sign_key *k = pkey ? wrap(pkey) : NULL;
	if (!k)
		return err_set(err, DD_EINVAL, "it is no Ed25519 key in PEM form");
	*ret = k;
	return 0;
}

const char *
sign_key_id(const struct sign_key *k)
{
	return k->id.s;
}

static void
put_bio(BIO *bio, bool written, struct buf *ret)
{
	char *p;
	long n = written ? BIO_get_mem_data(bio, &p) : 0;
	if (n <= 0)
		abort();
	buf_add(ret, p, (size_t)n);
	BIO_free(bio);
}

void
sign_key_put_public(const struct sign_key *k, struct buf *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());
	put_bio(bio, PEM_write_bio_PUBKEY(bio, k->pkey) == 1, ret);
}

void
sign_key_put_private(const struct sign_key *k, struct buf *ret)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	put_bio(bio, PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL) == 1,
		ret);
}

/* ---- the envelope ---- */

static bool
take_base64(const char *text, struct buf *ret)
{
	size_t n = strlen(text), padding = 0;
	if (n % 4 != 0 || n > INT32_MAX)
		return false;
	for (; padding < 2 && padding < n && text[n - 1 - padding] == '='; padding++)
		;
	OWN_FREE char *raw = mem_alloc(n / 4 * 3 + 1);
	int got = EVP_DecodeBlock((unsigned char *)raw, (const unsigned char *)text, (int)n);
	if (got < (int)padding)
		return false;
	buf_add(ret, raw, (size_t)got - padding);
	return !ret->truncated;
}

/* The bytes that are signed: PAE of the DSSE protocol. */
static void
put_signed(struct str payload, const char *type, struct buf *ret)
{
	buf_printf(ret, "DSSEv1 %zu %s %zu ", strlen(type), type, payload.n);
	buf_add(ret, payload.p, payload.n);
}

static void
put_signature(const struct sign_key *k, struct str data, struct buf *ret)
{
	unsigned char raw[SIGNATURE_BYTES];
	size_t n = sizeof(raw);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) != 1 ||
		EVP_DigestSign(ctx, raw, &n, (const unsigned char *)data.p, data.n) != 1)
		abort(); /* it has no private half */
	EVP_MD_CTX_free(ctx);
	buf_put_base64(ret, (struct str){(const char *)raw, n});
}

static bool
is_signature(const struct sign_key *k, struct str data, struct str signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && signature.n == SIGNATURE_BYTES &&
		    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
		    EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
			    (const unsigned char *)data.p, data.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

json_t *
sign_envelope(struct str payload, const char *type, const struct sign_key *k)
{
	OWN(buf) struct buf text = {0}, data = {0}, signature = {0};
	json_t *signatures = json_array();
	buf_put_base64(&text, payload);
	if (k) {
		put_signed(payload, type, &data);
		put_signature(k, buf_str(&data), &signature);
		json_array_append_new(
			signatures, json_pack("{s:s, s:s}", "keyid", k->id.s, "sig", signature.p));
	}
	return json_pack("{s:s, s:s, s:o}", "payloadType", type, "payload", text.p ? text.p : "",
		"signatures", signatures);
}

static const struct sign_key *
find_key(const struct sign_keys *known, const char *id)
{
	for (size_t i = 0; i < known->n; i++)
		if (strcmp(known->v[i]->id.s, id) == 0)
			return known->v[i];
	return NULL;
}

static enum sign_state
judge(const json_t *one, struct str data, const struct sign_keys *known)
{
	const char *id = json_string_value(json_object_get(one, "keyid"));
	const char *text = json_string_value(json_object_get(one, "sig"));
	const struct sign_key *k = id ? find_key(known, id) : NULL;
	OWN(buf) struct buf signature = {.max = 4096};
	if (!k)
		return SIGN_UNKNOWN;
	return text && take_base64(text, &signature) && is_signature(k, data, buf_str(&signature))
		       ? SIGN_GOOD
		       : SIGN_BAD;
}

/* The best of all signatures. */
static enum sign_state
judge_all(const json_t *signatures, struct str data, const struct sign_keys *known, char **ret_id)
{
	enum sign_state best = SIGN_NONE;
	const char *best_id = NULL;
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)signatures, i, one) {
		enum sign_state s = judge(one, data, known);
		bool better = best == SIGN_NONE || s == SIGN_GOOD ||
			      (s == SIGN_BAD && best == SIGN_UNKNOWN);
		if (!better || best == SIGN_GOOD)
			continue;
		best = s;
		best_id = json_string_value(json_object_get(one, "keyid"));
	}
	*ret_id = best_id ? mem_strdup(best_id) : NULL;
	return best;
}

int
sign_open_envelope(const json_t *envelope, const char *type, const struct sign_keys *known,
	enum sign_state *ret_state, char **ret_id, struct buf *ret_payload, struct dd_err *err)
{
	const char *is = json_string_value(json_object_get(envelope, "payloadType"));
	const char *text = json_string_value(json_object_get(envelope, "payload"));
	const json_t *signatures = json_object_get(envelope, "signatures");
	OWN(buf) struct buf payload = {0}, data = {0};
	if (!is || strcmp(is, type) != 0 || !text || !json_is_array(signatures) ||
		!take_base64(text, &payload))
		return err_set(err, DD_EINVAL, "it is no envelope with a payload of %s", type);
	put_signed(buf_str(&payload), type, &data);
	*ret_state = judge_all(signatures, buf_str(&data), known, ret_id);
	buf_add(ret_payload, payload.p, payload.n);
	return 0;
}
