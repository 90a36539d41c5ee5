#include "base/hash.h"

#include "base/io.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

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

/* From the current offset to the end. */
static int
add_fd(EVP_MD_CTX *ctx, int fd, uint64_t *ret_size, struct dd_err *err)
{
	char chunk[65536];
	uint64_t size = 0;
	for (;;) {
		ssize_t n = io_read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read for its digest");
		if (n == 0)
			break;
		if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
			abort();
		size += (uint64_t)n;
	}
	*ret_size = size;
	return 0;
}

int
hash_fd_integrity(int fd, const char *algorithm, char **ret, struct dd_err *err)
{
	unsigned char raw[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	unsigned n = 0;
	uint64_t size;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = EVP_get_digestbyname(algorithm);
	if (!ctx || !md || EVP_DigestInit_ex(ctx, md, NULL) != 1)
		abort();
	int rc = lseek(fd, 0, SEEK_SET) < 0 ? err_errno(err, errno, "cannot read for its digest")
					    : add_fd(ctx, fd, &size, err);
	if (rc == 0 && EVP_DigestFinal_ex(ctx, raw, &n) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	if (rc < 0)
		return rc;
	(void)EVP_EncodeBlock(text, raw, (int)n);
	*ret = mem_printf("%s-%s", algorithm, (const char *)text);
	return 0;
}

int
hash_fd(int fd, struct hash_hex *ret, uint64_t *ret_size, struct dd_err *err)
{
	struct hash *h = hash_create();
	uint64_t size = 0;
	int rc = add_fd(h->ctx, fd, &size, err);
	if (rc < 0) {
		hash_destroy(h);
		return rc;
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
