#include "runner/push.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "base/http.h"
#include "base/spawn.h"
#include "runner/fix.h"

#include <string.h>

#define REFS_BYTES ((uint64_t)64 << 20)
#define REPORT_BYTES ((uint64_t)1 << 20)

void
push_to_cleanup(struct push_to *t)
{
	free(t->url);
	free(t->host);
	free(t->path);
	free(t->login);
	free(t->port);
	*t = (struct push_to){0};
}

bool
push_is_private(const char *url)
{
	OWN_FREE char *scheme = http_url_scheme(url), *host = http_url_host(url);
	static const char *const here[] = {"127.0.0.1", "localhost", "[::1]", NULL};
	if (scheme && strcasecmp(scheme, "https") == 0)
		return true;
	for (size_t i = 0; host && here[i]; i++)
		if (strcasecmp(host, here[i]) == 0)
			return true;
	return false;
}

/* ---- where ---- */

static int
fail_unknown(const char *remote, struct dd_err *err)
{
	OWN(buf) struct buf safe = {.max = 300};
	OWN_FREE char *clean = strstr(remote, "://") ? http_redact_url(remote) : NULL;
	buf_put_visible(&safe, str_of(clean ? clean : remote));
	return err_set(err, DD_EINVAL,
		"the remote %s is neither https://, ssh://, user@host:path nor a directory",
		safe.n ? safe.p : "\"\"");
}

/* Nothing of it can pass for an option, or for anything but a name, to ssh. */
static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("'\"\\`$!;&|<>(){}*?", s.p[i]))
			return false;
	return s.n && s.p[0] != '-';
}

static int
parse_ssh(struct str login, struct str port, struct str path, const char *remote,
	struct push_to *ret, struct dd_err *err)
{
	struct str host = str_behind(login, "@");
	uint64_t number = 0;
	if (!is_plain(login) || !is_plain(host) || !is_plain(path) ||
		(port.n && !str_parse_u64(port, 65535, &number)))
		return fail_unknown(remote, err);
	*ret = (struct push_to){.how = PUSH_SSH,
		.url = mem_strdup(remote),
		.host = str_dup(host),
		.path = str_dup(path),
		.login = str_dup(login),
		.port = port.n ? str_dup(port) : NULL};
	return 0;
}

/* [user@]host[:port]/path */
static int
parse_ssh_url(const char *remote, struct push_to *ret, struct dd_err *err)
{
	const char *at = remote + strlen("ssh://"), *slash = strchr(at, '/');
	if (!slash)
		return fail_unknown(remote, err);
	struct str login = {at, (size_t)(slash - at)}, port = {"", 0};
	const char *colon = memchr(login.p, ':', login.n);
	if (colon) {
		port = (struct str){colon + 1, (size_t)(slash - colon - 1)};
		login.n = (size_t)(colon - at);
	}
	return parse_ssh(login, port, str_of(slash), remote, ret, err);
}

static int
parse_http(const char *remote, struct push_to *ret, struct dd_err *err)
{
	OWN_FREE char *host = http_url_host(remote), *path = http_url_path(remote);
	if (!host || !path)
		return fail_unknown(remote, err);
	*ret = (struct push_to){.how = PUSH_HTTP,
		.url = http_redact_url(remote),
		.host = TAKE(host),
		.path = TAKE(path)};
	return 0;
}

int
push_parse(const char *remote, const char *dir, struct push_to *ret, struct dd_err *err)
{
	struct str s = str_of(remote);
	const char *colon = strchr(remote, ':'), *slash = strchr(remote, '/');
	if (str_starts(s, "https://") || str_starts(s, "http://"))
		return parse_http(remote, ret, err);
	if (str_starts(s, "ssh://"))
		return parse_ssh_url(remote, ret, err);
	const char *path = str_starts(s, "file://") ? remote + strlen("file://") : remote;
	if (path == remote && colon && (!slash || colon < slash))
		return colon[1] == '/' && colon[2] == '/'
			       ? fail_unknown(remote, err)
			       : parse_ssh((struct str){remote, (size_t)(colon - remote)}, STR(""),
					 str_of(colon + 1), remote, ret, err);
	OWN_FREE char *whole = path[0] == '/' ? mem_strdup(path) : fs_join(dir, path);
	if (!*path || !fs_is_dir(whole))
		return fail_unknown(remote, err);
	*ret = (struct push_to){.how = PUSH_PATH, .url = mem_strdup(whole), .path = TAKE(whole)};
	return 0;
}

