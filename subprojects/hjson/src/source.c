/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is kept with its CRLF and CR line ends, so that a position is an offset in the file as
 * it is on disk. The scanner treats all three line ends alike, and so does the table of lines.
 */
#include "source.h"

#include "arena.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct source *source_new(const char *name, const char *text, size_t len, hjson_pos base)
{
	struct source *s = must_realloc(NULL, sizeof(*s));

	*s = (struct source){.name = name, .len = len, .base = base};
	s->text = must_realloc(NULL, len);
	if (len)
		memcpy(s->text, text, len);
	return s;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	free(s->lines);
	free(s->text);
	free(s);
}

size_t source_mark(const struct source *s)
{
	return s->len >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The start of the line behind the one that at is in; NULL: there is none. */
/* The first c from at on, or end. */
static const char *find_char(const char *at, const char *end, char c)
{
	const char *found = memchr(at, c, (size_t)(end - at));

	return found ? found : end;
}

/* *cr: the first CR that is not before at, or end; most texts have none. */
static const char *next_line(const char *at, const char *end, const char **cr)
{
	const char *eol = find_char(at, end, '\n');

	if (*cr < at)
		*cr = find_char(at, end, '\r');
	if (*cr < eol)
		eol = *cr;
	return eol == end ? NULL : text_next_line(eol, end);
}

static void make_lines(struct source *s)
{
	const char *end = s->text + s->len, *first_cr = find_char(s->text, end, '\r');
	const char *cr = first_cr;
	unsigned n = 1;

	for (const char *at = next_line(s->text, end, &cr); at; at = next_line(at, end, &cr))
		n++;
	s->lines = must_realloc(NULL, n * sizeof(*s->lines));
	s->lines[0] = (uint32_t)source_mark(s);
	s->n_lines = 1;
	cr = first_cr;
	for (const char *at = next_line(s->text, end, &cr); at; at = next_line(at, end, &cr))
		s->lines[s->n_lines++] = (uint32_t)(at - s->text);
}

/* The last line that starts at or before offset. */
static unsigned find_line(const struct source *s, size_t offset)
{
	unsigned low = 0;
	unsigned high = s->n_lines;

	while (high - low > 1) {
		unsigned mid = low + (high - low) / 2;

		if (s->lines[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static void begin_line(struct source *s, unsigned line)
{
	size_t stop = s->lines[line];

	while (stop < s->len && !text_is(s->text[stop], TEXT_EOL))
		stop++;
	s->last_line = line;
	s->last_at = s->lines[line];
	s->last_stop = stop;
	s->last_columns = 0;
}

/* Columns before offset, which is in the last line: counted from its start or the last place. */
static size_t columns_before(struct source *s, size_t offset)
{
	const char *at = s->text + offset, *start = s->text + s->lines[s->last_line];
	const char *last = s->text + s->last_at;

	if (at >= last)
		s->last_columns += text_columns(last, at);
	else if (last - at < at - start)
		s->last_columns -= text_columns(at, last);
	else
		s->last_columns = text_columns(start, at);
	s->last_at = offset;
	return s->last_columns;
}

/* A byte order mark is before its line, the second half of a line end behind. */
static size_t within(size_t offset, size_t start, size_t stop)
{
	if (offset < start)
		return start;
	return offset < stop ? offset : stop;
}

struct hjson_place source_place(struct source *s, hjson_pos pos)
{
	size_t offset = pos - s->base;
	unsigned line;
	size_t start;

	if (!s->lines)
		make_lines(s);
	line = find_line(s, offset);
	start = s->lines[line];
	if (line != s->last_line || s->last_stop == 0)
		begin_line(s, line);
	return (struct hjson_place){
		.name = s->name,
		.line = line + 1,
		.col = (unsigned)columns_before(s, within(offset, start, s->last_stop)) + 1,
		.offset = offset,
		.line_text = s->text + start,
		.line_len = s->last_stop - start,
	};
}

size_t source_memory(const struct source *s)
{
	return sizeof(*s) + s->len + s->n_lines * sizeof(*s->lines);
}
