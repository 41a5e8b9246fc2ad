/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc_dir.h"

static bool read_small(const char *name, char *buf, size_t size)
{
	int fd = proc_dir_open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	closep(&fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool proc_stat_read(pid_t pid, struct proc_stat *ret)
{
	char name[64], buf[512], *open_at, *close_at;
	unsigned long long user, system, start, child_user, child_system;
	size_t n;

	snprintf(name, sizeof(name), "%d/stat", (int)pid);
	if (!read_small(name, buf, sizeof(buf)))
		return false;
	open_at = strchr(buf, '(');
	close_at = strrchr(buf, ')'); /* the name itself may hold any character */
	if (!open_at || !close_at || close_at < open_at)
		return false;
	n = (size_t)(close_at - open_at - 1);
	n = n < sizeof(ret->name) ? n : sizeof(ret->name) - 1;
	memcpy(ret->name, open_at + 1, n);
	ret->name[n] = '\0';
	/* The skipped fields are described in proc_pid_stat(5). */
	if (sscanf(close_at + 1,
		   " %c %d %d %d %*s %*s %*s %*s %*s %*s %*s %llu %llu %llu %llu %*s %*s %*s %*s "
		   "%llu %*s %ld",
		   &ret->state, &ret->parent, &ret->group, &ret->session, &user, &system,
		   &child_user, &child_system, &start, &ret->rss_pages) != 10)
		return false;
	ret->cpu_ticks = user + system;
	ret->child_ticks = child_user + child_system;
	ret->start_ticks = start;
	return true;
}

bool proc_pss_read(pid_t pid, uint64_t *ret_bytes)
{
	char name[64], text[1024];
	unsigned long long kib;
	const char *at;

	snprintf(name, sizeof(name), "%d/smaps_rollup", (int)pid);
	if (!read_small(name, text, sizeof(text)))
		return false;
	at = strstr(text, "\nPss:");
	if (!at || sscanf(at + 5, "%llu kB", &kib) != 1)
		return false;
	*ret_bytes = (uint64_t)kib * 1024;
	return true;
}

uint64_t proc_switches_read(pid_t pid)
{
	unsigned long long n = 0, sum = 0;
	char name[64], line[128];
	FILE *f;

	snprintf(name, sizeof(name), "%d/status", (int)pid);
	f = proc_dir_read(name);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %llu", &n) == 1)
			sum += n;
	if (f)
		fclose(f);
	return sum;
}