/* ---- over HTTP (gitprotocol-http(5)) ---- */

static int
keep(void *ctx, struct str piece, struct dd_err *err)
{
	(void)err;
	buf_add_str(ctx, piece);
	return 0;
}

static int
refused(const struct push_spec *s, int status, struct dd_err *err)
{
	const char *why =
		status >= 300 && status < 400
			? "it sends us elsewhere, and no redirect is followed: name the place it moved to with --remote"
		: status == 401 ? "the token is not accepted, or there is none"
		: status == 403
			? "the token may not write there: it needs write access to the repository's contents"
		: status == 404 ? "there is no such repository, or the token may not see it"
				: "the server failed";
	return err_set(err, DD_EIO, "cannot push to %s: %s (%d)", s->to->url, why, status);
}

static int
ask(const struct push_spec *s, const struct http_request *q, const char *type, struct buf *out,
	struct dd_err *err)
{
	const struct http_opts opts = {.total_timeout_ms = s->time_ms};
	OWN_FREE char *secret = s->login ? http_basic_header(s->login) : NULL;
	struct http_request request = *q;
	struct http_response r = {0};
	struct http *h = NULL;
	request.secret_header = secret;
	request.on_body = keep;
	request.ctx = out;
	int rc = http_create(&opts, &h, err);
	if (rc == 0)
		rc = http_perform(h, &request, &r, err);
	const char *is = rc == 0 ? http_header_value(&r, "Content-Type") : NULL;
	if (rc == 0 && r.status != 200)
		rc = refused(s, r.status, err);
	else if (rc == 0 && (!is || strcasecmp(is, type) != 0))
		rc = err_set(err, DD_EIO, "%s is no git repository, says the server", s->to->url);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	http_response_cleanup(&r);
	http_destroy(h);
	return rc;
}

static int
look_http(const struct push_spec *s, struct git_push_refs *ret, struct dd_err *err)
{
	OWN_FREE char *url = mem_printf("%s/info/refs?service=git-receive-pack", s->to->url);
	OWN(buf) struct buf text = {0};
	const struct http_request q = {
		.method = HTTP_GET, .url = url, .max_bytes = REFS_BYTES, .tries = 3};
	int rc = ask(s, &q, "application/x-git-receive-pack-advertisement", &text, err);
	struct str rest = buf_str(&text);
	return rc < 0 ? rc : git_push_take_refs(&rest, ret, err);
}

static int
push_http(const struct push_spec *s, struct str message, const char *ref, struct dd_err *err)
{
	static const char *const headers[] = {
		"Content-Type: application/x-git-receive-pack-request",
		"Accept: application/x-git-receive-pack-result", NULL};
	OWN_FREE char *url = mem_printf("%s/git-receive-pack", s->to->url);
	OWN(buf) struct buf text = {0};
	const struct http_request q = {.method = HTTP_POST,
		.url = url,
		.headers = headers,
		.body = message,
		.max_bytes = REPORT_BYTES};
	int rc = ask(s, &q, "application/x-git-receive-pack-result", &text, err);
	struct str rest = buf_str(&text);
	return rc < 0 ? rc : git_push_take_report(&rest, ref, err);
}

/* ---- over ssh ---- */

/*
 * Each of the two is a connection of its own: the first hangs up when it has heard the references, the second says its
 * command before it hears them; the server compares before it moves anything.
 */
