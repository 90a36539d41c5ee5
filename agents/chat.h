/*
 * What is said to a model and what it answers, in no vendor's words.
 *
 * A conversation is a list of messages, each a list of parts.  What a vendor wants back unchanged
 * (thinking with its signature, reasoning items, a call with its thought signature) is kept verbatim in
 * `raw`, and goes back to the API it came from and to no other.  Zeroed memory is a valid empty value;
 * X_cleanup frees what X owns; strings and JSON values are owned by their struct.
 */
#ifndef AGENTS_CHAT_H
#define AGENTS_CHAT_H

#include "base/json.h"
#include "base/str.h"

enum model_api { /* how a provider is spoken to */
	API_ANTHROPIC,
	API_RESPONSES,
	API_CHAT,
	API_GOOGLE,
	API_EXEC,
};
extern const char *const model_api_names[]; /* "anthropic-messages", ... */

enum chat_role { CHAT_USER, CHAT_ASSISTANT };
extern const char *const chat_role_names[];

enum chat_part_kind {
	PART_TEXT,
	PART_THINKING, /* of the model; text may be empty, raw is what goes back */
	PART_CALL,     /* of a tool: id, name, args */
	PART_RESULT,   /* of a call: id, name, text, is_error */
	PART_OTHER,    /* a kind that is not known here; raw */
};
extern const char *const chat_part_kind_names[];

struct chat_part {
	int kind; /* enum chat_part_kind */
	char *text;
	char *id;	 /* of the call */
	char *name;	 /* of the tool */
	json_t *args;	 /* an object; NULL when what the model wrote is none */
	char *args_text; /* that, as it was written, when args is NULL */
	bool is_error;
	int origin;  /* enum model_api that raw is of */
	json_t *raw; /* NULL: nothing to keep */
};

struct chat_message {
	int role;		    /* enum chat_role */
	struct json_array_of parts; /* struct chat_part */
	size_t parts_cap;
};
void chat_message_cleanup(struct chat_message *m);
/* Append a zeroed part; valid until the next one. */
struct chat_part *chat_message_add(struct chat_message *m, enum chat_part_kind kind);
const struct chat_part *chat_message_part(const struct chat_message *m, size_t i);

struct chat_tool {
	const char *name;
	const char *description;
	json_t *schema; /* JSON Schema of an object; borrowed */
};

enum chat_effort { /* how much to think */
	EFFORT_DEFAULT,
	EFFORT_NONE,
	EFFORT_MINIMAL,
	EFFORT_LOW,
	EFFORT_MEDIUM,
	EFFORT_HIGH,
	EFFORT_XHIGH,
	EFFORT_MAX,
};
extern const char *const chat_effort_names[];

enum chat_choice { CHOICE_AUTO, CHOICE_ANY, CHOICE_NONE, CHOICE_ONE };

struct chat_request {	    /* all of it borrowed */
	const char *system; /* NULL: none */
	const struct chat_message *messages;
	size_t nmessages;
	const struct chat_tool *tools;
	size_t ntools;
	enum chat_choice choice;
	const char *choice_name; /* CHOICE_ONE */
	bool one_call;		 /* at most one call in an answer */
	int64_t max_output;	 /* tokens, thinking included; > 0 */
	enum chat_effort effort;
	json_t *format;		  /* JSON Schema the answer's text must follow; NULL: prose */
	bool cache;		  /* mark the prefix that will be sent again */
	const char *conversation; /* an id for caches and traces; NULL */
};

enum chat_stop {
	STOP_UNKNOWN,
	STOP_END,
	STOP_CALLS,    /* it waits for results */
	STOP_LENGTH,   /* max_output was reached */
	STOP_CONTEXT,  /* the window is full */
	STOP_PAUSE,    /* send the answer back as it is, and it goes on */
	STOP_REFUSED,  /* refusal, filter, blocked prompt */
	STOP_BAD_CALL, /* the model's call could not be read by its own server */
};
extern const char *const chat_stop_names[];

struct chat_usage { /* tokens, disjoint: their sum is what was paid for */
	bool known;
	int64_t input, cache_read, cache_write, output; /* output includes thinking */
	int64_t thinking;				/* of output, where told */
};

struct chat_answer {
	struct chat_message message;
	int stop;	 /* enum chat_stop */
	char *stop_text; /* the vendor's word for it */
	char *refusal;	 /* why, in its words; NULL */
	char *model;	 /* that answered */
	char *id;	 /* of the answer */
	struct chat_usage usage;
};
void chat_answer_cleanup(struct chat_answer *a);
/* All text of the answer, heap. */
char *chat_answer_text(const struct chat_answer *a);
/* The n-th call of the answer; NULL: it has fewer. */
const struct chat_part *chat_answer_call(const struct chat_answer *a, size_t n);

json_t *chat_answer_to_json(const struct chat_answer *a);
int chat_answer_from_json(const json_t *j, struct chat_answer *ret, struct dd_err *err) DD_MUST_USE;
json_t *chat_messages_to_json(const struct chat_message *m, size_t n);

#endif
