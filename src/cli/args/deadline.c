/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args/deadline.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static const struct src_pos nowhere;

static bool parse_time_of_day(const char *word, double *ret_in_s)
{
	time_t now = time(NULL), then;
	struct tm tm;
	int hour, minute, n = 0;

	if (sscanf(word, "%2d:%2d%n", &hour, &minute, &n) != 2 || word[n] || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59)
		return false;
	localtime_r(&now, &tm);
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	then = mktime(&tm);
	if (then <= now) {
		tm.tm_mday++;
		tm.tm_isdst = -1;
		then = mktime(&tm);
	}
	*ret_in_s = difftime(then, now);
	return true;
}

double deadline_parse(const char *word, struct diags *diags)
{
	double in_s;

	if (strchr(word, ':') ? parse_time_of_day(word, &in_s)
			      : duration_parse(word, &in_s) && in_s > 0)
		return in_s;
	diag_error(diags, nowhere,
		   "'--run-deadline' must be a duration such as 600s or 8h, or a time such as "
		   "07:00, not '%s'",
		   word);
	return 0;
}
