#include "runner/forge.h"

#include "agents/key.h"
#include "base/log.h"

#include <string.h>
#include <time.h>

#define ANSWER_BYTES ((uint64_t)16 << 20)
#define PAGES_MAX 50
#define GITHUB_PUBLIC "github.com"
#define GITLAB_PUBLIC "gitlab.com"

const char *const forge_kind_names[] = {"github", "gitlab", NULL};
const char *const forge_state_names[] = {"none", "open", "merged", "closed", NULL};

static const struct forge_ops *const kinds[] = {
	[FORGE_GITHUB] = &forge_github, [FORGE_GITLAB] = &forge_gitlab};
static const char *const api_paths[] = {[FORGE_GITHUB] = "/api/v3", [FORGE_GITLAB] = "/api/v4"};

void
forge_at_cleanup(struct forge_at *a)
{
	free(a->api);
	free(a->host);
	free(a->source);
	free(a->target);
	*a = (struct forge_at){0};
}

void
forge_request_cleanup(struct forge_request *r)
{
	free(r->url);
	free(r->body);
	free(r->base);
	*r = (struct forge_request){0};
}

/* ---- where ---- */

static int
kind_of_name(const char *name)
{
	for (int k = 0; k < FORGE_KINDS; k++)
		if (strcmp(forge_kind_names[k], name) == 0)
			return k;
	return -1;
}

/* Of an API's base URL: by its end, or by the one public host that has none. */
static int
kind_of_api(const char *api)
{
	OWN_FREE char *host = http_url_host(api);
	for (int k = 0; k < FORGE_KINDS; k++)
		if (str_ends(str_of(api), api_paths[k]))
			return k;
	return host && strcmp(host, "api." GITHUB_PUBLIC) == 0 ? FORGE_GITHUB : -1;
}

/* The API of the two public hosts. */
static int
take_public(const struct push_to *remote, struct forge_at *at, struct dd_err *err)
{
	const char *host = remote->host ? remote->host : "";
	if (strcasecmp(host, GITHUB_PUBLIC) == 0) {
		at->kind = FORGE_GITHUB;
		at->api = mem_strdup("https://api." GITHUB_PUBLIC);
	} else if (strcasecmp(host, GITLAB_PUBLIC) == 0) {
		at->kind = FORGE_GITLAB;
		at->api = mem_strdup("https://" GITLAB_PUBLIC "/api/v4");
	} else {
		return err_set(err, DD_EINVAL,
			"the remote %s does not say which server opens requests, and which may see a token: --api https://HOST/api/v3 (GitHub) or https://HOST/api/v4 (GitLab)",
			remote->url);
	}
	at->host = mem_strdup(host);
	return 0;
}

static int
take_given(const struct forge_wish *wish, struct forge_at *at, struct dd_err *err)
{
	struct str api = str_of(wish->api);
	while (str_ends(api, "/"))
		api.n--;
	OWN_FREE char *base = str_dup(api), *host = http_url_host(base);
	int kind = wish->kind ? kind_of_name(wish->kind) : kind_of_api(base);
	bool url = str_starts(api, "https://") || str_starts(api, "http://");
	if (!url || !host || strpbrk(base, "@?#"))
		return err_set(err, DD_EINVAL,
			"--api: the base URL of an API is wanted, as https://HOST/api/v4");
	if (kind < 0)
		return err_set(err, DD_EINVAL,
			"--api: its path is neither /api/v3 nor /api/v4: say --forge github or --forge gitlab");
	at->kind = (enum forge_kind)kind;
	at->host = strcmp(host, "api." GITHUB_PUBLIC) == 0 ? mem_strdup(GITHUB_PUBLIC) : TAKE(host);
	at->api = TAKE(base);
	return 0;
}

static bool
is_name(enum forge_kind kind, const char *path)
{
	size_t slashes = 0;
	struct str rest = str_of(path), part;
	while (str_next(&rest, '/', &part)) {
		if (!part.n || str_eq(part, ".") || str_eq(part, ".."))
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_.~+",
				    part.p[i]))
				return false;
		slashes++;
	}
	return kind == FORGE_GITHUB ? slashes == 2 : slashes >= 2;
}

/* "/group/name.git" as the forge names it: what its API's path begins with, where it is not at the root, is no part of it. */
static char *
name_of(const struct push_to *remote, const struct forge_at *at)
{
	OWN_FREE char *root = http_url_path(at->api);
	struct str s = str_of(remote->path), base = str_of(root ? root : "");
	if (str_ends(base, api_paths[at->kind]))
		base.n -= strlen(api_paths[at->kind]);
	if (base.n > 1 && remote->how == PUSH_HTTP && s.n > base.n &&
		memcmp(s.p, base.p, base.n) == 0)
		s = (struct str){s.p + base.n, s.n - base.n};
	while (str_starts(s, "/"))
		s = (struct str){s.p + 1, s.n - 1};
	while (str_ends(s, "/"))
		s.n--;
	if (str_ends(s, ".git"))
		s.n -= 4;
	return str_dup(s);
}

