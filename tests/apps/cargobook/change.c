#include "cargo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
take_owner(struct cargo *c, const char *text)
{
	size_t n = strlen(text);
	if (n == 0 || n > 30)
		die("an owner has 1 to 30 bytes");
	if (strpbrk(text, "|\n\r"))
		die("an owner has no bars or line ends");
	c->owner = copy_of(text);
}

static void
put_in_berth(const struct book *b, struct cargo *c, int berth)
{
	if (berth == c->berth)
		return;
	if (berth && berth_room(b, berth) <= 0)
		die("berth %d is full", berth);
	if (berth && c->kind == REEFER && berth < BERTHS - 1)
		die("a reefer needs a plug: berth %d or %d", BERTHS - 1, BERTHS);
	if (berth && c->weight > 30000 && berth % 2 == 0)
		die("berth %d does not bear %d kg", berth, c->weight);
	c->berth = berth;
}

/* Fills in one cargo of words: CODE KIND WEIGHT VALUE DATE OWNER. */
static struct cargo *
take_cargo(struct book *b, char **f)
{
	struct cargo *c;
	enum kind kind;
	int weight, arrived, i;
	int64_t value;
	if (!good_code(f[0]))
		die("not a container: %s", f[0]);
	for (i = 0; i < b->n; i++)
		if (strcmp(b->v[i].code, f[0]) == 0 && b->v[i].state == YARD)
			die("%s is here already, as %d", f[0], b->v[i].id);
	if (!parse_kind(f[1], &kind))
		die("not a kind: %s", f[1]);
	if (!parse_int(f[2], 1, MAX_WEIGHT, &weight))
		die("not a weight: %s", f[2]);
	if (!parse_money(f[3], &value))
		die("not a value: %s", f[3]);
	if (!parse_date(f[4], &arrived))
		die("not a date: %s", f[4]);
	c = add_cargo(b);
	strcpy(c->code, f[0]);
	c->kind = kind;
	c->weight = weight;
	c->value = value;
	c->arrived = arrived;
	take_owner(c, f[5]);
	return c;
}

int
do_add(struct book *b, int argc, char **argv)
{
	struct cargo *c;
	int berth = 0;
	if (argc == 8 && strcmp(argv[6], "--berth") == 0) {
		if (!parse_int(argv[7], 1, BERTHS, &berth))
			die("not a berth: %s", argv[7]);
		argc = 6;
	}
	if (argc != 6)
		die("add CODE KIND WEIGHT VALUE DATE OWNER [--berth N]");
	c = take_cargo(b, argv);
	put_in_berth(b, c, berth);
	save(b);
	printf("%d\n", c->id);
	return 0;
}

int
do_ship(struct book *b, int argc, char **argv)
{
	struct cargo *c;
	int day;
	if (argc != 2)
		die("ship ID DATE");
	c = find_id(b, argv[0]);
	if (!parse_date(argv[1], &day))
		die("not a date: %s", argv[1]);
	if (c->state == SHIPPED)
		die("%d left on %s", c->id, date_text(c->left));
	if (day < c->arrived)
		die("%d came on %s only", c->id, date_text(c->arrived));
	c->left = day;
	c->state = SHIPPED;
	c->berth = 0;
	save(b);
	printf("%s owes %s\n", c->owner, money(fee_of(c, day)));
	return 0;
}

int
do_drop(struct book *b, int argc, char **argv)
{
	int i, n = 0;
	if (argc < 1)
		die("drop ID...");
	for (i = 0; i < argc; i++) {
		remove_cargo(b, find_id(b, argv[i]));
		n++;
	}
	save(b);
	printf("%d dropped, %d left\n", n, b->n);
	return 0;
}

int
do_move(struct book *b, int argc, char **argv)
{
	struct cargo *c;
	int berth, old;
	if (argc != 2)
		die("move ID BERTH");
	c = find_id(b, argv[0]);
	if (!parse_int(argv[1], 0, BERTHS, &berth))
		die("not a berth: %s", argv[1]);
	if (c->state == SHIPPED)
		die("%d is not here", c->id);
	old = c->berth;
	put_in_berth(b, c, berth);
	save(b);
	printf("%d: berth %d -> %d\n", c->id, old, berth);
	return 0;
}

int
do_note(struct book *b, int argc, char **argv)
{
	struct cargo *c;
	char text[400] = "";
	int i;
	if (argc < 2)
		die("note ID TEXT...");
	c = find_id(b, argv[0]);
	for (i = 1; i < argc; i++) {
		if (strlen(text) + strlen(argv[i]) + 1 >= 200)
			die("a note has at most 200 bytes");
		if (strpbrk(argv[i], "\n\r"))
			die("a note is one line");
		if (i > 1)
			strcat(text, " ");
		strcat(text, argv[i]);
	}
	if (c->nnotes == MAX_NOTES) { /* the oldest goes */
		free(c->notes[0]);
		memmove(c->notes, c->notes + 1, (MAX_NOTES - 1) * sizeof(*c->notes));
		c->nnotes--;
	}
	c->notes[c->nnotes++] = copy_of(text);
	save(b);
	printf("%d notes\n", c->nnotes);
	return 0;
}

/* Weight and value are shared out, what is left over to the first ones. */
int
do_split(struct book *b, int argc, char **argv)
{
	struct cargo *c, *more;
	int parts, i, at, weight;
	int64_t value;
	if (argc != 2)
		die("split ID PARTS");
	c = find_id(b, argv[0]);
	if (!parse_int(argv[1], 2, 9, &parts))
		die("into 2 to 9 parts, not %s", argv[1]);
	if (c->state == SHIPPED)
		die("%d is not here", c->id);
	if (c->weight < parts)
		die("%d kg cannot be split into %d", c->weight, parts);
	at = (int)(c - b->v);
	weight = c->weight;
	value = c->value;
	for (i = 0; i < parts; i++) {
		more = i ? add_cargo(b) : c;
		c = &b->v[at];
		if (i) {
			memcpy(more->code, c->code, sizeof(more->code));
			more->kind = c->kind;
			more->arrived = c->arrived;
			more->owner = copy_of(c->owner);
		}
		more->weight = weight / parts + (i < weight % parts);
		more->value = value / parts + (i < value % parts);
		printf("%d %d %s\n", more->id, more->weight, money(more->value));
	}
	save(b);
	return 0;
}

static bool
is_blank(const char *line)
{
	while (*line == ' ' || *line == '\t')
		line++;
	return *line == '\0' || *line == '#';
}

/* Lines of CSV: code, kind, weight, value, date, owner; a head line that begins with "code" is passed over. */
int
do_import(struct book *b, int argc, char **argv)
{
	FILE *f = stdin;
	char *line = NULL, *fields[6];
	size_t room = 0;
	ssize_t n;
	int number = 0, taken = 0, count;
	int64_t total = 0;
	if (argc > 1)
		die("import [FILE]");
	if (argc == 1 && strcmp(argv[0], "-") != 0 && !(f = fopen(argv[0], "r")))
		die("cannot read %s", argv[0]);
	while ((n = getline(&line, &room, f)) >= 0) {
		number++;
		while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		if (is_blank(line) || (number == 1 && strncmp(line, "code", 4) == 0))
			continue;
		count = split_csv(line, fields, 6);
		if (count == -2)
			die("line %d: a quote is not closed", number);
		if (count != 6)
			die("line %d: six fields are needed", number);
		total += take_cargo(b, fields)->value;
		taken++;
	}
	free(line);
	save(b);
	printf("%d taken, worth %s\n", taken, money(total));
	return 0;
}
