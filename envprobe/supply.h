/*
 * Inside the room: services that drydock starts by itself, from packages (data/services.tsv).  What they are
 * given (port, users, databases, schema) comes from the source's own configuration, from the addresses in its code and
 * from what the tests say that a server lacks, else from the data; what their clients read is exported.  A person's
 * answer goes first, and what makes no more tests pass is taken out again.
 */
#ifndef ENVPROBE_SUPPLY_H
#define ENVPROBE_SUPPLY_H

#include "envprobe/loop.h"

/* Has a package of this machine's sources the service of that name? */
bool supply_can(const struct loop *l, const char *name);

/*
 * From the next attempt on the service is installed and started; q becomes a question with a default.  port 0: its
 * usual one; socket: that it is asked for by, or NULL.  The result is borrowed from l->r->services.
 */
struct service *supply_service(
	struct loop *l, struct question *q, const char *name, uint64_t port, const char *socket);

/* Databases, users and tables that the tests found missing; true: the next attempt has more of them. */
bool supply_learn(struct loop *l);

/* Those that are started, valid until the next is; and what one is given now goes into its command. */
struct server;
size_t supply_count(const struct loop *l);
struct server *supply_at(const struct loop *l, size_t i);
void supply_restart(struct loop *l, const struct server *s);

/* Names of services that the source declares, or whose clients it uses and whose address it reads. */
void supply_guess(const struct loop *l, struct strlist *ret);

/* At the start of an attempt: the result without any such service is put aside, once. */
void supply_begin(struct loop *l);
/* After the last attempt: is that one better than the result without?  Else that is the result again. */
int supply_weigh(struct loop *l, struct dd_err *err) DD_MUST_USE;
/* Services that this attempt began with, of which nothing came. */
void supply_withdraw(struct loop *l);

void supply_destroy(struct supply *s); /* NULL is fine */

#endif