static int
take_names(const struct push_to *remote, const char *repo, struct forge_at *at, struct dd_err *err)
{
	if (remote->how == PUSH_PATH && !repo)
		return err_set(err, DD_EINVAL,
			"the remote %s is a directory: --repo says of which repository its branches are",
			remote->url);
	at->source = remote->how == PUSH_PATH ? mem_strdup(repo) : name_of(remote, at);
	at->target = mem_strdup(repo ? repo : at->source);
	if (is_name(at->kind, at->source) && is_name(at->kind, at->target))
		return 0;
	return err_set(err, DD_EINVAL, "%s is no name of a repository of %s, as OWNER/NAME",
		is_name(at->kind, at->source) ? at->target : at->source,
		forge_kind_names[at->kind]);
}

int
forge_locate(const struct push_to *remote, const struct forge_wish *wish, struct forge_at *ret,
	struct dd_err *err)
{
	struct forge_at at = {0};
	int rc = 0;
	if (wish->kind && kind_of_name(wish->kind) < 0)
		rc = err_set(err, DD_EINVAL, "--forge: github or gitlab");
	if (rc == 0)
		rc = wish->api ? take_given(wish, &at, err) : take_public(remote, &at, err);
	if (rc == 0 && !push_is_private(at.api))
		rc = err_set(err, DD_EINVAL,
			"--api %s: a token goes over https://, or to this machine", at.api);
	if (rc == 0)
		rc = take_names(remote, wish->repo, &at, err);
	if (rc < 0)
		forge_at_cleanup(&at);
	else
		*ret = at;
	return rc;
}

/* ---- with which token ---- */

int
forge_token(enum forge_kind kind, const char *command, char **ret, struct dd_err *err)
{
	static char names[][16] = {"GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN"};
	char *const variables[] = {kind == FORGE_GITHUB ? names[0] : names[2],
		kind == FORGE_GITHUB ? names[1] : NULL, NULL};
	struct model_provider p = {.name = names[0], .auth = AUTH_BEARER};
	struct str rest = str_of(command), word;
	while (command && str_next_word(&rest, &word))
		strlist_add_str(&p.key_command, word);
	OWN(dd_err) struct dd_err why = {0};
	int rc = -DD_ENOENT;
	for (size_t i = 0; !command && rc == -DD_ENOENT && variables[i]; i++) {
		p.key_env = variables[i];
		rc = key_read(&p, ret, &why);
	}
	if (command)
		rc = key_read(&p, ret, &why);
	strlist_cleanup(&p.key_command);
	if (rc == -DD_ENOENT)
		return err_set(err, DD_EINVAL,
			"there is no token: set %s, or say --token-command CMD; it is to be allowed %s",
			kind == FORGE_GITHUB ? "GITHUB_TOKEN or GH_TOKEN" : "GITLAB_TOKEN",
			kinds[kind]->needs);
	return rc < 0 ? err_set(err, DD_EINVAL,
				"--token-command failed, or gave no token on one line")
		      : 0;
}

char *
forge_login(enum forge_kind kind, const char *token)
{
	return mem_printf("%s:%s", kind == FORGE_GITHUB ? "x-access-token" : "oauth2", token);
}

/* ---- asking ---- */

int
forge_open(const struct forge_at *at, const char *token, int time_ms, struct forge **ret,
	struct dd_err *err)
{
	struct forge *f = mem_new(struct forge);
	*f = (struct forge){.at = at, .ops = kinds[at->kind], .token = token};
	const struct http_opts opts = {.total_timeout_ms = time_ms};
	int rc = http_create(&opts, &f->http, err);
	f->secret_header = mem_printf("%s%s", f->ops->secret, token);
	if (rc < 0)
		forge_close(f);
	else
		*ret = f;
	return rc;
}

void
forge_close(struct forge *f)
{
	if (!f)
		return;
	http_destroy(f->http);
	key_wipe(f->secret_header);
	free(f->base);
	free(f);
}

struct answer {
	struct http_response head;
	struct buf text;
	json_t *json; /* NULL: it is none */
};

static void
answer_cleanup(struct answer *a)
{
	http_response_cleanup(&a->head);
	buf_cleanup(&a->text);
	json_decref(a->json);
}

static int
on_body(void *ctx, struct str piece, struct dd_err *err)
{
	(void)err;
	buf_add_str(ctx, piece);
	return 0;
}

