#include "images/npmrc.h"

#include "base/fs.h"
#include "base/http.h"

#include <ctype.h>
#include <string.h>

#define MAX_NPMRC ((size_t)1 << 20)

extern char **environ;

void
npm_sources_cleanup(struct npm_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].scope);
	free(s->v);
	egress_upstreams_free(s->upstreams, s->nupstreams);
	*s = (struct npm_sources){0};
}

/* ---- reading settings ---- */

static void
put(struct map *values, const char *key, const char *value)
{
	values->destroy = free;
	map_put(values, key, mem_strdup(value));
}

static const char *
get(const struct map *values, const char *key)
{
	const char *v = map_get(values, key);
	return v && *v && strcmp(v, "null") != 0 && strcmp(v, "false") != 0 ? v : NULL;
}

/* ${NAME} is the variable's value; ${NAME?} nothing without it; any other stays as it is. */
static char *
expand(struct str text)
{
	OWN(buf) struct buf out = {0};
	for (size_t i = 0; i < text.n; i++) {
		const char *end = text.n - i > 3 && text.p[i] == '$' && text.p[i + 1] == '{'
					  ? memchr(text.p + i, '}', text.n - i)
					  : NULL;
		if (!end) {
			buf_putc(&out, text.p[i]);
			continue;
		}
		bool optional = end[-1] == '?';
		OWN_FREE char *name = mem_strndup(
			text.p + i + 2, (size_t)(end - text.p) - i - 2 - (optional ? 1 : 0));
		const char *value = getenv(name);
		if (value)
			buf_puts(&out, value);
		else if (!optional)
			buf_add(&out, text.p + i, (size_t)(end + 1 - text.p) - i);
		i = (size_t)(end - text.p);
	}
	return buf_take(&out);
}

static struct str
unquote(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

void
npmrc_parse(struct str text, struct map *values)
{
	struct str line;
	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		const char *equals = line.n ? memchr(line.p, '=', line.n) : NULL;
		if (!equals || line.p[0] == ';' || line.p[0] == '#')
			continue;
		struct str key = str_trim((struct str){line.p, (size_t)(equals - line.p)});
		struct str value =
			str_trim((struct str){equals + 1, line.n - (size_t)(equals + 1 - line.p)});
		OWN_FREE char *k = expand(unquote(key));
		OWN_FREE char *v = expand(unquote(value));
		put(values, k, v);
	}
}

/* npm_config_https_proxy is the setting "https-proxy"; what begins with "//" stays as it is. */
void
npmrc_parse_env(const char *const *env, struct map *values)
{
	static const char prefix[] = "npm_config_";
	for (; *env; env++) {
		const char *equals = strchr(*env, '=');
		if (!equals || !equals[1] || strncasecmp(*env, prefix, sizeof(prefix) - 1) != 0)
			continue;
		const char *name = *env + sizeof(prefix) - 1;
		OWN_FREE char *key = mem_strndup(name, (size_t)(equals - name));
		for (char *p = key; *p && strncmp(key, "//", 2) != 0; p++)
			*p = *p == '_' && p != key ? '-' : (char)tolower((unsigned char)*p);
		put(values, key, equals + 1);
	}
}

static int
read_file(const char *path, struct map *values, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read_if_any(path, MAX_NPMRC, &text, err);
	if (rc < 0)
		return err_wrap(err, "npm configuration");
	npmrc_parse(buf_str(&text), values);
	return 0;
}

/*
 * Where the machine's file is depends on where npm was installed; without npm nobody can tell, so
 * that all usual places are read.
 */
static int
read_global(const struct map *first, struct map *values, struct dd_err *err)
{
	static const char *const usual[] = {
		"/etc/npmrc", "/usr/local/etc/npmrc", "/usr/etc/npmrc", NULL};
	const char *named = get(first, "globalconfig"), *prefix = get(first, "prefix");
	int rc = 0;
	if (named)
		return read_file(named, values, err);
	for (size_t i = 0; rc == 0 && usual[i]; i++)
		rc = read_file(usual[i], values, err);
	if (rc == 0 && prefix) {
		OWN_FREE char *path = mem_printf("%s/etc/npmrc", prefix);
		rc = read_file(path, values, err);
	}
	return rc;
}

