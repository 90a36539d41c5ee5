/*
 * The files made from a recipe, one function each: text appended to `out`.  Written as a careful
 * person would: pinned, sorted, with a comment where a reader would ask why.
 */
#ifndef ENVPROBE_RECIPE_H
#define ENVPROBE_RECIPE_H

#include "envprobe/bom.h"
#include "envprobe/envprobe.h"

/* inv, here and below: NULL where it is not known. */
void recipe_dockerfile(const struct recipe *r, const struct inventory *inv, struct buf *out);
void recipe_devcontainer(const struct recipe *r, struct buf *out);
void recipe_build_md(const struct recipe *r, struct buf *out);
/* CycloneDX 1.6 (ECMA-424) and SPDX 2.3, as JSON. */
void recipe_cyclonedx(const struct recipe *r, const struct bom *b, struct buf *out);
void recipe_spdx(const struct recipe *r, const struct bom *b, struct buf *out);
/* deb-buildinfo(5); with the checksums of the texts of drydock.lock.json and Dockerfile. */
void recipe_buildinfo(const struct recipe *r, const struct inventory *inv, struct str lock,
	struct str dockerfile, struct buf *out);
/* compose.yaml and .env.example; nothing is appended where there are neither services nor variables. */
void recipe_compose(const struct recipe *r, struct buf *out);
void recipe_env_example(const struct recipe *r, struct buf *out);
/* What a person has to say, those first that most waits for; and each decision, one a line. */
void recipe_needs_md(const struct recipe_facts *f, struct buf *out);
void recipe_needs_json(const struct recipe_facts *f, struct buf *out);
void recipe_evidence(const struct recipe_facts *f, struct buf *out);

/* Is the answer to the question (an id, may be NULL) to be in no file? */
bool recipe_is_secret(const struct recipe *r, const char *question_id);

/* Name of a lock file that is part of the recipe, beside the Dockerfile. */
#define RECIPE_NPM_LOCK "package-lock.json"

/* What a person types to have the packages of a module set, with its manifests and lock file in
 * place. */
void recipe_module_commands(const struct module_set *m, struct command_list *ret);

/* "cd DIR && " in front of what runs below the directory `root` (NULL: where the tree is). */
void recipe_put_cd(const struct command *c, const char *root, struct buf *out);

/* For bash: a command that waits until the service can be connected to, at most a minute. */
void recipe_put_wait(const struct service *s, struct buf *out);

/* The test of it alone, for bash; false, and nothing is appended: how it shows is not known. */
bool recipe_put_ready(const struct service *s, struct buf *out);

/* The tests as one line for bash. */
void recipe_put_tests(const struct recipe *r, struct buf *out);

/* Can the file be mounted into a container?  And what stands before its path there. */
bool recipe_is_mountable(const struct supplied_file *f);
const char *recipe_tree_of(const struct supplied_file *f);

/* What has to be said to docker build and docker run, beside the context and the image. */
void recipe_put_build_options(const struct recipe *r, struct buf *out);
void recipe_put_run_options(const struct recipe *r, struct buf *out);

/* Name of the build argument that carries the answer to a question: "prompt:a-b" gives PROMPT_A_B.
 */
char *recipe_argument_name(const char *question_id);

#endif