/* Any status is an answer. */
static int
ask(struct forge *f, enum http_method method, const char *url, const json_t *body,
	struct answer *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist headers = {0};
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; f->ops->headers[i]; i++)
		strlist_add(&headers, f->ops->headers[i]);
	if (body) {
		strlist_add(&headers, "Content-Type: application/json");
		json_print(body, 0, &text);
	}
	const struct http_request q = {.method = method,
		.url = url,
		.headers = (const char *const *)headers.v,
		.secret_header = f->secret_header,
		.body = buf_str(&text),
		.on_body = on_body,
		.ctx = &ret->text,
		.max_bytes = ANSWER_BYTES,
		.tries = method == HTTP_GET ? 3 : 1};
	int rc = http_perform(f->http, &q, &ret->head, err);
	if (rc == 0)
		(void)!json_parse(buf_str(&ret->text), &ret->json, NULL);
	return rc;
}

/* What it says of a failure, on one line, without the token. */
static char *
said(const struct forge *f, const struct answer *a)
{
	OWN(buf) struct buf raw = {.max = 4000}, safe = {.max = 300};
	static const char *const members[] = {
		"message", "error", "error_description", "errors", NULL};
	for (size_t i = 0; members[i]; i++) {
		const json_t *m = json_object_get(a->json, members[i]);
		buf_puts(&raw, raw.n && m ? "; " : "");
		if (json_is_string(m))
			buf_puts(&raw, json_string_value(m));
		else if (m)
			json_print(m, 0, &raw);
	}
	str_hide(raw.p, f->token);
	buf_put_visible(&safe, buf_str(&raw));
	return buf_take(&safe);
}

/* When a limit ends: "in 30 s", "at 2031-...", or what is known. */
static char *
when(const struct http_response *r)
{
	static const char *const resets[] = {"x-ratelimit-reset", "ratelimit-reset"};
	const char *after = http_header_value(r, "retry-after");
	uint64_t at = 0;
	if (after && str_parse_u64(str_of(after), 1000000, &at))
		return mem_printf("in %s s", after);
	for (size_t i = 0; i < 2; i++) {
		const char *reset = http_header_value(r, resets[i]);
		if (!reset || !str_parse_u64(str_of(reset), (uint64_t)1 << 40, &at))
			continue;
		OWN_FREE char *time = clock_rfc3339((int64_t)at * 1000000000);
		return mem_printf("after %s", time);
	}
	return mem_strdup("in a minute");
}

static bool
is_limited(const struct http_response *r)
{
	const char *left = http_header_value(r, "x-ratelimit-remaining");
	return r->status == 429 ||
	       (r->status == 403 &&
		       ((left && strcmp(left, "0") == 0) || http_header_value(r, "retry-after")));
}

/* What people can do about a status. */
static char *
advice(const struct forge *f, const struct http_response *r)
{
	if (is_limited(r)) {
		OWN_FREE char *until = when(r);
		return mem_printf(
			"too many requests were made with this token: try again %s", until);
	}
	if (r->status >= 300 && r->status < 400)
		return mem_strdup(
			"it is elsewhere now, and no redirect is followed with a token: give the new name by --remote, --repo or --api");
	switch (r->status) {
	case 401:
		return mem_printf(
			"the token is not accepted: it may have ended, or be one of another server than %s",
			f->at->host);
	case 403:
		return mem_printf("the token is not allowed to: it needs %s on %s", f->ops->needs,
			f->at->target);
	case 404:
		return mem_printf(
			"there is no %s at %s, or the token may not see it: look at --remote, --repo and --api",
			f->at->target, f->at->api);
	case 409:
	case 422:
		return mem_strdup("the request is not accepted");
	default:
		return mem_strdup(r->status >= 500 ? "the server failed: try again"
						   : "the answer is an unknown one");
	}
}

/* A status other than 2xx, or an answer that is no JSON, is an error that says what to do. */
static int
check(const struct forge *f, const struct answer *a, struct dd_err *err)
{
	if (a->head.status >= 200 && a->head.status < 300 && a->json)
		return 0;
	if (a->head.status >= 200 && a->head.status < 300)
		return err_set(err, DD_EIO,
			"%s: the answer is no JSON: is that the base URL of an API (--api)?",
			a->head.url);
	OWN_FREE char *what = advice(f, &a->head), *words = said(f, a);
	bool draft = a->head.status == 422 && strcasestr(words, "draft") != NULL;
	return err_set(err, DD_EIO, "%s: %s (%d%s%s)%s", a->head.url, what, a->head.status,
		*words ? ": " : "", words,
		draft ? "; --ready opens it as no draft, where there are none" : "");
}

