/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte string. {0} is empty and valid; s is NUL-terminated whenever it is not NULL. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"

struct str {
	char *s;
	size_t len, cap;
};

void str_done(struct str *b);
void str_clear(struct str *b); /* keeps the memory */
/* Makes room for at least n more bytes and a NUL, and returns the place for them (the end of the
 * string). The caller writes there and then adds to len. */
char *str_reserve(struct str *b, size_t n);
void str_add(struct str *b, const char *s);
void str_printf(struct str *b, const char *fmt, ...) _printf_(2, 3);
void str_vprintf(struct str *b, const char *fmt, va_list ap) _printf_(2, 0);

static inline void str_addn(struct str *b, const char *s, size_t n)
{
	char *to = b->cap - b->len > n ? b->s + b->len : str_reserve(b, n);

	if (n)
		memcpy(to, s, n);
	to[n] = '\0';
	b->len += n;
}

static inline void str_addc(struct str *b, char c)
{
	char *to = b->cap - b->len > 1 ? b->s + b->len : str_reserve(b, 1);

	to[0] = c;
	to[1] = '\0';
	b->len++;
}

/* Returns the text, which the caller must free(); b is empty again. Never NULL. */
char *str_take(struct str *b);

/* A letter, a digit or one of _@%+=:,./-: a POSIX shell never gives it a meaning of its own. */
bool str_is_shell_char(char c);
/* s needs no quotes in a POSIX shell. */
bool str_is_shell_word(const char *s);
/* Appends s as one POSIX shell word, quoted only if necessary (as Python's shlex.quote() and DVSim
 * do). */
void str_add_shell_word(struct str *b, const char *s);
/* Appends s with control characters and invalid UTF-8 as \xNN, for terminals and messages. */
void str_add_printable(struct str *b, const char *s, size_t n);

/* Appends s with the ASCII letters in upper case. */
void str_add_upper(struct str *b, const char *s);

/* Appends s with each occurrence of `from` replaced; `from` may be "". */
void str_add_replaced(struct str *b, const char *s, const char *from, const char *to);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_eq(const char *a, const char *b);	     /* NULL equals NULL only */
int str_compare_texts(const void *a, const void *b); /* for qsort() of an array of char * */

/* Matches all of s against a glob with * ? [seq] [!seq] as Python's fnmatch does: case sensitive,
 * by code points, '/' and '.' not special, no escapes; a '[' without a ']' is plain text. */
bool str_glob(const char *pattern, const char *s);
bool str_is_glob(const char *s); /* contains * ? or [ */

/* The candidate most similar to word, for "did you mean"; NULL if none is similar enough. */
const char *str_suggest(const char *word, const char *const *candidates, size_t n);

#endif
