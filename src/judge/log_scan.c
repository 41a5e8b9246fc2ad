/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/log_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blank.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "judge/pattern_code.h"
#include "judge/scan_clock.h"

enum { CONTEXT_AFTER = 4, TAIL_BLOCK = 64 * 1024 };

/* Patterns with a known prefix are only tried on lines that begin with its first byte. */
static void sort_fail_patterns(struct log_scan *s)
{
	s->anywhere_fail = xcalloc(s->n_fail, sizeof(void *));
	s->prefixed_fail = xcalloc(s->n_fail, sizeof(void *));
	for (size_t i = 0; i < s->n_fail; i++) {
		size_t n;
		const char *prefix = pattern_prefix(s->fail[i], &n);

		if (!prefix) {
			s->anywhere_fail[s->n_anywhere_fail++] = s->fail[i];
			continue;
		}
		s->prefixed_fail[s->n_prefixed_fail++] = s->fail[i];
		s->may_begin[(unsigned char)*prefix] = true;
	}
}

void log_scan_init(struct log_scan *s)
{
	s->cap = LOG_BLOCK + LOG_LINE_MOST;
	s->buf = xmalloc(s->cap + 1);
	s->seen = xcalloc(s->n_pass, sizeof(bool));
	s->n_missing = s->n_pass;
	s->is_done = s->n_pass == 0 && s->n_fail == 0;
	sort_fail_patterns(s);
}

void log_scan_done(struct log_scan *s)
{
	free(s->buf);
	free(s->seen);
	free(s->anywhere_fail);
	free(s->prefixed_fail);
	str_done(&s->message);
	str_done(&s->context);
	str_done(&s->fixed);
	*s = (struct log_scan){0};
}

char *log_scan_room(struct log_scan *s, size_t *ret_n)
{
	*ret_n = s->cap - s->len;
	if (*ret_n > LOG_BLOCK)
		*ret_n = LOG_BLOCK;
	return s->buf + s->len;
}

/* Appends a line for users: without its end, with tabs unchanged, at most `most` bytes. */
static void log_scan_add_line(struct str *to, const char *line, size_t n, size_t most)
{
	size_t limit = to->len + most;

	while (n && line[n - 1] == '\n')
		n--;
	while (n) {
		size_t k = utf8_valid_len(line, n), before = to->len;

		if (*line == '\t')
			str_addc(to, '\t');
		else
			str_add_printable(to, line, k ? k : 1);
		if (to->len > limit) {
			to->len = before;
			to->s[before] = '\0';
			return;
		}
		line += k ? k : 1;
		n -= k ? k : 1;
	}
}

/* Appends a line with its end, so that empty lines are kept; the last line of a log may have no
 * end. */
static void log_scan_add_context_line(struct str *to, const char *line, size_t n)
{
	if (to->len + 1 >= LOG_CONTEXT_MOST)
		return;
	log_scan_add_line(to, line, n, LOG_CONTEXT_MOST - to->len - 1);
	if (n && line[n - 1] == '\n')
		str_addc(to, '\n');
}

static void found_failure(struct log_scan *s, const char *line, size_t n)
{
	s->outcome = SCAN_FAIL;
	s->line = s->n_lines;
	s->n_context = CONTEXT_AFTER;
	line = blank_strip(line, &n);
	log_scan_add_line(&s->message, line, n, LOG_MESSAGE_MOST);
}

static void found_undecided(struct log_scan *s, struct pattern_code *c)
{
	s->outcome = SCAN_UNDECIDED;
	s->undecided = c;
	s->line = s->n_lines;
	s->is_done = true;
}

static void found_late(struct log_scan *s)
{
	s->is_late = true;
	found_undecided(s, s->trying);
}

/* true: this line decided the outcome. */
static bool try_fail_patterns(struct log_scan *s, struct pattern_code *const *list, size_t n_list,
			      const char *line, size_t n)
{
	for (size_t i = 0; i < n_list; i++) {
		s->trying = list[i];
		switch (pattern_match_line(list[i], line, n)) {
		case PATTERN_NO:
			break;
		case PATTERN_YES:
			found_failure(s, line, n);
			return true;
		case PATTERN_UNDECIDED:
			found_undecided(s, list[i]);
			return true;
		}
	}
	return false;
}

static void try_pass_patterns(struct log_scan *s, const char *line, size_t n)
{
	for (size_t i = 0; i < s->n_pass; i++) {
		enum pattern_match m;

		if (s->seen[i])
			continue;
		s->trying = s->pass[i];
		m = pattern_match_line(s->pass[i], line, n);
		if (m == PATTERN_UNDECIDED) {
			found_undecided(s, s->pass[i]);
			return;
		}
		s->seen[i] = m == PATTERN_YES;
		s->n_missing -= s->seen[i];
	}
	if (s->n_missing == 0 && s->n_fail == 0)
		s->is_done = true;
}

