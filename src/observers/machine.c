/* SPDX-License-Identifier: Apache-2.0 */
#include "observers/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/vec.h"

static void machine_read_own(struct machine_memory *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return;
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &size, &resident) == 2) {
		ret->own_vms_bytes = size * page;
		ret->own_rss_bytes = resident * page;
	}
	fclose(f);
}

static uint64_t machine_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void machine_read_memory(struct machine_memory *ret)
{
	uint64_t total = 0, available = 0, swap = 0, swap_free = 0, kib;
	const struct {
		const char *name;
		uint64_t *to;
	} wanted[] = {{"MemTotal", &total},
		      {"MemAvailable", &available},
		      {"SwapTotal", &swap},
		      {"SwapFree", &swap_free}};
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128], name[32];

	*ret = (struct machine_memory){0};
	machine_read_own(ret);
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
			if (sscanf(line, "%31[^:]: %" SCNu64, name, &kib) == 2 &&
			    strcmp(name, wanted[i].name) == 0)
				*wanted[i].to = kib * 1024;
	if (f)
		fclose(f);
	ret->used_bytes = machine_less(total, available);
	ret->swap_bytes = machine_less(swap, swap_free);
}

/* user nice system idle iowait irq softirq steal; guests are in user and nice already. */
static void take_cpu(struct machine_cpus *c, const char *numbers)
{
	uint64_t t[8] = {0}, all = 0;
	struct machine_cpu *cpu;

	sscanf(numbers,
	       "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
	       " %" SCNu64,
	       &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		all += t[i];
	cpu = vec_add(c);
	cpu->all = all;
	cpu->busy = all - t[3] - t[4];
}

void machine_read_cpus(struct machine_cpus *ret)
{
	FILE *f = fopen("/proc/stat", "re");
	char line[512];

	*ret = (struct machine_cpus){0};
	/* The first line is the sum, the next ones are the cores; the rest is not needed. */
	while (f && fgets(line, sizeof(line), f) && strncmp(line, "cpu", 3) == 0)
		take_cpu(ret, line + strcspn(line, " "));
	if (f)
		fclose(f);
}

void machine_cpus_done(struct machine_cpus *c)
{
	vec_done(c);
}

double machine_percent(const struct machine_cpus *from, const struct machine_cpus *to, size_t i)
{
	uint64_t all;

	if (i >= from->n || i >= to->n)
		return 0;
	all = machine_less(to->at[i].all, from->at[i].all);
	return all ? 100.0 * (double)machine_less(to->at[i].busy, from->at[i].busy) / (double)all
		   : 0;
}

double machine_own_cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}
