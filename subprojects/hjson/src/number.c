/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number is whole if it is written without a point and an exponent, or if its value is whole and
 * below 1e10 (1.0, 1e3). Its digits decide that, never a rounded double.
 */
#include "number.h"

#include "scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_DIGITS = 10, EXPONENT_MAX = 1000000000 };

struct decimal {
	bool negative;
	const char *digits, *digits_end;     /* before the point */
	const char *fraction, *fraction_end; /* behind it; equal: none */
	long long exponent;		     /* saturated */
	bool plain;			     /* neither point nor exponent */
};

static bool is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

static const char *skip_digits(const char *p, const char *end)
{
	while (is_digit(p, end))
		p++;
	return p;
}

const char *number_end(const char *p, const char *end)
{
	const char *q;

	if (p < end && *p == '-')
		p++;
	if (!is_digit(p, end))
		return NULL;
	p = *p == '0' ? p + 1 : skip_digits(p, end);
	if (p < end && *p == '.' && is_digit(p + 1, end))
		p = skip_digits(p + 1, end);
	if (p < end && (*p == 'e' || *p == 'E')) {
		q = p + 1;
		if (q < end && (*q == '+' || *q == '-'))
			q++;
		if (is_digit(q, end))
			p = skip_digits(q, end);
	}
	return p;
}

static long long read_exponent(const char *p, const char *end)
{
	bool negative = *p == '-';
	long long e = 0;

	if (*p == '-' || *p == '+')
		p++;
	for (; p < end && e < EXPONENT_MAX; p++)
		e = 10 * e + (*p - '0');
	return negative ? -e : e;
}

static struct decimal take_apart(const char *p, const char *end)
{
	struct decimal d = {.negative = *p == '-'};

	d.digits = p + d.negative;
	p = d.digits_end = d.fraction = d.fraction_end = skip_digits(d.digits, end);
	d.plain = p == end;
	if (p < end && *p == '.') {
		d.fraction = p + 1;
		p = d.fraction_end = skip_digits(d.fraction, end);
	}
	if (p < end)
		d.exponent = read_exponent(p + 1, end);
	return d;
}

/* Digit i of the number without its point: from the left, 0 is the first before the point. */
static int digit(const struct decimal *d, long long i)
{
	long long n = d->digits_end - d->digits;

	if (i < n)
		return d->digits[i] - '0';
	return i - n < d->fraction_end - d->fraction ? d->fraction[i - n] - '0' : 0;
}

/* True if the number is whole and below 1e10; then *ret is it. */
static bool small_whole(const struct decimal *d, int64_t *ret)
{
	long long point = d->digits_end - d->digits;
	long long n = point + (d->fraction_end - d->fraction);
	long long first = 0;
	long long last = n;

	*ret = 0;
	while (first < n && digit(d, first) == 0)
		first++;
	if (first == n)
		return true; /* zero */
	while (digit(d, last - 1) == 0)
		last--;
	point += d->exponent; /* digits before it count whole ones */
	if (last > point || point - first > WHOLE_DIGITS)
		return false;
	for (long long i = first; i < point; i++)
		*ret = 10 * *ret + digit(d, i);
	if (d->negative)
		*ret = -*ret;
	return true;
}

/* False: it does not fit. */
static bool read_int(const struct decimal *d, int64_t *ret)
{
	uint64_t max = (uint64_t)INT64_MAX + d->negative;
	uint64_t u = 0;

	*ret = d->negative ? INT64_MIN : INT64_MAX;
	for (const char *p = d->digits; p < d->digits_end; p++) {
		unsigned c = (unsigned)(*p - '0');

		if (u > (max - c) / 10)
			return false;
		u = 10 * u + c;
	}
	*ret = d->negative ? -(int64_t)(u - (u > 0)) - (u > 0) : (int64_t)u;
	return true;
}

static bool read_real(struct scan *s, const char *begin, const char *end, struct hjson_node *n)
{
	size_t len = (size_t)(end - begin);
	char *copy = scan_scratch(s, len + 1);

	memcpy(copy, begin, len);
	copy[len] = '\0';
	n->type = HJSON_REAL;
	n->d = doc_strtod(s->doc, copy);
	if (isinf(n->d)) {
		fault_set(s, HJSON_BAD_TEXT, begin, len, "the number %s is out of range",
			  excerpt(begin, len).s);
		fault_mend_sure(s, begin, len, "0");
		return fault_hint(s, "the largest is about 1.8e308; quote it if it is a name");
	}
	return true;
}

bool number_read(struct scan *s, const char *begin, const char *end, struct hjson_node *n)
{
	struct decimal d = take_apart(begin, end);

	n->type = HJSON_INT;
	n->len = (uint32_t)(end - begin);
	if (d.plain)
		n->big = !read_int(&d, &n->i);
	else if (!small_whole(&d, &n->i))
		return read_real(s, begin, end, n);
	return true;
}
