/*
 * The files made from a recipe, one function each: text appended to `out`.  Written as a careful
 * person would: pinned, sorted, with a comment where a reader would ask why.
 */
#ifndef ENVPROBE_RECIPE_H
#define ENVPROBE_RECIPE_H

#include "record/record.h"

void recipe_dockerfile(const struct recipe *r, struct buf *out);
void recipe_devcontainer(const struct recipe *r, struct buf *out);
void recipe_build_md(const struct recipe *r, struct buf *out);

/* Name of a lock file that is part of the recipe, beside the Dockerfile. */
#define RECIPE_NPM_LOCK "package-lock.json"

/* What a person types to have the packages of a module set, with its manifests and lock file in
 * place. */
void recipe_module_commands(const struct module_set *m, struct command_list *ret);

/* "cd DIR && " in front of what runs below the directory `root` (NULL: where the tree is). */
void recipe_put_cd(const struct command *c, const char *root, struct buf *out);

/* For bash: a command that waits until the service can be connected to, at most a minute. */
void recipe_put_wait(const struct service *s, struct buf *out);

/* What has to be said to docker build and docker run, beside the context and the image. */
void recipe_put_build_options(const struct recipe *r, struct buf *out);
void recipe_put_run_options(const struct recipe *r, struct buf *out);

/* Name of the build argument that carries the answer to a question: "prompt:a-b" gives PROMPT_A_B.
 */
char *recipe_argument_name(const char *question_id);

#endif
