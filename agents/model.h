/*
 * models.json: which models there are, how each is spoken to, what it costs and what it is good for.  A
 * new model is a new entry.
 *
 * Three layers, each a file of the same form merged over the one before it, name by name: what is
 * compiled in, the user's own file, and one that lies with the project.  The last comes with what is
 * worked on and is not trusted: it may say what a model is used for (PROJECT_KEYS in model.c), and not
 * where its requests go, with which key, by which program, or at what price.
 *
 * A wrong entry is an error that names file and path: "FILE: models.x.prices.input: expected number,
 * got string"; so is an unknown key.  null takes a value of a lower layer away.
 */
#ifndef AGENTS_MODEL_H
#define AGENTS_MODEL_H

#include "agents/chat.h"
#include "base/hash.h"

enum auth_style { /* how the key is sent */
	AUTH_NONE,
	AUTH_BEARER,	 /* Authorization: Bearer KEY */
	AUTH_X_API_KEY,	 /* x-api-key: KEY */
	AUTH_GOOGLE_KEY, /* x-goog-api-key: KEY */
};
extern const char *const auth_style_names[];

enum thinking_style { /* how a model is told how much to think */
	THINKING_NONE,
	THINKING_ADAPTIVE, /* it decides; effort says about how much */
	THINKING_BUDGET,   /* a number of tokens */
	THINKING_EFFORT,   /* a word: reasoning effort, thinking level */
};
extern const char *const thinking_style_names[];

/* Three roles an entry may have; what else stands in the list is for rules of the user. */
#define ROLE_WRITE "write"
#define ROLE_REVIEW "review" /* also structured output */
#define ROLE_TASKS "tasks"   /* long lists of tasks */

struct model_provider {
	char *name;
	int api; /* enum model_api */
	char *family;
	char *base_url; /* up to, and without, the API's own path */
	char *unix_socket;
	char *version; /* of the API, where it has such a header */
	int auth;      /* enum auth_style */
	char *key_env;
	struct strlist key_command; /* argv; its output is the key */
	struct strlist headers;	    /* "Name: value", nothing secret */
	char *proxy, *ca_file;
	struct strlist argv, env; /* API_EXEC: the command; names of variables it may see */
	char *answer_field; /* API_EXEC: the output is JSON, and the answer this string of it */
	int64_t idle_s, total_s;     /* nothing came for so long; the whole of one call */
	int64_t retries, max_wait_s; /* of a call; a longer wait is not waited */
};

struct model_context {	   /* tokens */
	int64_t window;	   /* as advertised */
	int64_t effective; /* up to where answers are good: what a prompt may fill */
	int64_t max_output;
};

struct model_prices { /* USD for a million tokens; negative: unknown */
	double input, cache_read, cache_write, output;
};

struct model_limits { /* a minute; 0: not known */
	int64_t requests, tokens;
};

struct model_abilities {
	bool tools, strict, format, cache, count, stream, parallel;
	int thinking; /* enum thinking_style */
};

struct model {
	char *name;	/* in this file */
	char *id;	/* at its provider */
	char *provider; /* name; resolved in `via` */
	char *family;	/* its provider's unless it says so */
	struct model_context context;
	struct model_prices prices;
	char *prices_from; /* when they were looked up: "2025-11" */
	struct model_limits limits;
	struct model_abilities abilities;
	json_t *sampling;	      /* members of the request, sent only if given; NULL */
	char *guide;		      /* text: how this vendor wants its prompts */
	struct strlist roles, habits; /* what it is good for; known failures, one sentence each */
	const struct model_provider *via; /* borrowed from the table */
};

/* A step of the ladder that an author climbs while its answers are not kept. */
struct model_rung {
	int effort;	    /* enum chat_effort */
	int64_t context;    /* percent of the room for the pack that is filled, 1 to 100 */
	char *model;	    /* name; RUNG_FIRST, RUNG_OTHER; NULL: the first */
	int64_t candidates; /* answers that are tried there, 1 to 8 */
	char *brief; /* who writes the prompt there (agents/brief.h), named as model is; NULL: the task's own words */
};
#define RUNG_FIRST "first" /* usable model that may write */
#define RUNG_OTHER "other" /* if possible of another family */
#define LADDER_MAX 12

struct models {
	struct json_array_of providers; /* struct model_provider, by name */
	struct json_array_of models;	/* struct model, in the order of the files */
	struct json_array_of ladder;	/* struct model_rung */
	bool unknown_is_maximum;	/* else a model without a price is not called */
	struct hash_hex
		digest; /* of all of it: the merged files and the guides; there is no key in it */
};
void models_cleanup(struct models *m);

struct models_files {
	const char *user;    /* NULL, or not there: none */
	const char *project; /* the same */
};

/* DD_ECORRUPT: what is wrong where; DD_EINVAL: the project's file says what it may not. */
int models_load(const struct models_files *files, struct models *ret, struct dd_err *err)
	DD_MUST_USE;

/* Where the user's file is: $DRYDOCK_MODELS, else drydock/models.json of XDG_CONFIG_HOME; heap. */
char *models_user_file(void);

const struct model *models_find(const struct models *m, const char *name); /* NULL */
const struct model *models_at(const struct models *m, size_t i);	   /* NULL past the end */
const struct model_rung *models_rung(const struct models *m, size_t i);	   /* the same */

/* Does the table hold a price for what it gives and takes? */
bool model_has_price(const struct model *m);
/*
 * What to count a call of m with: its own prices, or the highest of the table where it has none and
 * unknown_is_maximum.  DD_EINVAL: it has none, and that is refused.
 */
int models_prices(const struct models *all, const struct model *m, struct model_prices *ret,
	struct dd_err *err) DD_MUST_USE;

json_t *model_to_json(const struct model *m);

#endif
