/* Output that harms whoever reads it: too much, never ending, or addressed to a terminal. */
#include "tests/hostile/attack.h"

/* MIB bytes without one newline. */
static void
line(const char *name, char **args)
{
	static char block[1 << 20];
	(void)name;
	memset(block, 'x', sizeof(block));
	for (long i = atol(*args); i > 0; i--)
		for (size_t done = 0; done < sizeof(block);) {
			ssize_t n = write(1, block + done, sizeof(block) - done);
			if (n <= 0)
				return;
			done += (size_t)n;
		}
}

/* MIB bytes of short lines, by turns on both streams. */
static void
lines(const char *name, char **args)
{
	static char block[1 << 20];
	(void)name;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i % 64 == 63 ? '\n' : 'y';
	for (long i = atol(*args); i > 0; i--)
		for (size_t done = 0; done < sizeof(block);) {
			ssize_t n = write(1 + (int)(i & 1), block + done, sizeof(block) - done);
			if (n <= 0)
				return;
			done += (size_t)n;
		}
}

/* Title, clipboard (OSC 52), cursor, colours, carriage return, C1 controls, text from right to left. */
static void
escapes(const char *name, char **args)
{
	(void)name;
	(void)args;
	printf("before\x1b]0;owned\x07 \x1b]52;c;aGFybQ==\x07 \x1b[2J\x1b[31mred\x1b[0m\rover\b\b \x9b"
	       "31m \u202eltr <b>&amp;</b>\x1b\\ after\n");
}

static const struct attack attacks[] = {
	{"line", line},
	{"lines", lines},
	{"escapes", escapes},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
