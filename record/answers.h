/*
 * The answers file: a JSON object from question id to a string, {"env": NAME}, {"file": PATH} or
 * null (the question is declined).  PATH is relative to the answers file, and must be a regular
 * file that can be read.  An id that is not of the form kind:name is an error at loading; one that
 * no question ever had is named at the end of the run, whose outcome it does not change.
 *
 * Values of `secret:` ids, of ids that speak of one ("env:DB_PASSWORD", "prompt:passphrase"), and
 * those from an {"env"} or {"file"}, are secrets: answers_redact replaces them wherever text is
 * written.  What the target itself writes into its tree is the target's, and stays there.  The file
 * that answers a `file:` question may be of any size and kind; it is redacted as far as it is text
 * of at most ANSWERS_MAX_BYTES.
 */
#ifndef RECORD_ANSWERS_H
#define RECORD_ANSWERS_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#define ANSWERS_MAX_BYTES ((size_t)1 << 20) /* of the answers file, and of a value */

struct answers;

struct answers *answers_create(void); /* empty */
int answers_load(const char *path, struct answers **ret, struct dd_err *err) DD_MUST_USE;
void answers_destroy(struct answers *a);

enum answer_state { ANSWER_NONE, ANSWER_DECLINED, ANSWER_GIVEN };
/*
 * Looking an id up marks it used; *ret_value (may be NULL) is borrowed, and empty for a file that is no text or
 * too large.
 */
enum answer_state answers_get(struct answers *a, const char *id, const char **ret_value);

/*
 * The content of a given answer, from its start: its file, else its value.  DD_ENOENT: it is not given;
 * DD_EINVAL: the file cannot be read any more.
 */
int answers_open(struct answers *a, const char *id, int *ret_fd, struct dd_err *err) DD_MUST_USE;
/* Ids that were given a value, sorted. */
void answers_given(const struct answers *a, struct strlist *ret);
/* Ids of the file that no answers_get ever asked for. */
void answers_unused(const struct answers *a, struct strlist *ret);

/*
 * Must the answer be kept out of all that is written?  Yes if the id says so (also with a NULL), if
 * it is a secret, or if it contains one.
 */
bool answers_is_secret(const struct answers *a, const char *id);

/* Replace every secret value of at least 4 bytes, and every line of at least 12 bytes of one that has several
 * lines, in text by "[redacted]". */
void answers_redact(const struct answers *a, struct str text, struct buf *out);

/* The same in place: in a heap string (NULL stays NULL), in every string inside a JSON value. */
void answers_redact_text(const struct answers *a, char **text);
void answers_redact_json(const struct answers *a, json_t *j);

/*
 * The same for text that comes in pieces: what may be the beginning of a secret is held back until
 * the next piece or the end.
 */
struct redactor {
	const struct answers *answers;
	struct buf held;
};
/* a may be NULL, and must outlive the redactor. */
void redactor_init(struct redactor *r, const struct answers *a);
void redactor_add(struct redactor *r, struct str data, struct buf *out);
/* Give what is held back, and free. */
void redactor_end(struct redactor *r, struct buf *out);

/*
 * The slug of a prompt: lower case, what is in [brackets] dropped, every other run of bytes that
 * are not letters or digits becomes one '-', none at the ends, at most 48 bytes. "Administrator
 * e-mail address? [none] " gives "administrator-e-mail-address".  Heap.
 */
char *question_slug(struct str prompt);

#endif
