/*
 * Why a call gave no answer, and whether another try may: the rules of the vendors' own clients, with
 * two of ours on top.  A spending limit is never tried again, whatever a header says; a wait longer than
 * the cap is not waited, because it is a quota of the day that looks like one of the minute.
 */
#ifndef AGENTS_FAILURE_H
#define AGENTS_FAILURE_H

#include "base/http.h"
#include "base/json.h"

enum call_failure {
	FAIL_NONE,
	FAIL_REQUEST,	 /* it is wrong, and would be again */
	FAIL_CONTEXT,	 /* larger than the model's window */
	FAIL_KEY,	 /* none, wrong, or not allowed */
	FAIL_SPEND,	 /* a spending limit, or no credit */
	FAIL_RATE,	 /* too many requests or tokens */
	FAIL_OVERLOADED, /* of the server */
	FAIL_SERVER,
	FAIL_NETWORK,	/* no connection, or none any more before the answer began */
	FAIL_TIME,	/* it took too long */
	FAIL_TRUNCATED, /* the answer ended before its end */
	FAIL_PROTOCOL,	/* what came is no answer */
	FAIL_CANCELLED,
};
extern const char *const call_failure_names[]; /* values of error.type in traces */

struct failure {
	enum call_failure kind;
	int status;	  /* of HTTP; 0: none came */
	int64_t after_ms; /* as the server asked for; negative: it did not */
	int should_retry; /* as the server says: 1, 0; negative: it does not */
	bool sent;     /* the server may have worked on it, and charge for it: it said no error */
	char *message; /* in the server's words, bounded and visible */
	char *request_id;
};
void failure_cleanup(struct failure *f);

/* Take status and headers of an answer that is an error. */
void failure_from_head(struct failure *f, const struct http_response *r);
/* Take what an error object says, of a body or inside a stream (NULL: it has none), and decide the kind. */
void failure_from_error(struct failure *f, const json_t *error);

/*
 * May it be tried again, after `tries` tries, and after how long?  random in [0, 1) is the jitter.
 */
bool failure_may_retry(const struct failure *f, int64_t retries, int64_t tries, int64_t max_wait_ms,
	double random, int64_t *ret_wait_ms);

/* "46s", "1.5s", "6m0s", "250ms" in milliseconds; -1: no duration. */
int64_t failure_parse_duration(const char *text);

#endif
