/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that hold for every HTML page. */
#ifndef TESTS_PAGE_H
#define TESTS_PAGE_H

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* Tags of its own, each closed, and text without any. */
static inline void assert_balanced(const char *page)
{
	static const char *const empty[] = {"!DOCTYPE", "meta", "input"};
	char open[64][16];
	size_t n = 0;

	for (const char *p = strchr(page, '<'); p; p = strchr(p + 1, '<')) {
		const char *end = strchr(p, '>');
		bool is_end = p[1] == '/', is_empty = end && end[-1] == '/';
		size_t len = strcspn(p + 1 + is_end, " >");
		char tag[16] = {0};

		assert_true(len > 0 && len < sizeof(tag));
		memcpy(tag, p + 1 + is_end, len);
		for (size_t i = 0; i < ARRAY_LEN(empty); i++)
			is_empty |= strcmp(tag, empty[i]) == 0;
		if (is_empty)
			continue;
		if (is_end) {
			assert_true(n > 0);
			assert_string_equal(open[--n], tag);
		} else {
			assert_true(n < ARRAY_LEN(open));
			memcpy(open[n++], tag, sizeof(tag));
		}
	}
	assert_int_equal(n, 0);
}

static inline size_t count_of(const char *page, const char *text)
{
	size_t n = 0;

	for (const char *p = strstr(page, text); p; p = strstr(p + 1, text))
		n++;
	return n;
}

#endif
