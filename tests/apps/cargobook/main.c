#include "cargo.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: cargobook COMMAND ...\n"
	"  add CODE KIND WEIGHT VALUE DATE OWNER [--berth N]  a container comes\n"
	"  ship ID DATE                                       it leaves\n"
	"  drop ID...                                         it was a mistake\n"
	"  move ID BERTH                                      to another place, 0 for none\n"
	"  note ID TEXT...                                    something about it\n"
	"  split ID PARTS                                     into several\n"
	"  fee ID DATE                                        what it owes\n"
	"  list [--here] [--kind KIND] [--owner OWNER] [--sort ORDER] [--reverse] [--limit N] [--csv]\n"
	"  show ID                                            all about it\n"
	"  find TEXT                                          in owners, codes and notes\n"
	"  report DATE                                        what all owe\n"
	"  berths                                             where they are\n"
	"  stats [--here]                                     of weights\n"
	"  import [FILE]                                      lines of CSV\n"
	"  export [--all]                                     the same\n"
	"  check CODE                                         is it a container's?\n"
	"  date DATE [DAYS]                                   what day it is\n"
	"kinds: dry, reefer, tank, hazard; orders: id, weight, value, date, owner\n";

static int
do_fee(struct book *b, int argc, char **argv)
{
	struct cargo *c;
	int day;
	int64_t fee;
	if (argc != 2)
		die("fee ID DATE");
	c = find_id(b, argv[0]);
	if (!parse_date(argv[1], &day))
		die("not a date: %s", argv[1]);
	if (day < c->arrived)
		die("%d came on %s only", c->id, date_text(c->arrived));
	fee = fee_of(c, day);
	printf("%s\n", fee ? money(fee) : "free");
	return 0;
}

static int
do_check(struct book *b, int argc, char **argv)
{
	char code[12];
	size_t n, i;
	(void)b;
	if (argc != 1)
		die("check CODE");
	n = strlen(argv[0]);
	if (n != 10 && n != 11)
		die("a code has 10 or 11 signs");
	strcpy(code, argv[0]);
	for (i = 0; i < n; i++) {
		bool letter = code[i] >= 'A' && code[i] <= 'Z',
		     digit = code[i] >= '0' && code[i] <= '9';
		if (i < 4 ? !letter : !digit)
			die("sign %d of %s is wrong", (int)i + 1, code);
	}
	if (n == 10) {
		printf("%s%d\n", code, check_digit(code));
		return 0;
	}
	if (code[10] - '0' != check_digit(code)) {
		printf("bad, wants %d\n", check_digit(code));
		return 2;
	}
	puts(good_code(code) ? "good" : "good, but no freight container");
	return 0;
}

static int
do_date(struct book *b, int argc, char **argv)
{
	static const char *const names[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
	int day, more = 0;
	(void)b;
	if (argc < 1 || argc > 2)
		die("date DATE [DAYS]");
	if (!parse_date(argv[0], &day))
		die("not a date: %s", argv[0]);
	if (argc == 2 && !parse_int(argv[1], -36500, 36500, &more))
		die("not a number of days: %s", argv[1]);
	day += more;
	if (day < 1)
		die("that is too long ago");
	printf("%s %s, day %d, week %d\n", names[week_day(day)], date_text(day), day_of_year(day),
		week_of(day));
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct book *b, int argc, char **argv);
} commands[] = {
	{"add", do_add},
	{"ship", do_ship},
	{"drop", do_drop},
	{"move", do_move},
	{"note", do_note},
	{"split", do_split},
	{"fee", do_fee},
	{"list", do_list},
	{"show", do_show},
	{"find", do_find},
	{"report", do_report},
	{"berths", do_berths},
	{"stats", do_stats},
	{"import", do_import},
	{"export", do_export},
	{"check", do_check},
	{"date", do_date},
};

int
main(int argc, char **argv)
{
	static struct book book;
	size_t i;
	if (argc < 2) {
		fputs(usage, stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			load(&book);
			return commands[i].run(&book, argc - 2, argv + 2);
		}
	fprintf(stderr, "cargobook: no command %s\n", argv[1]);
	return 2;
}
