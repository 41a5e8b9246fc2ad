/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory as a resource: a job that is expected to need so much waits in line for it, as for a
 * licence. The limit is what the machine has left, and changes. Expectations may be wrong, so a
 * single job may start even if it is expected to need more than there is.
 */
#include "base/list.h"
#include "base/str.h"
#include "scheduler/state.h"

/* Resources of users have upper case names. */
static const char memory_name[] = "memory";

uint32_t memory_expected(const struct sched *s, const struct job_spec *spec,
			 const struct lane *lane)
{
	if (!s->options.expected_memory || !lane->backend->caps.is_local)
		return 0;
	return s->options.expected_memory(spec, s->options.memory_ctx);
}

struct resource *memory_get(struct sched *s)
{
	if (!s->memory) {
		s->memory = resource_get(s, memory_name);
		s->memory->is_soft = true;
	}
	return s->memory;
}

void sched_set_memory(struct sched *s, uint32_t mib)
{
	if (s->memory && s->memory->limit != mib)
		sched_set_resource(s, memory_name, mib);
}

bool sched_memory_state(const struct sched *s, struct sched_memory_state *ret)
{
	if (!s->memory)
		return false;
	ret->expected_mib = (uint32_t)s->memory->in_use;
	ret->is_lacking = s->memory->is_closed;
	return true;
}

static uint32_t memory_taken_by(const struct job *job)
{
	const struct backend *b = job->backend;
	struct job_load load;
	uint64_t mib;

	if (!b->ops->measure || !b->ops->measure(b, job, &load))
		return 0;
	mib = load.rss_bytes >> 20;
	return mib < job->class->memory_mib ? (uint32_t)mib : job->class->memory_mib;
}

uint32_t sched_memory_taken(const struct sched *s)
{
	uint32_t mib = 0;

	for (size_t i = 0; i < s->n_jobs; i++)
		if (s->jobs[i].flags & FLAG_SUBMITTED && s->jobs[i].class->memory_mib)
			mib += memory_taken_by(&s->jobs[i]);
	return mib;
}
