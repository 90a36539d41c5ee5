#include "intent/intent.h"

#include "base/fs.h"
#include "base/io.h"

#include <string.h>
#include <time.h>

#define MAX_APPROVALS ((size_t)4 << 20)

void
intent_approval_cleanup(struct intent_approval *a)
{
	free(a->author);
	free(a->digest);
	*a = (struct intent_approval){0};
}

struct approvals { /* as they are in the file */
	struct buf lines;
	json_int_t n;
	struct hash_hex last; /* of the last line; of nothing where there is none */
};

static void
approvals_cleanup(struct approvals *a)
{
	buf_cleanup(&a->lines);
}

static int
read_line(struct str line, const char *before, struct intent_approval *ret, struct dd_err *err)
{
	static const struct json_field fields[] = {
		{"author", JSON_K_STRING, offsetof(struct intent_approval, author), true, NULL,
			NULL, 0},
		{"digest", JSON_K_STRING, offsetof(struct intent_approval, digest), true, NULL,
			NULL, 0},
		{"time_s", JSON_K_INT, offsetof(struct intent_approval, time_s), true, NULL, NULL,
			0},
		{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
	};
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(line, &j, err);
	if (rc < 0)
		return err_set(err, DD_ECORRUPT, "an approval is not well formed");
	const char *chained = json_string_value(json_object_get(j, "before"));
	if (!chained || strcmp(chained, before) != 0)
		return err_set(err, DD_ECORRUPT,
			"the approvals are not what was written: a line was changed or taken out");
	intent_approval_cleanup(ret);
	rc = json_decode(j, fields, false, ret, "approval", err);
	return rc < 0 ? err_set(err, DD_ECORRUPT, "an approval lacks author, digest or time") : 0;
}

/* What the first line says was written: how many, and the digest of the last. */
static int
read_head(struct str line, json_int_t *ret_n, struct hash_hex *ret_last, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	OWN(dd_err) struct dd_err why = {0};
	int rc = json_parse(line, &j, &why);
	const char *last = json_string_value(json_object_get(j, "last"));
	if (rc < 0 || !json_is_integer(json_object_get(j, "approvals")) || !last ||
		!hash_is_hex(str_of(last)))
		return err_set(err, DD_ECORRUPT,
			"the first line does not say how many approvals there are");
	*ret_n = json_integer_value(json_object_get(j, "approvals"));
	memcpy(ret_last->s, last, HASH_HEX + 1);
	return 0;
}

/* All of them are read: the chain holds from its first to its last, or nothing of it is believed. */
static int
read_all(const char *path, struct approvals *ret, struct intent_approval *ret_last,
	struct dd_err *err)
{
	struct hash_hex wanted = hash_bytes(STR(""));
	OWN(buf) struct buf text = {.max = MAX_APPROVALS};
	json_int_t n = 0;
	struct str line;
	ret->last = wanted;
	int rc = fs_read_if_any(path, MAX_APPROVALS, &text, err);
	struct str rest = buf_str(&text);
	if (rc == 0 && str_next_line(&rest, &line))
		rc = read_head(line, &n, &wanted, err);
	while (rc == 0 && str_next_line(&rest, &line)) {
		rc = read_line(line, ret->last.s, ret_last, err);
		ret->last = hash_bytes(line);
		ret->n++;
		buf_add_str(&ret->lines, line);
		buf_putc(&ret->lines, '\n');
	}
	if (rc == 0 && (ret->n != n || strcmp(ret->last.s, wanted.s) != 0))
		rc = err_set(err, DD_ECORRUPT,
			"the approvals are not what was written: %lld were, %lld are here, or the last was changed",
			(long long)n, (long long)ret->n);
	return rc < 0 ? err_wrap(err, "%s", path) : 0;
}

int
intent_last_approval(const char *plan_path, struct intent_approval *ret, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s.approvals", plan_path);
	OWN(approvals) struct approvals all = {.lines = {.max = MAX_APPROVALS}};
	struct intent_approval last = {0};
	int rc = read_all(path, &all, &last, err);
	if (rc == 0 && !last.digest)
		rc = err_set(err, DD_ENOENT, "nobody has approved %s", plan_path);
	if (rc < 0)
		intent_approval_cleanup(&last);
	else
		*ret = last;
	return rc;
}

static int
append(const char *path, const char *plan_path, const char *author, struct intent_approval *ret,
	struct dd_err *err)
{
	OWN(buf)
	struct buf plan = {.max = PLAN_MAX_BYTES}, line = {0}, text = {.max = MAX_APPROVALS};
	OWN(approvals) struct approvals all = {.lines = {.max = MAX_APPROVALS}};
	OWN(intent_approval) struct intent_approval last = {0};
	int rc = fs_read(plan_path, PLAN_MAX_BYTES, &plan, err);
	if (rc == 0)
		rc = read_all(path, &all, &last, err);
	if (rc < 0)
		return rc;
	struct hash_hex digest = hash_bytes(buf_str(&plan));
	int64_t now = (int64_t)time(NULL);
	OWN_JSON json_t *j = json_pack("{s:o, s:s, s:I, s:s}", "author", json_text(str_of(author)),
		"digest", digest.s, "time_s", (json_int_t)now, "before", all.last.s);
	json_print(j, 0, &line);
	buf_printf(&text, "{\"approvals\":%lld,\"last\":\"%s\"}\n", (long long)all.n + 1,
		hash_bytes(buf_str(&line)).s);
	buf_add_str(&text, buf_str(&all.lines));
	buf_printf(&text, "%s\n", line.p);
	if (text.truncated)
		return err_set(err, DD_ELIMIT, "%s is full", path);
	rc = fs_write_atomic(path, buf_str(&text), 0644, err);
	if (rc == 0)
		*ret = (struct intent_approval){mem_strdup(author), mem_strdup(digest.s), now};
	return rc;
}

int
intent_approve(
	const char *plan_path, const char *author, struct intent_approval *ret, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("%s.approvals", plan_path),
		      *lock = mem_printf("%s.lock", path);
	OWN_FD int held = -1;
	int rc = fs_lock(lock, true, &held, err);
	if (rc == 0)
		rc = append(path, plan_path, author, ret, err);
	if (held >= 0)
		(void)!io_unlink(lock);
	return rc;
}
