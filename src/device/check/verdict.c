/* SPDX-License-Identifier: Apache-2.0 */
/* Reports the results of a check: good, bad, or skipped. */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "device/check/parts.h"
#include "device/device_class.h"

void check_good(struct check *c, const char *what)
{
	c->line(CHECK_GOOD, what, NULL);
}

void check_skip(struct check *c, const char *what, const char *why)
{
	c->line(CHECK_SKIPPED, what, why);
}

bool check_bad(struct check *c, const char *what, const char *fmt, ...)
{
	_cleanup_(str_done) struct str why = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&why, fmt, ap);
	va_end(ap);
	c->line(CHECK_BAD, what, why.s);
	return false;
}

bool check_bad_code(struct check *c, const char *what, const char *call, int32_t code)
{
	_cleanup_(str_done) struct str words = {0};
	const char *name = NULL, *hint = NULL;
	enum dvs_class class = c->d->classify(code, 0, &name, &hint);

	str_add_printable(&words, c->text, strnlen(c->text, CHECK_ROOM));
	return check_bad(c, what, "%s() returned %d (%s): %s", call, code,
			 class < DVS_CLASS_COUNT ? device_class_name(class) : "no class",
			 words.len ? words.s : "without a text");
}

bool check_untouched(struct check *c, const char *what, const char *call, const char *parameter)
{
	return check_bad(c, what, "%s() returned 0 and did not set *%s", call, parameter);
}