static char *
url_of(const struct forge *f, const char *path)
{
	return mem_printf("%s%s", f->at->api, path);
}

int
forge_get(struct forge *f, const char *path, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *url = url_of(f, path);
	OWN(answer) struct answer a = {0};
	int rc = ask(f, HTTP_GET, url, NULL, &a, err);
	if (rc == 0)
		rc = check(f, &a, err);
	if (rc == 0)
		*ret = json_incref(a.json);
	return rc;
}

int
forge_look(struct forge *f, const char **ret_base, struct dd_err *err)
{
	free(f->base);
	f->base = NULL;
	int rc = f->ops->look(f, err);
	if (rc == 0)
		*ret_base = f->base;
	return rc;
}

/* ---- the request for a branch ---- */

/* The URL of rel="next" in a Link header (RFC 8288), heap; NULL. */
static char *
next_of(const struct http_response *r)
{
	struct str rest = str_of(http_header_value(r, "link")), one;
	while (str_next(&rest, ',', &one)) {
		OWN_FREE char *text = str_dup(str_trim(one));
		char *end = strchr(text, '>');
		if (text[0] == '<' && end && strstr(end, "rel=\"next\""))
			return mem_strndup(text + 1, (size_t)(end - text - 1));
	}
	return NULL;
}

/* An open one before one that is not, the newest before older ones. */
static void
prefer(struct forge_request *best, struct forge_request *one)
{
	bool better = best->state == FORGE_NONE ||
		      (one->state == FORGE_OPEN && best->state != FORGE_OPEN) ||
		      ((one->state == FORGE_OPEN) == (best->state == FORGE_OPEN) &&
			      one->number > best->number);
	struct forge_request *drop = better ? best : one;
	forge_request_cleanup(drop);
	if (better)
		*best = *one;
}

static int
read_page(struct forge *f, const char *url, const char *branch, struct forge_request *best,
	char **ret_next, struct dd_err *err)
{
	OWN(answer) struct answer a = {0};
	size_t i;
	json_t *one;
	int rc = ask(f, HTTP_GET, url, NULL, &a, err);
	if (rc == 0)
		rc = check(f, &a, err);
	if (rc == 0 && !json_is_array(a.json))
		rc = err_set(err, DD_EIO, "%s: the answer is no list", a.head.url);
	if (rc < 0)
		return rc;
	json_array_foreach (a.json, i, one) {
		struct forge_request r = {0};
		if (f->ops->take(f, one, branch, &r))
			prefer(best, &r);
	}
	*ret_next = next_of(&a.head);
	if (*ret_next && !http_same_origin(*ret_next, f->at->api)) {
		free(*ret_next);
		*ret_next = NULL;
		return err_set(err, DD_EIO,
			"%s: the next page is said to be on another server, which the token is not for",
			a.head.url);
	}
	return 0;
}

int
forge_find(struct forge *f, const char *branch, struct forge_request *ret, struct dd_err *err)
{
	OWN_FREE char *path = f->ops->list_path(f, branch);
	struct forge_request best = {0};
	char *url = url_of(f, path);
	int rc = 0;
	for (int page = 0; rc == 0 && url; page++) {
		OWN_FREE char *here = url;
		url = NULL;
		rc = page < PAGES_MAX
			     ? read_page(f, here, branch, &best, &url, err)
			     : err_set(err, DD_ELIMIT, "the list of requests does not end");
	}
	free(url);
	if (rc < 0)
		forge_request_cleanup(&best);
	else
		*ret = best;
	return rc;
}

int
forge_create(
	struct forge *f, const struct forge_draft *d, struct forge_request *ret, struct dd_err *err)
{
	OWN_FREE char *path = f->ops->create_path(f), *url = url_of(f, path);
	OWN_JSON json_t *body = f->ops->create_body(f, d);
	OWN(answer) struct answer a = {0};
	int rc = ask(f, HTTP_POST, url, body, &a, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *words = said(f, &a);
	if (f->ops->exists(a.head.status, words))
		return err_set(err, DD_EEXIST, "%s", words);
	rc = check(f, &a, err);
	if (rc == 0 && !f->ops->take(f, a.json, d->branch, ret))
		rc = err_set(err, DD_EIO, "%s: the answer is about another branch", a.head.url);
	return rc;
}

int
forge_update(struct forge *f, const struct forge_request *r, const char *text, struct dd_err *err)
{
	OWN_FREE char *path = f->ops->update_path(f, r), *url = url_of(f, path);
	OWN_JSON json_t *body = f->ops->update_body(text);
	OWN(answer) struct answer a = {0};
	int rc = ask(f, f->ops->update_method, url, body, &a, err);
	return rc < 0 ? rc : check(f, &a, err);
}
