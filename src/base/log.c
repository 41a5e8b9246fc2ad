/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

/* Global, because every function that logs would need an argument for it otherwise. */
static struct {
	enum log_level level;
	log_sink *sink;
	void *ctx;
	bool color;
	int file_fd;
} out = {.level = LOG_INFO, .file_fd = -1};

static const struct {
	const char *label, *tint;
} levels[] = {
	[LOG_ERROR] = {"error: ", "\033[1;31m"},
	[LOG_WARNING] = {"warning: ", "\033[1;33m"},
	[LOG_INFO] = {"", ""},
	[LOG_VERBOSE] = {"", "\033[2m"},
	[LOG_DEBUG] = {"debug: ", "\033[2m"},
};
static_assert(sizeof(levels) / sizeof(levels[0]) == LOG_LEVEL_COUNT, "one entry per level");

void log_set_level(enum log_level least)
{
	out.level = least;
}

enum log_level log_level(void)
{
	return out.level;
}

void log_set_sink(log_sink *sink, void *ctx)
{
	out.sink = sink;
	out.ctx = ctx;
}

void log_set_color(bool color)
{
	out.color = color;
}

int log_open_file(const char *path)
{
	int fd = fs_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		return -1;
	closep(&out.file_fd);
	out.file_fd = fd;
	return 0;
}

/* 0, or an errno. */
static int log_write_all(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t k = write(fd, s, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? errno : ENOSPC;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

static void log_close_file(int errnum)
{
	closep(&out.file_fd);
	log_warning("the log file cannot be written (%s): it ends here", strerror(errnum));
}

/* Names and paths in messages come from users and may contain escape sequences of terminals. */
static void log_add_lines(struct str *to, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\n\t");

		str_add_printable(to, text, n);
		if (!text[n])
			return;
		str_addc(to, text[n]);
		text += n + 1;
	}
}

bool log_has_file(void)
{
	return out.file_fd >= 0 && out.level >= LOG_INFO;
}

int log_file_fd(void)
{
	return log_has_file() ? out.file_fd : -1;
}

void log_file_add(const char *text, size_t n)
{
	int errnum = log_has_file() && n ? log_write_all(out.file_fd, text, n) : 0;

	if (errnum)
		log_close_file(errnum);
}

static void log_message(enum log_level level, const char *fmt, va_list ap)
{
	struct str raw = {0}, msg = {0}, line = {0};
	int errnum = errno, file_errnum = 0;

	if (level > out.level)
		return;
	str_vprintf(&raw, fmt, ap);
	str_reserve(&msg, 0);
	log_add_lines(&msg, raw.s);
	str_done(&raw);
	str_printf(&line, "dvsched: %s%s\n", levels[level].label, msg.s);
	if (out.file_fd >= 0)
		file_errnum = log_write_all(out.file_fd, line.s, line.len);
	if (out.color && *levels[level].tint) {
		str_clear(&line);
		str_printf(&line, "dvsched: %s%s%s\033[0m\n", levels[level].tint,
			   levels[level].label, msg.s);
	}
	if (out.sink)
		out.sink(out.ctx, level, line.s, line.len);
	else
		log_write_all(STDERR_FILENO, line.s,
			      line.len); /* an error here cannot be reported */
	if (file_errnum)
		log_close_file(file_errnum);
	str_done(&msg);
	str_done(&line);
	errno = errnum;
}

#define LOG_FUNCTION(name, level)            \
	void name(const char *fmt, ...)      \
	{                                    \
		va_list ap;                  \
		va_start(ap, fmt);           \
		log_message(level, fmt, ap); \
		va_end(ap);                  \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_verbose, LOG_VERBOSE)
LOG_FUNCTION(log_debug, LOG_DEBUG)