static int
call_ssh(const struct push_spec *s, struct str input, struct buf *out, struct dd_err *err)
{
	OWN_FREE char *command = mem_printf("git-receive-pack '%s'", s->to->path);
	const char *argv[12] = {"ssh", "-o", "BatchMode=yes", "-T"};
	size_t n = 4;
	OWN(dd_err) struct dd_err why = {0};
	if (s->to->port) {
		argv[n++] = "-p";
		argv[n++] = s->to->port;
	}
	argv[n++] = "--";
	argv[n++] = s->to->login;
	argv[n++] = command;
	const struct spawn_spec spec = {
		.argv = argv, .new_session = true, .timeout_ms = (unsigned)s->time_ms};
	out->max = REFS_BYTES;
	if (spawn_capture(&spec, input, out, NULL, &why) == 0)
		return 0;
	return err_set(err, DD_EIO, "cannot push to %s: %s", s->to->url, err_msg(&why));
}

static int
look_ssh(const struct push_spec *s, struct git_push_refs *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = call_ssh(s, STR("0000"), &text, err);
	struct str rest = buf_str(&text);
	return rc < 0 ? rc : git_push_take_refs(&rest, ret, err);
}

static int
push_ssh(const struct push_spec *s, struct str message, const char *ref, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	struct git_push_refs again = {0};
	int rc = call_ssh(s, message, &text, err);
	struct str rest = buf_str(&text);
	if (rc == 0)
		rc = git_push_take_refs(&rest, &again, err);
	git_push_refs_cleanup(&again);
	return rc < 0 ? rc : git_push_take_report(&rest, ref, err);
}

/* ---- whichever ---- */

int
push_look(const struct push_spec *s, struct git_push_refs *ret, struct dd_err *err)
{
	if (s->to->how == PUSH_HTTP)
		return look_http(s, ret, err);
	if (s->to->how == PUSH_SSH)
		return look_ssh(s, ret, err);
	return gitrepo_list_refs(s->to->path, ret, err);
}

static int
push_path(const struct push_spec *s, const struct gitrepo_pack_spec *what, struct dd_err *err)
{
	struct gitrepo_object_list objects = {0};
	int rc = fix_pack(s->state, s->dir, what, NULL, &objects, err);
	if (rc == 0)
		rc = gitrepo_put_branch(
			s->to->path, &objects, s->commit, s->branch, what->from, s->scratch, err);
	gitrepo_object_list_cleanup(&objects);
	return rc;
}

static int
send(const struct push_spec *s, const struct gitrepo_pack_spec *what, const char *ref,
	struct dd_err *err)
{
	OWN(buf) struct buf message = {.max = (size_t)2 << 30};
	git_push_put_command(ref, what->from, s->commit, &message);
	int rc = fix_pack(s->state, s->dir, what, &message, NULL, err);
	if (rc < 0)
		return rc;
	return s->to->how == PUSH_HTTP ? push_http(s, buf_str(&message), ref, err)
				       : push_ssh(s, buf_str(&message), ref, err);
}

int
push_branch(const struct push_spec *s, const struct git_push_refs *there, bool *ret_done,
	struct dd_err *err)
{
	OWN_FREE char *ref = mem_printf("refs/heads/%s", s->branch);
	OWN(strlist) struct strlist has = {0};
	const char *at = git_push_find(there, ref);
	if (at && strcmp(at, s->commit) == 0) {
		*ret_done = false;
		return 0;
	}
	if (at && !strlist_has(s->earlier, at))
		return err_set(err, DD_EBUSY,
			"the branch %s of %s is at %s, where the run did not put it: somebody worked on it, and it is left alone",
			s->branch, s->to->url, at);
	if (!there->reports)
		return err_set(err, DD_EUNSUPPORTED,
			"%s does not say what becomes of a push: it is not pushed to", s->to->url);
	for (size_t i = 0; i < there->n; i++)
		strlist_add(&has, there->v[i].commit);
	const struct gitrepo_pack_spec what = {.commit = s->commit, .from = at, .has = &has};
	int rc = s->to->how == PUSH_PATH ? push_path(s, &what, err) : send(s, &what, ref, err);
	if (rc == 0)
		*ret_done = true;
	return rc;
}
