/* Starting services beside the tests, and the names that lead to them. */
#include "envprobe/envprobe.h"

#include "base/fs.h"

#include <string.h>

#define READY_LIMIT_MS 60000

void
probe_serving_cleanup(struct probe_serving *s)
{
	free(s->services);
	free(s->argv);
	strlist_cleanup(&s->words);
	free(s->hosts);
	free(s->binds);
	*s = (struct probe_serving){0};
}

/* Names that lead to services here, and to who else is in this network, beside the pod's own. */
static int
write_hosts(const struct probe_serve_spec *spec, char **ret, struct dd_err *err)
{
	const struct service_list *l = spec->services;
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = fs_join(spec->run_dir, "hosts");
	buf_puts(&text, "127.0.0.1 localhost drydock\n::1 localhost ip6-localhost drydock\n");
	size_t own = text.n;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].hosts.n; k++)
			buf_printf(&text, "127.0.0.1 %s\n", l->v[i].hosts.v[k]);
	for (size_t i = 0; spec->names && i < spec->names->n; i++)
		buf_printf(&text, "127.0.0.1 %s\n", spec->names->v[i]);
	if (text.n == own)
		return 0;
	int rc = fs_write_atomic(path, buf_str(&text), 0644, err);
	if (rc == 0)
		*ret = TAKE(path);
	return rc;
}

/* A name of the pod's own: letters, digits and "-_." only, and no two the same. */
static char *
pod_name(const struct service *s, size_t i)
{
	char *name = mem_printf("%zu-%.80s", i + 1, s->name);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    *p))
			*p = '-';
	return name;
}

/*
 * As the tests' own user, in their tree.  What goes to the background by itself is none the less what the shell
 * here stands for.
 */
static void
add_service(struct probe_serving *to, const struct service *s, const char *start)
{
	static const char *const own_dirs[] = {WORK_DIR, POD_HOME, NULL};
	size_t i = to->nservices++;
	OWN_FREE char *name = pod_name(s, i);
	OWN_FREE char *script =
		mem_printf("%s\nrc=$?; [ $rc = 0 ] || exit $rc\nexec sleep infinity", start);
	strlist_add(&to->words, name);
	strlist_add(&to->words, script);
	const char *argv[] = {"/bin/sh", "-c", to->words.v[2 * i + 1], NULL};
	memcpy(to->argv[i], argv, sizeof(argv));
	to->services[i] = (struct service_spec){.name = to->words.v[2 * i],
		.argv = to->argv[i],
		.cwd = WORK_DIR,
		.user = "builder",
		.dirs = own_dirs,
		.port = (uint16_t)s->port,
		.socket = s->socket,
		.ready_limit_ms = READY_LIMIT_MS};
}

int
probe_serve(const struct probe_serve_spec *spec, struct probe_serving *ret, struct dd_err *err)
{
	const struct service_list *l = spec->services;
	OWN(probe_serving)
	struct probe_serving s = {.services = mem_zalloc(l->n + 1, sizeof(*s.services)),
		.argv = mem_zalloc(l->n + 1, sizeof(*s.argv))};
	for (size_t i = 0; i < l->n; i++) {
		const char *start = l->v[i].start;
		if (!start && answers_get(spec->answers, l->v[i].question, &start) != ANSWER_GIVEN)
			return err_set(err, DD_EINVAL, "%s has no answer", l->v[i].question);
		add_service(&s, &l->v[i], start);
	}
	int rc = write_hosts(spec, &s.hosts, err);
	if (rc < 0)
		return rc;
	s.binds = mem_zalloc(spec->nbinds + 1, sizeof(*s.binds));
	for (; s.nbinds < spec->nbinds; s.nbinds++)
		s.binds[s.nbinds] = spec->binds[s.nbinds];
	if (s.hosts)
		s.binds[s.nbinds++] = (struct pod_bind){s.hosts, "/etc/hosts", false};
	*ret = s;
	s = (struct probe_serving){0};
	return 0;
}
