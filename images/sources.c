#include "images/sources.h"

#include "base/fs.h"
#include "base/http.h"
#include "base/spawn.h"
#include "images/source_entry.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_CONFIG ((size_t)1 << 20)
#define FORMAT "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)\t$(SOURCESENTRY)"
#define NO_COMPONENT "$(COMPONENT)" /* what apt makes of it for a flat repository */
#define MAX_OUTPUT ((size_t)4 << 20)

void
apt_sources_cleanup(struct apt_sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].uri);
		free(s->v[i].suite);
		free(s->v[i].component);
	}
	strlist_cleanup(&s->keyrings);
	strlist_cleanup(&s->keys);
	free(s->v);
	egress_upstreams_free(s->upstreams, s->nupstreams);
	free(s->arch);
	free(s->suite);
	*s = (struct apt_sources){0};
}

static int
ask(const char *const *argv, struct buf *out, struct dd_err *err)
{
	const struct spawn_spec spec = {.argv = argv};
	out->max = MAX_OUTPUT;
	return spawn_capture(&spec, (struct str){0}, out, NULL, err);
}

/* ---- parsing ---- */

static bool
has_source(const struct apt_sources *s, struct str uri, struct str suite, struct str component)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(uri, s->v[i].uri) && str_eq(suite, s->v[i].suite) &&
			str_eq(component, s->v[i].component))
			return true;
	return false;
}

int
apt_sources_parse(
	struct str text, struct apt_sources *s, struct strlist *entries, struct dd_err *err)
{
	struct str line;
	while (str_next_line(&text, &line)) {
		struct str f[4] = {{0}};
		for (size_t i = 0; i < 4; i++)
			if (!str_next(&line, '\t', &f[i]))
				f[i] = (struct str){"", 0};
		while (f[0].n && f[0].p[f[0].n - 1] == '/')
			f[0].n--;
		if (str_eq(f[2], NO_COMPONENT))
			f[2].n = 0;
		if (!f[0].n || !f[1].n || has_source(s, f[0], f[1], f[2]))
			continue;
		if (!str_starts(f[0], "http://") && !str_starts(f[0], "https://"))
			return err_set(err, DD_EUNSUPPORTED,
				"package source " STR_FMT " is neither http nor https",
				STR_ARG(f[0]));
		s->v = mem_grow(s->v, s->n, &s->cap, sizeof(*s->v));
		s->v[s->n++] = (struct apt_source){
			.uri = str_dup(f[0]), .suite = str_dup(f[1]), .component = str_dup(f[2])};
		strlist_add_str(entries, f[3]);
	}
	if (!s->n)
		return err_set(err, DD_ENOENT, "this machine has no enabled package source (apt)");
	s->suite = mem_strdup(s->v[0].suite);
	return 0;
}

/* Lines of the form: Acquire::http::Proxy "http://proxy:3128"; */
char *
apt_config_value(struct str dump, const char *key)
{
	struct str line;
	size_t n = strlen(key);
	char *found = NULL;
	while (str_next_line(&dump, &line)) {
		if (line.n < n + 4 || strncasecmp(line.p, key, n) != 0 || line.p[n] != ' ' ||
			line.p[n + 1] != '"')
			continue;
		const char *begin = line.p + n + 2, *end = memrchr(line.p, '"', line.n);
		if (end < begin)
			continue; /* cut off */
		free(found);	  /* the last one counts */
		found = mem_strndup(begin, (size_t)(end - begin));
	}
	if (found && !*found)
		free(TAKE(found));
	return found;
}

/*
 * Does "[protocol://]host[:port][/path]" cover the URI?  A path is a prefix; without a port any
 * will do; without a protocol only https.
 */
