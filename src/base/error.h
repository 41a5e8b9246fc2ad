/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error and its position. {0} is none. Functions that can fail take one as their last argument,
 * fill it once and return -1 (or NULL); the caller that owns it calls error_done(). To collect
 * several errors (loading a configuration) see base/diag.h.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/attr.h"

/* file NULL: no position. line 0: the whole file. Columns count code points, from 1. */
struct src_pos {
	const char *file; /* borrowed: valid as long as the configuration */
	unsigned line, col;
};

struct error {
	char *msg; /* NULL: no error */
	struct src_pos pos;
	int errnum; /* of error_sys() and of functions that read or write a file; 0: none */
};

/* These functions return -1, so that callers write: return error_set(…). It is a bug to set an
 * error that is set already: the first one counts. */
int error_set(struct error *err, struct src_pos pos, const char *fmt, ...) _printf_(3, 4);
/* For an error without a position in a file. */
int error_plain(struct error *err, const char *fmt, ...) _printf_(2, 3);
/* Appends ": " and strerror(errnum) to the message. */
int error_sys(struct error *err, int errnum, const char *fmt, ...) _printf_(3, 4);
/* Puts "text: " before the message. */
void error_wrap(struct error *err, const char *fmt, ...) _printf_(2, 3);
/* The machine or this process is out of something that others may give back: descriptors,
 * processes, memory of the kernel. Worth another try, later. */
bool errno_is_shortage(int errnum);
/*
 * For what is done before there is a loop: after a shortage, sleeps for 50 ms and returns true, 100
 * times (*n, to begin with 0). Keeps errno.
 */
bool errno_wait_out(unsigned *n);
bool error_is_set(const struct error *err);
void error_done(struct error *err);

#endif