static const char *fix_utf8(struct log_scan *s, const char *line, size_t *n)
{
	size_t bad = utf8_first_bad(line, *n), left = *n;

	if (bad == left)
		return line;
	str_clear(&s->fixed);
	while (left) {
		str_addn(&s->fixed, line, bad);
		line += bad;
		left -= bad;
		if (left) {
			str_add(&s->fixed, "\xef\xbf\xbd");
			line++;
			left--;
		}
		bad = utf8_first_bad(line, left);
	}
	*n = s->fixed.len;
	return s->fixed.s;
}

static void scan_line(struct log_scan *s, const char *line, size_t n)
{
	s->n_lines++;
	if (s->n_context) {
		log_scan_add_context_line(&s->context, line, n);
		s->is_done = --s->n_context == 0;
		return;
	}
	if (s->has_high)
		line = fix_utf8(s, line, &n);
	if (s->may_begin[(unsigned char)*line] &&
	    try_fail_patterns(s, s->prefixed_fail, s->n_prefixed_fail, line, n))
		return;
	if (try_fail_patterns(s, s->anywhere_fail, s->n_anywhere_fail, line, n))
		return;
	if (s->n_missing)
		try_pass_patterns(s, line, n);
}

/* true: a fail pattern might match the whole line, of which this is the beginning. */
static bool may_fail_later(struct log_scan *s, const char *line, size_t n)
{
	if (s->has_high)
		line = fix_utf8(s, line, &n);
	for (size_t i = 0; i < s->n_prefixed_fail; i++) {
		size_t len;
		const char *prefix = pattern_prefix(s->prefixed_fail[i], &len);

		if (memcmp(line, prefix, len) == 0)
			return true;
	}
	return s->n_anywhere_fail > 0;
}

/*
 * For the beginning of a line that is too long. A match of a fail pattern counts. Pass patterns are
 * not tried, because their match could depend on the rest of the line, also on its end. If a fail
 * pattern might match the rest, the log is undecided, unless a later line fails.
 */
static void scan_head(struct log_scan *s, const char *line, size_t n)
{
	size_t n_missing = s->n_missing;

	s->is_cut = true;
	s->n_missing = 0;
	scan_line(s, line, n);
	s->n_missing = n_missing;
	if (s->outcome == SCAN_CLEAN && !s->cut_line && may_fail_later(s, line, n))
		s->cut_line = s->n_lines;
}

/* Replaces CR and CRLF by LF in place. After a CR as the last byte, the next call drops an LF. */
static size_t fold_ends(struct log_scan *s, char *at, size_t n)
{
	char *cr, *to, *from = at, *end = at + n;

	if (s->drop_lf && n && *at == '\n')
		from++;
	s->drop_lf = false;
	cr = memchr(from, '\r', (size_t)(end - from));
	if (!cr && from == at)
		return n;
	for (to = at; from < end; from++) {
		if (*from == '\r') {
			*to++ = '\n';
			if (from + 1 == end)
				s->drop_lf = true;
			else if (from[1] == '\n')
				from++;
		} else {
			*to++ = *from;
		}
	}
	return (size_t)(to - at);
}

static bool has_high_bytes(const char *s, size_t n)
{
	unsigned char all = 0;

	for (size_t i = 0; i < n; i++)
		all |= (unsigned char)s[i];
	return all & 0x80;
}

/* In the rest of a line that is too long: returns the number of bytes to skip. */
static size_t skip_rest(struct log_scan *s)
{
	char *end = memchr(s->buf, '\n', s->len);

	s->is_skipping = !end;
	return end ? (size_t)(end + 1 - s->buf) : s->len;
}

static void keep_from(struct log_scan *s, size_t at)
{
	s->len -= at;
	memmove(s->buf, s->buf + at, s->len);
}

void log_scan_took(struct log_scan *s, size_t n)
{
	size_t at = 0, search = s->len;
	char *end;

	n = fold_ends(s, s->buf + s->len, n);
	s->has_high = (s->len && s->has_high) || has_high_bytes(s->buf + s->len, n);
	s->len += n;
	if (s->is_skipping)
		at = search = skip_rest(s);
	while (!s->is_done && (end = memchr(s->buf + search, '\n', s->len - search))) {
		if (scan_clock_is_up()) {
			found_late(s);
			break;
		}
		size_t next = (size_t)(end + 1 - s->buf);

		scan_line(s, s->buf + at, next - at);
		at = search = next;
	}
	keep_from(s, at);
	if (s->len >= LOG_LINE_MOST && !s->is_done) {
		scan_head(s, s->buf, LOG_LINE_MOST);
		s->is_skipping = true;
		s->len = 0;
	}
}