static bool
machine_covers(struct str machine, const char *uri)
{
	const char *scheme = memmem(machine.p, machine.n, "://", 3);
	const char *host = strstr(uri, "://");
	if (!host || (!scheme && strncmp(uri, "https://", 8) != 0))
		return false;
	/* The URI of a repository ends with a slash, whether it is written or not. */
	OWN_FREE char *full = mem_printf("%s/", scheme ? uri : host + 3);
	if (!machine.n || strncmp(full, machine.p, machine.n) != 0)
		return false;
	struct str behind = {scheme ? scheme + 3 : machine.p, 0};
	behind.n = (size_t)(machine.p + machine.n - behind.p);
	return memchr(behind.p, '/', behind.n) || strchr("/:", full[machine.n]);
}

char *
apt_auth_login(struct str text, const char *uri)
{
	struct str word, machine = {0}, login = {0}, password = {0};
	bool covers = false;
	while (str_next_word(&text, &word)) {
		if (str_eq(word, "machine")) {
			if (covers && login.n)
				break;
			covers = str_next_word(&text, &machine) && machine_covers(machine, uri);
		} else if (covers && str_eq(word, "login")) {
			(void)str_next_word(&text, &login);
		} else if (covers && str_eq(word, "password")) {
			(void)str_next_word(&text, &password);
		}
	}
	if (!covers || !login.n)
		return NULL;
	return mem_printf(STR_FMT ":" STR_FMT, STR_ARG(login), STR_ARG(password));
}

/* ---- reading the machine ---- */

static int
read_logins(struct buf *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_read_if_any("/etc/apt/auth.conf", MAX_CONFIG, ret, err);
	buf_putc(ret, '\n');
	(void)!fs_list("/etc/apt/auth.conf.d", &names, NULL);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join("/etc/apt/auth.conf.d", names.v[i]);
		rc = fs_read_if_any(path, MAX_CONFIG, ret, err);
		buf_putc(ret, '\n');
	}
	return rc;
}

static char *
find_proxy(struct str dump, const char *uri)
{
	const char *scheme = strncmp(uri, "https:", 6) == 0 ? "https" : "http";
	const char *host = strstr(uri, "://") + 3;
	OWN_FREE char *one =
		mem_printf("Acquire::%s::Proxy::%.*s", scheme, (int)strcspn(host, ":/"), host);
	OWN_FREE char *all = mem_printf("Acquire::%s::Proxy", scheme);
	char *proxy = apt_config_value(dump, one);
	if (!proxy)
		proxy = apt_config_value(dump, all);
	if (!proxy)
		proxy = apt_config_value(dump, "Acquire::http::Proxy");
	if (!proxy) {
		OWN_FREE char *variable = mem_printf("%s_proxy", scheme);
		const char *value = getenv(variable);
		proxy = value && *value ? mem_strdup(value) : NULL;
	}
	if (proxy && strcmp(proxy, "DIRECT") == 0)
		free(TAKE(proxy));
	return proxy;
}

static int
make_upstreams(struct apt_sources *s, struct str dump, struct dd_err *err)
{
	OWN(buf) struct buf logins = {0};
	int rc = read_logins(&logins, err);
	if (rc < 0)
		return rc;
	s->upstreams = mem_zalloc(s->n, sizeof(*s->upstreams));
	for (size_t i = 0; i < s->n; i++) {
		bool known = false;
		for (size_t k = 0; k < s->nupstreams; k++)
			known = known || strcmp(s->upstreams[k].url, s->v[i].uri) == 0;
		if (known)
			continue;
		struct egress_upstream *u = &s->upstreams[s->nupstreams];
		u->name = mem_printf("apt%zu", s->nupstreams++);
		u->url = mem_strdup(s->v[i].uri);
		u->proxy = find_proxy(dump, s->v[i].uri);
		u->ca_file = apt_config_value(dump, "Acquire::https::CaInfo");
		OWN_FREE char *login = apt_auth_login(buf_str(&logins), s->v[i].uri);
		u->auth_header = login ? http_basic_header(login) : NULL;
	}
	return 0;
}

