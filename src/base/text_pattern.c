/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/text_pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { MATCH_LIMIT = 1000000, SAID_ROOM = 200 };

struct text_pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	const char *text; /* of the last match */
	size_t n;
};

static int refuse_pattern(struct error *err, int errnum, size_t at)
{
	PCRE2_UCHAR said[SAID_ROOM] = "";

	pcre2_get_error_message(errnum, said, sizeof(said));
	return error_plain(err, "is no pattern: %s (at character %zu)", (const char *)said, at + 1);
}

static bool pattern_is_listed(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int check_names(const struct text_pattern *p, const char *const *names, struct error *err)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < n; i++) {
		const char *name = (const char *)table + (size_t)i * size + 2;
		_cleanup_(str_done) struct str all = {0};

		if (pattern_is_listed(name, names))
			continue;
		for (const char *const *one = names; *one; one++)
			str_printf(&all, "%s%s", all.len ? ", " : "", *one);
		return error_plain(err, "has a group '%s'; there may be: %s", name, all.s);
	}
	return 0;
}

struct text_pattern *text_pattern_new(const char *text, const char *const *names, struct error *err)
{
	struct text_pattern *p = xcalloc(1, sizeof(*p));
	PCRE2_SIZE at = 0;
	int errnum = 0;

	p->code = pcre2_compile((PCRE2_SPTR)text, strlen(text), PCRE2_MULTILINE, &errnum, &at,
				NULL);
	if (!p->code) {
		refuse_pattern(err, errnum, at);
	} else if (!names || check_names(p, names, err) == 0) {
		p->match = mem_expect(pcre2_match_data_create_from_pattern(p->code, NULL));
		p->limits = mem_expect(pcre2_match_context_create(NULL));
		pcre2_set_match_limit(p->limits, MATCH_LIMIT);
		return p;
	}
	text_pattern_free(p);
	return NULL;
}

void text_pattern_free(struct text_pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->match);
	pcre2_code_free(p->code);
	free(p);
}

bool text_pattern_has(const struct text_pattern *p, const char *name)
{
	return pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name) > 0;
}

bool text_pattern_match(struct text_pattern *p, const char *text, size_t n)
{
	p->text = text;
	p->n = n;
	return pcre2_match(p->code, (PCRE2_SPTR)text, n, 0, 0, p->match, p->limits) > 0;
}

static bool pattern_is_blank(char c)
{
	return c && strchr(" \t\r\n", c);
}

const char *text_pattern_group(const struct text_pattern *p, struct arena *mem, const char *name)
{
	int number = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name);
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(p->match);
	size_t from, to;

	if (number <= 0 || ends[2 * number] == PCRE2_UNSET)
		return NULL;
	from = ends[2 * number];
	to = ends[2 * number + 1];
	while (from < to && pattern_is_blank(p->text[from]))
		from++;
	while (from < to && pattern_is_blank(p->text[to - 1]))
		to--;
	return from < to ? arena_strndup(mem, p->text + from, to - from) : NULL;
}

const char *text_pattern_line(const struct text_pattern *p, struct arena *mem)
{
	size_t from = pcre2_get_ovector_pointer(p->match)[0], to = from;
	_cleanup_(str_done) struct str line = {0};

	while (from > 0 && p->text[from - 1] != '\n')
		from--;
	while (to < p->n && p->text[to] != '\n')
		to++;
	str_add(&line, "");
	str_add_printable(&line, p->text + from, to - from);
	return arena_strndup(mem, line.s, line.len);
}
