/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past/job_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

void job_text_add_status(struct str *out, const struct result_row *row)
{
	static const struct {
		uint32_t mark;
		const char *name;
	} marks[] = {{MARK_FLAKY, " FLAKY"}, {MARK_LEAKY, " LEAKY"}, {MARK_FALLBACK, " FALLBACK"}};

	str_add(out, job_status_name(row->status));
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (row->marks & marks[i].mark)
			str_add(out, marks[i].name);
}

void job_text_add_time(struct str *out, const struct result_row *row, bool is_live)
{
	const struct job_result *r = row->n_attempts ? &row->attempts[row->n_attempts - 1].result
						     : NULL;
	double s;

	if (!r || r->start_wall_s <= 0)
		return;
	s = r->duration_s;
	if (r->status == JOB_RUNNING && is_live)
		s = clock_wall(clock_real()) - r->start_wall_s;
	duration_add(out, s > 0 ? s : 0);
}

void job_text_add_end(struct str *out, const struct job_result *r)
{
	if (r->reason == REASON_EXIT && r->exit_status >= 0)
		str_printf(out, "exit %d", (int)r->exit_status);
	else if (r->reason == REASON_SIGNAL && r->term_signal > 0)
		str_printf(out, "signal %d (%s)", (int)r->term_signal,
			   strsignal((int)r->term_signal));
	else if (r->reason != REASON_NONE)
		str_add(out, job_reason_name(r->reason));
}

void job_text_add_memory(struct str *out, uint64_t kib)
{
	if (kib >= 1 << 20)
		str_printf(out, "%.1f GiB", (double)kib / (1 << 20));
	else
		str_printf(out, "%.1f MiB", (double)kib / (1 << 10));
}

/* ---- the command ---- */

/* A word as in the attempt: {attempt} is replaced. */
static void add_word(struct str *out, const struct job_spec *spec, const char *word,
		     uint32_t attempt)
{
	char *text = spec->has_attempt ? job_attempt_text(word, attempt) : NULL;

	str_addc(out, ' ');
	str_add_shell_word(out, text ? text : word);
	free(text);
}

/* The name stays without quotes: it would be a command with them. */
static void add_variable(struct str *out, const struct job_spec *spec, const char *variable,
			 uint32_t attempt)
{
	size_t n = strcspn(variable, "=");

	str_addc(out, ' ');
	str_addn(out, variable, n);
	str_addc(out, '=');
	if (variable[n]) {
		struct str value = {0};

		add_word(&value, spec, variable + n + 1, attempt);
		str_add(out, value.s + 1);
		str_done(&value);
	}
}

char *job_text_command(const struct job_spec *spec, uint32_t attempt)
{
	struct arena *mem;
	const char *const *words;
	struct str out = {0};

	if (spec->is_request)
		return NULL;
	mem = arena_new();
	words = job_argv(spec, mem);
	str_add(&out, "cd ");
	str_add_shell_word(&out, spec->rules->cwd);
	str_add(&out, " &&");
	if (spec->rules->env && *spec->rules->env)
		str_add(&out, " env");
	for (const char *const *v = spec->rules->env; v && *v; v++)
		add_variable(&out, spec, *v, attempt);
	for (; words && *words; words++)
		add_word(&out, spec, *words, attempt);
	arena_free(mem);
	return str_take(&out);
}
