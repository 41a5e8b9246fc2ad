/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

enum { FLUSH_AT = 64 * 1024 };

void jout_init(struct json_out *j, int fd, unsigned indent)
{
	*j = (struct json_out){.fd = fd, .indent = indent};
}

static void jout_flush(struct json_out *j)
{
	const char *s = j->buf.s;
	size_t left = j->buf.len;

	while (left && !j->errnum) {
		ssize_t k = write(j->fd, s, left);

		if (k < 0 && errno != EINTR)
			j->errnum = errno;
		if (k > 0) {
			s += k;
			left -= (size_t)k;
		}
	}
	str_clear(&j->buf);
}

int jout_done(struct json_out *j)
{
	if (j->fd >= 0)
		jout_flush(j);
	str_done(&j->buf);
	return j->errnum;
}

static void jout_newline(struct json_out *j)
{
	if (!j->indent)
		return;
	str_addc(&j->buf, '\n');
	memset(str_reserve(&j->buf, (size_t)j->depth * j->indent), ' ',
	       (size_t)j->depth * j->indent);
	j->buf.len += (size_t)j->depth * j->indent;
	j->buf.s[j->buf.len] = '\0';
}

void jout_part(struct json_out *part, const struct json_out *j)
{
	assert(j->depth && j->has_items[j->depth - 1] && !j->after_key);
	jout_init(part, -1, j->indent);
	part->depth = j->depth;
	part->has_items[part->depth - 1] = true;
}

void jout_add_part(struct json_out *j, const struct str *part)
{
	assert(j->depth && j->has_items[j->depth - 1] && !j->after_key);
	str_addn(&j->buf, part->s, part->len);
}

static void break_line(struct json_out *j)
{
	if (j->break_next && !j->indent)
		str_addc(&j->buf, '\n');
	j->break_next = false;
	jout_newline(j);
}

/* Called before each value and key: writes the comma and starts the line. */
static inline void next_item(struct json_out *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->depth) {
		bool *has_items = &j->has_items[j->depth - 1];

		if (*has_items)
			str_addc(&j->buf, ',');
		*has_items = true;
		if (j->break_next || j->indent)
			break_line(j);
	}
	if (j->buf.len >= FLUSH_AT && j->fd >= 0)
		jout_flush(j);
}

static void open_level(struct json_out *j, char c)
{
	next_item(j);
	str_addc(&j->buf, c);
	assert(j->depth < JSON_DEPTH);
	j->has_items[j->depth++] = false;
}

static void close_level(struct json_out *j, char c)
{
	assert(j->depth && !j->after_key);
	if (j->has_items[--j->depth])
		jout_newline(j);
	str_addc(&j->buf, c);
}

void jout_object(struct json_out *j)
{
	open_level(j, '{');
}

void jout_object_end(struct json_out *j)
{
	close_level(j, '}');
}

void jout_array(struct json_out *j)
{
	open_level(j, '[');
}

void jout_array_end(struct json_out *j)
{
	close_level(j, ']');
}

static void add_escaped(struct str *b, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *at = c ? strchr(plain, c) : NULL;

	if (at) {
		str_addc(b, '\\');
		str_addc(b, letter[at - plain]);
	} else {
		str_printf(b, "\\u%04x", c);
	}
}

/* Printable ASCII except quote and backslash needs no escape. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* 16 bytes that are tested at once. Without vector instructions the compiler
 * generates scalar code. */
typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef uint64_t words16 __attribute__((vector_size(16)));

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

static bool are_plain16(const char *s)
{
	bytes16 v;
	words16 odd;

	memcpy(&v, s, sizeof(v));
	odd = (words16)((v < 0x20) | (v >= 0x7f) | (v == '"') | (v == '\\'));
	return (odd[0] | odd[1]) == 0;
}

/* Sets the high bit of the first byte of w that is 0; bits of later bytes may be wrong. */
static inline uint64_t zero_bytes(uint64_t w)
{
	return (w - EACH_BYTE(1)) & ~w;
}

/* is_plain() for each of the 8 bytes. Carries arise only in bytes that are not plain, so they
 * change no result. */
static inline bool jout_is_plain_word(uint64_t w)
{
	uint64_t odd = w | (w - EACH_BYTE(0x20)) | (w + EACH_BYTE(1)) |
		       zero_bytes(w ^ EACH_BYTE('"')) | zero_bytes(w ^ EACH_BYTE('\\'));

	return (odd & EACH_BYTE(0x80)) == 0;
}

static inline bool are_plain8(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return jout_is_plain_word(w);
}

/* For n < 8. From 4 bytes on, two words of 4 bytes that may overlap. */
static inline bool are_few_plain(const char *s, size_t n)
{
	uint32_t first, last;

	if (n == 0)
		return true;
	if (n < 4) {
		for (size_t i = 0; i < n; i++)
			if (!is_plain((unsigned char)s[i]))
				return false;
		return true;
	}
	memcpy(&first, s, sizeof(first));
	memcpy(&last, s + n - sizeof(last), sizeof(last));
	return jout_is_plain_word((uint64_t)first << 32 | last);
}

/* Number of plain bytes before the first one that is not. */
static size_t plain_run(const char *s, size_t n)
{
	size_t i = 0;

	while (n - i >= sizeof(bytes16) && are_plain16(s + i))
		i += sizeof(bytes16);
	if (n - i >= sizeof(uint64_t) && are_plain8(s + i))
		i += sizeof(uint64_t);
	while (i < n && is_plain((unsigned char)s[i]))
		i++;
	return i;
}

