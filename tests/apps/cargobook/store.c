#include "cargo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const kind_names[KINDS] = {"dry", "reefer", "tank", "hazard"};

bool
parse_kind(const char *s, enum kind *out)
{
	int i;
	for (i = 0; i < KINDS; i++)
		if (same_text(s, kind_names[i])) {
			*out = (enum kind)i;
			return true;
		}
	return false;
}

/* ISO 6346: letters count 10 to 38 without the multiples of 11, each place twice as much as the one before. */
int
check_digit(const char *code)
{
	int sum = 0, i, value;
	for (i = 0; i < 10; i++) {
		if (code[i] >= 'A' && code[i] <= 'Z') {
			value = code[i] - 'A' + 10;
			value += (value - 1) / 10; /* 11, 22 and 33 are left out */
		} else {
			value = code[i] - '0';
		}
		sum += value << i;
	}
	return sum % 11 % 10;
}

/* Four letters, of which the last is U, J or Z, six digits, and the digit that checks them. */
bool
good_code(const char *code)
{
	int i;
	if (strlen(code) != 11)
		return false;
	for (i = 0; i < 4; i++)
		if (code[i] < 'A' || code[i] > 'Z')
			return false;
	if (code[3] != 'U' && code[3] != 'J' && code[3] != 'Z')
		return false;
	for (i = 4; i < 11; i++)
		if (code[i] < '0' || code[i] > '9')
			return false;
	return code[10] - '0' == check_digit(code);
}

/* ---- the book ---- */

struct cargo *
add_cargo(struct book *b)
{
	struct cargo *c;
	if (b->n == MAX_CARGO)
		die("the book is full");
	c = &b->v[b->n++];
	memset(c, 0, sizeof(*c));
	c->id = b->next++;
	return c;
}

void
remove_cargo(struct book *b, struct cargo *c)
{
	int at = (int)(c - b->v), i;
	free(c->owner);
	for (i = 0; i < c->nnotes; i++)
		free(c->notes[i]);
	memmove(c, c + 1, (size_t)(b->n - at - 1) * sizeof(*c));
	b->n--;
}

struct cargo *
find_id(struct book *b, const char *text)
{
	int id, i;
	if (!parse_int(text, 1, 1000000, &id))
		die("not an id: %s", text);
	for (i = 0; i < b->n; i++)
		if (b->v[i].id == id)
			return &b->v[i];
	die("no cargo %d", id);
	return NULL;
}

static unsigned
sum_of(unsigned sum, const char *line)
{
	for (; *line; line++)
		sum = (sum * 31 + (unsigned char)*line) % 65521;
	return sum;
}

static void
bad_line(int number)
{
	die(BOOK ": line %d is damaged", number);
}

static void
read_cargo(struct book *b, char **f, int n, int number)
{
	struct cargo *c;
	int id, kind, value_high, value_low;
	if (n != 10 || !parse_int(f[1], 1, 1000000, &id) || strlen(f[2]) > 11)
		bad_line(number);
	b->next = id;
	c = add_cargo(b);
	strcpy(c->code, f[2]);
	if (!parse_int(f[3], 0, KINDS - 1, &kind) || !parse_int(f[4], 1, MAX_WEIGHT, &c->weight) ||
		!parse_int(f[5], 0, 9999999, &value_high) ||
		!parse_int(f[6], 0, 99999, &value_low) ||
		!parse_int(f[7], 1, 200000, &c->arrived) || !parse_int(f[8], 0, 200000, &c->left) ||
		!parse_int(f[9], 0, BERTHS, &c->berth))
		bad_line(number);
	c->kind = (enum kind)kind;
	c->value = (int64_t)value_high * 100000 + value_low;
	c->state = c->left ? SHIPPED : YARD;
	c->owner = copy_of("");
}

static int
split_bars(char *line, char **f, int max)
{
	int n = 0;
	f[n++] = line;
	while (*line && n < max) {
		if (*line == '|') {
			*line = '\0';
			f[n++] = line + 1;
		}
		line++;
	}
	return n;
}

static void
read_line(struct book *b, char *line, int number)
{
	char *f[12];
	struct cargo *last = b->n ? &b->v[b->n - 1] : NULL;
	if (line[0] == 'C' && line[1] == '|') {
		read_cargo(b, f, split_bars(line, f, 12), number);
	} else if (line[0] == 'O' && line[1] == '|' && last) {
		free(last->owner);
		last->owner = copy_of(line + 2);
	} else if (line[0] == 'N' && line[1] == '|' && last && last->nnotes < MAX_NOTES) {
		last->notes[last->nnotes++] = copy_of(line + 2);
	} else {
		bad_line(number);
	}
}

void
load(struct book *b)
{
	FILE *f = fopen(BOOK, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	unsigned sum = 1, wanted = 0;
	int number = 0, next = 1, value;
	bool closed = false;
	b->n = 0;
	b->next = 1;
	if (!f)
		return;
	while ((n = getline(&line, &room, f)) >= 0) {
		number++;
		if (n && line[n - 1] == '\n')
			line[--n] = '\0';
		if (closed)
			bad_line(number);
		if (strncmp(line, "S|", 2) == 0) {
			char *bar = strchr(line + 2, '|');
			if (!bar)
				bad_line(number);
			*bar = '\0';
			if (!parse_int(line + 2, 1, 1000000, &next) ||
				!parse_int(bar + 1, 0, 65520, &value))
				bad_line(number);
			wanted = (unsigned)value;
			closed = true;
			continue;
		}
		sum = sum_of(sum, line);
		read_line(b, line, number);
	}
	free(line);
	fclose(f);
	if (!closed)
		die(BOOK ": it is cut off");
	if (wanted != sum)
		die(BOOK ": the checksum is %u, not %u", sum, wanted);
	b->next = next;
}

static void
put(FILE *f, unsigned *sum, const char *line)
{
	*sum = sum_of(*sum, line);
	fprintf(f, "%s\n", line);
}

static void
put_cargo(FILE *f, unsigned *sum, const struct cargo *c)
{
	char line[200];
	char *more;
	int i;
	snprintf(line, sizeof(line), "C|%d|%s|%d|%d|%lld|%lld|%d|%d|%d", c->id, c->code,
		(int)c->kind, c->weight, (long long)(c->value / 100000),
		(long long)(c->value % 100000), c->arrived, c->left, c->berth);
	put(f, sum, line);
	for (i = -1; i < c->nnotes; i++) {
		const char *text = i < 0 ? c->owner : c->notes[i];
		more = malloc(strlen(text) + 3);
		if (!more)
			die("no memory");
		sprintf(more, "%c|%s", i < 0 ? 'O' : 'N', text);
		put(f, sum, more);
		free(more);
	}
}

void
save(const struct book *b)
{
	FILE *f = fopen(BOOK ".new", "w");
	unsigned sum = 1;
	int i;
	if (!f)
		die("cannot write " BOOK);
	for (i = 0; i < b->n; i++)
		put_cargo(f, &sum, &b->v[i]);
	fprintf(f, "S|%d|%u\n", b->next, sum);
	if (fclose(f) != 0 || rename(BOOK ".new", BOOK) != 0)
		die("cannot write " BOOK);
}
