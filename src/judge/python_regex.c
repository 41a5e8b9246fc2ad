/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/python_regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* str.isspace() of Python 3; PCRE2's \s lacks U+001C-1F and has U+180E. */
#define SPACES                                                                                \
	"\\t-\\r\\x1c-\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
	"\\x{205f}\\x{3000}"
#define NOT_SPACES                                                                               \
	"\\x00-\\x08\\x0e-\\x1b\\x21-\\x84\\x86-\\x9f\\xa1-\\x{167f}\\x{1681}-\\x{1fff}"         \
	"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-" \
	"\\x{10ffff}"

struct reader {
	const char *source, *at;
	struct python_regex *out;
	bool is_verbose; /* (?x) was found */
	bool has_flags;	 /* any flag that changes what a literal means */
	bool is_prefix_open;
	unsigned depth; /* of parentheses */
	bool has_top_alternative;
	bool has_line_end;   /* outside of parentheses, and not optional */
	bool is_behind_line; /* something must follow the line end */
};

static void emit_n(struct reader *r, const char *s, size_t n)
{
	str_addn(&r->out->text, s, n);
	for (; n; n--)
		vec_push(&r->out->origin, (uint32_t)(r->at - r->source));
}

static void python_regex_emit(struct reader *r, const char *s)
{
	emit_n(r, s, strlen(s));
}

/* Copies n bytes of the source unchanged. */
static void python_regex_copy(struct reader *r, size_t n)
{
	for (; n; n--, r->at++)
		emit_n(r, r->at, 1);
}

static int python_regex_fail(struct reader *r, const char *why)
{
	str_clear(&r->out->error);
	str_add(&r->out->error, why);
	r->out->error_at = (size_t)(r->at - r->source);
	return -1;
}

static void python_regex_warn(struct reader *r, const char *what, size_t n)
{
	struct str *w = &r->out->warning;

	if (w->len)
		return;
	str_addc(w, '\'');
	str_add_printable(w, what, n);
	str_add(w, "' is not in Python's syntax, or means something else there");
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t hex_run(const char *s, size_t most)
{
	size_t n = 0;

	while (n < most && is_hex(s[n]))
		n++;
	return n;
}

/* \xXX, \uXXXX, \UXXXXXXXX: with exactly `digits` digits. */
static int take_code_point(struct reader *r, size_t digits)
{
	if (r->at[1] == 'x' && r->at[2] == '{') {
		python_regex_warn(r, r->at, 3);
		python_regex_copy(r, 3);
		return 0;
	}
	if (hex_run(r->at + 2, digits) != digits)
		return python_regex_fail(r, "incomplete escape");
	python_regex_emit(r, "\\x{");
	emit_n(r, r->at + 2, digits);
	python_regex_emit(r, "}");
	r->at += 2 + digits;
	return 0;
}

static void take_replaced(struct reader *r, const char *by)
{
	python_regex_emit(r, by);
	r->at += 2;
}

static void take_space(struct reader *r, bool in_class)
{
	bool is_not = r->at[1] == 'S';

	if (r->out->is_ascii)
		python_regex_copy(r, 2);
	else if (in_class)
		take_replaced(r, is_not ? NOT_SPACES : SPACES);
	else
		take_replaced(r, is_not ? "[^" SPACES "]" : "[" SPACES "]");
}

/* Translates an escape; r->at is at the backslash. */
static int take_escape(struct reader *r, bool in_class)
{
	char c = r->at[1];

	switch (c) {
	case '\0':
		return python_regex_fail(r, "a backslash at the end");
	case 'Z':
		take_replaced(r, "\\z");
		return 0;
	case 'v':
		take_replaced(r, "\\x0b");
		return 0;
	case 's':
	case 'S':
		take_space(r, in_class);
		return 0;
	case 'x':
		return take_code_point(r, 2);
	case 'u':
		return take_code_point(r, 4);
	case 'U':
		return take_code_point(r, 8);
	case 'N':
		return python_regex_fail(r, "\\N{...} is not supported");
	case 'K':
		return python_regex_fail(r, "\\K is not in Python's syntax");
	case 'Q':
	case 'E':
		return python_regex_fail(r, "\\Q...\\E is not in Python's syntax");
	default:
		break;
	}
	if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && !strchr("AabBdDfnrtwW", c))
		python_regex_warn(r, r->at, 2);
	python_regex_copy(r, 2);
	return 0;
}