static bool
is_off(struct str dump, const char *key)
{
	OWN_FREE char *v = apt_config_value(dump, key);
	return v && (strcmp(v, "false") == 0 || strcmp(v, "no") == 0 || strcmp(v, "0") == 0);
}

/* What the sources files say of a source and apt does not. */
static int
read_entry(struct apt_sources *s, struct apt_source *source, const char *where, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	const char *colon = strrchr(where, ':');
	uint64_t number = 0;
	if (!colon || !str_parse_u64(str_of(colon + 1), UINT32_MAX, &number))
		return 0;
	OWN_FREE char *path = mem_strndup(where, (size_t)(colon - where));
	int rc = fs_read(path, MAX_CONFIG, &text, err);
	if (rc < 0)
		return rc;
	struct str entry = source_entry_find(buf_str(&text), path, number);
	OWN_FREE char *trusted = source_entry_option(entry, "trusted");
	source->trusted = trusted && strcasecmp(trusted, "yes") == 0;
	source_entry_keys(entry, &s->keyrings, &s->keys);
	return 0;
}

int
apt_sources_read(struct apt_sources *ret, struct dd_err *err)
{
	/* What is configured, whatever was fetched: with lists in sight apt reads all of them
	 * first. */
	static const char *const targets[] = {"apt-get", "indextargets", "--no-release-info", "-o",
		"Dir::State::lists=/", "--format", FORMAT, "Created-By: Packages", NULL};
	static const char *const config[] = {"apt-config", "dump", NULL};
	static const char *const arch[] = {"dpkg", "--print-architecture", NULL};
	OWN(buf) struct buf list = {0}, dump = {0}, native = {0};
	OWN(strlist) struct strlist entries = {0};
	struct apt_sources s = {0};
	int rc = ask(targets, &list, err);
	if (rc == 0)
		rc = ask(config, &dump, err);
	if (rc == 0)
		rc = ask(arch, &native, err);
	if (rc == 0)
		rc = apt_sources_parse(buf_str(&list), &s, &entries, err);
	if (rc < 0) {
		apt_sources_cleanup(&s);
		return err_wrap(err, "package sources");
	}
	s.arch = str_dup(str_trim(buf_str(&native)));
	s.check_valid_until = !is_off(buf_str(&dump), "Acquire::Check-Valid-Until");
	s.check_date = !is_off(buf_str(&dump), "Acquire::Check-Date");
	rc = make_upstreams(&s, buf_str(&dump), err);
	for (size_t i = 0; rc == 0 && i < s.n; i++)
		rc = read_entry(&s, &s.v[i], entries.v[i], err);
	if (rc < 0) {
		apt_sources_cleanup(&s);
		return err_wrap(err, "package sources");
	}
	*ret = s;
	return 0;
}

/* ---- the inside ---- */

/* Settings of the inside; Contents as an index target the way apt-file declares it. */
static const char settings[] =
	"APT::Sandbox::User \"root\";\n"
	"APT::Install-Recommends \"false\";\n"
	"Acquire::Languages \"none\";\n"
	"Acquire::http::Timeout \"600\";\n"
	"Acquire::Retries \"2\";\n"
	"Dir::Cache::pkgcache \"\";\n"
	"Dir::Cache::srcpkgcache \"/var/lib/apt/lists/srcpkgcache.bin\";\n" /* made by update */
	"Acquire::IndexTargets {\n"
	"  deb::Contents-deb {\n"
	"    MetaKey \"$(COMPONENT)/Contents-$(ARCHITECTURE)\";\n"
	"    ShortDescription \"Contents-$(ARCHITECTURE)\";\n"
	"    Description \"$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents (deb)\";\n"
	"    flatMetaKey \"Contents-$(ARCHITECTURE)\";\n"
	"    flatDescription \"$(RELEASE) Contents (deb)\";\n"
	"    PDiffs \"false\";\n"
	"    KeepCompressed \"true\";\n"
	"    DefaultEnabled \"true\";\n"
	"    Identifier \"Contents-deb\";\n"
	"  };\n"
	"};\n";

