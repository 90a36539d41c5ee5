#include "images/aptpod.h"

static const char purge_script[] =
	"dpkg --force-unsafe-io --purge -- \"$@\" >/dev/null\n"
	"rm -rf /var/log/dpkg.log /var/log/alternatives.log /var/cache/debconf/*-old /var/lib/dpkg/*-old\n";

static struct hash_hex
purge_key(const struct stack *root, const struct strlist *names)
{
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "purge 1");
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, " %s", names->v[i]);
	return stack_next_key(root, buf_str(&text));
}

static int
purge_layer(const struct state *st, const struct stack *root, const struct strlist *names,
	const char *key, struct dd_err *err)
{
	struct pod *pod = NULL;
	const struct aptpod_spec spec = {.state = st, .root = root};
	int rc = aptpod_open(&spec, &pod, err);
	if (rc == 0)
		rc = aptpod_run(pod, "preparing the root", APTPOD_NO_SERVICES, NULL, NULL, err);
	if (rc == 0)
		rc = aptpod_run(pod, "purging packages", purge_script, names, NULL, err);
	if (rc == 0)
		rc = pod_freeze(TAKE(pod), POD_ROOT, key, err);
	pod_close(pod);
	return rc;
}

int
apt_purge(const struct state *st, struct stack *root, const struct strlist *names,
	const char *owner, struct dd_err *err)
{
	OWN_FD int lock = -1;
	struct hash_hex key = purge_key(root, names);
	int rc = layer_lock(st, key.s, &lock, err);
	if (rc == 0)
		rc = layer_lease(st, owner, key.s, err);
	if (rc == 0 && !layer_exists(st, key.s))
		rc = purge_layer(st, root, names, key.s, err);
	if (rc == 0)
		stack_push(root, key.s);
	return rc;
}