/* Writes the character at s, whose first byte is not plain. Returns the number of bytes used. */
static size_t add_odd(struct str *b, const char *s, size_t n)
{
	unsigned char c = (unsigned char)*s;
	size_t k = c >= 0x80 ? utf8_valid_len(s, n) : 0;

	if (k)
		str_addn(b, s, k);
	else if (c >= 0x80)
		str_add(b, "\xef\xbf\xbd");
	else
		add_escaped(b, c);
	return k ? k : 1;
}

/* The last block overlaps the one before it, so that no bytes are left over. */
static bool are_all_plain(const char *s, size_t n)
{
	if (n < sizeof(uint64_t))
		return are_few_plain(s, n);
	if (n < sizeof(bytes16))
		return are_plain8(s) && are_plain8(s + n - sizeof(uint64_t));
	for (size_t i = 0; n - i > sizeof(bytes16); i += sizeof(bytes16))
		if (!are_plain16(s + i))
			return false;
	return are_plain16(s + n - sizeof(bytes16));
}

static void add_escapes(struct str *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t k = plain_run(s + i, n - i);

		str_addn(b, s + i, k);
		i += k;
		if (i < n)
			i += add_odd(b, s + i, n - i);
	}
}

static void add_plain_quoted(struct str *b, const char *s, size_t n)
{
	char *to = str_reserve(b, n + 2);

	to[0] = '"';
	memcpy(to + 1, s, n);
	to[n + 1] = '"';
	to[n + 2] = '\0';
	b->len += n + 2;
}

static void add_quoted(struct str *b, const char *s, size_t n)
{
	if (are_all_plain(s, n)) {
		add_plain_quoted(b, s, n);
		return;
	}
	str_addc(b, '"');
	add_escapes(b, s, n);
	str_addc(b, '"');
}

void jout_key(struct json_out *j, const char *key)
{
	next_item(j);
	add_quoted(&j->buf, key, strlen(key));
	str_addc(&j->buf, ':');
	if (j->indent)
		str_addc(&j->buf, ' ');
	j->after_key = true;
}

void jout_string_n(struct json_out *j, const char *s, size_t n)
{
	next_item(j);
	add_quoted(&j->buf, s, n);
}

void jout_string(struct json_out *j, const char *s)
{
	if (s)
		jout_string_n(j, s, strlen(s));
	else
		jout_null(j);
}

void jout_break(struct json_out *j)
{
	j->break_next = true;
}

void jout_raw(struct json_out *j, const char *text)
{
	next_item(j);
	str_add(&j->buf, text);
}

/* Numbers are most of a journal: printf() would take longer than the rest of a record. */
static void add_digits(struct str *b, uint64_t u, unsigned least)
{
	char digits[20];
	unsigned n = 0;

	if (u < 10 && least <= 1) {
		str_addc(b, (char)('0' + u));
		return;
	}
	do {
		digits[sizeof(digits) - ++n] = (char)('0' + u % 10);
		u /= 10;
	} while (u || n < least);
	str_addn(b, digits + sizeof(digits) - n, n);
}

void jout_int(struct json_out *j, int64_t i)
{
	next_item(j);
	if (i < 0)
		str_addc(&j->buf, '-');
	add_digits(&j->buf, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, 1);
}

static void drop_zeros(struct str *b)
{
	while (b->s[b->len - 1] == '0' && b->s[b->len - 2] != '.')
		b->s[--b->len] = '\0';
}

/* For numbers whose scaled value fits into 53 bits. false: d is too large for that. */
static bool add_small_real(struct str *b, double d, unsigned decimals)
{
	static const uint64_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	double scaled;
	uint64_t u;

	if (decimals >= sizeof(scales) / sizeof(scales[0]))
		return false;
	scaled = fabs(d) * (double)scales[decimals];
	if (!(scaled < 9e15))
		return false;
	u = (uint64_t)llrint(scaled);
	if (d < 0 && u)
		str_addc(b, '-');
	add_digits(b, u / scales[decimals], 1);
	if (decimals && u % scales[decimals] == 0) {
		str_addn(b, ".0", 2);
	} else if (decimals) {
		str_addc(b, '.');
		add_digits(b, u % scales[decimals], decimals);
	}
	return true;
}

void jout_real(struct json_out *j, double d, unsigned decimals)
{
	if (!isfinite(d)) {
		jout_null(j);
		return;
	}
	next_item(j);
	if (!add_small_real(&j->buf, d, decimals))
		str_printf(&j->buf, "%.*f", (int)decimals, d);
	if (decimals)
		drop_zeros(&j->buf);
}

void jout_bool(struct json_out *j, bool b)
{
	jout_raw(j, b ? "true" : "false");
}

void jout_null(struct json_out *j)
{
	jout_raw(j, "null");
}

void jout_key_string(struct json_out *j, const char *key, const char *s)
{
	jout_key(j, key);
	jout_string(j, s);
}

void jout_key_strings(struct json_out *j, const char *key, const char *const *texts)
{
	jout_key(j, key);
	jout_array(j);
	for (; texts && *texts; texts++)
		jout_string(j, *texts);
	jout_array_end(j);
}

void jout_key_int(struct json_out *j, const char *key, int64_t i)
{
	jout_key(j, key);
	jout_int(j, i);
}

void jout_key_real(struct json_out *j, const char *key, double d, unsigned decimals)
{
	jout_key(j, key);
	jout_real(j, d, decimals);
}

void jout_key_bool(struct json_out *j, const char *key, bool b)
{
	jout_key(j, key);
	jout_bool(j, b);
}
