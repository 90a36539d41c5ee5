#include "qa/crawl_judge.h"

#include "base/match.h"

#include <string.h>

#define MAX_FACTS 200
#define MAX_WORDS 500
#define FLOOD 20 /* dialogs a step may show */

void
crawl_fact(json_t *facts, const char *kind, const char *cause, const char *text)
{
	OWN(buf) struct buf c = {.max = MAX_WORDS}, t = {.max = MAX_WORDS};
	buf_puts(&c, cause);
	buf_puts(&t, text);
	if (json_array_size(facts) < MAX_FACTS)
		json_array_append_new(
			facts, json_pack("{s:s, s:o, s:o}", "kind", kind, "cause",
				       json_text(buf_str(&c)), "text", json_text(buf_str(&t))));
}

/* The path and query of an address of the application; NULL: it is another's. */
static const char *
inside(const char *url, const char *origin)
{
	size_t n = strlen(origin);
	if (!url || strncmp(url, origin, n) != 0 || (url[n] != '/' && url[n] != '\0'))
		return NULL;
	return url[n] ? url + n : "/";
}

/* Numbers in it may count something: they are no part of a cause. */
static void
put_cause(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n && text.p[i] != '?'; i++) {
		bool digit = text.p[i] >= '0' && text.p[i] <= '9';
		if (!digit)
			buf_putc(out, text.p[i]);
		else if (!out->n || out->p[out->n - 1] != '#')
			buf_putc(out, '#');
	}
}

/* ---- console ---- */

static struct str
first_line(const char *text)
{
	struct str rest = str_of(text), line = {text, 0};
	(void)str_next_line(&rest, &line);
	return line;
}

static bool
is_type(const struct screen_request *r, const char *type)
{
	return r->type && strcmp(r->type, type) == 0;
}

/* Sent to another origin, where nobody answers here. */
static bool
is_unanswered(const struct screen_request *r, const char *origin)
{
	return r->error && !r->status && !inside(r->url, origin);
}

/* Did it ask another origin, where nobody answers here?  What a script says of that is its own word. */
static bool
asked_elsewhere(const struct screen_step *s, const char *origin)
{
	for (size_t i = 0; i < s->requests.n; i++)
		if (is_unanswered(&s->requests.v[i], origin) &&
			(is_type(&s->requests.v[i], "XHR") || is_type(&s->requests.v[i], "Fetch")))
			return true;
	return false;
}

/* A document may forbid scripts (CSP, "sandbox"): then it is ours that the browser blocks. */
#define BLOCKED "Blocked script execution in "
static bool
forbids_scripts(const struct screen_step *s)
{
	for (size_t i = 0; i < s->console.n; i++)
		if (strncmp(s->console.v[i].text, BLOCKED, strlen(BLOCKED)) == 0)
			return true;
	return false;
}

/* What follows from a fence of ours: nobody but the application answers here. */
static bool
is_of_fence(const struct screen_step *s, const char *text, const char *origin)
{
	bool unfetched = strstr(text, "Failed to fetch") || strstr(text, "NetworkError") ||
			 strstr(text, "dynamically imported module");
	bool undefined = strstr(text, "is not defined") != NULL;
	for (size_t i = 0; i < s->requests.n; i++) {
		const struct screen_request *r = &s->requests.v[i];
		if (!is_unanswered(r, origin))
			continue;
		if (unfetched || (undefined && is_type(r, "Script")))
			return true;
	}
	return false;
}

static void
judge_message(const struct screen_step *s, const struct screen_message *m, const char *origin,
	json_t *facts)
{
	OWN(buf) struct buf cause = {0}, text = {0};
	bool thrown = strcmp(m->level, "exception") == 0;
	const char *at = inside(m->url, origin);
	if (!thrown && strcmp(m->level, "error") != 0 && strcmp(m->level, "assert") != 0)
		return;
	/* The browser's own word for a request that is judged as one. */
	if (strncmp(m->text, "Failed to load resource", 23) == 0 ||
		strncmp(m->text, BLOCKED, strlen(BLOCKED)) == 0 ||
		(strcmp(m->level, "error") == 0 && asked_elsewhere(s, origin)) ||
		(m->url && !at && *m->url) || is_of_fence(s, m->text, origin))
		return;
	put_cause(&cause, first_line(m->text));
	buf_printf(&text, STR_FMT, STR_ARG(first_line(m->text)));
	if (at) {
		buf_printf(&cause, " %lld ", (long long)m->line);
		put_cause(&cause, str_of(at));
		buf_printf(&text, " (%s:%lld)", at, (long long)m->line);
	}
	buf_puts(&cause, "");
	crawl_fact(facts, thrown ? "exception" : "console", cause.p, text.p);
}

