#include "runner/notify.h"

#include "base/http.h"
#include "base/log.h"
#include "base/spawn.h"

#define PATIENCE_MS 30000

static int
post(const char *url, struct str body, struct dd_err *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	const struct http_opts opts = {
		.connect_timeout_ms = PATIENCE_MS, .total_timeout_ms = PATIENCE_MS};
	const struct http_request q = {
		.method = HTTP_POST, .url = url, .headers = headers, .body = body, .tries = 2};
	struct http_response r = {0};
	struct http *h = NULL;
	int rc = http_create(&opts, &h, err);
	if (rc == 0)
		rc = http_perform(h, &q, &r, err);
	if (rc == 0 && (r.status < 200 || r.status > 299))
		rc = err_set(err, DD_EIO, "it answered with status %d", r.status);
	http_response_cleanup(&r);
	http_destroy(h);
	return rc;
}

static int
run_command(const char *command, struct str body, struct dd_err *err)
{
	OWN(strlist) struct strlist words = {0};
	OWN(buf) struct buf out = {.max = 4096};
	struct str rest = str_of(command), word;
	while (str_next(&rest, ' ', &word))
		if (word.n)
			strlist_add_str(&words, word);
	if (!words.n)
		return err_set(err, DD_EINVAL, "it names no command");
	const struct spawn_spec spec = {.argv = (const char *const *)words.v,
		.new_session = true,
		.timeout_ms = PATIENCE_MS};
	return spawn_capture(&spec, body, &out, NULL, err);
}

void
notify_send(const char *to, const json_t *message)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf body = {0};
	struct str s = str_of(to);
	json_print(message, 0, &body);
	buf_putc(&body, '\n');
	bool url = str_starts(s, "http://") || str_starts(s, "https://");
	int rc = url ? post(to, buf_str(&body), &err) : run_command(to, buf_str(&body), &err);
	if (rc < 0)
		log_warn("nobody was told by --notify: %s", err_msg(&err));
}
