/* SPDX-License-Identifier: Apache-2.0 */
/* The text of diagnose(): the device's current work, read from another thread. */
#include <stdio.h>
#include <string.h>

#include "drivers/sim/run.h"

static const char *op_name(const struct sim_run *run)
{
	uint32_t at = atomic_load(&run->at);

	return at < run->program.n ? run->program.ops[at].kind->name
	       : run->image	   ? "kernel"
				   : "end";
}

static void describe_run(const struct sim_run *run, struct dvs_text *text)
{
	static const char *const doings[] = {"idle", "something runs", "waits for peers"};
	static const char *const states[] = {"prepared", "running", "over"};
	char who[128] = "";
	uint64_t since = atomic_load(&run->at_since_ns);
	int32_t latched = atomic_load(&run->latched);
	uint32_t doing = atomic_load(&run->doing);
	size_t n;

	if (run->sim->meet && doing == SIM_WAITS)
		sim_meet_describe(run->sim->meet, who, sizeof(who));
	snprintf(text->at, text->size, "job %s, %s: operation %u of %zu (%s) for %.1f s, %s%s%s",
		 run->occasion.job, states[atomic_load(&run->state)],
		 (unsigned)atomic_load(&run->at) + 1, run->program.n, op_name(run),
		 since ? (double)(sim_now_ns() - since) / 1e9 : 0.0, doings[doing],
		 who[0] ? ": rank " : "", who);
	n = strlen(text->at);
	if (latched)
		snprintf(text->at + n, text->size - n, "; inner watchdog latched %d", latched);
}

void sim_diagnosis_write(void *ctx, struct dvs_text *text)
{
	struct sim *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (s->run)
		describe_run(s->run, text);
	else
		snprintf(text->at, text->size, "no run; %zu images loaded%s", s->images.n,
			 s->poison ? "; poisoned" : "");
	pthread_mutex_unlock(&s->lock);
}
