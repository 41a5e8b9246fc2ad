/* SPDX-License-Identifier: Apache-2.0 */
/* The text between tokens, and the tokens without quotes: keys, literals, quoteless strings. */
#include "scan.h"

#include "number.h"

#include <string.h>

static const char *skip_line(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p)), *cr;

	end = lf ? lf : end;
	cr = memchr(p, '\r', (size_t)(end - p));
	return cr ? cr : end;
}

/* Skips a comment of the kind that has an end; p is at its start. NULL: it has none. */
static const char *skip_block(const char *p, const char *end)
{
	for (p += 2; end - p >= 2; p++) {
		p = memchr(p, '*', (size_t)(end - p - 1));
		if (!p)
			return NULL;
		if (p[1] == '/')
			return p + 2;
	}
	return NULL;
}

static bool begins(const char *p, const char *end, char second)
{
	return end - p >= 2 && p[0] == '/' && p[1] == second;
}

bool scan_blank(struct scan *s)
{
	const char *p = s->p;

	for (;;) {
		while (p < s->end && text_is(*p, TEXT_BLANK))
			p++;
		s->p = p;
		if (p == s->end || (*p != '#' && *p != '/'))
			return true;
		if (*p == '#' || begins(p, s->end, '/'))
			p = skip_line(p, s->end);
		else if (begins(p, s->end, '*'))
			p = skip_block(p, s->end);
		else
			return true;
		if (!p) {
			fault_set(s, HJSON_SYNTAX, s->p, 2, "this comment has no end");
			return fault_hint(s, "close it with */");
		}
	}
}

static bool bare_key(struct scan *s, struct hjson_node *n)
{
	const char *begin = s->p;
	const char *p = begin;
	const char *stop;

	while (p < s->end && !text_is(*p, TEXT_BLANK | TEXT_PUNCT))
		p++;
	stop = p;
	if (stop == begin)
		return fault_no_key(s);
	while (p < s->end && text_is(*p, TEXT_BLANK))
		p++;
	s->p = p;
	if (p == s->end || *p != ':')
		return fault_no_colon(s, begin, stop);
	if (p > stop)
		stop = text_trim_right(begin, stop);
	n->key = begin;
	n->key_len = (uint32_t)(stop - begin);
	return true;
}

static bool quoted_key(struct scan *s, struct hjson_node *n)
{
	const char *begin = s->p;
	const char *end;
	bool decoded;
	size_t len;

	if (!scan_quoted(s, true, &n->key, &len, &decoded))
		return false;
	n->key_len = (uint32_t)len;
	end = s->p;
	if (!scan_blank(s))
		return false;
	if (s->p == s->end || *s->p != ':')
		return fault_no_colon(s, begin, end);
	return true;
}

bool scan_key(struct scan *s, struct hjson_node *n)
{
	if (s->p < s->end && (*s->p == '"' || *s->p == '\''))
		return quoted_key(s, n);
	return bare_key(s, n);
}

bool scan_at_end_of_plain(const struct scan *s, const char *p)
{
	if (p == s->end)
		return true;
	switch (*p) {
	case '\n':
	case '\r':
	case ',':
	case '}':
	case ']':
	case '#':
		return true;
	case '/':
		return begins(p, s->end, '/') || begins(p, s->end, '*');
	default:
		return false;
	}
}

/* Skips the white space that may follow a literal: all that str.strip() takes, up to the line's
 * end. */
static const char *skip_space(const struct scan *s, const char *p)
{
	while (p < s->end && !text_is(*p, TEXT_EOL)) {
		size_t n = text_space(p, s->end);

		if (!n)
			break;
		p += n;
	}
	return p;
}

static bool read_literal(struct scan *s, struct hjson_node *n)
{
	static const struct {
		const char *word;
		size_t len;
		enum hjson_type type;
		int64_t i;
	} literals[] = {
		{"true", 4, HJSON_BOOL, 1},
		{"false", 5, HJSON_BOOL, 0},
		{"null", 4, HJSON_NULL, 0},
	};

	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++) {
		size_t len = literals[i].len;
		const char *p;

		if ((size_t)(s->end - s->p) < len || memcmp(s->p, literals[i].word, len) != 0)
			continue;
		p = skip_space(s, s->p + len);
		if (!scan_at_end_of_plain(s, p))
			return false;
		n->type = literals[i].type;
		n->i = literals[i].i;
		n->len = (uint32_t)len;
		s->p = p;
		return true;
	}
	return false;
}

