/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_spec.h"

#include <string.h>

#include "base/str.h"

struct plan *plan_new(void)
{
	struct arena *mem = arena_new();
	struct plan *p = arena_zalloc(mem, sizeof(*p));

	p->mem = mem;
	p->keep_runs = PLAN_KEEP_RUNS;
	return p;
}

void plan_free(struct plan *p)
{
	if (p)
		arena_free(p->mem);
}

static size_t text_bytes(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static size_t list_bytes(const char *const *list)
{
	size_t n = 0;

	for (; list && *list && n <= JOB_TEXT_MOST; list++)
		n += strlen(*list) + 1;
	return n;
}

size_t job_text_bytes(const struct job_spec *spec)
{
	return text_bytes(spec->command) + text_bytes(spec->request) + list_bytes(spec->argv) +
	       (spec->steps ? text_bytes(spec->steps->write_text) : 0);
}

size_t job_rules_bytes(const struct job_rules *rules)
{
	return list_bytes(rules->env);
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
