/*
 * Theory of operation.  The files are the user's own and trusted; what they hold goes to the
 * process that talks to the registry and nowhere else: no message and no log has any of it.
 * Formats: docker's config.json, containers-auth.json(5), and the credential helper protocol of
 * docker (the host on standard input of `docker-credential-NAME get`, a JSON object on its output).
 */
#include "images/reference.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/spawn.h"

#include <string.h>

#define MAX_FILE ((size_t)1 << 20)
#define HELPER_TIMEOUT_MS 60000

void
credentials_cleanup(struct credentials *c)
{
	free(c->basic);
	free(c->identity);
	*c = (struct credentials){0};
}

static char *
base64(const char *s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	OWN(buf) struct buf out = {0};
	for (size_t n = strlen(s), i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)s[i] << 16;
		v |= i + 1 < n ? (uint32_t)(unsigned char)s[i + 1] << 8 : 0;
		v |= i + 2 < n ? (uint32_t)(unsigned char)s[i + 2] : 0;
		buf_putc(&out, digits[v >> 18]);
		buf_putc(&out, digits[v >> 12 & 63]);
		buf_putc(&out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		buf_putc(&out, i + 2 < n ? digits[v & 63] : '=');
	}
	return buf_take(&out);
}

/*
 * How much of "host/repository" a key of the file names; 0: it is another's.  Keys may be URLs:
 * "https://host/v1/".
 */
static size_t
match(const char *key, const struct reference *ref)
{
	OWN_FREE char *whole = mem_printf("%s/%s", ref->host, ref->repository);
	const char *scheme = strstr(key, "://");
	OWN_FREE char *plain = mem_strdup(scheme ? scheme + 3 : key);
	for (size_t n; (n = strlen(plain)) && plain[n - 1] == '/';)
		plain[n - 1] = '\0';
	if (str_ends(str_of(plain), "/v1") || str_ends(str_of(plain), "/v2"))
		plain[strlen(plain) - 3] = '\0';
	size_t n = strlen(plain);
	bool part = n && strncmp(whole, plain, n) == 0 && (whole[n] == '/' || !whole[n]);
	return part ? n : 0;
}

static const json_t *
best_entry(const json_t *map, const struct reference *ref)
{
	const json_t *best = NULL;
	size_t most = 0;
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)map, key, value) {
		size_t n = match(key, ref);
		if (n > most) {
			most = n;
			best = value;
		}
	}
	return best;
}

static char *
text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s && *s ? mem_strdup(s) : NULL;
}

static void
set_login(struct credentials *c, const char *user, const char *secret)
{
	OWN_FREE char *both = mem_printf("%s:%s", user, secret);
	if (strcmp(user, "<token>") == 0)
		c->identity = mem_strdup(secret);
	else
		c->basic = base64(both);
}

static void
take_entry(const json_t *entry, struct credentials *c)
{
	OWN_FREE char *user = text_of(entry, "username");
	OWN_FREE char *password = text_of(entry, "password");
	c->identity = text_of(entry, "identitytoken");
	c->basic = text_of(entry, "auth");
	if (!c->basic && !c->identity && user && password)
		set_login(c, user, password);
}

static bool
is_helper_name(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    *p))
			return false;
	return *s != '\0';
}

/* A helper that knows nothing of the host exits with 1: then there are no credentials. */
static int
ask_helper(const char *name, const struct reference *ref, struct credentials *c, struct dd_err *err)
{
	OWN_FREE char *program = mem_printf("docker-credential-%s", name);
	OWN(buf) struct buf out = {.max = MAX_FILE}, errors = {0};
	OWN_JSON json_t *j = NULL;
	OWN(dd_err) struct dd_err why = {0};
	if (!is_helper_name(name))
		return err_set(err, DD_EINVAL, "\"%.60s\" is no name of a credential helper", name);
	const char *argv[] = {program, "get", NULL};
	const struct spawn_spec spec = {.argv = argv, .timeout_ms = HELPER_TIMEOUT_MS};
	if (spawn_capture(&spec, str_of(ref->host), &out, &errors, &why) < 0)
		return strstr(buf_str(&out).n ? out.p : "", "credentials not found")
			       ? 0
			       : err_move(err, &why);
	int rc = json_parse(buf_str(&out), &j, err);
	if (rc < 0)
		return err_wrap(err, "%s", program);
	OWN_FREE char *user = text_of(j, "Username");
	OWN_FREE char *secret = text_of(j, "Secret");
	if (user && secret)
		set_login(c, user, secret);
	return 0;
}

/* 1: this file had an answer, 0: it had none. */
static int
look_in(const char *path, const struct reference *ref, struct credentials *c, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	OWN(dd_err) struct dd_err why = {0};
	int rc = json_parse_file(path, MAX_FILE, &j, &why);
	if (rc == -DD_ECORRUPT || rc == -DD_EINVAL) /* its message may quote the file */
		return err_set(err, DD_EINVAL, "%s is not JSON", path);
	if (rc < 0)
		return err_move(err, &why);
	const json_t *entry = best_entry(json_object_get(j, "auths"), ref);
	const char *helper = json_string_value(best_entry(json_object_get(j, "credHelpers"), ref));
	if (!helper)
		helper = json_string_value(json_object_get(j, "credsStore"));
	if (helper)
		rc = ask_helper(helper, ref, c, err);
	if (rc == 0 && entry && !c->basic && !c->identity)
		take_entry(entry, c);
	return rc < 0 ? rc : c->basic || c->identity;
}

int
credentials_find(
	const struct reference *ref, const char *file, struct credentials *ret, struct dd_err *err)
{
	static const struct {
		const char *variable, *name;
	} places[] = {{"DOCKER_CONFIG", "config.json"}, {"HOME", ".docker/config.json"},
		{"XDG_RUNTIME_DIR", "containers/auth.json"},
		{"HOME", ".config/containers/auth.json"}};
	struct credentials c = {0};
	int rc = file ? look_in(file, ref, &c, err) : 0;
	for (size_t i = 0; !file && rc == 0 && i < sizeof(places) / sizeof(*places); i++) {
		const char *dir = getenv(places[i].variable);
		OWN_FREE char *path = dir && *dir ? fs_join(dir, places[i].name) : NULL;
		if (path && fs_exists(path))
			rc = look_in(path, ref, &c, err);
	}
	if (rc < 0) {
		credentials_cleanup(&c);
		return err_wrap(err, "credentials");
	}
	*ret = c;
	return 0;
}
