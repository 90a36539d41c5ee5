/*
 * Inside the room: one service that drydock starts by itself.  What it is given comes from the source's own
 * configuration, from the addresses in its code, else from data/services.tsv (server.c); what its clients read is
 * exported, and may be taken back (server_clients.c).
 */
#ifndef ENVPROBE_SERVER_H
#define ENVPROBE_SERVER_H

#include "envprobe/loop.h"

#define SERVER_MAX_NAMES 100 /* databases, users or files of one service */

struct server {
	char *name;
	char *question;
	int64_t since; /* attempt that learnt of it */
	char *port, *socket, *user, *password, *rootpassword;
	struct strlist databases, roles, schema;
	char *rows; /* SQL that fills the tables of the schema with what is made up; NULL */
	struct strlist variables; /* that were exported for it */
};

void server_cleanup(struct server *s);

/* May a name of a user, a database or a file go into a command?  Nothing but letters, digits and "_./-". */
bool server_is_plain(const char *name);
/* Add a name that may, and is new; false: it was not added. */
bool server_add_name(struct strlist *l, const char *name);

/* Is the address one of this service? */
bool server_is_of(const struct endpoint *e, const struct server *s);

/* Fill in what the surroundings of the source say, else the data. */
void server_configure(const struct loop *l, struct server *s);
/* The value of $NAME in the data, heap. */
char *server_parameter(const struct server *s, struct str name);
/* The command that starts it, heap. */
char *server_start(const struct server *s);

/* Export what its clients read, as options of the recipe; hosts that must lead to it are added to the service. */
void server_tell_clients(struct loop *l, struct server *s, struct service *to);
/* All of that taken back. */
void server_forget_clients(struct loop *l, struct server *s);

#endif