/* Parts of a quoteless string that may be unintended. */
struct marks {
	const char *comment;
	const char *closer[BRACKET_COUNT]; /* the first one that was not opened in the string */
	int open[BRACKET_COUNT];
};

static void mark_closer(struct marks *m, enum bracket b, const char *p)
{
	if (m->open[b] > 0)
		m->open[b]--;
	else if (!m->closer[b])
		m->closer[b] = p;
}

static void mark(struct marks *m, const char *p, const char *begin, const char *end)
{
	switch (*p) {
	case '{':
		m->open[BRACE]++;
		break;
	case '[':
		m->open[SQUARE]++;
		break;
	case '}':
		mark_closer(m, BRACE, p);
		break;
	case ']':
		mark_closer(m, SQUARE, p);
		break;
	default: /* # or / */
		if (!m->comment && p > begin && text_is(p[-1], TEXT_BLANK) &&
		    (*p == '#' || begins(p, end, '/')))
			m->comment = p;
	}
}

static void lint_plain(struct scan *s, const struct marks *m, const char *begin, const char *end)
{
	struct lint lint = {.other = scan_pos(s, begin), .len = 1};
	char last = begin < end ? end[-1] : '\0';

	if (last == ',') {
		lint.problem = HJSON_SWALLOWED_COMMA;
		lint.pos = scan_pos(s, end - 1);
		lint_add(s, lint);
	} else if ((last == '}' && m->closer[BRACE]) || (last == ']' && m->closer[SQUARE])) {
		lint.problem = HJSON_SWALLOWED_BRACKET;
		lint.pos = scan_pos(s, m->closer[last == '}' ? BRACE : SQUARE]);
		lint.len = (uint32_t)(s->source->base + (hjson_pos)(end - s->source->text) -
				      lint.pos);
		lint_add(s, lint);
	}
	if (m->comment) {
		lint.problem = HJSON_SWALLOWED_COMMENT;
		lint.pos = scan_pos(s, m->comment);
		lint.len = (uint32_t)(end - m->comment);
		lint_add(s, lint);
	}
}

static void note_swallowed(struct scan *s, const struct marks *m, const char *begin,
			   const char *end)
{
	struct frame *f = scan_top(s);

	for (int b = 0; b < BRACKET_COUNT; b++) {
		if (m->closer[b] && !f->swallowed[b].at)
			f->swallowed[b] = (struct swallowed){m->closer[b], begin, end};
	}
}

static void read_quoteless(struct scan *s, struct hjson_node *n)
{
	struct marks marks = {0};
	const char *begin = s->p;
	const char *p = begin;
	const char *end;
	bool marked = false;

	for (; p < s->end && !text_is(*p, TEXT_EOL); p++) {
		if (text_is(*p, TEXT_MARK)) {
			mark(&marks, p, begin, s->end);
			marked = true;
		}
	}
	s->p = p;
	begin = text_trim_left(begin, p);
	end = text_trim_right(begin, p);
	n->type = HJSON_STRING;
	n->pos = scan_pos(s, begin);
	n->str = begin;
	n->len = (uint32_t)(end - begin);
	n->n = n->len & HJSON_MAX_TEXT;
	if (marked || (begin < end && end[-1] == ','))
		lint_plain(s, &marks, begin, end);
	if (marked && s->depth)
		note_swallowed(s, &marks, begin, end);
}

bool scan_plain(struct scan *s, struct hjson_node *n)
{
	const char *begin = s->p;
	char c = *begin;

	if (c == 't' || c == 'f' || c == 'n') {
		if (read_literal(s, n))
			return true;
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		const char *end = number_end(begin, s->end);
		const char *p = end;

		while (p && p < s->end && (*p == ' ' || *p == '\t'))
			p++;
		if (p && scan_at_end_of_plain(s, p)) {
			s->p = p;
			return number_read(s, begin, end, n);
		}
	}
	read_quoteless(s, n);
	return true;
}

char *scan_scratch(struct scan *s, size_t n)
{
	if (s->scratch_size < n) {
		s->scratch_size = n < 4096 ? 4096 : n + n / 2;
		s->scratch = must_realloc(s->scratch, s->scratch_size);
	}
	return s->scratch;
}
