/* Data files of the room, part of the program: agents/data/NAME as text.  # begins a comment line. */
#ifndef AGENTS_DATA_H
#define AGENTS_DATA_H

#include "base/str.h"

struct str data_headers(
	void); /* headers.tsv: function, header, declaration; made by tools/headers.sh */
struct str data_python_3(void); /* python_3.py: makes source for Python 2 one for Python 3 */
/* Which lines programs execute (counted.h): what Python imports first, the lines that it could execute, what node counted. */
struct str data_counted_python(void);
struct str data_counted_python_lines(void);
struct str data_counted_node(void);

#endif
