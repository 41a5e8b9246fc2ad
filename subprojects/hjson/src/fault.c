/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include "scan.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { EXCERPT_MAX = 40 };

struct excerpt excerpt(const char *from, size_t len)
{
	struct excerpt e;
	size_t n = len < EXCERPT_MAX ? len : EXCERPT_MAX;

	while (n < len && n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		e.s[i] = text_is(from[i], TEXT_CONTROL) || from[i] == 0x7f ? '?' : from[i];
	strcpy(e.s + n, n < len ? "..." : "");
	return e;
}

bool fault_set(struct scan *s, enum hjson_problem problem, const char *at, size_t len,
	       const char *fmt, ...)
{
	va_list ap;

	assert(!s->fault.at); /* the first error is the one the user can act on */
	s->fault = (struct fault){.problem = problem, .at = at, .len = len, .noticed = s->p};
	va_start(ap, fmt);
	vsnprintf(s->fault.message, sizeof(s->fault.message), fmt, ap);
	va_end(ap);
	return false;
}

bool fault_hint(struct scan *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->fault.hint, sizeof(s->fault.hint), fmt, ap);
	va_end(ap);
	return false;
}

bool fault_other(struct scan *s, const char *at, const char *label)
{
	s->fault.other = at;
	s->fault.other_label = label;
	return false;
}

bool fault_mend(struct scan *s, const char *at, size_t cut, const char *insert)
{
	assert(s->fault.n_mends < MENDS_MOST);
	s->fault.mends[s->fault.n_mends++] = (struct mend){at, cut, insert};
	return false;
}

bool fault_mend_sure(struct scan *s, const char *at, size_t cut, const char *insert)
{
	s->fault.is_local = s->fault.is_sure = true;
	return fault_mend(s, at, cut, insert);
}

static const char *container_name(const struct frame *f)
{
	return f->node->type == HJSON_OBJECT ? "object" : "array";
}

static char closer(const struct frame *f)
{
	return f->node->type == HJSON_OBJECT ? '}' : ']';
}

static bool is_closer(char c)
{
	return c == '}' || c == ']';
}

static const char *opener(const struct scan *s, const struct frame *f)
{
	return s->source->text + (f->node->pos - s->source->base);
}

/* It has the place of a closing bracket: before a comma or the end of the line. */
static bool is_closing(const struct swallowed *sw)
{
	const char *p = sw->at;

	while (p && p < sw->string_end && (is_closer(*p) || *p == ' ' || *p == '\t'))
		p++;
	return p && (p == sw->string_end || *p == ',');
}

/* The bracket that should have closed the container is inside a quoteless string: the commonest
 * mistake. */
static bool fault_swallowed(struct scan *s, const struct frame *f)
{
	const struct swallowed *sw = &f->swallowed[frame_bracket(f)];
	struct excerpt text = excerpt(sw->string, (size_t)(sw->string_end - sw->string));
	struct excerpt before = excerpt(sw->string,
					(size_t)(text_trim_right(sw->string, sw->at) - sw->string));

	fault_set(s, HJSON_SYNTAX, sw->at, 1,
		  "this '%c' is inside the quoteless string '%s', so it does not close the %s",
		  *sw->at, text.s, container_name(f));
	fault_other(s, sw->string, "the string starts here and ends with the line");
	fault_mend(s, sw->at, 0, "\n");
	s->fault.is_local = is_closing(sw);
	if (before.s[0] && !strchr(before.s, '"'))
		return fault_hint(s, "quote the string: \"%s\", or put the '%c' on the next line",
				  before.s, *sw->at);
	return fault_hint(s, "quote the string, or put the '%c' on the next line", *sw->at);
}

/* The text at s->p cannot be in the container, which should have ended before. */
static bool is_swallowed(struct scan *s)
{
	const struct frame *f = scan_top(s);

	return is_closing(&f->swallowed[frame_bracket(f)]) && !fault_swallowed(s, f);
}

/* The position of a missing text at the end: after the last word, not on the empty line below it.
 */
static const char *last_word(const struct scan *s)
{
	return text_trim_right(s->start, s->end);
}

bool fault_unclosed(struct scan *s)
{
	const struct frame *f = scan_top(s);

	if (f->swallowed[frame_bracket(f)].at)
		return fault_swallowed(s, f);
	fault_set(s, HJSON_SYNTAX, last_word(s), 0, "the %s is not closed: '%c' is missing",
		  container_name(f), closer(f));
	return fault_other(s, opener(s, f), "opened here");
}

