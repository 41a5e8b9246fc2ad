/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for patterns in a log, line by line as Python reads text: LF, CR and CRLF all end a line,
 * and a line is matched with a '\n' at its end. Bytes that are no UTF-8 match as U+FFFD. Memory is
 * bounded: of a line over LOG_LINE_MOST only the beginning is read (is_cut), and only for failures;
 * whether the rest would fail is then undecided. It never makes a pass. So is time: what takes
 * hundreds of times as long as usual is undecided, too.
 */
#ifndef JUDGE_LOG_SCAN_H
#define JUDGE_LOG_SCAN_H

#include <sys/types.h>

#include "base/str.h"
#include "judge/pattern.h"

enum { LOG_BLOCK = 256 * 1024, LOG_LINE_MOST = 1024 * 1024 };
enum { LOG_MESSAGE_MOST = 1024, LOG_CONTEXT_MOST = 4096 };

enum scan_outcome {
	SCAN_CLEAN,	/* no fail pattern; pass patterns: see n_missing */
	SCAN_FAIL,	/* message, context, line */
	SCAN_UNDECIDED, /* undecided (NULL: the line is too long), is_late, line */
};

struct log_scan {
	struct pattern_code *const *pass, *const *fail;
	size_t n_pass, n_fail;
	double cpu_s; /* for log_scan_file(), beside what the size of the log is worth; 0: 5 s */

	/* ---- what came out; valid after log_scan_end() ---- */
	enum scan_outcome outcome;
	struct str message, context;
	uint32_t line; /* from 1, counted from where the scan began */
	struct pattern_code *undecided;
	bool *seen; /* for each pass pattern */
	size_t n_missing;
	bool is_late; /* undecided because its time was up */
	bool is_cut;
	bool is_done; /* nothing that follows can change the outcome */

	/* ---- its own ---- */
	char *buf;
	size_t len, cap;
	uint32_t n_lines;
	unsigned n_context; /* lines of context still wanted */
	bool drop_lf;	    /* the last byte was a CR */
	bool is_skipping;   /* in the rest of a line that was too long */
	bool has_high;	    /* bytes over 0x7f in buf */
	struct pattern_code *trying;
	struct pattern_code **anywhere_fail, **prefixed_fail;
	size_t n_anywhere_fail, n_prefixed_fail;
	bool may_begin[256]; /* some prefixed fail pattern begins with this byte */
	struct str fixed;
};

void log_scan_init(struct log_scan *s);
/* Room for the next bytes of the log; *ret_n of them, at least one. */
char *log_scan_room(struct log_scan *s, size_t *ret_n);
void log_scan_took(struct log_scan *s, size_t n);
void log_scan_end(struct log_scan *s);
void log_scan_done(struct log_scan *s);

/*
 * The whole file from start on, as far as it reaches now. 0, or the errno; ESTALE if the file got
 * shorter meanwhile. log_scan_init() before, log_scan_done() after.
 */
int log_scan_file(struct log_scan *s, int fd, off_t start);

/* Appends the last n_lines lines, from start on. */
void log_tail(int fd, off_t start, unsigned n_lines, struct str *to);
/* How many lines the first n bytes hold. */
uint32_t log_count_lines(int fd, off_t n);

#endif
