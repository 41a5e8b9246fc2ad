/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct src_pos nowhere;

int error_set(struct error *err, struct src_pos pos, const char *fmt, ...)
{
	va_list ap;

	assert(!err->msg); /* a later error is often a consequence of the first */
	err->pos = pos;
	va_start(ap, fmt);
	err->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return -1;
}

int error_plain(struct error *err, const char *fmt, ...)
{
	va_list ap;

	assert(!err->msg);
	err->pos = nowhere;
	va_start(ap, fmt);
	err->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return -1;
}

int error_sys(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	char *what;

	assert(!err->msg);
	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	err->pos = nowhere;
	err->errnum = errnum;
	err->msg = xasprintf("%s: %s", what, strerror(errnum));
	free(what);
	return -1;
}

void error_wrap(struct error *err, const char *fmt, ...)
{
	va_list ap;
	char *what, *inner = err->msg;

	assert(inner);
	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	err->msg = xasprintf("%s: %s", what, inner);
	free(what);
	free(inner);
}

bool errno_is_shortage(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == EAGAIN || errnum == ENOMEM ||
	       errnum == ENOBUFS;
}

bool errno_wait_out(unsigned *n)
{
	int errnum = errno;

	if (!errno_is_shortage(errnum) || *n >= 100)
		return false;
	++*n;
	poll(NULL, 0, 50);
	errno = errnum;
	return true;
}

bool error_is_set(const struct error *err)
{
	return err->msg != NULL;
}

void error_done(struct error *err)
{
	free(err->msg);
	*err = (struct error){0};
}
