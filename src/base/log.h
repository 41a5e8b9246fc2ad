/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the user. Only cli/ and scheduler/sched.c log; every other module returns an error.
 * All messages go through one sink, so that a printer can clear its lines on the terminal first.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_VERBOSE, LOG_DEBUG, LOG_LEVEL_COUNT };

/* text: one line or more, each ending in '\n'. */
typedef void log_sink(void *ctx, enum log_level level, const char *text, size_t len);

void log_set_level(enum log_level least);
enum log_level log_level(void);
/* NULL: standard error. */
void log_set_sink(log_sink *sink, void *ctx);
void log_set_color(bool color);
/* Also appends every message, without colors, to this file. Replaces the file of an earlier call.
 * Returns 0, or -1 with errno if it cannot be opened. */
int log_open_file(const char *path);

/* There is a log file, and the level is at least info. */
bool log_has_file(void);
/* Appends text to the log file only, if log_has_file(): for tables and the last lines of a run. */
void log_file_add(const char *text, size_t n);
/* The log file's descriptor if log_has_file(), else -1. */
int log_file_fd(void);

/* These functions do not change errno. */
void log_error(const char *fmt, ...) _printf_(1, 2);
void log_warning(const char *fmt, ...) _printf_(1, 2);
void log_info(const char *fmt, ...) _printf_(1, 2);
void log_verbose(const char *fmt, ...) _printf_(1, 2);
void log_debug(const char *fmt, ...) _printf_(1, 2);

#endif
