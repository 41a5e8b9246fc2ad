/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_result.h"

#include <sys/stat.h>

void job_result_copy(struct job_result *to, const struct job_result *from, struct arena *mem)
{
	*to = *from;
	to->message = arena_strdup_or_null(mem, from->message);
	to->context = arena_strdup_or_null(mem, from->context);
	to->details = arena_strdup_or_null(mem, from->details);
	to->measures = from->measures ? job_measures_copy(from->measures, mem) : NULL;
}

struct arena *job_outcome_mem(struct job_outcome *o)
{
	if (!o->mem)
		o->mem = arena_new();
	return o->mem;
}

const char *job_outcome_text(struct job_outcome *o, const struct str *text)
{
	return text->len ? arena_strndup(job_outcome_mem(o), text->s, text->len) : NULL;
}

void job_outcome_done(struct job_outcome *o)
{
	arena_free(o->mem);
	*o = (struct job_outcome){0};
}

uint64_t job_log_stamp(const struct stat *st)
{
	uint64_t h = (uint64_t)st->st_mtim.tv_sec * UINT64_C(1000000000) +
		     (uint64_t)st->st_mtim.tv_nsec;

	/* Sizes often differ in the low bits only, like times: the factor spreads them over all
	 * bits. The result is cut to 62 bits, which fit into the integers of any JSON reader. */
	h ^= ((uint64_t)st->st_size + 1) * UINT64_C(0x9e3779b97f4a7c15);
	h &= (UINT64_C(1) << 62) - 1;
	return h ? h : 1;
}
