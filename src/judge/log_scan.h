/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches a log for patterns, line by line as Python reads text: LF, CR and CRLF end a line, and
 * each line is matched with a '\n' at its end. Bytes that are not UTF-8 count as U+FFFD.
 *
 * Memory is limited: of a line over LOG_LINE_MOST only the beginning is matched (is_cut), and only
 * with fail patterns. If one of them might match the rest, the outcome is undecided, and never a
 * pass, unless a later line fails. CPU time is limited, too: a scan that takes hundreds of times
 * longer than usual is undecided.
 */
#ifndef JUDGE_LOG_SCAN_H
#define JUDGE_LOG_SCAN_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/str.h"
#include "judge/pattern.h"

enum { LOG_BLOCK = 256 * 1024, LOG_LINE_MOST = 1024 * 1024 };
enum { LOG_MESSAGE_MOST = 1024, LOG_CONTEXT_MOST = 4096 };

enum scan_outcome {
	SCAN_CLEAN,	/* no fail pattern matched; for pass patterns see n_missing */
	SCAN_FAIL,	/* a fail pattern matched; message, context, line are set */
	SCAN_UNDECIDED, /* undecided (NULL: the line is too long), is_late, line are set */
};

struct log_scan {
	struct pattern_code *const *pass, *const *fail;
	size_t n_pass, n_fail;
	double cpu_s; /* for log_scan_file(): CPU time in addition to that for the size of the log;
			 0: 5 s */

	/* ---- results, valid after log_scan_end() ---- */
	enum scan_outcome outcome;
	struct str message, context;
	uint32_t line; /* from 1, counted from the start of the scan */
	struct pattern_code *undecided;
	bool *seen; /* for each pass pattern: it has matched */
	size_t n_missing;
	bool is_late; /* undecided because the CPU time was used up */
	bool is_cut;
	bool is_done; /* no later line can change the outcome */

	/* ---- private ---- */
	char *buf;
	size_t len, cap;
	uint32_t n_lines;
	uint32_t cut_line;  /* the first that is too long and might match a fail pattern; 0: none */
	unsigned n_context; /* lines of context still wanted */
	bool drop_lf;	    /* the last byte was a CR */
	bool is_skipping;   /* in the rest of a line that is too long */
	bool has_high;	    /* bytes over 0x7f in buf */
	struct pattern_code *trying;
	struct pattern_code **anywhere_fail, **prefixed_fail;
	size_t n_anywhere_fail, n_prefixed_fail;
	bool may_begin[256]; /* some prefixed fail pattern begins with this byte */
	struct str fixed;
};

void log_scan_init(struct log_scan *s);
/* Returns a buffer for the next *ret_n bytes of the log, at least one. Call log_scan_took() with
 * the number of bytes put there. */
char *log_scan_room(struct log_scan *s, size_t *ret_n);
void log_scan_took(struct log_scan *s, size_t n);
void log_scan_end(struct log_scan *s);
void log_scan_done(struct log_scan *s);

/*
 * Scans the file from start to its current end. Returns 0, or an errno; ESTALE if the file became
 * shorter meanwhile. Call log_scan_init() before and log_scan_done() after it.
 */
int log_scan_file(struct log_scan *s, int fd, off_t start);

/* As pread() and fstat(), but they wait for some seconds for the end of a shortage: without its log
 * a job cannot pass. */
ssize_t log_read_at(int fd, char *to, size_t n, off_t at);
int log_stat(int fd, struct stat *ret);

/* Appends the last n_lines lines of the file after start. */
void log_tail(int fd, off_t start, unsigned n_lines, struct str *to);
/* Number of lines in the first n bytes. */
uint32_t log_count_lines(int fd, off_t n);

#endif
