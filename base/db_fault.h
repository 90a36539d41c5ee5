/* Inside the room: SQLite's own system calls pass base/fault.h, too. */
#ifndef BASE_DB_FAULT_H
#define BASE_DB_FAULT_H

/* Before the first database is opened; does nothing unless the environment asks for a fault. */
void db_fault_install(void);

#endif
