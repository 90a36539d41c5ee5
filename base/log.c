#include "base/log.h"

#include "base/str.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#define MAX_STEPS 16

static struct {
	enum log_level level;
	bool terminal;
	bool drawn; /* a progress line stands on the terminal */
	int depth;
	struct {
		char *text;
		int64_t start_ns;
	} steps[MAX_STEPS];
} state = {.level = LOG_NORMAL};

int64_t
clock_mono_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
clock_real_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
log_init(enum log_level level)
{
	const char *term = getenv("TERM");
	state.level = level;
	state.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static void
clear_line(void)
{
	if (state.drawn)
		fputs("\r\x1b[K", stderr);
	state.drawn = false;
}

static void
write_line(const char *prefix, const char *fmt, va_list ap)
{
	clear_line();
	fputs(prefix, stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_line("drydock: warning: ", fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;
	if (state.level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	write_line("drydock: ", fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;
	if (state.level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	write_line("drydock: ", fmt, ap);
	va_end(ap);
}

static double
seconds_of(int step)
{
	return (double)(clock_mono_ns() - state.steps[step].start_ns) / 1e9;
}

int
progress_begin(const char *fmt, ...)
{
	if (state.depth >= MAX_STEPS)
		return -1;
	int step = state.depth++;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&state.steps[step].text, fmt, ap) < 0)
		abort();
	va_end(ap);
	state.steps[step].start_ns = clock_mono_ns();
	if (state.level < LOG_NORMAL)
		return step;
	clear_line();
	fprintf(stderr, "%*s%s ...", 2 * step, "", state.steps[step].text);
	if (state.terminal)
		state.drawn = true;
	else
		fputc('\n', stderr);
	return step;
}

void
progress_note(const char *fmt, ...)
{
	if (!state.terminal || state.level < LOG_NORMAL || !state.depth)
		return;
	OWN_FREE char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	int step = state.depth - 1;
	clear_line();
	fprintf(stderr, "%*s%s ... %.0fs %.60s", 2 * step, "", state.steps[step].text,
		seconds_of(step), text);
	state.drawn = true;
}

void
progress_end(int step, const char *how)
{
	if (step < 0)
		return;
	if (state.level >= LOG_NORMAL) {
		clear_line();
		fprintf(stderr, "%*s%s: %s (%.1fs)\n", 2 * step, "", state.steps[step].text, how,
			seconds_of(step));
	}
	while (state.depth > step) {
		state.depth--;
		free(TAKE(state.steps[state.depth].text));
	}
}
