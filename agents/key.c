#include "agents/key.h"

#include "base/spawn.h"

#include <string.h>

#define COMMAND_MS 30000
#define KEY_MAX 4096

const char *const key_state_names[] = {"not needed", "present", "absent", "by command", NULL};

enum key_state
key_state(const struct model_provider *p)
{
	const char *v = p->key_env ? getenv(p->key_env) : NULL;
	if (p->auth == AUTH_NONE)
		return KEY_NOT_NEEDED;
	if (v && *v)
		return KEY_PRESENT;
	return p->key_command.n ? KEY_FROM_COMMAND : KEY_ABSENT;
}

static int
run_command(const struct model_provider *p, char **ret, struct dd_err *err)
{
	struct buf out = {.max = KEY_MAX}, said = {.max = KEY_MAX};
	const struct spawn_spec spec = {.argv = (const char *const *)p->key_command.v,
		.new_session = true,
		.timeout_ms = COMMAND_MS};
	/* What it prints is not repeated, not even where it fails. */
	int rc = spawn_capture(&spec, STR(""), &out, &said, NULL);
	struct str key = str_trim(buf_str(&out));
	if (rc < 0)
		rc = err_set(err, DD_EIO, "the key command of provider %s failed", p->name);
	else if (!key.n || memchr(key.p, '\n', key.n) || out.truncated)
		rc = err_set(err, DD_EIO, "the key command of provider %s gave no key on one line",
			p->name);
	else
		*ret = str_dup(key);
	if (out.p)
		explicit_bzero(out.p, out.n);
	if (said.p)
		explicit_bzero(said.p, said.n);
	buf_cleanup(&out);
	buf_cleanup(&said);
	return rc;
}

int
key_read(const struct model_provider *p, char **ret, struct dd_err *err)
{
	switch (key_state(p)) {
	case KEY_NOT_NEEDED:
		*ret = NULL;
		return 0;
	case KEY_PRESENT:
		*ret = str_dup(str_trim(str_of(getenv(p->key_env))));
		return 0;
	case KEY_FROM_COMMAND:
		return run_command(p, ret, err);
	case KEY_ABSENT:
		break;
	}
	return err_set(err, DD_ENOENT, "provider %s has no key: set %s", p->name, p->key_env);
}

void
key_wipe(char *key)
{
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
}
