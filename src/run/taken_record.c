/* SPDX-License-Identifier: Apache-2.0 */
#include "run/taken_record.h"

enum { TEXT_MOST = 3 * 1024 };

void number_ranges_add(struct str *text, bool (*is_in)(const void *ctx, size_t i), const void *ctx,
		       size_t n, size_t *at)
{
	while (*at < n && text->len < TEXT_MOST) {
		size_t first = *at;

		if (!is_in(ctx, first)) {
			++*at;
			continue;
		}
		while (*at < n && is_in(ctx, *at))
			++*at;
		str_printf(text, "%s%zu", text->len ? "," : "", first);
		if (*at - first > 1)
			str_printf(text, "-%zu", *at - 1);
	}
}

static bool ranges_take_number(struct number_ranges *r, size_t *ret)
{
	const char *start = r->at;

	for (*ret = 0; *r->at >= '0' && *r->at <= '9' && *ret < r->n; r->at++)
		*ret = *ret * 10 + (size_t)(*r->at - '0');
	r->is_wrong |= r->at == start || *ret >= r->n;
	return !r->is_wrong;
}

bool number_ranges_next(struct number_ranges *r, size_t *ret_first, size_t *ret_last)
{
	if (!*r->at || r->is_wrong || !ranges_take_number(r, ret_first))
		return false;
	*ret_last = *ret_first;
	if (*r->at == '-') {
		r->at++;
		if (!ranges_take_number(r, ret_last))
			return false;
	}
	if (*r->at == ',' && r->at[1])
		r->at++;
	else
		r->is_wrong = *r->at != '\0';
	r->is_wrong |= *ret_last < *ret_first;
	return !r->is_wrong;
}
