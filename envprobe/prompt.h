/* Questions that a step asks on its terminal: answered from the answers file or by their own
 * default. */
#ifndef ENVPROBE_PROMPT_H
#define ENVPROBE_PROMPT_H

#include "record/answers.h"
#include "record/record.h"

struct prompter {
	struct answers *answers;
	const char *run;		 /* the command that may ask now */
	struct prompt_answer_list given; /* what was typed */
	struct question_list questions;	 /* what was asked; blocking ones had no answer */
	struct strlist texts;		 /* of each question: what the source may say */
	unsigned asked;
};

void prompter_cleanup(struct prompter *p);

/* For exec_spec.on_prompt, with a struct prompter as ctx: the line to type, NULL to give up. */
char *prompter_answer(void *ctx, struct str tail);

/* The first question that nobody could answer; NULL. */
const struct question *prompter_unanswered(const struct prompter *p);

/* "[default]" of a prompt; heap, NULL if it offers none. */
char *prompt_default(struct str prompt);

#endif
