/* SPDX-License-Identifier: Apache-2.0 */
#include "device/leftovers/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OWNER "dvsched-left 1"

/* n: the length of the text in line, as snprintf() returned it. */
static void fill_line(char line[LEFTOVERS_LINE], int n)
{
	if (n < 0 || n >= LEFTOVERS_LINE)
		n = 0;
	memset(line + n, ' ', LEFTOVERS_LINE - (size_t)n);
	line[LEFTOVERS_LINE - 1] = '\n';
}

void left_owner_put(char line[LEFTOVERS_LINE], const struct proc_id *o)
{
	fill_line(line, snprintf(line, LEFTOVERS_LINE, "%s %ld %" PRIu64 " %" PRIu64 " %s %s",
				 OWNER, o->pid, o->start_ticks, o->pid_space, o->boot, o->host));
}

bool left_owner_take(const char line[LEFTOVERS_LINE], struct proc_id *ret)
{
	char text[LEFTOVERS_LINE];

	memcpy(text, line, LEFTOVERS_LINE);
	text[LEFTOVERS_LINE - 1] = '\0';
	return sscanf(text, OWNER " %ld %" SCNu64 " %" SCNu64 " %127s %127s", &ret->pid,
		      &ret->start_ticks, &ret->pid_space, ret->boot, ret->host) == 5;
}

void left_file_put(char line[LEFTOVERS_LINE], const struct left_file *f)
{
	fill_line(line,
		  f ? snprintf(line, LEFTOVERS_LINE, "file %" PRIu64 " %" PRIu64 " %" PRIu64 " %s",
			       f->device, f->inode, f->birth_ns, f->path)
		    : snprintf(line, LEFTOVERS_LINE, "-"));
}

bool left_file_take(const char line[LEFTOVERS_LINE], struct left_file *ret)
{
	char text[LEFTOVERS_LINE];
	size_t n = LEFTOVERS_LINE - 1;
	int at = 0;

	memcpy(text, line, LEFTOVERS_LINE);
	while (n && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	if (sscanf(text, "file %" SCNu64 " %" SCNu64 " %" SCNu64 " %n", &ret->device, &ret->inode,
		   &ret->birth_ns, &at) != 3 ||
	    text[at] != '/' || n - (size_t)at >= LEFTOVERS_PATH)
		return false;
	memcpy(ret->path, text + at, n - (size_t)at + 1);
	return true;
}

uint64_t left_birth_ns(int dir_fd, const char *path)
{
	struct statx st;

	if (statx(dir_fd, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &st) < 0 ||
	    !(st.stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)st.stx_btime.tv_sec * 1000000000u + st.stx_btime.tv_nsec;
}
