/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts for the memory of a device: used by runs, and leaked by them. */
#include <stdlib.h>
#include <string.h>

#include "drivers/sim/codes.h"
#include "drivers/sim/run.h"

int32_t sim_memory_take(struct sim_run *run, uint64_t bytes, struct dvs_text *err)
{
	struct sim *s = run->sim;
	uint64_t most = s->options.memory, have = s->leaked_bytes + run->alloc_bytes;

	if (most && (have > most || bytes > most - have))
		return sim_fail(err, SIM_OUT_OF_MEMORY, "fewer than %llu of %llu bytes are free",
				(unsigned long long)bytes, (unsigned long long)most);
	run->alloc_bytes += bytes;
	if (s->host.committed)
		s->host.committed(s->host.user, s->leaked_bytes + run->alloc_bytes);
	return 0;
}

/* Also allocates the memory, so that the process really grows. */
int32_t sim_memory_leak(struct sim_run *run, uint64_t bytes, struct dvs_text *err)
{
	int32_t code = sim_memory_take(run, bytes, err);
	struct sim_leak *l = code == 0 ? malloc(sizeof(*l) + bytes) : NULL;

	if (!l)
		return code ? code : sim_fail(err, SIM_MEMORY, "no memory");
	memset(l + 1, 1, bytes);
	l->next = run->sim->leaks;
	run->sim->leaks = l;
	run->alloc_bytes -= bytes;
	run->sim->leaked_bytes += bytes;
	return 0;
}
