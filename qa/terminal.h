/*
 * Inside the room: a terminal as the worker "terminal" has it: one end of a pseudo-terminal, and libvterm's model of what a
 * program on the other end shows.
 *
 * All that comes is hostile.  It is read in pieces within a given time; the model has a fixed size and no history; a piece
 * that takes it longer than TERMINAL_PIECE_S ends the worker.  Titles are kept as text, clipboards and other commands to the
 * terminal are noted and not done.  Where a program asks (cursor, attributes of the device, modes) it gets numbers, at most
 * TERMINAL_MAX_ANSWERS a step; nothing it wrote is ever sent back to it.
 */
#ifndef QA_TERMINAL_H
#define QA_TERMINAL_H

#include "qa/terminal_view.h"
#include "record/record.h"

#define TERMINAL_MAX_OUTPUT ((size_t)1 << 20) /* of a step, that is kept */
#define TERMINAL_MAX_ANSWERS 64
#define TERMINAL_MAX_MESSAGES 100 /* of a step; what comes behind them is counted */
#define TERMINAL_PIECE_S 5

struct terminal;

/* fd: our end, not blocking, borrowed. */
struct terminal *terminal_create(int fd, int columns, int rows);
void terminal_destroy(struct terminal *t); /* NULL is fine */

/* What happens from now on belongs to this step (NULL: to none), whose output begins anew. */
void terminal_begin_step(struct terminal *t, struct screen_step *step);

/* Take what comes within so many ms, and return at its first pause.  True: something came. */
bool terminal_pass(struct terminal *t, int ms);
/* Has everybody closed the other end? */
bool terminal_has_ended(const struct terminal *t);

/*
 * Wait until the screen has been the same for a while, first_ms for its first change.  False: it is still changing when
 * its time is over.
 */
bool terminal_settle(struct terminal *t, int first_ms);

/* DD_EINVAL: there is no such key, the program does not read, or does not take the mouse. */
int terminal_type(struct terminal *t, const char *text, struct dd_err *err) DD_MUST_USE;
int terminal_press(struct terminal *t, const char *key, struct dd_err *err) DD_MUST_USE;
int terminal_click(struct terminal *t, int row, int column, struct dd_err *err) DD_MUST_USE;
/* The program is told. */
int terminal_resize(struct terminal *t, int columns, int rows, struct dd_err *err) DD_MUST_USE;

void terminal_look(struct terminal *t, struct terminal_view *ret);
/* What came in this step, as far as it is kept. */
struct str terminal_output(const struct terminal *t);

#endif
