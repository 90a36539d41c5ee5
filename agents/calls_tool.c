/* What tools gave, kept beside the calls. */
#include "agents/calls_db.h"

#include "base/log.h"

#include <string.h>

void
calls_nonce(const struct calls *c, const char *key, char ret[SPAN_ID + 1])
{
	const struct str fields[] = {str_of(c->trace_id), str_of(key)};
	struct hash_hex h = hash_fields(fields, 2);
	memcpy(ret, h.s, SPAN_ID);
	ret[SPAN_ID] = '\0';
}

int
calls_tool_begin(struct calls *c, const char *key, char **ret_text, bool *ret_is_error,
	bool *ret_interrupted, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(
		c->db, &st, err, "SELECT text, is_error FROM tool WHERE key = ?", "s", key);
	if (rc == 0)
		rc = db_step(st, err);
	*ret_interrupted = false;
	if (rc == 1) {
		char *text = db_dup(st, 0);
		*ret_is_error = db_int(st, 1) != 0;
		db_done(st);
		*ret_interrupted = text == NULL;
		if (text)
			*ret_text = text;
		return text != NULL;
	}
	return rc < 0 ? rc
		      : db_run(c->db, err, "INSERT INTO tool (key, started_ns) VALUES (?, ?)", "si",
				key, clock_real_ns());
}

int
calls_tool_end(
	struct calls *c, const char *key, const char *text, bool is_error, struct dd_err *err)
{
	return db_run(c->db, err, "UPDATE tool SET text = ?, is_error = ? WHERE key = ?", "sis",
		text, (int64_t)is_error, key);
}
