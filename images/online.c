#include "images/apt.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/spawn.h"
#include "images/aptpod.h"
#include "images/npm.h"
#include "images/sources.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_NAME "egress.jsonl"
#define CONFIG_INSIDE "/run/drydock/apt"

/* Copies: packages put files of their own into the one, and the distribution's npm reads the other. */
static const char configure_script[] = "rm -rf /etc/apt; cp -r " CONFIG_INSIDE " /etc/apt\n"
				       "cp " CONFIG_INSIDE "/npmrc /etc/npmrc\n" APTPOD_NO_SERVICES;

struct apt_online {
	const struct state *st;
	struct apt_sources sources;
	struct npm_sources npm;
	char *dir, *config;
	int lock; /* held while we live: the directory is swept afterwards */
	struct egress *egress;
};

/* Where nothing names a registry, and no npm has run inside yet: the machine's own npm, if it has
 * one. */
static void
ask_machine(struct npm_sources *s)
{
	static const char *const argv[] = {"npm", "config", "get", "registry", NULL};
	const struct spawn_spec spec = {.argv = argv, .cwd = "/", .timeout_ms = 20000};
	OWN(buf) struct buf out = {.max = 4096};
	if (spawn_capture(&spec, (struct str){0}, &out, NULL, NULL) < 0)
		return;
	OWN_FREE char *url = str_dup(str_trim(buf_str(&out)));
	(void)!npm_sources_set_default(s, url, NULL);
}

static int
prepare_npm(struct apt_online *o, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = npm_sources_of_machine(o->st, &o->npm, err);
	if (rc < 0)
		return rc;
	if (!npm_sources_has_default(&o->npm))
		ask_machine(&o->npm);
	npm_sources_inside(&o->npm, &text);
	OWN_FREE char *path = fs_join(o->config, "npmrc");
	rc = fs_write_atomic(path, buf_str(&text), 0644, err);
	/* Read inside by another id of the sandbox. */
	if (rc == 0 && chmod(path, 0644) < 0)
		rc = err_errno(err, errno, "cannot open %s to the sandbox", path);
	return rc;
}

static void
add_urls(const struct egress_upstream *v, size_t n, struct map *ret)
{
	for (size_t i = 0; i < n; i++) {
		const char *scheme = strstr(v[i].url, "://");
		const char *host = scheme ? scheme + 3 : v[i].url;
		size_t end = strcspn(host, "/");
		const char *at = memrchr(host, '@', end);
		char *url = at ? mem_printf("%.*s%s", (int)(host - v[i].url), v[i].url, at + 1)
			       : mem_strdup(v[i].url);
		url[strcspn(url, "?#")] = '\0';
		map_put(ret, v[i].name, url);
	}
}

void
apt_upstream_urls(const struct state *st, struct map *ret)
{
	struct apt_sources apt = {0};
	struct npm_sources npm = {0};
	OWN(dd_err) struct dd_err why = {0};
	int rc = apt_sources_read(&apt, &why);
	if (rc == 0)
		rc = npm_sources_of_machine(st, &npm, &why);
	add_urls(apt.upstreams, apt.nupstreams, ret);
	add_urls(npm.upstreams, npm.nupstreams, ret);
	if (rc < 0)
		log_warn("the report names upstreams by number: %s", err_msg(&why));
	apt_sources_cleanup(&apt);
	npm_sources_cleanup(&npm);
}

int
apt_online_prepare(const struct state *st, struct apt_online **ret, struct pod_bind *ret_bind,
	struct dd_err *err)
{
	struct apt_online *o = mem_new(struct apt_online);
	*o = (struct apt_online){.st = st, .lock = -1};
	OWN_FREE char *name = mem_printf("online-%d", (int)getpid());
	int rc = apt_sources_read(&o->sources, err);
	if (rc == 0)
		rc = scratch_create(st, name, 0755, &o->dir, &o->lock, err);
	if (rc == 0) {
		o->config = fs_join(o->dir, "apt");
		rc = apt_sources_write_inside(&o->sources, o->config, err);
	}
	if (rc == 0)
		rc = prepare_npm(o, err);
	if (rc < 0) {
		apt_online_release(o);
		return rc;
	}
	*ret_bind = (struct pod_bind){o->config, CONFIG_INSIDE, false};
	*ret = o;
	return 0;
}

int
apt_online_connect(
	struct apt_online *o, struct pod *pod, const struct strlist *allow, struct dd_err *err)
{
	size_t n = 0, all = o->sources.nupstreams + o->npm.nupstreams;
	OWN_FREE struct egress_upstream *upstreams = mem_zalloc(all + 1, sizeof(*upstreams));
	for (size_t i = 0; i < o->sources.nupstreams; i++)
		upstreams[n++] = o->sources.upstreams[i];
	for (size_t i = 0; i < o->npm.nupstreams; i++)
		upstreams[n++] = o->npm.upstreams[i];
	OWN_FREE char *log = fs_join(o->dir, LOG_NAME);
	const struct egress_spec spec = {.state = o->st,
		.upstreams = upstreams,
		.n = n,
		.allow = allow && allow->n ? allow : NULL,
		.log_path = log};
	int rc = egress_open(pod, &spec, &o->egress, err);
	return rc < 0 ? rc : aptpod_run(pod, "package sources", configure_script, NULL, NULL, err);
}

/* Nothing else tells the user that something inside wanted to go elsewhere. */
static void
tell_refused(const struct apt_online *o)
{
	OWN_FREE char *path = fs_join(o->dir, LOG_NAME);
	OWN(egress_log) struct egress_log log = {0};
	if (egress_log_read(path, &log, NULL) < 0)
		return;
	for (size_t i = 0; i < log.n; i++)
		if (log.v[i].refused)
			log_warn("refused: %s by %s (%s)", log.v[i].path,
				log.v[i].program ? log.v[i].program : "a program",
				log.v[i].why ? log.v[i].why : "not allowed");
}

void
apt_online_release(struct apt_online *o)
{
	if (o->egress) { /* keeps what came in the store */
		(void)!egress_close(o->egress, NULL);
		tell_refused(o);
	}
	if (o->dir)
		(void)!scratch_discard(o->dir, NULL);
	if (o->lock >= 0)
		(void)close(o->lock);
	apt_sources_cleanup(&o->sources);
	npm_sources_cleanup(&o->npm);
	free(o->config);
	free(o->dir);
	free(o);
}
