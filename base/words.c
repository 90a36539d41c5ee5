#include "base/words.h"

#include <string.h>

#define NUMBER_LENGTH 4

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Digits right behind letters are of the word, if they are few ("ext4", "sha256"): the end of what was put. */
static size_t
put_number(struct str s, size_t i, char *ret, size_t *n)
{
	size_t end = i;
	while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
		end++;
	if (end - i > NUMBER_LENGTH)
		return i;
	for (; i < end; i++, (*n)++)
		if (*n < WORDS_LENGTH)
			ret[*n] = s.p[i];
	return end;
}

bool
words_next(struct str *rest, char *ret, size_t *ret_n)
{
	size_t i = 0, n = 0;
	while (i < rest->n && !is_letter(rest->p[i]) && !(rest->p[i] >= '0' && rest->p[i] <= '9'))
		i++;
	if (i == rest->n)
		return false;
	bool digits = !is_letter(rest->p[i]);
	for (; i < rest->n; i++) {
		char c = rest->p[i];
		bool upper = c >= 'A' && c <= 'Z';
		bool lower_before = n && rest->p[i - 1] >= 'a' && rest->p[i - 1] <= 'z';
		bool lower_behind =
			i + 1 < rest->n && rest->p[i + 1] >= 'a' && rest->p[i + 1] <= 'z';
		bool goes_on = digits ? c >= '0' && c <= '9' : is_letter(c);
		if (!digits && n && !goes_on && c >= '0' && c <= '9') {
			i = put_number(*rest, i, ret, &n);
			break;
		}
		if (!goes_on || (upper && n && (lower_before || (lower_behind && !lower_before))))
			break;
		if (n < WORDS_LENGTH)
			ret[n] = small(c);
		n++;
	}
	*rest = (struct str){rest->p + i, rest->n - i};
	*ret_n = n < WORDS_LENGTH ? n : WORDS_LENGTH;
	return true;
}

size_t
words_stem(const char *word, size_t n)
{
	if (n > 3 && word[n - 1] == 's' && word[n - 2] != 's')
		n--;
	if (n > 5 && memcmp(word + n - 3, "ing", 3) == 0)
		n -= 3;
	else if (n > 4 && memcmp(word + n - 2, "ed", 2) == 0)
		n -= 2;
	else if (n > 3 && word[n - 1] == 'e')
		n--;
	return n;
}

bool
words_is_common(const char *word)
{
	static const char *const common[] = {"the", "a", "an", "of", "to", "in", "is", "it", "and",
		"or", "for", "on", "how", "what", "where", "which", "who", "when", "why", "does",
		"do", "are", "be", "by", "with", "that", "this", "we", "from", "as", "at", "can",
		"if", "not", "all", "i", "you", "has", "have", "was", NULL};
	return str_is_one(str_of(word), common);
}

void
words_of(struct str text, struct strlist *ret)
{
	char word[WORDS_LENGTH];
	size_t n;
	while (words_next(&text, word, &n)) {
		OWN_FREE char *whole = mem_strndup(word, n);
		if (n < 2 || words_is_common(whole))
			continue;
		whole[words_stem(word, n)] = 0;
		strlist_add_new(ret, whole);
	}
}
