#include "cargo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum order { BY_ID, BY_WEIGHT, BY_VALUE, BY_DATE, BY_OWNER };

struct filter {
	bool by_kind, here, csv, reverse;
	enum kind kind;
	const char *owner;
	enum order order;
	int limit;
};

static enum order order_now;
static bool reverse_now;

static int
three_way(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare(const void *a, const void *b)
{
	const struct cargo *x = *(const struct cargo *const *)a;
	const struct cargo *y = *(const struct cargo *const *)b;
	int result = 0;
	switch (order_now) {
	case BY_WEIGHT:
		result = three_way(x->weight, y->weight);
		break;
	case BY_VALUE:
		result = three_way(x->value, y->value);
		break;
	case BY_DATE:
		result = three_way(x->arrived, y->arrived);
		break;
	case BY_OWNER:
		result = strcmp(x->owner, y->owner);
		break;
	case BY_ID:
		break;
	}
	if (result == 0)
		return three_way(x->id, y->id);
	return reverse_now ? -result : result;
}

static enum order
parse_order(const char *s)
{
	static const char *const names[] = {"id", "weight", "value", "date", "owner"};
	int i;
	for (i = 0; i < 5; i++)
		if (strcmp(s, names[i]) == 0)
			return (enum order)i;
	die("not an order: %s", s);
	return BY_ID;
}

static void
parse_filter(struct filter *f, int argc, char **argv)
{
	int i;
	memset(f, 0, sizeof(*f));
	f->limit = MAX_CARGO;
	for (i = 0; i < argc; i++) {
		bool more = i + 1 < argc;
		if (strcmp(argv[i], "--csv") == 0) {
			f->csv = true;
		} else if (strcmp(argv[i], "--reverse") == 0) {
			f->reverse = true;
		} else if (strcmp(argv[i], "--here") == 0) {
			f->here = true;
		} else if (strcmp(argv[i], "--kind") == 0 && more) {
			if (!parse_kind(argv[++i], &f->kind))
				die("not a kind: %s", argv[i]);
			f->by_kind = true;
		} else if (strcmp(argv[i], "--owner") == 0 && more) {
			f->owner = argv[++i];
		} else if (strcmp(argv[i], "--sort") == 0 && more) {
			f->order = parse_order(argv[++i]);
		} else if (strcmp(argv[i], "--limit") == 0 && more) {
			if (!parse_int(argv[++i], 1, MAX_CARGO, &f->limit))
				die("not a limit: %s", argv[i]);
		} else {
			die("list does not know %s", argv[i]);
		}
	}
}

static int
select_cargo(struct book *b, const struct filter *f, struct cargo **out)
{
	int i, n = 0;
	for (i = 0; i < b->n; i++) {
		struct cargo *c = &b->v[i];
		if (f->by_kind && c->kind != f->kind)
			continue;
		if (f->here && c->state != YARD)
			continue;
		if (f->owner && !same_text(c->owner, f->owner))
			continue;
		out[n++] = c;
	}
	order_now = f->order;
	reverse_now = f->reverse;
	qsort(out, (size_t)n, sizeof(*out), compare);
	return n < f->limit ? n : f->limit;
}

static void
print_row(const struct cargo *c)
{
	printf("%4d  %-11s  %-6s %6d %16s  %s  %c%-2d %s\n", c->id, c->code, kind_names[c->kind],
		c->weight, money(c->value), date_text(c->arrived), c->state == YARD ? 'B' : 'x',
		c->berth, c->owner);
}

static void
print_csv_row(const struct cargo *c)
{
	printf("%s,%s,%d,%lld.%02d,%s,", c->code, kind_names[c->kind], c->weight,
		(long long)(c->value / 100), (int)(c->value % 100), date_text(c->arrived));
	print_csv(c->owner);
	putchar('\n');
}

int
do_list(struct book *b, int argc, char **argv)
{
	struct cargo *found[MAX_CARGO];
	struct filter f;
	int n, i, weight = 0;
	int64_t value = 0;
	parse_filter(&f, argc, argv);
	n = select_cargo(b, &f, found);
	for (i = 0; i < n; i++) {
		if (f.csv)
			print_csv_row(found[i]);
		else
			print_row(found[i]);
		weight += found[i]->weight;
		value += found[i]->value;
	}
	if (!f.csv)
		printf("%d cargo%s, %d kg, %s\n", n, n == 1 ? "" : "s", weight, money(value));
	return 0;
}

int
do_export(struct book *b, int argc, char **argv)
{
	int i, n = 0;
	bool all = argc == 1 && strcmp(argv[0], "--all") == 0;
	if (argc && !all)
		die("export [--all]");
	puts("code,kind,weight,value,date,owner");
	for (i = 0; i < b->n; i++)
		if (all || b->v[i].state == YARD) {
			print_csv_row(&b->v[i]);
			n++;
		}
	return n ? 0 : 2;
}

int
do_show(struct book *b, int argc, char **argv)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	struct cargo *c;
	int i;
	if (argc != 1)
		die("show ID");
	c = find_id(b, argv[0]);
	printf("id       %d\n", c->id);
	printf("code     %.4s %.6s %c\n", c->code, c->code + 4, c->code[10]);
	printf("kind     %s\n", kind_names[c->kind]);
	printf("weight   %d.%03d t\n", c->weight / 1000, c->weight % 1000);
	printf("value    %s\n", money(c->value));
	printf("owner    %s\n", c->owner);
	printf("arrived  %s %s\n", days[week_day(c->arrived)], date_text(c->arrived));
	if (c->left)
		printf("left     %s %s, after %d day%s\n", days[week_day(c->left)],
			date_text(c->left), c->left - c->arrived,
			c->left - c->arrived == 1 ? "" : "s");
	else if (c->berth)
		printf("berth    %d\n", c->berth);
	for (i = 0; i < c->nnotes; i++) {
		printf("note %d\n", i + 1);
		print_wrapped(c->notes[i], 40, "    ");
	}
	return 0;
}

