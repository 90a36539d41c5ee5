/* Inside the room: the scripts that are put into pages, embedded (qa/data). */
#ifndef QA_SCRIPTS_H
#define QA_SCRIPTS_H

#include "base/str.h"

/* Definitions, to be put before the others but the clock, and before what else asks a document. */
struct str script_plain(void);
/* Functions in parentheses, to be called with arguments; what they do is told at their heads. */
struct str script_clock(void);	 /* (seed, epoch in ms, start in ms after it) */
struct str script_still(void);	 /* (whole page?, limit in ms) */
struct str script_observe(void); /* (mode, origin) */
struct str script_axe(void);	 /* (), with script_axe_core before it */

struct str script_axe_core(void); /* axe-core, of its authors */

#endif
