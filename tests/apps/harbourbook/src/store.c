#include "harbour.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
	sqlite3 *db;
};

store *
store_open(const char *path)
{
	store *s = calloc(1, sizeof(*s));
	if (s && sqlite3_open(path, &s->db) != SQLITE_OK) {
		sqlite3_close(s->db);
		free(s);
		return NULL;
	}
	return s;
}

void
store_close(store *s)
{
	if (s) {
		sqlite3_close(s->db);
		free(s);
	}
}

const char *
store_error(const store *s)
{
	return sqlite3_errmsg(s->db);
}

int
store_init(store *s, const char *schema_path)
{
	char sql[8192];
	FILE *f = fopen(schema_path, "r");
	if (!f)
		return -1;
	size_t n = fread(sql, 1, sizeof(sql) - 1, f);
	fclose(f);
	sql[n] = '\0';
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static sqlite3_stmt *
prepare(store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	return sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

static long
finish_insert(store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? (long)sqlite3_last_insert_rowid(s->db) : -1;
}

long
store_add_boat(store *s, const char *name, const char *sign, int length_cm)
{
	sqlite3_stmt *st = prepare(s, "INSERT INTO boat (name, sign, length_cm) VALUES (?, ?, ?)");
	if (!st)
		return -1;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 2, sign, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(st, 3, length_cm);
	return finish_insert(s, st);
}

static long
select_id(store *s, const char *sql, const char *key)
{
	sqlite3_stmt *st = prepare(s, sql);
	if (!st)
		return -1;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_TRANSIENT);
	long id = sqlite3_step(st) == SQLITE_ROW ? (long)sqlite3_column_int64(st, 0) : -1;
	sqlite3_finalize(st);
	return id;
}

long
store_find_boat(store *s, const char *sign)
{
	return select_id(s, "SELECT id FROM boat WHERE sign = ?", sign);
}

/* two boats cannot lie in one berth in the same night, and a boat must fit */
static int
is_possible(store *s, long berth, long boat, const char *arrival, const char *departure)
{
	sqlite3_stmt *st = prepare(s,
		"SELECT (SELECT count(*) FROM stay WHERE berth_id = ?1 AND arrival < ?4 AND departure > ?3)"
		" + (SELECT boat.length_cm > berth.length_cm FROM boat, berth"
		"    WHERE boat.id = ?2 AND berth.id = ?1)");
	if (!st)
		return 0;
	sqlite3_bind_int64(st, 1, berth);
	sqlite3_bind_int64(st, 2, boat);
	sqlite3_bind_text(st, 3, arrival, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 4, departure, -1, SQLITE_TRANSIENT);
	int possible = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) == 0;
	sqlite3_finalize(st);
	return possible;
}

long
store_add_stay(store *s, const char *berth, long boat, const char *arrival, const char *departure)
{
	long berth_id = select_id(s, "SELECT id FROM berth WHERE name = ?", berth);
	if (berth_id < 0 || date_to_days(arrival) < 0 || date_to_days(departure) < 0 ||
		!is_possible(s, berth_id, boat, arrival, departure))
		return -1;
	sqlite3_stmt *st = prepare(
		s, "INSERT INTO stay (berth_id, boat_id, arrival, departure) VALUES (?, ?, ?, ?)");
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, berth_id);
	sqlite3_bind_int64(st, 2, boat);
	sqlite3_bind_text(st, 3, arrival, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 4, departure, -1, SQLITE_TRANSIENT);
	return finish_insert(s, st);
}

#define STAYS                                                                                      \
	"SELECT stay.id, berth.name, boat.name, boat.sign, boat.length_cm, arrival, departure "      \
	"FROM stay JOIN berth ON berth.id = berth_id JOIN boat ON boat.id = boat_id "

static void
copy(char *to, size_t n, sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	snprintf(to, n, "%s", text ? text : "");
}

static void
read_row(sqlite3_stmt *st, stay *out)
{
	memset(out, 0, sizeof(*out));
	out->id = (long)sqlite3_column_int64(st, 0);
	copy(out->berth, sizeof(out->berth), st, 1);
	copy(out->boat, sizeof(out->boat), st, 2);
	copy(out->sign, sizeof(out->sign), st, 3);
	out->length_cm = sqlite3_column_int(st, 4);
	copy(out->arrival, sizeof(out->arrival), st, 5);
	copy(out->departure, sizeof(out->departure), st, 6);
}

int
store_get_stay(store *s, long id, stay *out)
{
	sqlite3_stmt *st = prepare(s, STAYS "WHERE stay.id = ?");
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	int found = sqlite3_step(st) == SQLITE_ROW;
	if (found)
		read_row(st, out);
	sqlite3_finalize(st);
	return found ? 0 : -1;
}

int
store_each_stay(store *s, void (*fn)(const stay *, void *), void *arg)
{
	sqlite3_stmt *st = prepare(s, STAYS "ORDER BY berth.name, arrival");
	stay row;
	int n = 0;
	if (!st)
		return -1;
	for (; sqlite3_step(st) == SQLITE_ROW; n++) {
		read_row(st, &row);
		fn(&row, arg);
	}
	sqlite3_finalize(st);
	return n;
}

int
store_count(store *s, const char *table)
{
	char sql[64];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %.40s", table);
	sqlite3_stmt *st = prepare(s, sql);
	int n = st && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
	sqlite3_finalize(st);
	return n;
}