/* Translates a class; r->at is at the '['. A ']' as the first member does not end it. */
static int take_class(struct reader *r)
{
	python_regex_copy(r, 1);
	if (*r->at == '^')
		python_regex_copy(r, 1);
	if (*r->at == ']')
		python_regex_copy(r, 1);
	while (*r->at != ']') {
		if (*r->at == '\0')
			return python_regex_fail(r, "'[' is never closed");
		if (*r->at == '\\') {
			if (take_escape(r, true) < 0)
				return -1;
		} else if (*r->at == '[') {
			python_regex_emit(r, "\\[");
			r->at++;
		} else {
			python_regex_copy(r, 1);
		}
	}
	python_regex_copy(r, 1);
	return 0;
}

/* (?flags) and (?flags:…), at the first flag. Leaves r->at after the flags, or at ')' or ':'. */
static int take_flags(struct reader *r, bool is_at_start)
{
	const char *from = r->at;
	size_t n = strspn(from, "aiLmsux-");
	char kept[16];
	size_t n_kept = 0;

	if (memchr(from, 'L', n))
		return python_regex_fail(r, "the flag L is for bytes only");
	if (n == 0 || n >= sizeof(kept) || (from[n] != ')' && from[n] != ':'))
		return 0; /* PCRE2 reports the error */
	for (size_t i = 0; i < n; i++) {
		if (from[i] == 'a')
			r->out->is_ascii = true;
		else if (from[i] != 'u')
			kept[n_kept++] = from[i];
		if (from[i] == 'x')
			r->is_verbose = true;
	}
	r->has_flags = true;
	if (from[n] == ')' && !is_at_start)
		python_regex_warn(r, from - 2, n + 3);
	emit_n(r, kept, n_kept);
	r->at += n;
	return 0;
}

static int take_group(struct reader *r)
{
	bool is_at_start = r->at == r->source;

	if (r->at[1] == '*')
		return python_regex_fail(r, "(*...) is not in Python's syntax");
	r->depth++;
	if (r->at[1] != '?') {
		python_regex_copy(r, 1);
		return 0;
	}
	if (r->at[2] == '#') { /* a comment: up to ')' */
		size_t n = strcspn(r->at, ")");

		if (!r->at[n])
			return python_regex_fail(r, "the comment '(?#' has no ')'");
		r->at += n + 1;
		r->depth--;
		return 0;
	}
	if (strchr("|R&+'0123456789CUJ^n", r->at[2]) || (r->at[2] == 'P' && r->at[3] == '>') ||
	    (r->at[2] == '<' && r->at[3] != '=' && r->at[3] != '!'))
		python_regex_warn(r, r->at, r->at[2] ? 3 : 2);
	python_regex_copy(r, 2);
	return take_flags(r, is_at_start);
}

/* Translates '{': {,n} is a repeat in Python, but plain text in PCRE2 10.42. */
static void take_brace(struct reader *r)
{
	size_t n = r->at[1] == ',' ? strspn(r->at + 2, "0123456789") : 0;

	if (r->at[1] == ',' && r->at[2 + n] == '}') {
		python_regex_emit(r, "{0,");
		r->at += 2;
		python_regex_copy(r, n + 1);
		return;
	}
	python_regex_copy(r, 1);
}

static void skip_comment(struct reader *r)
{
	while (*r->at && *r->at != '\n')
		r->at++;
}

