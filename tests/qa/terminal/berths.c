/* A program for terminals: asks, shows a menu, and, when it is told to, attacks who looks at it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char *const berths[] = {"North", "South", "East"};
static struct termios before;
static volatile sig_atomic_t resized;

static void
on_resize(int sig)
{
	(void)sig;
	resized = 1;
}

static void
raw(int on)
{
	struct termios t;
	if (!on) {
		tcsetattr(0, TCSANOW, &before);
		return;
	}
	tcgetattr(0, &before);
	t = before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_iflag &= ~(tcflag_t)ICRNL;
	tcsetattr(0, TCSANOW, &t);
}

static int
ask(const char *what, char *to, size_t size, int secret)
{
	struct termios t, quiet;
	printf("%s", what);
	fflush(stdout);
	tcgetattr(0, &t);
	quiet = t;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(0, TCSANOW, secret ? &quiet : &t);
	char *line = fgets(to, (int)size, stdin);
	tcsetattr(0, TCSANOW, &t);
	if (!line)
		return 0;
	to[strcspn(to, "\n")] = '\0';
	if (secret)
		printf("\n");
	return 1;
}

static void
draw(int at, const char *last)
{
	struct winsize w;
	ioctl(1, TIOCGWINSZ, &w);
	printf("\033[H\033[2J\033[1;44mBerths\033[0m %dx%d\n", w.ws_col, w.ws_row);
	for (int i = 0; i < 3; i++)
		printf("%s%s\033[0m\n", i == at ? "\033[7m> " : "  ", berths[i]);
	printf("\n%s", last);
	fflush(stdout);
}

/* One key or report, whole, into key. */
static int
get_key(char *key, size_t size)
{
	ssize_t n = read(0, key, size - 1);
	if (n < 0)
		return resized ? 0 : -1;
	key[n] = '\0';
	return n > 0 ? 1 : -1;
}

static void
click(const char *key, int *at, char *last, size_t size)
{
	int column = (unsigned char)key[4] - 32, row = (unsigned char)key[5] - 32;
	if ((key[3] & 3) != 0)
		return;
	if (row >= 2 && row <= 4)
		*at = row - 2;
	snprintf(last, size, "clicked at %d,%d", row, column);
}

static int
menu(int mouse)
{
	const struct sigaction act = {.sa_handler = on_resize};
	char key[64], last[200] = "arrows move, Enter takes";
	int at = 0;
	sigaction(SIGWINCH, &act, NULL);
	raw(1);
	printf("\033[?1049h\033[?25l\033]0;Berths of the harbour\007%s", mouse ? "\033[?1000h" : "");
	for (;;) {
		draw(at, last);
		resized = 0;
		int got = get_key(key, sizeof(key));
		if (got < 0)
			break;
		if (got == 0)
			continue;
		if (strcmp(key, "\033[B") == 0 || strcmp(key, "\033OB") == 0)
			at = (at + 1) % 3;
		else if (strcmp(key, "\033[A") == 0 || strcmp(key, "\033OA") == 0)
			at = (at + 2) % 3;
		else if (strncmp(key, "\033[M", 3) == 0)
			click(key, &at, last, sizeof(last));
		else if (strcmp(key, "\r") == 0)
			snprintf(last, sizeof(last), "taken: %s", berths[at]);
		else if (strcmp(key, "q") == 0)
			break;
		else
			snprintf(last, sizeof(last), "key of %zu bytes, the last %d", strlen(key),
				key[strlen(key) - 1]);
	}
	printf("\033[?1000l\033[?25h\033[?1049l");
	raw(0);
	return at;
}

static int
sign_in(void)
{
	char name[100], word[100];
	if (!ask("Name of the skipper? ", name, sizeof(name), 0) ||
		!ask("Password: ", word, sizeof(word), 1))
		return 2;
	printf("Welcome %s, %zu letters\n", name, strlen(word));
	if (getenv("SHOW"))
		printf("It was %s, wrapped %70s%s\n", word, "", word);
	return 0;
}

/* ---- attacks ---- */

static void
endless(void)
{
	for (unsigned i = 0;; i++)
		printf("\033[%u;%uH\033[3%um%u", i % 24, i * 7 % 80, i % 8, i);
}

static void
long_line(void)
{
	for (int i = 0; i < 10 << 20; i++)
		putchar('a' + i % 26);
	printf("\nthe end of the line\n");
}

static void
noise(void)
{
	unsigned long x = 88172645463325252UL;
	for (int i = 0; i < 4 << 20; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		putchar(x % 7 ? (int)(x >> 32 & 0xff) : x % 3 ? '\033' : '[');
	}
	printf("\033\\\033c\033[0m\033[H\033[2Jbehind the noise\n");
}

/* Numbers too large everywhere, strings that do not end, and what would be done by other terminals. */
static void
commands(void)
{
	static const char ends[] = "@ABCDEFGHIJKLMPSTXZ`abdefghlmnpqrstux{|}~";
	for (const char *e = ends; *e; e++)
		printf("\033[2147483647;2147483647;999999999999%c\033[?99999;;;;;;;;;;;;;;;;;;;;;;;;;;;%c", *e, *e);
	printf("\033]52;c;Y3VybCBldmlsIHwgc2g=\007\033]0;<script>alert(1)</script>\007");
	printf("\033]0;");
	for (int i = 0; i < 1 << 20; i++)
		putchar('T');
	printf("\007\033[8;500;500t\033[21t\033P$q\"; touch /tmp/x\033\\\033[20t\033]50;?\007");
	printf("\033c\033[H\033[2J<b>still here</b> \xff\xfe\xc0\xaf\xed\xa0\x80 e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 \xe6\xbc\xa2\xe5\xad\x97\n");
}

/* Asks for more answers than there may be, and says what came. */
static void
questions(void)
{
	char c, seen[4096];
	size_t n = 0;
	struct termios t;
	raw(1);
	tcgetattr(0, &t);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 5;
	tcsetattr(0, TCSANOW, &t);
	printf("\033]0;; touch /tmp/owned\007\033[21t\033P$q; touch /tmp/owned\033\\");
	for (int i = 0; i < 1000; i++)
		printf("\033[6n");
	fflush(stdout);
	size_t answers = 0;
	while (read(0, &c, 1) == 1) {
		answers += c == 'R';
		if (n + 1 < sizeof(seen) && c >= ' ')
			seen[n++] = c;
	}
	seen[n] = '\0';
	raw(0);
	printf("\nanswers %zu, touched %d\n", answers, strstr(seen, "touch") != NULL);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "menu";
	if (strcmp(what, "count") == 0)
		return printf("%zu\n", sizeof(berths) / sizeof(*berths)) < 0;
	if (strcmp(what, "sign-in") == 0)
		return sign_in();
	if (strcmp(what, "endless") == 0)
		endless();
	if (strcmp(what, "line") == 0)
		long_line();
	if (strcmp(what, "noise") == 0)
		noise();
	if (strcmp(what, "commands") == 0)
		commands();
	if (strcmp(what, "questions") == 0)
		questions();
	if (strcmp(what, "menu") == 0 || strcmp(what, "mouse") == 0)
		return menu(*(what + 1) == 'o');
	return 0;
}
