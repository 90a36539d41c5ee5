/*
 * Theory of operation.  Three parties, as with pages (screens.c):
 *
 *   program   in the application's pod, as its tests are, on a terminal of that pod.
 *   driver    the worker "terminal", profile `parser`: the only one that reads what the program writes, and types.
 *   drydock   counts and keeps what the driver gives, says what became of the program when it asks, and ends both.
 *
 * The terminal's other end is the driver's alone: a program that writes without end waits while nobody reads.
 */
#include "qa/terminals.h"

#include "qa/programs.h"
#include "qa/screen.h"
#include "qa/terminal_view.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

char *
qa_terminal_environment(void)
{
	return terminal_view_environment();
}

static int
start_program(struct program_stage *s, int *ret_ours, struct dd_err *err)
{
	static const char *const env[] = {"TERM=xterm-256color", NULL};
	const struct scenario_program *t = &s->scenario->program;
	const struct winsize size = {
		.ws_row = (unsigned short)t->height, .ws_col = (unsigned short)t->width};
	OWN_FD int ours = -1, program = -1;
	int rc = pod_terminal(s->spec->application, &ours, &program, err);
	if (rc == 0 && ioctl(ours, TIOCSWINSZ, &size) < 0)
		rc = err_errno(err, errno, "the size of a terminal");
	const int fds[3] = {program, program, program};
	if (rc == 0)
		rc = program_start(s, env, fds, true, err);
	if (rc == 0)
		*ret_ours = TAKE_FD(ours);
	return rc;
}

int
terminal_play(const struct screen_spec *spec, size_t at, struct screen_evidence *evidence,
	struct screen_result *result, struct dd_err *err)
{
	struct program_stage s;
	OWN_FD int terminal = -1; /* our end */
	int rc = program_open(spec, at, evidence, result, &s, err);
	if (rc == 0)
		rc = start_program(&s, &terminal, err);
	const struct exec_fd pass[] = {{terminal, SCREEN_FROM}, {s.asked, SCREEN_TO}};
	if (rc == 0)
		rc = program_drive(&s, "terminal", "prompt:", pass, 2, err);
	program_close(&s);
	return rc;
}
