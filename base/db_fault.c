/*
 * A VFS (https://www.sqlite.org/vfs.html) that is the default one but for the calls that can be
 * made to fail.  The files are the default's own with other methods, each of which ends in the
 * original; there is one such table for each that the default has (with and without locks).
 */
#include "base/db_fault.h"

#include "base/fault.h"

#include <errno.h>
#include <sqlite3.h>

#define WHAT "(database)"

static sqlite3_vfs *plain;
static struct faulty {
	sqlite3_io_methods methods; /* first: a file points to it */
	const sqlite3_io_methods *plain;
} faulty[4];

static const sqlite3_io_methods *
plain_of(const sqlite3_file *f)
{
	return ((const struct faulty *)f->pMethods)->plain;
}

static int
read_file(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	if (fault_fails(FAULT_READ, WHAT, -1))
		return SQLITE_IOERR_READ;
	return plain_of(f)->xRead(f, p, n, at);
}

static int
write_file(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	size_t allowed = (size_t)n;
	if (fault_fails_write(-1, WHAT, &allowed))
		return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	int rc = plain_of(f)->xWrite(f, p, (int)allowed, at);
	return rc == SQLITE_OK && (int)allowed < n ? SQLITE_FULL : rc;
}

static int
truncate_file(sqlite3_file *f, sqlite3_int64 size)
{
	if (fault_fails(FAULT_TRUNCATE, WHAT, -1))
		return SQLITE_IOERR_TRUNCATE;
	return plain_of(f)->xTruncate(f, size);
}

static int
sync_file(sqlite3_file *f, int flags)
{
	if (fault_fails(FAULT_SYNC, WHAT, -1))
		return SQLITE_IOERR_FSYNC;
	return plain_of(f)->xSync(f, flags);
}

static void
replace_methods(sqlite3_file *f)
{
	for (size_t i = 0; i < sizeof(faulty) / sizeof(*faulty); i++) {
		if (!faulty[i].plain) {
			faulty[i].plain = f->pMethods;
			faulty[i].methods = *f->pMethods;
			faulty[i].methods.xRead = read_file;
			faulty[i].methods.xWrite = write_file;
			faulty[i].methods.xTruncate = truncate_file;
			faulty[i].methods.xSync = sync_file;
		}
		if (faulty[i].plain == f->pMethods) {
			f->pMethods = &faulty[i].methods;
			return;
		}
	}
}

static int
open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *ret_flags)
{
	(void)vfs;
	if ((flags & SQLITE_OPEN_CREATE) && fault_fails(FAULT_CREATE, name, -1)) {
		f->pMethods = NULL;
		return SQLITE_CANTOPEN;
	}
	int rc = plain->xOpen(plain, name, f, flags, ret_flags);
	if (rc == SQLITE_OK && f->pMethods)
		replace_methods(f);
	return rc;
}

void
db_fault_install(void)
{
	static sqlite3_vfs vfs;
	if (plain || !fault_wished())
		return;
	plain = sqlite3_vfs_find(NULL);
	vfs = *plain;
	vfs.zName = "drydock-faulty";
	vfs.xOpen = open_file;
	(void)sqlite3_vfs_register(&vfs, 1);
}
