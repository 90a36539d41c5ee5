/*
 * Where the source says what a step was missing or asked, so that a question cites a place: as
 * detection found it, as the message has it, as a search of the source finds it, else the log.
 */
#include "envprobe/loop.h"

#include "envprobe/locate.h"

#include <ctype.h>
#include <string.h>

const char *
loop_cited_at(const struct loop *l, const char *name)
{
	for (size_t i = 0; i < l->r->project.env_reads.n; i++)
		if (strcmp(l->r->project.env_reads.v[i].name, name) == 0)
			return l->r->project.env_reads.v[i].where;
	return NULL;
}

/* The number that the view begins with, with a colon behind it. */
static struct str
line_number(struct str s)
{
	size_t n = 0;
	while (n < s.n && isdigit((unsigned char)s.p[n]))
		n++;
	return (struct str){s.p, n && n < s.n && s.p[n] == ':' ? n : 0};
}

char *
place_in_message(struct str line)
{
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	if (!colon)
		return NULL;
	struct str path = {line.p, (size_t)(colon - line.p)};
	struct str rest = {colon + 1, line.n - path.n - 1};
	if (rest.n && rest.p[0] == ' ')
		rest = (struct str){rest.p + 1, rest.n - 1};
	if (str_starts(rest, "line "))
		rest = (struct str){rest.p + 5, rest.n - 5};
	struct str number = line_number(rest);
	if (str_starts(path, WORK_DIR "/"))
		path = (struct str){path.p + sizeof(WORK_DIR), path.n - sizeof(WORK_DIR)};
	else if (str_starts(path, "./"))
		path = (struct str){path.p + 2, path.n - 2};
	/* "/bin/sh: 1:" is a line of a makefile's command: no place of the source. */
	if (!path.n || !number.n || path.p[0] == '/' || memchr(path.p, ' ', path.n))
		return NULL;
	return mem_printf(STR_FMT ":" STR_FMT, STR_ARG(path), STR_ARG(number));
}

static bool
wants_place(const struct loop *l, const struct problem *p)
{
	return p->kind == PROBLEM_ENV && !loop_cited_at(l, p->name);
}

#define MAX_CALLED 30 /* addresses that are looked up */

/* What the source says of an address: its port, or the path of a socket. */
static void
add_target(struct locate_list *l, const char *target)
{
	struct str host;
	uint64_t port;
	if (service_address(target, &host, &port)) {
		OWN_FREE char *text = mem_printf("%llu", (unsigned long long)port);
		locate_add(l, text, true);
	} else {
		locate_add(l, strchr(target, ':') ? strchr(target, ':') + 1 : target, true);
	}
}

static void
take_places(struct loop *l, const char *log, struct problem_list *problems, struct prompter *asked,
	struct refusal_list *refused, struct locate *found)
{
	for (size_t i = 0; i < problems->n; i++) {
		struct problem *p = &problems->v[i];
		if (!wants_place(l, p))
			continue;
		p->place = place_in_message(str_of(p->text));
		if (!p->place && found->place)
			p->place = TAKE(found->place);
		else if (!p->place)
			p->place = mem_printf("%s:%lld", log, (long long)p->line);
		found++;
	}
	for (size_t i = 0; i < asked->questions.n; i++, found++) {
		struct question *q = &asked->questions.v[i];
		free(q->where);
		q->where = found->place ? TAKE(found->place) : mem_strdup(log);
	}
	for (size_t i = 0; i < refused->n && i < MAX_CALLED; i++, found++)
		refused->v[i].where = found->place ? TAKE(found->place) : mem_strdup(log);
}

int
loop_find_places(struct loop *l, const char *log, struct problem_list *problems,
	struct prompter *asked, struct refusal_list *refused, struct dd_err *err)
{
	struct locate_list texts = {0};
	for (size_t i = 0; i < problems->n; i++)
		if (wants_place(l, &problems->v[i]))
			locate_add(&texts, problems->v[i].name, true);
	for (size_t i = 0; i < asked->questions.n; i++)
		locate_add(&texts, asked->texts.v[i], false);
	for (size_t i = 0; i < refused->n && i < MAX_CALLED; i++)
		add_target(&texts, refused->v[i].target);
	int rc = locate_in_source(l->spec->state, l->spec->source, &texts, err);
	if (rc == 0)
		take_places(l, log, problems, asked, refused, texts.v);
	locate_list_cleanup(&texts);
	return rc;
}
