/* Inside the room: SQLite's own handle of a database. */
#ifndef BASE_DB_HANDLE_H
#define BASE_DB_HANDLE_H

#include "base/db.h"

struct sqlite3 *db_handle(struct db *db);

#endif