void log_scan_end(struct log_scan *s)
{
	if (s->len && !s->is_done && !s->is_skipping)
		scan_line(s, s->buf, s->len);
	s->len = 0;
	s->is_done = true;
	if (s->outcome == SCAN_CLEAN && s->cut_line) {
		s->outcome = SCAN_UNDECIDED;
		s->line = s->cut_line;
	}
}

/* A scan usually reads several GB/s; slow patterns and sanitizers need more than 20 MB/s. */
static double cpu_allowed(const struct log_scan *s, off_t size)
{
	return (s->cpu_s > 0 ? s->cpu_s : 5) + (double)size / 20e6;
}

ssize_t log_read_at(int fd, char *to, size_t n, off_t at)
{
	unsigned n_waits = 0;
	ssize_t k;

	do
		k = pread(fd, to, n, at);
	while (k < 0 && (errno == EINTR || errno_wait_out(&n_waits)));
	return k;
}

int log_stat(int fd, struct stat *ret)
{
	unsigned n_waits = 0;
	int rc;

	do
		rc = fstat(fd, ret);
	while (rc < 0 && errno_wait_out(&n_waits));
	return rc;
}

static int scan_blocks(struct log_scan *s, int fd, off_t start, off_t size)
{
	while (start < size && !s->is_done) {
		size_t room;
		char *to = log_scan_room(s, &room);
		ssize_t k;

		if ((off_t)room > size - start)
			room = (size_t)(size - start);
		k = log_read_at(fd, to, room, start);
		if (k < 0)
			return errno;
		if (k == 0)
			return ESTALE;
		log_scan_took(s, (size_t)k);
		start += k;
	}
	log_scan_end(s);
	return 0;
}

/* The clock is started. When the time is up within a match, it jumps back to sigsetjmp(). */
static int scan_in_time(struct log_scan *s, int fd, off_t start, off_t size, sigjmp_buf *way_out)
{
	if (sigsetjmp(*way_out, 0) == 0)
		return scan_blocks(s, fd, start, size);
	found_late(s);
	return 0;
}

int log_scan_file(struct log_scan *s, int fd, off_t start)
{
	struct stat st;
	int errnum;

	if (log_stat(fd, &st) < 0)
		return errno;
	if (st.st_size < start)
		return ESTALE;
	errnum = scan_in_time(s, fd, start, st.st_size,
			      scan_clock_start(cpu_allowed(s, st.st_size - start)));
	scan_clock_stop();
	return errnum;
}

/* Offset of the last n_lines lines. */
static size_t tail_start(const char *buf, size_t n, unsigned n_lines)
{
	size_t at = n;

	if (at && buf[at - 1] == '\n')
		at--;
	while (at) {
		if (buf[at - 1] == '\n' && --n_lines == 0)
			break;
		at--;
	}
	return at;
}

void log_tail(int fd, off_t start, unsigned n_lines, struct str *to)
{
	_cleanup_(freep) char *buf = xmalloc(TAIL_BLOCK);
	struct log_scan ends = {0};
	struct stat st;
	ssize_t k;
	size_t n, at;

	if (log_stat(fd, &st) < 0 || st.st_size <= start)
		return;
	if (st.st_size - start > TAIL_BLOCK)
		start = st.st_size - TAIL_BLOCK;
	k = log_read_at(fd, buf, TAIL_BLOCK, start);
	if (k <= 0)
		return;
	n = fold_ends(&ends, buf, (size_t)k);
	at = tail_start(buf, n, n_lines);
	if (n - at > LOG_CONTEXT_MOST) /* keep the end of a long context */
		at = n - LOG_CONTEXT_MOST;
	while (at < n) {
		char *end = memchr(buf + at, '\n', n - at);
		size_t next = end ? (size_t)(end + 1 - buf) : n;

		log_scan_add_context_line(to, buf + at, next - at);
		at = next;
	}
}

uint32_t log_count_lines(int fd, off_t n)
{
	char buf[4096];
	uint32_t lines = 0;
	off_t at = 0;

	while (at < n) {
		size_t most = n - at < (off_t)sizeof(buf) ? (size_t)(n - at) : sizeof(buf);
		ssize_t k = log_read_at(fd, buf, most, at);

		if (k <= 0)
			break;
		for (ssize_t i = 0; i < k; i++)
			lines += buf[i] == '\n';
		at += k;
	}
	return lines;
}
