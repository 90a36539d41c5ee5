#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>

struct hash {
	EVP_MD_CTX *ctx;
};

struct hash *
hash_create(void)
{
	struct hash *h = mem_new(struct hash);
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1)
		abort();
	return h;
}

void
hash_add(struct hash *h, const void *p, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, p, n) != 1)
		abort();
}

void
hash_destroy(struct hash *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

struct hash_hex
hash_finish(struct hash *h)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[32];
	struct hash_hex hex;
	if (EVP_DigestFinal_ex(h->ctx, raw, NULL) != 1)
		abort();
	hash_destroy(h);
	for (size_t i = 0; i < sizeof(raw); i++) {
		hex.s[2 * i] = digits[raw[i] >> 4];
		hex.s[2 * i + 1] = digits[raw[i] & 15];
	}
	hex.s[HASH_HEX] = '\0';
	return hex;
}

struct hash_hex
hash_bytes(struct str data)
{
	struct hash *h = hash_create();
	hash_add(h, data.p, data.n);
	return hash_finish(h);
}

struct hash_hex
hash_fields(const struct str *fields, size_t n)
{
	struct hash *h = hash_create();
	for (size_t i = 0; i < n; i++) {
		uint64_t len = htole64(fields[i].n);
		hash_add(h, &len, sizeof(len));
		hash_add(h, fields[i].p, fields[i].n);
	}
	return hash_finish(h);
}

int
hash_fd(int fd, struct hash_hex *ret, uint64_t *ret_size, struct dd_err *err)
{
	struct hash *h = hash_create();
	char chunk[65536];
	uint64_t size = 0;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int errnum = errno;
			hash_destroy(h);
			return err_errno(err, errnum, "cannot read for its digest");
		}
		if (n == 0)
			break;
		hash_add(h, chunk, (size_t)n);
		size += (uint64_t)n;
	}
	*ret = hash_finish(h);
	if (ret_size)
		*ret_size = size;
	return 0;
}

bool
hash_is_hex(struct str s)
{
	if (s.n != HASH_HEX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return true;
}
