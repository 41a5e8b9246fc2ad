/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_id.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc_stat.h"

/* If the kernel has no boot id, all boots have the id "-" and count as the same. */
void proc_boot_read(char ret[PROC_ID_TEXT])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || fscanf(f, "%127s", ret) != 1)
		strcpy(ret, "-");
	if (f)
		fclose(f);
}

static void read_host(char ret[PROC_ID_TEXT])
{
	memset(ret, 0, PROC_ID_TEXT);
	if (gethostname(ret, PROC_ID_TEXT - 1) < 0 || !*ret)
		strcpy(ret, "-");
}

static uint64_t read_pid_space(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

void proc_id_self(struct proc_id *ret)
{
	struct proc_stat st;

	*ret = (struct proc_id){.pid = getpid(), .pid_space = read_pid_space()};
	if (proc_stat_read(getpid(), &st))
		ret->start_ticks = st.start_ticks;
	proc_boot_read(ret->boot);
	read_host(ret->host);
}

enum proc_life proc_id_look(const struct proc_id *id)
{
	char boot[PROC_ID_TEXT], host[PROC_ID_TEXT];
	struct proc_stat st;

	proc_boot_read(boot);
	read_host(host);
	if (strcmp(host, id->host) != 0)
		return PROC_OF_ANOTHER_HOST;
	if (strcmp(boot, id->boot) != 0)
		return PROC_GONE;
	if (id->pid_space != read_pid_space())
		return PROC_ELSEWHERE;
	if (!proc_stat_read((pid_t)id->pid, &st))
		return kill((pid_t)id->pid, 0) == 0 || errno == EPERM ? PROC_ELSEWHERE : PROC_GONE;
	return st.start_ticks == id->start_ticks && st.state != 'Z' && st.state != 'X' ? PROC_LIVES
										       : PROC_GONE;
}
