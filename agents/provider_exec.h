/* Inside the room: a model behind a command. */
#ifndef AGENTS_PROVIDER_EXEC_H
#define AGENTS_PROVIDER_EXEC_H

#include "agents/reply.h"

/* {"prompt": TEXT}: the conversation as one text. */
json_t *exec_body(const struct chat_request *req);

/* Run the command and take its output as the answer. */
int exec_try(const struct model *m, const json_t *body, struct chat_reply *r, struct dd_err *err)
	DD_MUST_USE;

#endif
