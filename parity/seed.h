/*
 * What inputs are made of: read from the texts of a tree and from what a program says of its usage, by the worker "parity".
 *
 * {"words": literals that could be options, commands or values; "numbers": as they are written in code; "calls": cases that somebody wrote down
 * (in documents, tests, usages), where an argument that begins with SEED_HOLE stands for anything of that name; "samples": [{"name",
 * "text"}], files that are no code; "sources": [{"path", "calls"}] of calls; "forms": [{"words", "groups": of each word, 0: it has to be there}]
 * of usages, where a hole may name several words with bars between; "lists": [{"name", "values"}] that a usage names}.
 */
#ifndef PARITY_SEED_H
#define PARITY_SEED_H

#include "base/json.h"

#define SEED_HOLE '\001'
#define SEED_WORDS_MAX 1500
#define SEED_NUMBERS_MAX 400
#define SEED_CALLS_MAX 300
#define SEED_SAMPLES_MAX 24
#define SEED_FORMS_MAX 100

/* names: of the programs, as they are called.  A new reference. */
struct seeds;
struct seeds *seeds_create(const struct strlist *names);
void seeds_destroy(struct seeds *s);
/* A file of the tree; path decides what it is looked at for. */
void seeds_read(struct seeds *s, const char *path, struct str text);
/* What it printed when it was asked how it is used; names of programs are PROGRAM. */
void seeds_read_usage(struct seeds *s, struct str text);
json_t *seeds_result(const struct seeds *s);

#endif
