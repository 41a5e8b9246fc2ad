/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading. A crash can leave a last line without a newline, which is ignored. Any other deviation
 * from the writer's format is damage: the records before it are used, the records after it are not.
 */
#include "run/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "run/crc32.h"
#include "run/job_line.h"
#include "run/run_names.h"
#include "base/fs.h"

enum {
	LONGEST_LINE = 64 << 20,
	BLOCK = 256 * 1024,
	CRC_TAIL = 18, /* ,"crc":"01234567"} */
};

struct journal_reader {
	char *path;
	int fd;
	struct str buf;
	size_t at;    /* offset in buf of the next line */
	uint64_t seq; /* of the last valid record */
	struct crc32 crc32;
	bool wants_jobs;
	struct job_line job;
	/* Of the current call: */
	bool is_at_end; /* the current end of the file was reached */
	journal_visit *visit;
	void *ctx;
	struct error *err;
};

static int open_regular(const char *path, struct str *to, struct error *err)
{
	int fd = fs_open_begin(AT_FDCWD, path,
			       O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, to,
			       BLOCK);
	struct stat st;

	if (fd < 0)
		return error_sys(err, errno, "%s cannot be read", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return error_plain(err, "%s cannot be read: it is not a regular file", path);
}

static int journal_read_fill(struct journal_reader *r)
{
	ssize_t k;

	memmove(r->buf.s, r->buf.s + r->at, r->buf.len - r->at);
	r->buf.len -= r->at;
	r->at = 0;
	do
		k = read(r->fd, str_reserve(&r->buf, BLOCK), BLOCK);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return error_sys(r->err, errno, "%s cannot be read", r->path);
	r->buf.len += (size_t)k;
	r->is_at_end = k == 0;
	return 0;
}

static int journal_read_damaged(const struct journal_reader *r, const char *why)
{
	return error_plain(r->err,
			   "%s is damaged after record %llu (%s); later records are ignored",
			   r->path, (unsigned long long)r->seq, why);
}

static bool has_good_crc(const struct crc32 *t, const char *line, size_t len)
{
	char want[CRC_TAIL + 1] = ",\"crc\":\"01234567\"}";

	if (len < CRC_TAIL)
		return false;
	crc32_write_hex(crc32_of(t, line, len - CRC_TAIL), want + 8);
	return memcmp(line + len - CRC_TAIL, want, CRC_TAIL) == 0;
}

/* Reads the members that all records have. */
static bool journal_read_first_line(json_t *json, struct journal_record *ret)
{
	json_t *seq = json_object_get(json, "seq"), *t = json_object_get(json, "t");
	json_t *ev = json_object_get(json, "ev");

	if (!json_is_integer(seq) || !json_is_number(t) || !json_is_string(ev))
		return false;
	ret->seq = (uint64_t)json_integer_value(seq);
	ret->wall_s = json_number_value(t);
	ret->ev = json_string_value(ev);
	ret->json = json;
	return true;
}

/* NULL: it does not say. */
static const char *journal_read_run(const json_t *json)
{
	return json_string_value(json_object_get(json, "run"));
}

static void journal_read_take_job(const struct job_line *job, struct journal_record *ret)
{
	ret->seq = job->seq;
	ret->wall_s = job->wall_s;
	ret->ev = JOB_RECORD_EV;
	ret->job = &job->record;
}

/* 1: go on; 0: the visitor stops; -1: damaged. */
static int take_line(struct journal_reader *r, const char *line, size_t len)
{
	struct journal_record record = {.line = line, .len = len};
	json_t *json = NULL;
	int rc = 1;

	if (!has_good_crc(&r->crc32, line, len))
		return journal_read_damaged(r, "a checksum is wrong");
	if (r->wants_jobs && job_line_read(&r->job, line, len))
		journal_read_take_job(&r->job, &record);
	else
		json = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	if (!record.job && (!json || !journal_read_first_line(json, &record)))
		rc = journal_read_damaged(r, "a record has an unknown form");
	else if (record.seq != r->seq + 1)
		rc = journal_read_damaged(r, "a sequence number is wrong");
	else if (record.seq == 1 && json && !run_names_is_of(r->path, journal_read_run(json)))
		rc = journal_read_damaged(r, "it is the journal of another run");
	if (rc > 0) {
		r->seq = record.seq;
		rc = r->visit(r->ctx, &record);
	}
	json_decref(json);
	return rc;
}

static int read_lines(struct journal_reader *r, bool *ret_torn)
{
	for (;;) {
		const char *line = r->buf.s + r->at;
		const char *end = memchr(line, '\n', r->buf.len - r->at);
		int rc;

		if (end) {
			r->at += (size_t)(end - line) + 1;
			rc = take_line(r, line, (size_t)(end - line));
			if (rc <= 0)
				return rc;
			continue;
		}
		if (r->is_at_end) {
			*ret_torn = r->at < r->buf.len;
			return 0;
		}
		if (r->buf.len - r->at > LONGEST_LINE)
			return journal_read_damaged(r, "a line has no end");
		if (journal_read_fill(r) < 0)
			return -1;
	}
}

struct journal_reader *journal_open(const char *path, struct error *err)
{
	struct str begin = {0};
	struct journal_reader *r;
	int fd = open_regular(path, &begin, err);

	if (fd < 0) {
		str_done(&begin);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->path = xstrdup(path);
	r->fd = fd;
	r->buf = begin;
	crc32_init(&r->crc32);
	return r;
}

int journal_read_on(struct journal_reader *r, journal_visit *visit, void *ctx, bool *ret_torn,
		    struct error *err)
{
	*ret_torn = false;
	r->is_at_end = false;
	r->visit = visit;
	r->ctx = ctx;
	r->err = err;
	return read_lines(r, ret_torn);
}

void journal_close(struct journal_reader *r)
{
	if (!r)
		return;
	close(r->fd);
	str_done(&r->buf);
	job_line_done(&r->job);
	free(r->path);
	free(r);
}

static int journal_read_file(const char *path, bool wants_jobs, journal_visit *visit, void *ctx,
			     bool *ret_torn, struct error *err)
{
	struct journal_reader *r = journal_open(path, err);
	int rc;

	*ret_torn = false;
	if (!r)
		return -1;
	r->wants_jobs = wants_jobs;
	rc = journal_read_on(r, visit, ctx, ret_torn, err);
	journal_close(r);
	return rc;
}

int journal_read(const char *path, journal_visit *visit, void *ctx, bool *ret_torn,
		 struct error *err)
{
	return journal_read_file(path, false, visit, ctx, ret_torn, err);
}

int journal_read_jobs(const char *path, journal_visit *visit, void *ctx, bool *ret_torn,
		      struct error *err)
{
	return journal_read_file(path, true, visit, ctx, ret_torn, err);
}
