/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_spec.h"

#include <string.h>

#include "base/str.h"

struct plan *plan_new(void)
{
	struct arena *mem = arena_new();
	struct plan *p = arena_zalloc(mem, sizeof(*p));

	p->mem = mem;
	return p;
}

void plan_free(struct plan *p)
{
	if (p)
		arena_free(p->mem);
}

char *job_attempt_text(const char *text, uint32_t attempt)
{
	struct str out = {0};
	const char *at;

	while ((at = strstr(text, JOB_ATTEMPT_WORD)) != NULL) {
		str_addn(&out, text, (size_t)(at - text));
		str_printf(&out, "%u", attempt);
		text = at + strlen(JOB_ATTEMPT_WORD);
	}
	str_add(&out, text);
	return str_take(&out);
}
