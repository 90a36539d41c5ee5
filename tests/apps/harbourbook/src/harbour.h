/* harbourbook: the berth ledger */
#ifndef HARBOUR_H
#define HARBOUR_H

#include <stddef.h>

/* dates.c: days since 1970-01-01, -1 for what is no date */
long date_to_days(const char *text);
void days_to_date(long days, char out[11]);
int date_month(const char *text);

/* tariff.c: all money in cents */
long tariff_night(int length_cm, int month);
long tariff_stay(int length_cm, const char *arrival, const char *departure);
void tariff_format(long cents, char *out, size_t n);

/* store.c */
typedef struct store store;

typedef struct {
	long id;
	char berth[16];
	char boat[64];
	char sign[16];
	int length_cm;
	char arrival[11], departure[11];
} stay;

store *store_open(const char *path);
void store_close(store *s);
int store_init(store *s, const char *schema_path);
const char *store_error(const store *s);
long store_add_boat(store *s, const char *name, const char *sign, int length_cm);
long store_find_boat(store *s, const char *sign);
long store_add_stay(store *s, const char *berth, long boat, const char *arrival, const char *departure);
int store_get_stay(store *s, long id, stay *out);
int store_each_stay(store *s, void (*fn)(const stay *, void *), void *arg);
int store_count(store *s, const char *table);

/* import.c: the coast guard's list; number of boats taken over, -1 for a bad file */
int import_list(store *s, const char *path);

/* pages.c: each gives a heap string */
typedef struct {
	char *p;
	size_t n, cap;
} page;

void page_add(page *b, const char *fmt, ...);
void page_escape(page *b, const char *text);
char *page_list(store *s, const char *site);
char *page_stay(store *s, const char *site, long id);
char *page_form(const char *site);

/* http.c: serve until told to stop; port 0 takes a free one */
int http_serve(store *s, const char *site, int port);

#endif
