/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"

enum { ISO_MOST = sizeof("2026-01-31T23:59:59.999Z") };

static double read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The skipped time is that of the process, so there is one real clock. */
struct clock_of_process {
	struct clock clock;
	double skipped_s;
};

static double real_now(const struct clock *c)
{
	return read_clock(CLOCK_MONOTONIC) - ((const struct clock_of_process *)c)->skipped_s;
}

static double real_wall(const struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_REALTIME);
}

static struct clock_of_process process = {.clock = {real_now, real_wall}};

const struct clock *clock_real(void)
{
	return &process.clock;
}

void clock_real_skip(double s)
{
	process.skipped_s += s;
}

static double virtual_now(const struct clock *c)
{
	return ((const struct clock_virtual *)c)->now_s;
}

static double virtual_wall(const struct clock *c)
{
	const struct clock_virtual *v = (const struct clock_virtual *)c;

	return v->wall_start_s + v->now_s;
}

void clock_virtual_init(struct clock_virtual *v, double wall_start_s)
{
	*v = (struct clock_virtual){
		.clock = {virtual_now, virtual_wall},
		.wall_start_s = wall_start_s,
		.alarm_s = INFINITY,
	};
}

void clock_virtual_set_alarm(struct clock_virtual *v, double at_s)
{
	v->alarm_s = at_s;
	if (v->alarm_changed)
		v->alarm_changed(v->mover);
}

static double unit_of(const char *s, size_t len)
{
	static const struct {
		const char *name;
		double s;
	} units[] = {
		{"ms", 1e-3}, {"s", 1},	   {"sec", 1},	 {"m", 60},
		{"min", 60},  {"h", 3600}, {"d", 86400}, {"us", 1e-6},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, s, len) == 0)
			return units[i].s;
	return 0;
}

/* digits[.digits], read without strtod(), which would take hex, "inf" and the locale's comma. */
static const char *parse_number(const char *s, double *ret)
{
	double value = 0, scale = 1;

	if (!ascii_is_digit(*s))
		return NULL;
	for (; ascii_is_digit(*s); s++)
		value = value * 10 + (*s - '0');
	if (*s == '.' && ascii_is_digit(s[1]))
		for (s++; ascii_is_digit(*s); s++)
			value += (*s - '0') * (scale /= 10);
	*ret = value;
	return s;
}

bool duration_parse(const char *s, double *ret_s)
{
	double sum = 0, number, last_unit = INFINITY;
	const char *p = parse_number(s, &number);

	if (p && *p == '\0') {
		*ret_s = number;
		return isfinite(number);
	}
	for (; p; p = parse_number(p, &number)) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		double unit = unit_of(p, len);

		if (unit <= 0 || unit >= last_unit)
			return false;
		last_unit = unit;
		sum += number * unit;
		p += len;
		if (*p == '\0') {
			*ret_s = sum;
			return isfinite(sum);
		}
	}
	return false;
}

void duration_add(struct str *b, double s)
{
	long t;

	if (!(s >= 0))
		s = 0;
	t = lround(fmin(s, 1e15));
	if (s < 9.995)
		str_printf(b, "%.2fs", s);
	else if (s < 59.95)
		str_printf(b, "%.1fs", s);
	else if (t < 3600)
		str_printf(b, "%ldm%02lds", t / 60, t % 60);
	else if (t < 86400)
		str_printf(b, "%ldh%02ldm", t / 3600, t / 60 % 60);
	else
		str_printf(b, "%ldd%02ldh", t / 86400, t / 3600 % 24);
}

void duration_add_hms(struct str *b, double s)
{
	long t = s > 0 ? (long)fmin(s, 1e15) : 0;

	str_printf(b, "%02ld:%02ld:%02ld", t / 3600, t / 60 % 60, t % 60);
}

/* A time outside of what gmtime() can take (from a damaged file) becomes the epoch. */
static double sane_wall(double wall_s)
{
	return fabs(wall_s) < 1e11 ? wall_s : 0;
}

/* Writes the last `digits` digits of n, then `after`. Not strftime(), which is too slow for the
 * million times in results. */
static char *clock_add_number(char *to, unsigned n, unsigned digits, char after)
{
	for (unsigned i = digits; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	to[digits] = after;
	return to + digits + 1;
}

void wall_add_iso(struct str *b, double wall_s)
{
	/* Rounded, so that a time that was read from text is written with the same milliseconds. */
	double ms = floor(sane_wall(wall_s) * 1000 + 0.5), s = floor(ms / 1000);
	time_t t = (time_t)s;
	struct tm tm;
	char *to;

	gmtime_r(&t, &tm);
	to = clock_add_number(str_reserve(b, ISO_MOST), (unsigned)(tm.tm_year + 1900), 4, '-');
	to = clock_add_number(to, (unsigned)(tm.tm_mon + 1), 2, '-');
	to = clock_add_number(to, (unsigned)tm.tm_mday, 2, 'T');
	to = clock_add_number(to, (unsigned)tm.tm_hour, 2, ':');
	to = clock_add_number(to, (unsigned)tm.tm_min, 2, ':');
	to = clock_add_number(to, (unsigned)tm.tm_sec, 2, '.');
	to = clock_add_number(to, (unsigned)(ms - s * 1000), 3, 'Z');
	*to = '\0';
	b->len = (size_t)(to - b->s);
}

void wall_add_stamp(struct str *b, double wall_s)
{
	time_t t = (time_t)floor(sane_wall(wall_s));
	struct tm tm;
	char text[32];

	localtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y%m%d_%H%M%S", &tm);
	str_add(b, text);
}

const char *wall_find_stamp(const char *name)
{
	const char *dot = strrchr(name, '.'), *stamp = dot ? dot + 1 : name, *n;

	for (int i = 0; i < 15; i++)
		if (i == 8 ? stamp[i] != '_' : stamp[i] < '0' || stamp[i] > '9')
			return NULL;
	if (stamp[15] == '\0')
		return stamp;
	n = stamp + 16;
	return stamp[15] == '_' && *n && n[strspn(n, "0123456789")] == '\0' ? stamp : NULL;
}
