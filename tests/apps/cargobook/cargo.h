/* cargobook: what lies in a small harbour's yard, what it owes, and when it left. */
#ifndef CARGO_H
#define CARGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOK "cargo.txt"
#define MAX_CARGO 500
#define MAX_NOTES 8
#define BERTHS 6
#define MAX_WEIGHT 40000
#define MAX_VALUE INT64_C(99999999999)

enum kind { DRY, REEFER, TANK, HAZARD, KINDS };
enum state { YARD, SHIPPED };

struct cargo {
	int id;
	char code[12];
	enum kind kind;
	int weight;    /* kg */
	int64_t value; /* cents */
	int arrived;   /* day number */
	int left;      /* day number; 0: it is here */
	int berth;     /* 1 to BERTHS; 0: none */
	enum state state;
	char *owner;
	char *notes[MAX_NOTES];
	int nnotes;
};

struct book {
	struct cargo v[MAX_CARGO];
	int n;
	int next;
};

/* text.c */
int die(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *copy_of(const char *s);
bool same_text(const char *a, const char *b);
bool contains(const char *text, const char *part);
void print_wrapped(const char *text, int width, const char *indent);
void print_csv(const char *field);
int split_csv(char *line, char **fields, int max);
bool parse_int(const char *s, int low, int high, int *out);
bool parse_money(const char *s, int64_t *out);
const char *money(int64_t cents);

/* dates.c */
bool is_leap(int year);
int days_in(int year, int month);
int day_number(int year, int month, int day);
void day_parts(int number, int *year, int *month, int *day);
bool parse_date(const char *s, int *out);
const char *date_text(int number);
int week_day(int number);
int day_of_year(int number);
int week_of(int number);

/* store.c */
extern const char *const kind_names[KINDS];
bool parse_kind(const char *s, enum kind *out);
int check_digit(const char *code);
bool good_code(const char *code);
void load(struct book *b);
void save(const struct book *b);
struct cargo *find_id(struct book *b, const char *text);
struct cargo *add_cargo(struct book *b);
void remove_cargo(struct book *b, struct cargo *c);

/* fees.c */
int64_t fee_of(const struct cargo *c, int day);
int berth_room(const struct book *b, int berth);

/* report.c */
int do_list(struct book *b, int argc, char **argv);
int do_show(struct book *b, int argc, char **argv);
int do_report(struct book *b, int argc, char **argv);
int do_berths(struct book *b, int argc, char **argv);
int do_stats(struct book *b, int argc, char **argv);
int do_find(struct book *b, int argc, char **argv);
int do_export(struct book *b, int argc, char **argv);

/* change.c */
int do_add(struct book *b, int argc, char **argv);
int do_ship(struct book *b, int argc, char **argv);
int do_drop(struct book *b, int argc, char **argv);
int do_move(struct book *b, int argc, char **argv);
int do_note(struct book *b, int argc, char **argv);
int do_split(struct book *b, int argc, char **argv);
int do_import(struct book *b, int argc, char **argv);

#endif
