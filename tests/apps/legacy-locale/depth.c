/* depth: a depth as the harbour master writes it. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

int
main(void)
{
	char text[20];
	setlocale(LC_NUMERIC, "de_DE.UTF-8");
	snprintf(text, sizeof(text), "%.1f", 4.5);
	return strcmp(text, "4,5") != 0;
}
