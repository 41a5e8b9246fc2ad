/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and case of ASCII characters, whatever the locale. Other bytes are in no class. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A letter, a digit or '_', as in names. */
static inline bool ascii_is_name(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '_';
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c + 'A' - 'a') : c;
}

#endif
