/*
 * SHA-256 (FIPS 180-4, through OpenSSL's EVP) as lower-case hexadecimal: the identity of
 * everything drydock stores.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/err.h"
#include "base/str.h"

#define HASH_HEX 64
struct hash_hex {
	char s[HASH_HEX + 1];
};

struct hash; /* a digest being computed */

/* Heap; ends with hash_finish or hash_destroy. */
struct hash *hash_create(void);
void hash_add(struct hash *h, const void *p, size_t n);
/* Gives the digest and destroys h. */
struct hash_hex hash_finish(struct hash *h);
void hash_destroy(struct hash *h); /* NULL is fine */

struct hash_hex hash_bytes(struct str data);

/*
 * Digest of several fields, each behind its length (64 bits, little-endian), so that no two lists
 * collide.
 */
struct hash_hex hash_fields(const struct str *fields, size_t n);

/*
 * Digest of a file from its current offset to its end, where the offset then is; ret_size (bytes
 * read) may be NULL.  DD_EIO when it cannot be read; the message does not name the file.
 */
int hash_fd(int fd, struct hash_hex *ret, uint64_t *ret_size, struct dd_err *err) DD_MUST_USE;

/*
 * Digest of a whole file from offset 0 as others write theirs: "sha512-<base64>" (W3C Subresource
 * Integrity); algorithm is "sha512" or "sha1".  Heap.
 */
int hash_fd_integrity(int fd, const char *algorithm, char **ret, struct dd_err *err) DD_MUST_USE;

bool hash_is_hex(struct str s); /* exactly 64 lower-case hexadecimal digits */

#endif