static void
judge_console(const struct screen_step *s, const char *origin, json_t *facts)
{
	int dialogs = 0;
	for (size_t i = 0; i < s->console.n; i++) {
		const struct screen_message *m = &s->console.v[i];
		dialogs += strcmp(m->level, "dialog") == 0;
		if (strcmp(m->level, "crash") == 0)
			crawl_fact(facts, "crash", "crash", "the page's process ended");
		judge_message(s, m, origin, facts);
	}
	if (dialogs >= FLOOD)
		crawl_fact(facts, "dialogs", "dialogs", "the page asks without end");
}

/* ---- requests ---- */

static bool
has_picture(const json_t *page, const char *path)
{
	const json_t *check;
	size_t i;
	json_array_foreach ((json_t *)json_object_get(page, "checks"), i, check) {
		const char *kind = json_string_value(json_object_get(check, "kind"));
		const char *cause = json_string_value(json_object_get(check, "cause"));
		if (kind && cause && strcmp(kind, "image") == 0 && strcmp(cause, path) == 0)
			return true;
	}
	return false;
}

/* That what was typed is refused is what an application should do, and that it asks who one is. */
static bool
is_answer(const struct screen_request *r)
{
	return r->status == 401 || r->status == 422 ||
	       ((r->status == 400 || r->status == 403 || r->status == 409) &&
		       strcmp(r->method, "GET") != 0);
}

/* Is it what somebody typed as an address, a picture of one's own or a style, or what went elsewhere? */
static bool
is_excused(const char *path, const struct strlist *excused)
{
	OWN_FREE char *plain = str_unpercent(str_of(path));
	for (size_t i = 0; plain && i < excused->n; i++) {
		const char *text = excused->v[i];
		size_t n = strlen(text), all = strlen(plain);
		bool begins = *text == '/' || (all > n && plain[all - n - 1] == '/');
		bool number = strspn(text, "0123456789.-+:") == n; /* no address: "/boats/3" */
		if (!number && all >= n && begins && strcmp(plain + all - n, text) == 0)
			return true;
	}
	return false;
}

static void
judge_request(const struct screen_request *r, const json_t *page, const char *origin,
	const struct strlist *excused, json_t *facts)
{
	OWN(buf) struct buf cause = {0}, text = {0};
	const char *path = inside(r->url, origin);
	bool failed = r->error && !r->status && strcmp(r->error, "net::ERR_ABORTED") != 0 &&
		      strcmp(r->error, "net::ERR_BLOCKED_BY_RESPONSE") != 0;
	if (!path || (r->status < 400 && !failed) || is_answer(r))
		return;
	if (strcmp(path, "/favicon.ico") == 0 || has_picture(page, path) ||
		(!is_type(r, "Document") && is_excused(path, excused)))
		return; /* browsers ask for the one by themselves; the next is told as a picture */
	if (failed)
		buf_printf(&cause, "%s %s ", r->error, r->method);
	else
		buf_printf(&cause, "%lld %s ", (long long)r->status, r->method);
	buf_printf(&text, "%s%s", cause.p, path);
	put_cause(&cause, str_of(path));
	crawl_fact(facts, failed ? "request" : "http", cause.p, text.p);
}

static int64_t
status_of_document(const struct screen_step *s)
{
	int64_t status = 0;
	for (size_t i = 0; i < s->requests.n; i++)
		if (is_type(&s->requests.v[i], "Document"))
			status = s->requests.v[i].status;
	return status;
}

bool
crawl_is_unsafe(const struct screen_step *s)
{
	static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE", NULL};
	for (size_t i = 0; i < s->requests.n; i++) {
		size_t k = 0;
		while (safe[k] && strcmp(s->requests.v[i].method, safe[k]) != 0)
			k++;
		if (!safe[k])
			return true;
	}
	return false;
}

bool
crawl_lacks_script(const struct screen_step *s, const char *origin, bool lacked)
{
	for (size_t i = 0; i < s->requests.n; i++)
		if (is_type(&s->requests.v[i], "Document"))
			lacked = false;
	for (size_t i = 0; i < s->requests.n; i++) {
		const struct screen_request *r = &s->requests.v[i];
		lacked |= is_type(r, "Script") && is_unanswered(r, origin);
	}
	return lacked;
}

/* ---- the page ---- */

