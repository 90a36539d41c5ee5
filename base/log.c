#include "base/log.h"

#include "base/str.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define MAX_STEPS 16
#define MAX_LINE ((size_t)64 << 10)
#define REDRAW_NS 100000000

#define CLEAR "\r\x1b[K"
#define YELLOW "\x1b[33m"
#define RESET "\x1b[m"

static struct {
	enum log_level level;
	bool terminal;
	bool colour;
	bool drawn; /* a progress line stands on the terminal */
	int64_t drawn_ns;
	int depth;
	char *note; /* of the innermost step */
	struct {
		char *text;
		int64_t start_ns;
	} steps[MAX_STEPS];
} state = {.level = LOG_NORMAL};
static volatile sig_atomic_t stopping;

static int64_t
read_clock(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void
log_init(enum log_level level)
{
	const char *term = getenv("TERM"), *wish = getenv("DRYDOCK_LOG"), *no = getenv("NO_COLOR");
	if (level == LOG_NORMAL && wish && strcmp(wish, "quiet") == 0)
		level = LOG_QUIET;
	if (level == LOG_NORMAL && wish && strcmp(wish, "verbose") == 0)
		level = LOG_VERBOSE;
	state.level = level;
	state.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	state.colour = state.terminal && (!no || !*no);
}

/* ---- lines ---- */

/* One write, so that lines of several processes do not mix; a lost message has no second place. */
static void
send_line(const struct buf *line)
{
	(void)!write(STDERR_FILENO, line->p, line->n);
}

static void
put_clear(struct buf *line)
{
	if (state.drawn)
		buf_puts(line, CLEAR);
	state.drawn = false;
}

static char *
format(const char *fmt, va_list ap)
{
	OWN(buf) struct buf visible = {.max = MAX_LINE};
	OWN_FREE char *text = mem_vprintf(fmt, ap);
	buf_put_visible(&visible, str_of(text));
	return buf_take(&visible);
}

static void
write_line(const char *colour, const char *prefix, const char *fmt, va_list ap)
{
	OWN(buf) struct buf line = {0};
	OWN_FREE char *text = format(fmt, ap);
	put_clear(&line);
	buf_printf(&line, "drydock: %s%s%s%s\n", state.colour ? colour : "", prefix,
		state.colour && *colour ? RESET : "", text);
	send_line(&line);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_line(YELLOW, "warning: ", fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;
	if (state.level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	write_line("", "", fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;
	if (state.level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	write_line("", "", fmt, ap);
	va_end(ap);
}

/* ---- progress ---- */

static double
seconds_of(int step)
{
	return (double)(clock_mono_ns() - state.steps[step].start_ns) / 1e9;
}

static size_t
terminal_width(void)
{
	struct winsize w;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
}

/*
 * Cut to what fits before the last column: a line that wraps cannot be redrawn.  One character
 * counts as one column, which is too much only for wide scripts.
 */
static struct str
cut_to_columns(struct str s, size_t columns)
{
	size_t i = 0;
	for (; i < s.n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) == 0x80)
			continue; /* inside a character */
		size_t width = s.p[i] == '\t' ? 8 : 1;
		if (columns < width || s.p[i] == '\n')
			break;
		columns -= width;
	}
	return (struct str){s.p, i};
}

static void
draw(void)
{
	OWN(buf) struct buf text = {.max = MAX_LINE}, line = {0};
	int step = state.depth - 1;
	if (step < 0 || !state.terminal || state.level < LOG_NORMAL)
		return;
	double seconds = seconds_of(step);
	buf_printf(&text, "%*s%s ...", 2 * step, "", state.steps[step].text);
	if (seconds >= 1)
		buf_printf(&text, " %.0fs", seconds);
	if (state.note)
		buf_printf(&text, " %s", state.note);
	buf_puts(&line, CLEAR);
	buf_add_str(&line, cut_to_columns(buf_str(&text), terminal_width() - 1));
	send_line(&line);
	state.drawn = true;
	state.drawn_ns = clock_mono_ns();
}

static void
drop_note(void)
{
	free(TAKE(state.note));
}

int
progress_begin(const char *fmt, ...)
{
	if (state.depth >= MAX_STEPS)
		return -1;
	int step = state.depth++;
	va_list ap;
	va_start(ap, fmt);
	state.steps[step].text = format(fmt, ap);
	va_end(ap);
	state.steps[step].start_ns = clock_mono_ns();
	drop_note();
	if (state.terminal) {
		draw();
	} else if (state.level >= LOG_NORMAL) {
		OWN(buf) struct buf line = {0};
		buf_printf(&line, "%*s%s ...\n", 2 * step, "", state.steps[step].text);
		send_line(&line);
	}
	return step;
}

void
progress_tick(void)
{
	if (state.terminal && clock_mono_ns() - state.drawn_ns >= REDRAW_NS)
		draw();
}

void
progress_note(const char *fmt, ...)
{
	if (!state.terminal || state.level < LOG_NORMAL || !state.depth)
		return;
	va_list ap;
	va_start(ap, fmt);
	drop_note();
	state.note = format(fmt, ap);
	va_end(ap);
	progress_tick();
}

void
log_say(int fd, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	if (n)
		(void)!write(fd, text, n);
}

void
progress_set_stopping(void)
{
	stopping = 1;
}

void
progress_end(int step, const char *how)
{
	if (stopping && strcmp(how, "failed") == 0)
		how = "stopped";
	if (step < 0 || step >= state.depth)
		return;
	if (state.level >= LOG_NORMAL) {
		OWN(buf) struct buf line = {0};
		put_clear(&line);
		buf_printf(&line, "%*s%s: ", 2 * step, "", state.steps[step].text);
		buf_put_visible(&line, str_of(how));
		buf_printf(&line, " (%.1fs)\n", seconds_of(step));
		send_line(&line);
	}
	while (state.depth > step) {
		state.depth--;
		free(TAKE(state.steps[state.depth].text));
	}
	drop_note();
}

char *
clock_rfc3339(int64_t real_ns)
{
	time_t s = (time_t)(real_ns / 1000000000);
	struct tm tm;
	char text[40];
	(void)gmtime_r(&s, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return mem_strdup(text);
}
