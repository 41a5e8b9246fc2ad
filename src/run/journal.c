/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing. A record is in the file completely or not at all: after a write that fails or is short
 * (disk full, `ulimit -f`) the file is truncated to its last complete record, and nothing more is
 * written. So a reader never finds a part of a record followed by another record.
 */
#include "run/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "run/crc32.h"

enum { GATHER_MOST = 64 * 1024 };

struct journal {
	int fd, dir_fd; /* dir_fd: until the first sync, then -1 */
	int errnum;	/* not 0: nothing more is written */
	uint64_t seq;
	off_t size; /* size of the complete records */
	struct json_out json;
	bool is_gathering;
	struct str gathered; /* complete records that are not written yet */
	struct crc32 crc32;
};

struct journal *journal_create(int dir_fd, struct error *err)
{
	struct journal *j;
	int fd = fs_openat_or_wait(dir_fd, JOURNAL_NAME,
				   O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
				   0666);

	if (fd < 0) {
		error_sys(err, errno, "%s cannot be made", JOURNAL_NAME);
		return NULL;
	}
	j = xcalloc(1, sizeof(*j));
	j->fd = fd;
	j->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	jout_init(&j->json, -1, 0);
	crc32_init(&j->crc32);
	return j;
}

void journal_gather(struct journal *j)
{
	j->is_gathering = true;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	journal_flush(j);
	close(j->fd);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	jout_done(&j->json);
	str_done(&j->gathered);
	free(j);
}

/* Like jout_init(), but keeps the memory of the buffer. */
static void start_line(struct json_out *json)
{
	struct str buf = json->buf;

	str_clear(&buf);
	jout_init(json, -1, 0);
	json->buf = buf;
}

struct json_out *journal_begin(struct journal *j, const char *ev, double wall_s)
{
	struct json_out *json = &j->json;

	assert(json->depth == 0); /* the previous record was committed */
	start_line(json);
	jout_object(json);
	jout_key_int(json, "seq", (int64_t)(j->seq + 1));
	jout_key_real(json, "t", wall_s, 3);
	jout_key_string(json, "ev", ev);
	return json;
}

/* Stops writing; the records before stay readable. */
static int journal_give_up(struct journal *j, int errnum)
{
	j->errnum = errnum;
	if (ftruncate(j->fd, j->size) < 0)
		j->errnum = errnum; /* the reader ignores the rest: it has no newline */
	return errnum;
}

static int write_lines(struct journal *j, const struct str *lines)
{
	/* After a short write, writing the rest gives the errno. */
	if (fs_write_all(j->fd, lines->s, lines->len) < 0)
		return journal_give_up(j, errno);
	j->size += (off_t)lines->len;
	return 0;
}

bool journal_is_empty(const struct journal *j)
{
	return j->size == 0;
}

int journal_flush(struct journal *j)
{
	if (!j->errnum && j->gathered.len)
		write_lines(j, &j->gathered);
	str_clear(&j->gathered);
	return j->errnum;
}

static int journal_gather_records(struct journal *j, const struct str *line)
{
	str_addn(&j->gathered, line->s, line->len);
	return j->gathered.len < GATHER_MOST ? 0 : journal_flush(j);
}

static void add_crc(struct str *line, uint32_t crc)
{
	char digits[8];

	crc32_write_hex(crc, digits);
	str_add(line, ",\"crc\":\"");
	str_addn(line, digits, sizeof(digits));
	str_add(line, "\"}\n");
}

int journal_commit(struct journal *j)
{
	struct str *line = &j->json.buf;

	assert(j->json.depth == 1);
	j->json.depth = 0;
	if (j->errnum)
		return j->errnum;
	add_crc(line, crc32_of(&j->crc32, line->s, line->len));
	j->seq++;
	return j->is_gathering ? journal_gather_records(j, line) : write_lines(j, line);
}

int journal_sync(struct journal *j)
{
	if (journal_flush(j) != 0)
		return j->errnum;
	/* A failed sync is not retried: the kernel may have dropped the pages that it could not
	 * write. */
	if (fs_sync_data(j->fd) < 0)
		return j->errnum = errno;
	if (j->dir_fd >= 0) {
		int rc = fs_sync(j->dir_fd);

		close(j->dir_fd);
		j->dir_fd = -1;
		if (rc < 0)
			return j->errnum = errno;
	}
	return 0;
}
