/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/job_log.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "judge/log_scan.h"

int job_log_begin(struct job_log *l, const char *command, struct error *err)
{
	str_clear(&l->header);
	str_add(&l->header, "[Executing]:\n");
	str_add(&l->header, command);
	str_add(&l->header, "\n\n");
	if (fs_write_all(l->fd, l->header.s, l->header.len) < 0)
		return error_sys(err, errno, "cannot write the log");
	l->size = (off_t)l->header.len;
	l->was_full = false;
	return 0;
}

static bool has_room(int fd, off_t size)
{
	struct rlimit limit;
	struct statvfs fs;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    (rlim_t)size >= limit.rlim_cur)
		return false;
	if (fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0) /* 0: unknown */
		return true;
	return (geteuid() == 0 ? fs.f_bfree : fs.f_bavail) > 0;
}

void job_log_look(struct job_log *l)
{
	struct stat st;

	if (fstat(l->fd, &st) < 0)
		return;
	if (st.st_size > l->size)
		l->size = st.st_size;
	l->was_full |= !has_room(l->fd, st.st_size);
}

bool job_log_is_whole(const struct job_log *l)
{
	size_t n = l->header.len < 64 ? l->header.len : 64;
	struct stat st;
	char begin[64];

	if (log_stat(l->fd, &st) < 0 || st.st_nlink == 0 || st.st_size < (off_t)l->header.len ||
	    st.st_size < l->size)
		return false;
	return log_read_at(l->fd, begin, n, 0) == (ssize_t)n && memcmp(begin, l->header.s, n) == 0;
}

bool job_log_is_over(const struct job_log *l, uint64_t most)
{
	struct stat st;

	return most && log_stat(l->fd, &st) == 0 && (uint64_t)st.st_size > most;
}

void job_log_tail(const struct job_log *l, unsigned n, struct str *to)
{
	if (l->fd >= 0)
		log_tail(l->fd, (off_t)l->header.len, n, to);
}

void job_log_close(struct job_log *l)
{
	closep(&l->fd);
}