/* A closing bracket of the other kind. */
static bool fault_wrong_closer(struct scan *s)
{
	const struct frame *f = scan_top(s);

	if (f->swallowed[frame_bracket(f)].at)
		return fault_swallowed(s, f);
	fault_set(s, HJSON_SYNTAX, s->p, 1, "'%c' cannot close the %s: '%c' is missing", *s->p,
		  container_name(f), closer(f));
	s->fault.inside = opener(s, f);
	fault_mend(s, s->p, 0, closer(f) == '}' ? "}" : "]");
	fault_mend(s, s->p, 1, closer(f) == '}' ? "}" : "]");
	fault_mend(s, s->p, 1, " ");
	return fault_other(s, opener(s, f), "opened here");
}

static bool fault_commas(struct scan *s)
{
	fault_set(s, HJSON_SYNTAX, s->p, 1, "there is nothing between two commas");
	fault_other(s, s->comma, "the comma before");
	fault_mend(s, s->p, 1, " ");
	s->fault.is_local = true;
	return fault_hint(s, "remove one of the commas");
}

static bool fault_no_element(struct scan *s)
{
	const struct frame *f = scan_top(s);

	if (s->p == s->end)
		return fault_unclosed(s);
	if (is_closer(*s->p))
		return fault_wrong_closer(s);
	if (*s->p == ',' && s->comma)
		return fault_commas(s);
	if (*s->p == ':' && is_swallowed(s))
		return false;
	fault_set(s, HJSON_SYNTAX, s->p, 1, "'%c' found where a value should be", *s->p);
	fault_other(s, opener(s, f), "in this array");
	fault_mend(s, s->p, 1, " ");
	s->fault.is_local = *s->p == ',';
	if (*s->p == ',')
		return fault_hint(s, "remove the ','");
	return fault_hint(s, "quote a string that begins with '%c'", *s->p);
}

bool fault_no_value(struct scan *s, const struct hjson_node *n, const char *key)
{
	if (!key)
		return fault_no_element(s);
	fault_set(s, HJSON_SYNTAX, s->p < s->end ? s->p : last_word(s), s->p < s->end,
		  "key '%s' has no value", excerpt(n->key, n->key_len).s);
	fault_other(s, key, "the key is here");
	s->fault.cut_off = s->p == s->end;
	s->fault.is_local = true;
	if (s->p < s->end) {
		if (*s->p == ']')
			fault_mend(s, s->p, 0, "[");
		else
			fault_mend(s, s->p, 0, *s->p == ':' ? "." : "0");
		fault_mend(s, s->p, 1, " ");
		fault_mend(s, s->p, 1, "[");
	}
	if (s->p < s->end && *s->p == ':')
		return fault_hint(s, "quote a string that begins with ':'");
	return fault_hint(s, "write \"\" for an empty string, or null");
}

bool fault_no_key(struct scan *s)
{
	const struct frame *f = scan_top(s);

	if (s->p == s->end)
		return fault_unclosed(s);
	if (*s->p == ':') {
		fault_set(s, HJSON_SYNTAX, s->p, 1, "there is no key before this ':'");
		fault_mend(s, s->p, 1, " ");
		return fault_hint(s, "write \"\" for an empty key");
	}
	if (*s->p == ',' && s->comma)
		return fault_commas(s);
	if (is_closer(*s->p) && f->bare) {
		fault_set(s, HJSON_SYNTAX, s->p, 1, "this '%c' closes nothing", *s->p);
		s->fault.inside = s->start;
		fault_mend(s, s->p, 1, " ");
		return fault_hint(s, "remove it, or open the root object with '{'");
	}
	if (is_closer(*s->p))
		return fault_wrong_closer(s);
	if (*s->p != ',' && is_swallowed(s))
		return false;
	fault_set(s, HJSON_SYNTAX, s->p, 1, "'%c' found where a key should be", *s->p);
	if (*s->p != ',') {
		s->fault.inside = opener(s, f);
		fault_mend(s, s->p, 0, "}");
		fault_mend(s, s->p, 1, " ");
		return fault_hint(s, "a member of an object is written key: value");
	}
	fault_mend(s, s->p, 1, " ");
	s->fault.is_local = true;
	return fault_hint(s, "remove the ','");
}

static const char *line_end(const struct scan *s, const char *p)
{
	while (p < s->end && !text_is(*p, TEXT_EOL))
		p++;
	return p;
}

/* Without the rest of the line, but for what closes the container there. */
static void mend_by_leaving_out(struct scan *s, const char *from)
{
	const char *end = line_end(s, from);
	const char *last = text_trim_right(from, end);

	if (last > from && last[-1] == ',')
		last = text_trim_right(from, last - 1);
	if (last > from && !scan_top(s)->bare && last[-1] == closer(scan_top(s)))
		fault_mend(s, from, (size_t)(last - 1 - from), "");
	fault_mend(s, from, (size_t)(end - from), "");
}

