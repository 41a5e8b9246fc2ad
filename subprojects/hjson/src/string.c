/* SPDX-License-Identifier: Apache-2.0 */
/* Strings in quotes. They are slices of the text if they need no decoding or cutting. */
#include "scan.h"

#include <string.h>

struct quoted {
	const char *open; /* the opening quote */
	const char *p;
	char *out; /* NULL: nothing was decoded yet, and the string is a slice */
	char *to;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of \uXXXX at p, which is its backslash; -1: there is none. */
static int unicode_escape(const char *p, const char *end)
{
	int code = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

static bool decode_unicode(struct scan *s, struct quoted *q)
{
	int code = unicode_escape(q->p, s->end);
	int low;

	if (code < 0) {
		fault_set(s, HJSON_SYNTAX, q->p, 2, "\\u needs four hexadecimal digits");
		fault_mend_sure(s, q->p, 1, ".");
		return fault_hint(s, "like \\u00e9; write \\\\ for a backslash");
	}
	q->p += 6;
	if (code >= 0xd800 && code <= 0xdbff) {
		low = unicode_escape(q->p, s->end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
			q->p += 6;
		}
	}
	if (code >= 0xd800 && code <= 0xdfff) {
		fault_set(s, HJSON_BAD_TEXT, q->p - 6, 6,
			  "half of a surrogate pair is no character");
		fault_mend_sure(s, q->p - 6, 6, ".");
		return fault_hint(s, "write \\ud83d\\ude00, both halves, or the character itself");
	}
	q->to += text_encode(q->to, (unsigned)code);
	return true;
}

static bool bad_escape(struct scan *s, const struct quoted *q)
{
	size_t len = 2 < s->end - q->p ? 2 : (size_t)(s->end - q->p);

	while (q->p + len < s->end && ((unsigned char)q->p[len] & 0xc0) == 0x80)
		len++;
	fault_set(s, HJSON_SYNTAX, q->p, len, "'%s' is no escape", excerpt(q->p, len).s);
	if (s->end - q->p >= 2 && !text_is(q->p[1], TEXT_EOL)) /* else the string does not end */
		fault_mend_sure(s, q->p, 1, ".");
	return fault_hint(s, "write \\\\ for a backslash; known are \\\" \\' \\\\ \\/ \\b \\f \\n "
			     "\\r \\t \\uXXXX");
}

static bool decode_escape(struct scan *s, struct quoted *q)
{
	static const char from[] = "\"'\\/bfnrt";
	static const char to[] = "\"'\\/\b\f\n\r\t";
	const char *known;

	if (s->end - q->p < 2 || q->p[1] == '\0')
		return bad_escape(s, q);
	if (q->p[1] == 'u')
		return decode_unicode(s, q);
	known = strchr(from, q->p[1]);
	if (!known)
		return bad_escape(s, q);
	*q->to++ = to[known - from];
	q->p += 2;
	return true;
}

/* A bracket in the string that was not opened in it; end: there is none. */
static const char *foreign_closer(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		if (depth < 0)
			break;
	}
	return p;
}

/* The probable place of the quote: before a bracket that closes a container, or at the end. */
static void mend_unclosed(struct scan *s, const struct quoted *q)
{
	const char *begin = q->open + 1;
	const char *end = text_trim_right(begin, q->p);
	const char *at = text_trim_right(begin, foreign_closer(begin, end));
	const char *quote = *q->open == '"' ? "\"" : "'";

	if (at > begin && at[-1] == ',')
		at--;
	if (at < end)
		fault_mend(s, at, 0, quote);
	fault_mend(s, end, 0, quote);
	s->fault.is_local = true;
}

static bool unclosed(struct scan *s, const struct quoted *q)
{
	fault_set(s, HJSON_SYNTAX, q->open, (size_t)(q->p - q->open),
		  "this string has no closing quote%s", q->p < s->end ? " on its line" : "");
	mend_unclosed(s, q);
	if (s->quoted_end == q->open) {
		fault_other(s, q->open - 1, "another string ends here");
		return fault_hint(s, "one of the quotes is too many");
	}
	return fault_hint(s, "close it with %c, or use ''' for text of several lines", *q->open);
}

static bool bad_control(struct scan *s, const struct quoted *q)
{
	if (q->p == s->end || text_is(*q->p, TEXT_EOL))
		return unclosed(s, q);
	if (*q->p == '\t') {
		fault_set(s, HJSON_SYNTAX, q->p, 1, "a tab cannot stand in a string in quotes");
		fault_mend_sure(s, q->p, 1, " ");
		return fault_hint(s, "write \\t, or use '''");
	}
	fault_set(s, HJSON_SYNTAX, q->p, 1,
		  "the control character U+%04X cannot stand in a string in quotes",
		  (unsigned)*q->p);
	fault_mend_sure(s, q->p, 1, " ");
	return fault_hint(s, "write \\u%04x", (unsigned)*q->p);
}

/* Bytes that need no decoding. */
static const char *plain_run(const char *p, const char *end, char quote)
{
	while (p < end && *p != quote && *p != '\\' && !text_is(*p, TEXT_CONTROL))
		p++;
	return p;
}

/* Where the string ends at the latest, so that room for it can be made: the next unescaped quote.
 */
static size_t longest(const struct scan *s, const struct quoted *q)
{
	const char *p = q->p;

	while (p < s->end && *p != *q->open && !text_is(*p, TEXT_EOL))
		p += *p == '\\' && s->end - p >= 2 ? 2 : 1;
	return (size_t)(p - q->open);
}

static void begin_decoding(struct scan *s, struct quoted *q)
{
	size_t before = (size_t)(q->p - q->open - 1);

	q->out = scan_scratch(s, longest(s, q) + 4);
	memcpy(q->out, q->open + 1, before);
	q->to = q->out + before;
}

static bool read_quoted(struct scan *s, struct quoted *q)
{
	for (;;) {
		const char *run = q->p;

		q->p = plain_run(run, s->end, *q->open);
		if (q->out) {
			memcpy(q->to, run, (size_t)(q->p - run));
			q->to += q->p - run;
		}
		if (q->p == s->end || (*q->p != *q->open && *q->p != '\\'))
			return bad_control(s, q);
		if (*q->p == *q->open)
			return true;
		if (!q->out)
			begin_decoding(s, q);
		if (!decode_escape(s, q))
			return false;
	}
}

bool scan_quoted(struct scan *s, bool as_key, const char **ret, size_t *ret_len, bool *ret_decoded)
{
	struct quoted q = {.open = s->p, .p = s->p + 1};

	if (!read_quoted(s, &q))
		return false;
	s->p = q.p + 1;
	*ret_decoded = q.out != NULL;
	*ret = q.open + 1;
	*ret_len = (size_t)(q.p - q.open - 1);
	if (!q.out)
		return true;
	*ret_len = (size_t)(q.to - q.out);
	*ret = as_key ? doc_key(s->doc, q.out, *ret_len, scan_pos(s, q.open))
		      : arena_copy(&s->doc->bytes, q.out, *ret_len);
	return true;
}

bool scan_string(struct scan *s, struct hjson_node *n)
{
	const char *open = s->p;
	bool decoded;
	size_t len;

	if (s->end - open >= 3 && memcmp(open, "'''", 3) == 0)
		return scan_multiline(s, n);
	if (!scan_quoted(s, false, &n->str, &len, &decoded))
		return false;
	n->type = HJSON_STRING;
	n->n = len & HJSON_MAX_TEXT;
	n->cstr = decoded;
	n->len = (uint32_t)(s->p - open);
	s->quoted_end = s->p;
	s->quote = *open;
	return true;
}