/* ---- sums ---- */

struct total {
	const char *owner;
	int count, weight;
	int64_t value, fees;
};

static int
by_fees(const void *a, const void *b)
{
	const struct total *x = a, *y = b;
	int result = three_way(y->fees, x->fees);
	return result ? result : strcmp(x->owner, y->owner);
}

static int
sum_owners(const struct book *b, int day, struct total *out)
{
	int n = 0, i, k;
	for (i = 0; i < b->n; i++) {
		const struct cargo *c = &b->v[i];
		if (c->arrived > day)
			continue;
		for (k = 0; k < n; k++)
			if (same_text(out[k].owner, c->owner))
				break;
		if (k == n) {
			memset(&out[n], 0, sizeof(out[n]));
			out[n++].owner = c->owner;
		}
		out[k].count++;
		out[k].weight += c->weight;
		out[k].value += c->value;
		out[k].fees += fee_of(c, day);
	}
	qsort(out, (size_t)n, sizeof(*out), by_fees);
	return n;
}

static void
print_bar(int part, int whole)
{
	int n = whole ? (part * 20 + whole / 2) / whole : 0, i;
	for (i = 0; i < n; i++)
		putchar('#');
	putchar('\n');
}

int
do_report(struct book *b, int argc, char **argv)
{
	static struct total totals[MAX_CARGO];
	int kinds[KINDS] = {0};
	int day, n, i, all = 0;
	int64_t fees = 0;
	if (argc != 1)
		die("report DATE");
	if (!parse_date(argv[0], &day))
		die("not a date: %s", argv[0]);
	n = sum_owners(b, day, totals);
	printf("%s, week %d\n", date_text(day), week_of(day));
	for (i = 0; i < n; i++) {
		printf("%-20.20s %3d %7d kg %16s %12s\n", totals[i].owner, totals[i].count,
			totals[i].weight, money(totals[i].value), money(totals[i].fees));
		fees += totals[i].fees;
	}
	printf("fees %s\n", money(fees));
	for (i = 0; i < b->n; i++)
		if (b->v[i].arrived <= day && !(b->v[i].left && b->v[i].left < day)) {
			kinds[b->v[i].kind]++;
			all++;
		}
	for (i = 0; i < KINDS; i++) {
		printf("%-7s %3d %5.1f%% ", kind_names[i], kinds[i],
			all ? 100.0 * kinds[i] / all : 0.0);
		print_bar(kinds[i], all);
	}
	return 0;
}

int
do_berths(struct book *b, int argc, char **argv)
{
	int berth, i, weight, room;
	(void)argv;
	if (argc)
		die("berths takes no words");
	for (berth = 1; berth <= BERTHS; berth++) {
		weight = 0;
		room = berth_room(b, berth);
		printf("berth %d%s:", berth, berth > BERTHS - 2 ? " (plug)" : "");
		for (i = 0; i < b->n; i++)
			if (b->v[i].berth == berth && b->v[i].state == YARD) {
				printf(" %d", b->v[i].id);
				weight += b->v[i].weight;
			}
		if (weight)
			printf(" = %d kg", weight);
		printf(room ? ", room for %d\n" : ", full\n", room);
	}
	return 0;
}

static int64_t
root_of(int64_t n)
{
	int64_t r = 0;
	while ((r + 1) * (r + 1) <= n)
		r++;
	return r;
}

static int
by_number(const void *a, const void *b)
{
	return three_way(*(const int *)a, *(const int *)b);
}

int
do_stats(struct book *b, int argc, char **argv)
{
	int weights[MAX_CARGO];
	int n = 0, i;
	int64_t sum = 0, squares = 0, mean, median;
	bool here = argc == 1 && strcmp(argv[0], "--here") == 0;
	if (argc && !here)
		die("stats [--here]");
	for (i = 0; i < b->n; i++)
		if (!here || b->v[i].state == YARD) {
			weights[n++] = b->v[i].weight;
			sum += b->v[i].weight;
		}
	if (n == 0) {
		puts("nothing here");
		return 2;
	}
	qsort(weights, (size_t)n, sizeof(*weights), by_number);
	mean = (sum + n / 2) / n;
	for (i = 0; i < n; i++)
		squares += (weights[i] - mean) * (weights[i] - mean);
	median = n % 2 ? weights[n / 2] : (weights[n / 2 - 1] + weights[n / 2]) / 2;
	printf("count %d\n", n);
	printf("least %d most %d\n", weights[0], weights[n - 1]);
	printf("mean %lld median %lld\n", (long long)mean, (long long)median);
	if (n > 1)
		printf("spread %lld\n", (long long)root_of(squares / (n - 1)));
	return 0;
}

int
do_find(struct book *b, int argc, char **argv)
{
	int i, k, hits = 0;
	if (argc != 1 || !argv[0][0])
		die("find TEXT");
	for (i = 0; i < b->n; i++) {
		const struct cargo *c = &b->v[i];
		bool hit = contains(c->owner, argv[0]) || contains(c->code, argv[0]);
		if (hit)
			printf("%d %s %s\n", c->id, c->code, c->owner);
		for (k = 0; k < c->nnotes; k++)
			if (contains(c->notes[k], argv[0])) {
				printf("%d note %d: %s\n", c->id, k + 1, c->notes[k]);
				hit = true;
			}
		hits += hit;
	}
	if (hits == 0)
		return 2;
	printf("%d found\n", hits);
	return 0;
}
