/* SPDX-License-Identifier: Apache-2.0 */
#include "base/numa.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

enum { NODES_MOST = 1024, PREFERRED = 1 /* linux/mempolicy.h */ };

/* "3" or "0-7" */
static bool numa_read_range(const char **at, unsigned long *ret_first, unsigned long *ret_last)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*ret_first = *ret_last = strtoul(*at, &end, 10);
	*at = end;
	if (*end != '-')
		return *ret_last < CPU_SETSIZE;
	if (!isdigit((unsigned char)end[1]))
		return false;
	*ret_last = strtoul(end + 1, &end, 10);
	*at = end;
	return *ret_first <= *ret_last && *ret_last < CPU_SETSIZE;
}

bool numa_read_list(const char *text, cpu_set_t *ret)
{
	unsigned long first, last;

	CPU_ZERO(ret);
	for (bool is_more = true; is_more; is_more = *text == ',', text += is_more) {
		if (!numa_read_range(&text, &first, &last))
			return false;
		for (; first <= last; first++)
			CPU_SET(first, ret);
	}
	return *text == '\0' || (*text == '\n' && text[1] == '\0');
}

void numa_add_list(struct str *out, const cpu_set_t *set)
{
	bool is_first = true;

	for (int i = 0; i < CPU_SETSIZE; i++) {
		int last = i;

		if (!CPU_ISSET(i, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		str_printf(out, "%s%d", is_first ? "" : ",", i);
		if (last > i)
			str_printf(out, "-%d", last);
		is_first = false;
		i = last;
	}
}

/* Reads a list of CPUs or nodes from a file of /sys. */
static bool numa_read_file(const char *path, cpu_set_t *ret)
{
	FILE *f = fopen(path, "re");
	char text[4096];
	bool ok = f && fgets(text, sizeof(text), f) && numa_read_list(text, ret);

	if (f)
		fclose(f);
	return ok;
}

uint32_t numa_n_nodes(const char *sys)
{
	_cleanup_(freep) char *path = xasprintf("%s/devices/system/node/online", sys);
	cpu_set_t nodes;

	return numa_read_file(path, &nodes) ? (uint32_t)CPU_COUNT(&nodes) : 0;
}

bool numa_cpus(const char *sys, int32_t node, cpu_set_t *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/devices/system/node/node%d/cpulist", sys, node);

	return node >= 0 && numa_read_file(path, ret);
}

void numa_pin(const char *list, int32_t node)
{
	unsigned long nodes[NODES_MOST / (8 * sizeof(unsigned long))] = {0};
	const unsigned bits = 8 * sizeof(*nodes);
	cpu_set_t set;

	if (!list || !numa_read_list(list, &set) || sched_setaffinity(0, sizeof(set), &set) < 0)
		return;
	if (node < 0 || node >= NODES_MOST)
		return;
	nodes[(unsigned)node / bits] |= 1ul << (unsigned)node % bits;
	/* If a container forbids this, the default policy applies: memory of the node
	 * of the CPUs. */
	if (syscall(SYS_set_mempolicy, PREFERRED, nodes, (unsigned long)NODES_MOST) < 0)
		errno = 0;
}