static int
read_machine(struct map *values, struct dd_err *err)
{
	OWN(map) struct map first = {0}; /* what says where the files are */
	const char *home = getenv("HOME");
	OWN_FREE char *own = mem_printf("%s/.npmrc", home ? home : "/nonexistent");
	npmrc_parse_env((const char *const *)environ, &first);
	const char *user = get(&first, "userconfig");
	OWN_FREE char *path = mem_strdup(user ? user : own);
	int rc = read_file(path, &first, err);
	npmrc_parse_env((const char *const *)environ, &first);
	if (rc == 0)
		rc = read_global(&first, values, err);
	if (rc == 0)
		rc = read_file(path, values, err);
	npmrc_parse_env((const char *const *)environ, values);
	return rc;
}

/* ---- logins ---- */

/* RFC 4648; what is no digit is skipped. */
static char *
decode_base64(const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	OWN(buf) struct buf out = {0};
	unsigned bits = 0, n = 0;
	for (; *text; text++) {
		const char *digit = strchr(digits, *text);
		if (!digit)
			continue;
		bits = bits << 6 | (unsigned)(digit - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_putc(&out, (char)(bits >> n & 255));
		}
	}
	return buf_take(&out);
}

static char *
login_at(const struct map *values, const char *place)
{
	OWN_FREE char *token_key = mem_printf("%s_authToken", place);
	OWN_FREE char *auth_key = mem_printf("%s_auth", place);
	OWN_FREE char *user_key = mem_printf("%susername", place);
	OWN_FREE char *password_key = mem_printf("%s_password", place);
	const char *token = get(values, token_key), *auth = get(values, auth_key);
	const char *user = get(values, user_key), *password = get(values, password_key);
	if (token)
		return mem_printf("Authorization: Bearer %s", token);
	if (auth)
		return mem_printf("Authorization: Basic %s", auth);
	if (!user || !password)
		return NULL;
	OWN_FREE char *plain = decode_base64(password);
	OWN_FREE char *login = mem_printf("%s:%s", user, plain);
	return http_basic_header(login);
}

/* Settings "//host/path/:_authToken" are for what is below that place: the longest counts. */
char *
npmrc_auth_header(const struct map *values, const char *url)
{
	const char *rest = strstr(url, "://");
	if (!rest)
		return NULL;
	OWN_FREE char *place = mem_printf("//%s/", rest + 3);
	for (size_t n = strlen(place); n > 2;) {
		OWN_FREE char *key = mem_printf("%.*s:", (int)n, place);
		char *header = login_at(values, key);
		if (header)
			return header;
		n--; /* the slash, or the component behind it */
		while (n > 2 && place[n - 1] != '/' && place[n] != '/')
			n--;
	}
	return NULL;
}

/* ---- upstreams ---- */

static bool
is_direct(const struct map *values, const char *host, size_t n)
{
	const char *list = get(values, "noproxy");
	list = list ? list : getenv("NO_PROXY");
	list = list ? list : getenv("no_proxy");
	struct str rest = str_of(list ? list : ""), name;
	while (str_next(&rest, ',', &name)) {
		name = str_trim(name);
		if (name.n && name.p[0] == '.')
			name = (struct str){name.p + 1, name.n - 1};
		bool ends = name.n && name.n <= n && memcmp(host + n - name.n, name.p, name.n) == 0;
		if (ends && (name.n == n || host[n - name.n - 1] == '.'))
			return true;
	}
	return false;
}

static char *
find_proxy(const struct map *values, const char *url)
{
	static const char *const https[] = {"HTTPS_PROXY", "https_proxy", NULL};
	static const char *const http[] = {"HTTP_PROXY", "http_proxy", NULL};
	bool tls = strncmp(url, "https:", 6) == 0;
	const char *host = strstr(url, "://") + 3, *proxy = NULL;
	if (is_direct(values, host, strcspn(host, ":/")))
		return NULL;
	if (tls)
		proxy = get(values, "https-proxy");
	for (size_t i = 0; !proxy && tls && https[i]; i++)
		proxy = getenv(https[i]);
	if (!proxy)
		proxy = get(values, "proxy");
	for (size_t i = 0; !proxy && !tls && http[i]; i++)
		proxy = getenv(http[i]);
	return proxy && *proxy ? mem_strdup(proxy) : NULL;
}