static bool is_repeat(const char *s)
{
	return *s && strchr("*+?{", *s);
}

/* Adds a literal byte to the known prefix, if only literals came before it. */
static void note_literal(struct reader *r, char c, const char *after)
{
	if (!r->is_prefix_open)
		return;
	if (is_repeat(after) || (unsigned char)c >= 0x80)
		r->is_prefix_open = false;
	else
		str_addc(&r->out->prefix, c);
}

static int take_one(struct reader *r)
{
	const char *at = r->at;

	if (*at == '\\' && at[1] && strchr("\\.^$*+?{}[]|()/-'\"%#=:@,;!<>&~ ", at[1]))
		note_literal(r, at[1], at + 2);
	else if (*at == '\\' || strchr(".^$*+?{}[]|()", *at) ||
		 (r->is_verbose && strchr(" \t\n\r\f\v#", *at)))
		r->is_prefix_open = false;
	else
		note_literal(r, *at, at + 1);

	switch (*at) {
	case '\\':
		return take_escape(r, false);
	case '[':
		return take_class(r);
	case '(':
		return take_group(r);
	case ')':
		r->depth -= r->depth > 0;
		python_regex_copy(r, 1);
		return 0;
	case '|':
		r->has_top_alternative = r->has_top_alternative || r->depth == 0;
		python_regex_copy(r, 1);
		return 0;
	case '{':
		take_brace(r);
		return 0;
	case '#':
		if (r->is_verbose) {
			skip_comment(r);
			return 0;
		}
		python_regex_copy(r, 1);
		return 0;
	default:
		python_regex_copy(r, 1);
		return 0;
	}
}

/* The atom matches a character, not an empty text. */
static bool takes_character(const char *atom)
{
	if (*atom == '\\')
		return !strchr("AbBZ", atom[1]);
	return !strchr("^$()|*+?{}", *atom);
}

/* Lines are matched one by one, each with its end, so nothing can match after a line end. */
static void note_line_end(struct reader *r, const char *atom)
{
	bool is_optional = *r->at && strchr("?*{", *r->at);

	if (r->depth || r->is_verbose || is_optional || !takes_character(atom))
		return;
	r->is_behind_line |= r->has_line_end;
	r->has_line_end |= *atom == '\n' || (atom[0] == '\\' && atom[1] == 'n');
}

static void warn_of_line_end(struct reader *r)
{
	if (r->is_behind_line && !r->has_top_alternative && !r->out->warning.len)
		str_add(&r->out->warning,
			"it can never match: each line of the log is searched by itself, and this "
			"pattern needs text after the end of a line");
}

int python_regex_translate(const char *source, struct python_regex *ret)
{
	struct reader r = {.source = source, .at = source, .out = ret};
	size_t n = strlen(source), bad = utf8_first_bad(source, n);

	if (bad < n) {
		r.at += bad;
		return python_regex_fail(&r, "not valid UTF-8");
	}
	if (*source == '^') {
		python_regex_copy(&r, 1);
		r.is_prefix_open = !is_repeat(r.at);
	}
	ret->has_prefix = r.is_prefix_open;
	while (*r.at) {
		const char *atom = r.at;

		if (take_one(&r) < 0)
			return -1;
		note_line_end(&r, atom);
	}
	warn_of_line_end(&r);
	/* Another alternative may begin differently, and flags may change the meaning
	 * of letters. */
	if (r.has_top_alternative || r.has_flags)
		ret->has_prefix = false;
	ret->has_prefix = ret->has_prefix && ret->prefix.len > 0;
	str_reserve(&ret->text, 0);
	return 0;
}

void python_regex_done(struct python_regex *r)
{
	str_done(&r->text);
	str_done(&r->warning);
	str_done(&r->error);
	str_done(&r->prefix);
	vec_done(&r->origin);
	*r = (struct python_regex){0};
}
