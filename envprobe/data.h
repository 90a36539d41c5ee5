/*
 * Data files of the room, part of the program: envprobe/data/NAME as text.  Lines of tab-separated fields;
 * # begins a comment line.
 */
#ifndef ENVPROBE_DATA_H
#define ENVPROBE_DATA_H

#include "base/str.h"

struct str data_alternatives(void); /* alternatives.tsv */
struct str data_cgi(void);	    /* cgi.pl, which is a program */
struct str data_dialects(void);	    /* dialects.tsv */
struct str data_migrations(void);   /* migrations.tsv */
struct str data_removed(void);	    /* removed.tsv */
struct str data_rules(void);	    /* rules.tsv */
struct str data_services(void);	    /* services.tsv */

/* Next line that is no comment and not empty, in at most n fields (missing ones are empty). */
bool data_next(struct str *rest, struct str *fields, size_t n);

#endif
