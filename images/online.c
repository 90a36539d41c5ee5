#include "images/apt.h"

#include "base/fs.h"
#include "images/sources.h"

#include <string.h>
#include <unistd.h>

struct apt_online {
	const struct state *st;
	struct apt_sources sources;
	char *dir, *config;
	int lock; /* held while we live: the directory is swept afterwards */
	struct egress *egress;
};

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
	if (rc < 0) {
		apt_online_release(o);
		return rc;
	}
	*ret_bind = (struct pod_bind){o->config, "/etc/apt", false};
	*ret = o;
	return 0;
}

int
apt_online_connect(struct apt_online *o, struct pod *pod, struct dd_err *err)
{
	const struct egress_spec spec = {
		.state = o->st, .upstreams = o->sources.upstreams, .n = o->sources.nupstreams};
	return egress_open(pod, &spec, &o->egress, err);
}

void
apt_online_release(struct apt_online *o)
{
	if (o->egress) /* keeps what came in the store */
		(void)!egress_close(o->egress, NULL);
	if (o->dir)
		(void)!scratch_discard(o->dir, NULL);
	if (o->lock >= 0)
		(void)close(o->lock);
	apt_sources_cleanup(&o->sources);
	free(o->config);
	free(o->dir);
	free(o);
}
