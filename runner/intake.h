/*
 * intake: brings the source of a run into the layer store.  A directory is sent as a stream of
 * bytes and never modified; archives and git objects are read only inside the sandbox.
 */
#ifndef RUNNER_INTAKE_H
#define RUNNER_INTAKE_H

#include "base/json.h"
#include "sandbox/egress.h"
#include "sandbox/sandbox.h"

/* For messages about one that is none. */
#define SOURCE_IS \
	"give a directory, an archive (.tar.gz, .tar.xz, .tar.bz2, .tar.zst, .zip) or the URL of a git repository"

enum source_kind { SOURCE_UNKNOWN, SOURCE_DIRECTORY, SOURCE_ARCHIVE, SOURCE_GIT };
extern const char *const source_kind_names[]; /* "directory", ... */

struct source {
	enum source_kind kind;
	char *name;	/* of the application, from the last component of where it came from */
	char *digest;	/* of the tree: sorted paths, types, modes, contents; no times, no .git */
	char *revision; /* commit of a clone; NULL */
	char *history;	/* digest of the references of its repository; NULL: it is none */
	char *layer;	/* key: of both digests */
	struct strlist changes; /* keys of layers on it, lowest first: a repair */
	int64_t files;
	int64_t bytes;
	struct strlist notes; /* what was left out: submodules, special files */
};
void source_cleanup(struct source *s);
extern const struct json_field source_fields[];
void source_stack(const struct source *s, struct stack *ret); /* its layers, appended */

/*
 * `source` is a directory, an archive (.tar, .tar.gz/.xz/.bz2/.zst, .zip), a bare repository, or a
 * URL (http://, https://, git://, file://), optionally with #REF; what was asked of the network is
 * appended to the file `log`.  DD_EINVAL: it is none of these; DD_ENOENT: it is not there.  The
 * layer is leased to owner.
 */
int intake_source(const struct state *st, const char *owner, const char *source, bool offline,
	const char *log, struct source *ret, struct dd_err *err) DD_MUST_USE;

/* Body of the worker "intake": tree | archive | bare [REF] | clone URL [REF]. */
int intake_worker_main(int argc, char **argv);

#endif
