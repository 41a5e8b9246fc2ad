/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing. A record is whole in the file or not there: a write that fails or stays short (disk
 * full, `ulimit -f`) is cut off again, and the journal then stays as it is, so that a reader never
 * meets a piece of a record followed by another.
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

struct journal {
	int fd, dir_fd; /* dir_fd: until the first sync, then -1 */
	int errnum;	/* not 0: nothing is written any more */
	uint64_t seq;
	off_t size; /* of the whole records */
	struct json_out json;
};

struct journal *journal_create(int dir_fd, struct error *err)
{
	struct journal *j;
	int fd = openat(dir_fd, JOURNAL_NAME,
			O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd < 0) {
		error_sys(err, errno, "%s cannot be made", JOURNAL_NAME);
		return NULL;
	}
	j = xcalloc(1, sizeof(*j));
	j->fd = fd;
	j->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	jout_init(&j->json, -1, 0);
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	close(j->fd);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	jout_done(&j->json);
	free(j);
}

/* jout_init() that keeps the buffer's memory. */
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

	assert(json->depth == 0); /* the record before has been committed */
	start_line(json);
	jout_object(json);
	jout_key_int(json, "seq", (int64_t)(j->seq + 1));
	jout_key_real(json, "t", wall_s, 3);
	jout_key_string(json, "ev", ev);
	return json;
}

/* Nothing after this is written; what is there stays readable. */
static int give_up(struct journal *j, int errnum)
{
	j->errnum = errnum;
	if (ftruncate(j->fd, j->size) < 0)
		j->errnum = errnum; /* the reader cuts the piece off: it has no newline */
	return errnum;
}

static int write_line(struct journal *j, const struct str *line)
{
	/* Why a write was short is known when the rest of it fails. */
	if (fs_write_all(j->fd, line->s, line->len) < 0)
		return give_up(j, errno);
	j->size += (off_t)line->len;
	j->seq++;
	return 0;
}

int journal_commit(struct journal *j)
{
	struct str *line = &j->json.buf;

	assert(j->json.depth == 1);
	j->json.depth = 0;
	if (j->errnum)
		return j->errnum;
	str_printf(line, ",\"crc\":\"%08x\"}\n", crc32_of(line->s, line->len));
	return write_line(j, line);
}

int journal_sync(struct journal *j)
{
	if (j->errnum)
		return j->errnum;
	/* A failed sync is never tried again: the kernel may have dropped what it could not write.
	 */
	if (fdatasync(j->fd) < 0)
		return j->errnum = errno;
	if (j->dir_fd >= 0) {
		int rc = fsync(j->dir_fd);

		close(j->dir_fd);
		j->dir_fd = -1;
		if (rc < 0)
			return j->errnum = errno;
	}
	return 0;
}
