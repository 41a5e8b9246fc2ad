/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the user. Only cli/ and scheduler/sched.c log; every other module returns an error.
 * All go through one sink, so that a printer that owns the terminal can make room first.
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
/* Also appends every line to this file (the last one named), plain. Returns -1 with errno if it
 * cannot be opened. */
int log_open_file(const char *path);

/* It is open, and takes what is said at level info. */
bool log_has_file(void);
/* What the screen shows besides messages, into the file alone: tables, endings. */
void log_file_add(const char *text, size_t n);
/* -1: none. */
int log_file_fd(void);

/* These leave errno as it was. */
void log_error(const char *fmt, ...) _printf_(1, 2);
void log_warning(const char *fmt, ...) _printf_(1, 2);
void log_info(const char *fmt, ...) _printf_(1, 2);
void log_verbose(const char *fmt, ...) _printf_(1, 2);
void log_debug(const char *fmt, ...) _printf_(1, 2);

#endif
