#include "agents/failure.h"

#include "base/log.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PAUSE_FIRST_MS 500
#define PAUSE_MOST_MS 8000
#define MESSAGE_MAX 600

const char *const call_failure_names[] = {"", "invalid_request", "context_exceeded",
	"authentication", "spend_limit", "rate_limit", "overloaded", "server_error", "network",
	"timeout", "truncated", "protocol", "cancelled", NULL};

void
failure_cleanup(struct failure *f)
{
	free(f->message);
	free(f->request_id);
	*f = (struct failure){0};
}

int64_t
failure_parse_duration(const char *text)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	double total = 0;
	if (!text || !isdigit((unsigned char)*text))
		return -1;
	while (*text) {
		char *end;
		double n = strtod(text, &end);
		size_t word = strspn(end, "mshd"), i = 0;
		for (; i < 5 &&
			(strlen(units[i].unit) != word || strncmp(units[i].unit, end, word) != 0);
			i++)
			;
		if (end == text || i == 5 || n < 0)
			return -1;
		total += n * units[i].ms;
		text = end + word;
	}
	return total > 1e15 ? INT64_MAX : (int64_t)total;
}

/* Seconds, or a date; not positive: as if it were not there. */
static int64_t
parse_retry_after(const char *text)
{
	uint64_t seconds;
	if (str_parse_u64(str_of(text), 1000000000, &seconds))
		return seconds ? (int64_t)seconds * 1000 : -1;
	int64_t at = http_parse_date(text);
	int64_t ms = at < 0 ? -1 : at * 1000 - clock_real_ns() / 1000000;
	return ms > 0 ? ms : -1;
}

void
failure_from_head(struct failure *f, const struct http_response *r)
{
	const char *ms = http_header_value(r, "retry-after-ms"),
		   *after = http_header_value(r, "retry-after");
	const char *should = http_header_value(r, "x-should-retry"),
		   *id = http_header_value(r, "request-id");
	uint64_t n;
	f->status = r->status;
	f->after_ms = ms && str_parse_u64(str_of(ms), 1000000000000, &n) && n ? (int64_t)n : -1;
	if (f->after_ms < 0 && after)
		f->after_ms = parse_retry_after(after);
	f->should_retry = !should			     ? -1
			  : strcasecmp(should, "true") == 0  ? 1
			  : strcasecmp(should, "false") == 0 ? 0
							     : -1;
	id = id ? id : http_header_value(r, "x-request-id");
	free(f->request_id);
	f->request_id = id ? mem_strndup(id, 200) : NULL;
}

static const char *
text_at(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static bool
has(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/* A limit of money or of a day. */
static bool
is_spend(const json_t *error, const char *type, const char *code)
{
	static const char *const words[] = {"insufficient_quota", "billing_error",
		"billing_hard_limit_reached", "enforced_spend_limit_reached", "billing_not_active",
		NULL};
	const json_t *details = json_object_get(error, "details");
	size_t i, k;
	json_t *d, *v;
	if (str_is_one(str_of(type), words) || str_is_one(str_of(code), words) ||
		str_is_one(str_of(text_at(details, "error_code")), words))
		return true;
	if (has(text_at(error, "message"), "limit: 0"))
		return true;
	if (!json_is_array(details))
		return false;
	json_array_foreach (details, i, d) {
		json_array_foreach (json_object_get(d, "violations"), k, v) {
			if (has(text_at(v, "quotaId"), "PerDay"))
				return true;
		}
	}
	return false;
}

static bool
is_context(const json_t *error, const char *code)
{
	const char *m = text_at(error, "message");
	return strcmp(code, "context_length_exceeded") == 0 || has(m, "prompt is too long") ||
	       has(m, "maximum context length") || has(m, "exceeds the maximum number of tokens") ||
	       has(m, "exceeds the available context");
}

/* In a stream there is no status: the word decides. */
static enum call_failure
kind_of_word(const char *word)
{
	static const struct {
		const char *word;
		enum call_failure kind;
	} words[] = {
		{"overloaded_error", FAIL_OVERLOADED},
		{"server_is_overloaded", FAIL_OVERLOADED},
		{"UNAVAILABLE", FAIL_OVERLOADED},
		{"rate_limit_error", FAIL_RATE},
		{"rate_limit_exceeded", FAIL_RATE},
		{"RESOURCE_EXHAUSTED", FAIL_RATE},
		{"api_error", FAIL_SERVER},
		{"server_error", FAIL_SERVER},
		{"internal_error", FAIL_SERVER},
		{"INTERNAL", FAIL_SERVER},
		{"timeout_error", FAIL_TIME},
		{"DEADLINE_EXCEEDED", FAIL_TIME},
		{"invalid_request_error", FAIL_REQUEST},
		{"not_found_error", FAIL_REQUEST},
		{"request_too_large", FAIL_REQUEST},
		{"INVALID_ARGUMENT", FAIL_REQUEST},
		{"invalid_prompt", FAIL_REQUEST},
		{"authentication_error", FAIL_KEY},
		{"permission_error", FAIL_KEY},
		{"PERMISSION_DENIED", FAIL_KEY},
		{"UNAUTHENTICATED", FAIL_KEY},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].kind;
	return FAIL_NONE;
}

static enum call_failure
kind_of_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return FAIL_KEY;
	case 402:
		return FAIL_SPEND;
	case 408:
	case 504:
		return FAIL_TIME;
	case 409:
		return FAIL_SERVER;
	case 429:
		return FAIL_RATE;
	case 503:
	case 529:
		return FAIL_OVERLOADED;
	default:
		return status >= 500 ? FAIL_SERVER : status >= 400 ? FAIL_REQUEST : FAIL_PROTOCOL;
	}
}

