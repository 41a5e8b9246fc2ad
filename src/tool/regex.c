/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "tool/regex.h"

#include <assert.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	const char *text;
};

struct regex *regex_new(const char *pattern)
{
	pcre2_compile_context *context = mem_expect(pcre2_compile_context_create(NULL));
	struct regex *r = xcalloc(1, sizeof(*r));
	PCRE2_SIZE at;
	int errnum;

	assert(context);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	r->code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), PCRE2_MULTILINE, &errnum, &at,
				context);
	pcre2_compile_context_free(context);
	assert(r->code);
	r->match = mem_expect(pcre2_match_data_create_from_pattern(r->code, NULL));
	assert(r->match);
	return r;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_data_free(r->match);
	pcre2_code_free(r->code);
	free(r);
}

bool regex_match(struct regex *r, struct span text)
{
	r->text = text.n ? text.s : "";
	return pcre2_match(r->code, (PCRE2_SPTR)r->text, text.n, 0, 0, r->match, NULL) > 0;
}

struct span regex_group(const struct regex *r, unsigned n)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->match);

	if (n >= pcre2_get_ovector_count(r->match) || at[2 * n] == PCRE2_UNSET)
		return (struct span){"", 0};
	return (struct span){r->text + at[2 * n], at[2 * n + 1] - at[2 * n]};
}