static int
copy_file(const char *from, const char *to, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = fs_read(from, (size_t)16 << 20, &text, err);
	return rc < 0 ? rc : fs_write_atomic(to, buf_str(&text), 0644, err);
}

/* apt's trusted set and the keyrings that sources name. */
static int
copy_keys(const struct apt_sources *s, const char *dir, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *to_dir = fs_join(dir, "trusted.gpg.d");
	OWN_FREE char *to_one = fs_join(dir, "trusted.gpg");
	int rc = fs_mkdirs(to_dir, 0755, err);
	if (rc == 0 && fs_exists("/etc/apt/trusted.gpg"))
		rc = copy_file("/etc/apt/trusted.gpg", to_one, err);
	(void)!fs_list("/etc/apt/trusted.gpg.d", &names, NULL);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *from = fs_join("/etc/apt/trusted.gpg.d", names.v[i]);
		OWN_FREE char *to = fs_join(to_dir, names.v[i]);
		rc = copy_file(from, to, err);
	}
	for (size_t i = 0; rc == 0 && i < s->keyrings.n; i++) {
		bool armoured = str_ends(str_of(s->keyrings.v[i]), ".asc");
		OWN_FREE char *to =
			mem_printf("%s/source-%zu.%s", to_dir, i, armoured ? "asc" : "gpg");
		rc = copy_file(s->keyrings.v[i], to, err);
	}
	for (size_t i = 0; rc == 0 && i < s->keys.n; i++) {
		OWN_FREE char *to = mem_printf("%s/inline-%zu.asc", to_dir, i);
		rc = fs_write_atomic(to, str_of(s->keys.v[i]), 0644, err);
	}
	return rc;
}

static const char *
upstream_of(const struct apt_sources *s, const char *uri)
{
	for (size_t i = 0; i < s->nupstreams; i++)
		if (strcmp(s->upstreams[i].url, uri) == 0)
			return s->upstreams[i].name;
	return "";
}

int
apt_sources_write_inside(const struct apt_sources *s, const char *dir, struct dd_err *err)
{
	OWN_FREE char *list_path = fs_join(dir, "sources.list");
	OWN_FREE char *conf_path = fs_join(dir, "apt.conf");
	OWN_FREE char *preferences = fs_join(dir, "preferences.d");
	OWN_FREE char *conf_d = fs_join(dir, "apt.conf.d");
	OWN_FREE char *parts = fs_join(dir, "sources.list.d");
	OWN(buf) struct buf list = {0}, conf = {0};
	const char *const dirs[] = {dir, preferences, conf_d, parts, NULL};
	int rc = 0;
	for (size_t i = 0; rc == 0 && dirs[i]; i++)
		rc = fs_mkdirs(dirs[i], 0755, err);
	for (size_t i = 0; i < s->n; i++) {
		OWN_FREE char *origin = egress_inside_url(upstream_of(s, s->v[i].uri));
		buf_printf(&list, "deb %s%s %s %s\n", s->v[i].trusted ? "[trusted=yes] " : "",
			origin, s->v[i].suite, s->v[i].component);
	}
	buf_puts(&conf, settings);
	if (!s->check_valid_until)
		buf_puts(&conf, "Acquire::Check-Valid-Until \"false\";\n");
	if (!s->check_date)
		buf_puts(&conf, "Acquire::Check-Date \"false\";\n");
	if (rc == 0)
		rc = copy_keys(s, dir, err);
	if (rc == 0)
		rc = fs_write_atomic(list_path, buf_str(&list), 0644, err);
	if (rc == 0)
		rc = fs_write_atomic(conf_path, buf_str(&conf), 0644, err);
	/* Read inside by another id of the sandbox. */
	if (rc == 0 && chmod(dir, 0755) < 0)
		rc = err_errno(err, errno, "cannot open %s to the sandbox", dir);
	return rc < 0 ? err_wrap(err, "package sources") : 0;
}