static int
add_upstream(struct npm_sources *s, const struct map *values, const char *url, size_t *ret,
	struct dd_err *err)
{
	char *base = mem_strdup(url);
	for (size_t n = strlen(base); n && base[n - 1] == '/'; n--)
		base[n - 1] = '\0';
	if (strncmp(base, "http://", 7) != 0 && strncmp(base, "https://", 8) != 0) {
		free(base);
		return err_set(
			err, DD_EUNSUPPORTED, "npm registry %s is neither http nor https", url);
	}
	for (size_t i = 0; i < s->nupstreams; i++)
		if (strcmp(s->upstreams[i].url, base) == 0) {
			free(base);
			*ret = i;
			return 0;
		}
	s->upstreams =
		mem_grow(s->upstreams, s->nupstreams, &s->upstreams_cap, sizeof(*s->upstreams));
	const char *ca_file = values ? get(values, "cafile") : NULL;
	s->upstreams[s->nupstreams] = (struct egress_upstream){
		.name = mem_printf("npm%zu", s->nupstreams),
		.url = base,
		.proxy = values ? find_proxy(values, base) : NULL,
		.auth_header = values ? npmrc_auth_header(values, base) : NULL,
		.ca_file = ca_file ? mem_strdup(ca_file) : NULL,
		.rewrite_urls = true,
	};
	*ret = s->nupstreams++;
	return 0;
}

static int
add_registry(struct npm_sources *s, const struct map *values, const char *scope, const char *url,
	struct dd_err *err)
{
	size_t upstream = 0;
	int rc = add_upstream(s, values, url, &upstream, err);
	if (rc < 0)
		return rc;
	s->v = mem_grow(s->v, s->n, &s->cap, sizeof(*s->v));
	s->v[s->n++] = (struct npm_registry){mem_strdup(scope), upstream};
	return 0;
}

int
npm_sources_make(const struct map *values, struct npm_sources *ret, struct dd_err *err)
{
	struct npm_sources s = {0};
	const char *main = get(values, "registry");
	int rc = main ? add_registry(&s, values, "", main, err) : 0;
	for (struct map_entry *e = map_first(values); rc == 0 && e; e = map_next(e)) {
		const char *key = map_key(e), *colon = strchr(key, ':');
		if (*key != '@' || !colon || strcmp(colon, ":registry") != 0)
			continue;
		OWN_FREE char *scope = mem_strndup(key, (size_t)(colon - key));
		rc = add_registry(&s, values, scope, map_value(e), err);
	}
	if (rc < 0) {
		npm_sources_cleanup(&s);
		return err_wrap(err, "npm configuration");
	}
	*ret = s;
	return 0;
}

int
npm_sources_read(struct npm_sources *ret, struct dd_err *err)
{
	OWN(map) struct map values = {0};
	int rc = read_machine(&values, err);
	return rc < 0 ? rc : npm_sources_make(&values, ret, err);
}

bool
npm_sources_has_default(const struct npm_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!*s->v[i].scope)
			return true;
	return false;
}

int
npm_sources_set_default(struct npm_sources *s, const char *url, struct dd_err *err)
{
	OWN(map) struct map values = {0};
	int rc = read_machine(&values, err);
	return rc < 0 ? rc : add_registry(s, &values, "", url, err);
}

const struct egress_upstream *
npm_sources_of(const struct npm_sources *s, const char *package)
{
	const struct egress_upstream *found = NULL;
	for (size_t i = 0; i < s->n; i++) {
		size_t n = strlen(s->v[i].scope);
		if (!n && !found)
			found = &s->upstreams[s->v[i].upstream];
		if (n && strncmp(package, s->v[i].scope, n) == 0 && package[n] == '/')
			return &s->upstreams[s->v[i].upstream];
	}
	return found;
}

void
npm_sources_inside(const struct npm_sources *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		OWN_FREE char *inside = egress_inside_url(s->upstreams[s->v[i].upstream].name);
		if (*s->v[i].scope)
			buf_printf(out, "%s:", s->v[i].scope);
		buf_printf(out, "registry=%s/\n", inside);
	}
	/* The broker makes addresses ours, and tries again by itself. */
	buf_puts(out, "replace-registry-host=never\nfetch-retries=0\naudit=false\nfund=false\n"
		      "update-notifier=false\n");
}