/* google.rpc.RetryInfo among the details. */
static void
take_retry_info(struct failure *f, const json_t *details)
{
	size_t i;
	json_t *d;
	if (!json_is_array(details))
		return;
	json_array_foreach (details, i, d) {
		int64_t ms =
			failure_parse_duration(json_string_value(json_object_get(d, "retryDelay")));
		if (ms > 0 && f->after_ms < 0)
			f->after_ms = ms;
	}
}

void
failure_from_error(struct failure *f, const json_t *error)
{
	const char *type = text_at(error, "type"), *code = text_at(error, "code"),
		   *status = text_at(error, "status");
	const char *said =
		json_is_string(error) ? json_string_value(error) : text_at(error, "message");
	json_int_t number = json_integer_value(json_object_get(error, "code"));
	if (!f->status && number >= 400 && number < 600)
		f->status = (int)number;
	OWN(buf) struct buf message = {.max = MESSAGE_MAX};
	buf_put_visible(&message, str_of(said));
	free(f->message);
	f->message = message.n ? buf_take(&message) : NULL;
	take_retry_info(f, json_object_get(error, "details"));
	if (is_spend(error, type, code)) {
		f->kind = FAIL_SPEND;
	} else if (is_context(error, code)) {
		f->kind = FAIL_CONTEXT;
	} else {
		enum call_failure kind =
			f->status >= 400 ? kind_of_status(f->status) : kind_of_word(code);
		if (f->status < 400 && !kind)
			kind = kind_of_word(type);
		if (f->status < 400 && !kind)
			kind = kind_of_word(status);
		f->kind = kind ? kind : FAIL_SERVER;
	}
}

bool
failure_may_retry(const struct failure *f, int64_t retries, int64_t tries, int64_t max_wait_ms,
	double random, int64_t *ret_wait_ms)
{
	static const bool again[] = {[FAIL_RATE] = true,
		[FAIL_OVERLOADED] = true,
		[FAIL_SERVER] = true,
		[FAIL_NETWORK] = true,
		[FAIL_TIME] = true,
		[FAIL_TRUNCATED] = true,
		[FAIL_CANCELLED] = false};
	bool may = f->should_retry >= 0 && f->status ? f->should_retry : again[f->kind];
	if (!may || f->kind == FAIL_SPEND || f->kind == FAIL_CANCELLED || tries > retries)
		return false;
	if (f->after_ms > max_wait_ms)
		return false;
	int64_t doublings = tries < 8 ? tries - 1 : 7;
	int64_t pause = (int64_t)PAUSE_FIRST_MS << (doublings > 0 ? doublings : 0);
	pause = pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS;
	*ret_wait_ms =
		f->after_ms > 0 ? f->after_ms : (int64_t)((double)pause * (0.75 + 0.25 * random));
	if (*ret_wait_ms > max_wait_ms)
		*ret_wait_ms = max_wait_ms;
	return true;
}