/* Which of several pictures went on where is not told. */
void
crawl_sent_on(const struct screen_step *s, const char *origin, struct strlist *ret)
{
	bool unanswered = false;
	for (size_t i = s->requests.n; i-- > 0;) { /* what went on comes behind */
		const struct screen_request *r = &s->requests.v[i];
		const char *here = inside(r->url, origin);
		if (!is_type(r, "Image"))
			continue;
		unanswered |= is_unanswered(r, origin);
		OWN_FREE char *plain = here && unanswered && r->status >= 300 && r->status < 400
					       ? str_unpercent(str_of(here))
					       : NULL;
		if (plain)
			strlist_add(ret, plain);
	}
}

static void
judge_checks(const json_t *page, const struct strlist *excused, json_t *facts)
{
	const json_t *check;
	size_t i;
	json_array_foreach ((json_t *)json_object_get(page, "checks"), i, check) {
		const char *kind = json_string_value(json_object_get(check, "kind"));
		const char *cause = json_string_value(json_object_get(check, "cause"));
		const char *text = json_string_value(json_object_get(check, "text"));
		bool picture = kind && cause && strcmp(kind, "image") == 0;
		if (picture && is_excused(cause, excused))
			continue;
		OWN(buf) struct buf same = {0}; /* rows of a table are wrong for one reason */
		put_cause(&same, str_of(cause));
		buf_puts(&same, "");
		if (kind && cause && text)
			crawl_fact(facts, kind, same.p, text);
	}
}

void
crawl_judge(const struct screen_step *s, const json_t *page, const char *origin,
	const struct strlist *excused, json_t *facts)
{
	const char *path = json_string_value(json_object_get(page, "path"));
	judge_console(s, origin, facts);
	for (size_t i = 0; i < s->requests.n; i++)
		judge_request(&s->requests.v[i], page, origin, excused, facts);
	if (strlist_has(&s->unmet, "script") && !forbids_scripts(s))
		crawl_fact(facts, "hang", path ? path : "script",
			"a script of the page does not come to an end");
	/* How an error page looks is no second finding, but what it gives away is. */
	if (page && status_of_document(s) < 400)
		judge_checks(page, excused, facts);
	if (page)
		crawl_judge_text(json_string_value(json_object_get(page, "text")), facts);
}

/* ---- texts ---- */

static const struct match_rule leaks[] = {
	{"trace", "Traceback \\(most recent call last\\):", false},
	{"trace", "^\\s+at [\\w.$<>\\[\\] ]+ ?\\(.*:\\d+\\)", false},
	{"trace", "(Fatal error|Parse error|Uncaught [\\w\\\\]+): .* in \\S+(:| on line )\\d+",
		false},
	{"trace", "^Exception in thread \"|^goroutine \\d+ \\[|^panic: ", false},
	{"trace",
		"SQLSTATE\\[|You have an error in your SQL syntax|ORA-\\d{5}: |"
		"sqlite3\\.\\w+Error|psycopg2\\.\\w+|PG::\\w+Error",
		false},
	{"secret", "-----BEGIN [A-Z ]*PRIVATE KEY-----", false},
	{"secret",
		"\\bAKIA[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|\\bsk_live_[0-9A-Za-z]{16,}|"
		"\\bxox[baprs]-[0-9A-Za-z-]{10,}",
		false},
	{"secret", "\\b[a-z][a-z0-9+]{2,}://[^/\\s:@]+:[^/\\s:@]+@[\\w.-]+", false},
	{"secret", "\\b[A-Z_]*(PASSWORD|SECRET|API_KEY|TOKEN)=\\S{6,}", false},
};

static bool
take_leak(void *facts, const struct match_hit *hit)
{
	bool secret = strcmp(hit->id, "secret") == 0;
	OWN_FREE char *cause = mem_printf("%s %zu", hit->id, hit->rule);
	OWN_FREE char *text =
		secret ? mem_strdup("the page shows what looks like a secret")
		       : mem_printf("the page shows its inside: %.*s",
				 (int)(hit->text.n < 200 ? hit->text.n : 200), hit->text.p);
	const json_t *fact;
	size_t i;
	json_array_foreach ((json_t *)facts, i, fact)
		if (strcmp(json_string_value(json_object_get(fact, "cause")), cause) == 0)
			return true;
	crawl_fact(facts, hit->id, cause, text);
	return true;
}

void
crawl_judge_text(const char *text, json_t *facts)
{
	struct match_set *set = NULL;
	if (match_compile_plain(leaks, sizeof(leaks) / sizeof(*leaks), &set, NULL) < 0)
		return;
	(void)!match_text(set, str_of(text), take_leak, facts, NULL);
	match_destroy(set);
}
