/*
 * The machine's own npm configuration, read at run time (the machine need not have npm): npmrc(5)
 * files of the user and of the machine, and the environment; turned into upstreams for the egress
 * broker and a configuration for the inside that has neither credentials nor proxies.
 */
#ifndef IMAGES_NPMRC_H
#define IMAGES_NPMRC_H

#include "base/map.h"
#include "sandbox/egress.h"

struct npm_registry {
	char *scope;	 /* "@acme"; "" for the default registry */
	size_t upstream; /* index */
};

struct npm_sources {
	struct npm_registry *v; /* the default one first, if there is one */
	size_t n, cap;
	struct egress_upstream *upstreams; /* npm0, npm1, ...: one for each distinct URL */
	size_t nupstreams, upstreams_cap;
};

/* DD_EUNSUPPORTED: a registry is neither http nor https. */
int npm_sources_read(struct npm_sources *ret, struct dd_err *err) DD_MUST_USE;
void npm_sources_cleanup(struct npm_sources *s);

/* Does the configuration name a default registry?  npm has one of its own, where it does not. */
bool npm_sources_has_default(const struct npm_sources *s);
int npm_sources_set_default(struct npm_sources *s, const char *url, struct dd_err *err) DD_MUST_USE;

/* The upstream that a package comes from; NULL: none. */
const struct egress_upstream *npm_sources_of(const struct npm_sources *s, const char *package);

/* The npmrc for the inside. */
void npm_sources_inside(const struct npm_sources *s, struct buf *out);

/* ---- parts, for their tests ---- */

/* Add the settings of an npmrc text to values (key -> heap string), with ${VARIABLES} expanded. */
void npmrc_parse(struct str text, struct map *values);
/* Add those of an environment: npm_config_NAME=value. */
void npmrc_parse_env(const char *const *env, struct map *values);
/* "Authorization: ..." for a registry's URL, as npm would send it; heap, NULL. */
char *npmrc_auth_header(const struct map *values, const char *url);
int npm_sources_make(const struct map *values, struct npm_sources *ret, struct dd_err *err)
	DD_MUST_USE;

#endif
