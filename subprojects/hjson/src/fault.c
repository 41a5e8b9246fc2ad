/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include "scan.h"

#include <assert.h>
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
	s->fault = (struct fault){.problem = problem, .at = at, .len = len};
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

static const char *container_name(const struct frame *f)
{
	return f->node->type == HJSON_OBJECT ? "object" : "array";
}

static char closer(const struct frame *f)
{
	return f->node->type == HJSON_OBJECT ? '}' : ']';
}

static const char *opener(const struct scan *s, const struct frame *f)
{
	return s->source->text + (f->node->pos - s->source->base);
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
	if (before.s[0] && !strchr(before.s, '"'))
		return fault_hint(s, "quote the string: \"%s\", or put the '%c' on the next line",
				  before.s, *sw->at);
	return fault_hint(s, "quote the string, or put the '%c' on the next line", *sw->at);
}

/* Where something is missing at the end: behind the last word, not on the empty line below it. */
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
	return fault_other(s, opener(s, f), "opened here");
}

static bool is_closer(char c)
{
	return c == '}' || c == ']';
}

static bool fault_commas(struct scan *s)
{
	fault_set(s, HJSON_SYNTAX, s->p, 1, "there is nothing between two commas");
	fault_other(s, s->comma, "the comma before");
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
	fault_set(s, HJSON_SYNTAX, s->p, 1, "'%c' found where a value should be", *s->p);
	fault_other(s, opener(s, f), "in this array");
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
		return fault_hint(s, "write \"\" for an empty key");
	}
	if (*s->p == ',' && s->comma)
		return fault_commas(s);
	if (is_closer(*s->p) && f->bare) {
		fault_set(s, HJSON_SYNTAX, s->p, 1, "this '%c' closes nothing", *s->p);
		return fault_hint(s, "remove it, or open the root object with '{'");
	}
	if (is_closer(*s->p))
		return fault_wrong_closer(s);
	fault_set(s, HJSON_SYNTAX, s->p, 1, "'%c' found where a key should be", *s->p);
	if (*s->p != ',')
		return fault_hint(s, "a member of an object is written key: value");
	return fault_hint(s, "remove the ','");
}

/* "it''s" and the like: what follows a closing quote was meant to be inside. */
static bool fault_after_quote(struct scan *s, const char *key)
{
	fault_set(s, HJSON_SYNTAX, key, 1, "the string before this ended at its closing quote");
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

bool fault_no_colon(struct scan *s, const char *key, const char *key_end)
{
	const struct frame *f = scan_top(s);
	struct excerpt name = excerpt(key, (size_t)(key_end - key));
	const char *colon = colon_on_line(s, key_end);
	bool quoted = *key == '"' || *key == '\'';

	if (s->quoted_end == key)
		return fault_after_quote(s, key);
	if (!quoted && colon) {
		name = excerpt(key, (size_t)(colon - key));
		fault_set(s, HJSON_SYNTAX, key_end, 1, "there is white space inside a key");
		return fault_hint(s, "quote the key: \"%s\"", name.s);
	}
	fault_set(s, HJSON_SYNTAX, key, (size_t)(key_end - key),
		  quoted ? "key %s has no ':' behind it" : "key '%s' has no ':' behind it", name.s);
	if (!f->bare && opener(s, f) + 1 == key && s->p == key_end && s->p < s->end &&
	    *s->p == '}') {
		fault_other(s, opener(s, f), "this '{' opens an object");
		return fault_hint(s, "quote a string that begins with '{': \"{%s}\"", name.s);
	}
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