/* One of three opening quotes is missing: '' and what follows it should be a long string. */
static void mend_quotes(struct scan *s, const char *key)
{
	const char *p = key;

	while (p > s->start && text_is(p[-1], TEXT_BLANK))
		p--;
	if (p == s->quoted_end && p - s->start > 2 && p[-1] == '\'' && p[-2] == '\'')
		fault_mend(s, p, 0, "'");
}

/* Texts such as "it''s": the text after a closing quote was meant to be inside. */
static bool fault_after_quote(struct scan *s, const char *key)
{
	fault_set(s, HJSON_SYNTAX, key, 1, "the string before this ended at its closing quote");
	mend_quotes(s, key);
	mend_by_leaving_out(s, key);
	return fault_hint(
		s, "write \\%c for a quote inside the string, or put a ',' between two values",
		s->quote);
}

/* The rest of the line up to a colon: "a b: 1". NULL: there is none. */
static const char *colon_on_line(const struct scan *s, const char *p)
{
	while (p < s->end && !text_is(*p, TEXT_EOL | TEXT_PUNCT))
		p++;
	return p < s->end && *p == ':' ? p : NULL;
}

/* In a text that lost its quotes, each line looks like a key without a colon: guesses would be
 * wrong.
 */
static bool is_prose(const struct scan *s, const char *key, const char *key_end)
{
	const char *end = line_end(s, key_end);
	unsigned n_words = 0;

	for (const char *p = key_end; p < end; n_words++) {
		p = text_trim_left(p, end);
		while (p < end && !text_is(*p, TEXT_BLANK))
			p++;
	}
	return n_words > 2 || !(isalnum((unsigned char)*key) || *key == '_' || *key == '"');
}

/* An element where a key should be: the bracket before the first value is missing. */
static void mend_opening(struct scan *s, const char *key)
{
	const struct hjson_node *before = frame_last(scan_top(s));
	const char *at = before ? s->source->text + (before->pos - s->source->base) : key;

	if (at < key && (*key == '"' || line_end(s, at) > key))
		fault_mend(s, at, 0, "[");
}

static void mend_no_colon(struct scan *s, const char *key, const char *key_end)
{
	bool is_element = *key == '"' || s->p == s->end || *s->p == ',' || *s->p == ']';

	mend_quotes(s, key);
	if (is_prose(s, key, key_end))
		return;
	if (is_element)
		mend_opening(s, key);
	if (!is_element && line_end(s, key_end) > text_trim_left(key_end, s->end))
		fault_mend(s, key_end, 0, ":");
	if (!is_element)
		mend_by_leaving_out(s, key);
}

/* {name}_x: either a quote before it is missing, or both are. */
static void mend_braced_string(struct scan *s)
{
	const char *open = opener(s, scan_top(s));
	const char *end = line_end(s, s->p);
	const char *p = s->p;

	while (p < end && *p != '"' && *p != '\'')
		p++;
	if (p < end)
		fault_mend(s, open, 0, *p == '"' ? "\"" : "'");
	fault_mend(s, open, 1, "_");
}

bool fault_no_colon(struct scan *s, const char *key, const char *key_end)
{
	const struct frame *f = scan_top(s);
	struct excerpt name = excerpt(key, (size_t)(key_end - key));
	const char *colon = colon_on_line(s, key_end);
	bool quoted = *key == '"' || *key == '\'';

	if (s->quoted_end == key)
		return fault_after_quote(s, key);
	if (!f->bare && is_swallowed(s))
		return false;
	if (!quoted && colon) {
		name = excerpt(key, (size_t)(colon - key));
		fault_set(s, HJSON_SYNTAX, key_end, 1, "there is white space inside a key");
		fault_mend(s, key_end, (size_t)(colon - key_end), "");
		return fault_hint(s, "quote the key: \"%s\"", name.s);
	}
	fault_set(s, HJSON_SYNTAX, key, (size_t)(key_end - key),
		  quoted ? "key %s has no ':' behind it" : "key '%s' has no ':' behind it", name.s);
	if (!f->bare && opener(s, f) + 1 == key && s->p == key_end && s->p < s->end &&
	    *s->p == '}') {
		fault_other(s, opener(s, f), "this '{' opens an object");
		mend_braced_string(s);
		return fault_hint(s, "quote a string that begins with '{': \"{%s}\"", name.s);
	}
	mend_no_colon(s, key, key_end);
	return fault_hint(s, "a member of an object is written key: value");
}

bool fault_trailing(struct scan *s)
{
	if (is_closer(*s->p)) {
		fault_set(s, HJSON_SYNTAX, s->p, 1, "this '%c' closes nothing", *s->p);
		return fault_hint(s, "remove it, or look for a bracket that closes too early");
	}
	fault_set(s, HJSON_SYNTAX, s->p, 1, "there is text behind the end of the root");
	return fault_hint(s, "a file holds one value; remove what follows it");
}
