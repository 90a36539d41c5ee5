/*
 * The machine's own apt configuration, read at run time by asking apt itself (so that both source
 * syntaxes, options and drop-in files mean what they mean to apt), and turned into upstreams for
 * the egress broker and a configuration for the inside.
 */
#ifndef IMAGES_SOURCES_H
#define IMAGES_SOURCES_H

#include "sandbox/egress.h"

struct apt_source { /* one suite and component of one repository */
	char *uri;  /* without a trailing slash */
	char *suite;
	char *component; /* "" for a flat repository */
	bool trusted;	 /* this machine takes it without a signature */
};

struct apt_sources {
	struct apt_source *v;
	size_t n, cap;
	struct strlist keyrings;	   /* host paths that a source is signed by */
	struct strlist keys;		   /* armoured, from the sources themselves */
	char *arch;			   /* native */
	char *suite;			   /* of the main repository: the first source's */
	struct egress_upstream *upstreams; /* apt0, apt1, ...: one for each distinct uri */
	size_t nupstreams;
	bool check_valid_until, check_date;
};

/* DD_ENOENT: no enabled source; DD_EIO: apt cannot be asked. */
int apt_sources_read(struct apt_sources *ret, struct dd_err *err) DD_MUST_USE;
void apt_sources_cleanup(struct apt_sources *s);

/*
 * Write the configuration for the inside (to be bound at /etc/apt) into dir: sources that name the
 * broker, keyrings, settings; no credential, no proxy.
 */
int apt_sources_write_inside(const struct apt_sources *s, const char *dir, struct dd_err *err)
	DD_MUST_USE;

/*
 * Parsers, for their tests.  `text` is what "apt-get indextargets" printed in our format; entries
 * gets where each source was read, "PATH:NUMBER", in the order of s->v.
 */
int apt_sources_parse(struct str text, struct apt_sources *s, struct strlist *entries,
	struct dd_err *err) DD_MUST_USE;
/* Value of a setting in the output of "apt-config dump"; heap, NULL if it is not there. */
char *apt_config_value(struct str dump, const char *key);
/* Login for a URI (without a trailing slash) by apt_auth.conf(5) as "user:password"; heap, NULL. */
char *apt_auth_login(struct str text, const char *uri);

#endif
