/* SPDX-License-Identifier: Apache-2.0 */
#include "resume/members.h"

#include <stddef.h>

#include "base/str.h"
#include "resume/equal.h"

static member_equal equal_rules, equal_steps, equal_fallback;

#define DIGESTED(of, name, word, equal)                                             \
	{                                                                           \
#of, #name, offsetof(struct of, name), MEMBER_DIGESTED, word, equal \
	}
#define COMPARED(of, name, word)                                                   \
	{                                                                          \
#of, #name, offsetof(struct of, name), MEMBER_COMPARED, word, NULL \
	}
#define LEFT_OUT(of, name)                                 \
	{                                                  \
#of, #name, 0, MEMBER_LEFT_OUT, NULL, NULL \
	}

/* tests/check/members.py checks that all members of these structs are here. */
const struct spec_member spec_members[] = {
	LEFT_OUT(job_spec, id), /* the jobs are matched by id */
	LEFT_OUT(job_spec, name),
	LEFT_OUT(job_spec, subject),
	LEFT_OUT(job_spec, block),
	DIGESTED(job_spec, rules, NULL, equal_rules), /* reports the member that differs */
	DIGESTED(job_spec, argv, "command", equal_command),
	LEFT_OUT(job_spec, command), /* argv is compared */
	LEFT_OUT(job_spec, formed),  /* another form of command */
	DIGESTED(job_spec, dir, "directory", equal_odir),
	DIGESTED(job_spec, log, "directory", equal_log_path),
	DIGESTED(job_spec, seed, "seed", equal_text),
	DIGESTED(job_spec, steps, "steps", equal_steps),
	DIGESTED(job_spec, request, "request", equal_text),
	DIGESTED(job_spec, deps, "needs", equal_deps),
	LEFT_OUT(job_spec, n_needs), /* compared with deps, as are the next two */
	LEFT_OUT(job_spec, n_any),
	LEFT_OUT(job_spec, n_held),
	LEFT_OUT(job_spec, settled),
	LEFT_OUT(job_spec, n_settled),
	DIGESTED(job_spec, fallback, "fallback", equal_fallback),
	LEFT_OUT(job_spec, n_fallback), /* with fallback */
	DIGESTED(job_spec, stage, "fallback", equal_text),
	LEFT_OUT(job_spec, is_split),  /* with argv */
	LEFT_OUT(job_spec, is_formed), /* with argv */
	LEFT_OUT(job_spec, is_request),
	LEFT_OUT(job_spec, has_attempt),
	LEFT_OUT(job_spec, backend_no),
	LEFT_OUT(job_spec, pos),

	LEFT_OUT(job_rules, target),
	LEFT_OUT(job_rules, backend),
	LEFT_OUT(job_rules, backend_no),
	DIGESTED(job_rules, cwd, "cwd", equal_text),
	DIGESTED(job_rules, tool, "tool", equal_text),
	LEFT_OUT(job_rules, log_reader), /* does not affect the status */
	DIGESTED(job_rules, env, "env", equal_text_set),
	DIGESTED(job_rules, pass_patterns, "patterns", equal_patterns),
	DIGESTED(job_rules, fail_patterns, "patterns", equal_patterns),
	LEFT_OUT(job_rules, resources),
	LEFT_OUT(job_rules, tags),
	LEFT_OUT(job_rules, keep),
	DIGESTED(job_rules, backend_keys, "devices", equal_keys),
	LEFT_OUT(job_rules, n_resources),
	LEFT_OUT(job_rules, n_backend_keys), /* with backend_keys */
	LEFT_OUT(job_rules, retry),
	COMPARED(job_rules, timeout_s, "timeout"),
	LEFT_OUT(job_rules, timeout_text),
	LEFT_OUT(job_rules, grace_s),
	COMPARED(job_rules, max_log_bytes, "max_log"),
	LEFT_OUT(job_rules, limits), /* its members are below */
	LEFT_OUT(job_rules, inputs), /* compared with the sources */
	LEFT_OUT(job_rules, weight),
	LEFT_OUT(job_rules, cpus),
	DIGESTED(job_rules, leak, "leak", equal_leak),
	LEFT_OUT(job_rules, is_finally),
	LEFT_OUT(job_rules, renew_odir),
	LEFT_OUT(job_rules, plain_stamps),
	LEFT_OUT(job_rules, max_odirs),
	LEFT_OUT(job_rules, dump_env),
	LEFT_OUT(job_rules, is_interactive), /* such a pass is never taken over */
	LEFT_OUT(job_rules, is_never_reused),
	LEFT_OUT(job_rules, terminal_env), /* of interactive jobs only */
	LEFT_OUT(job_rules, is_shown),
	DIGESTED(job_rules, is_command, "command", equal_bool),
	DIGESTED(job_rules, is_dry_run, "dry_run", equal_bool),

	COMPARED(tree_limits, memory_bytes, "memory"),
	COMPARED(tree_limits, cpu_s, "max_cpu_time"),
	LEFT_OUT(tree_limits, stall_s), /* what a pass had of these is not recorded */
	LEFT_OUT(tree_limits, n_processes),
	LEFT_OUT(tree_limits, n_files),

	DIGESTED(job_steps, remove_before, "steps", equal_text),
	DIGESTED(job_steps, write_path, "steps", equal_text),
	DIGESTED(job_steps, write_text, "steps", equal_text),
	DIGESTED(job_steps, remove_unless_passed, "steps", equal_text),
	DIGESTED(job_steps, reader, "steps", equal_text),
	DIGESTED(job_steps, read_path, "steps", equal_text),
	{0},
};

static bool is_accepted(const struct comparison *c, const char *word)
{
	for (const char *const *w = c->accepted; word && w && *w; w++)
		if (strcmp(*w, word) == 0)
			return true;
	return false;
}

/* Returns the first member of the struct that differs; NULL: none. */
static const struct spec_member *struct_difference(const struct comparison *c, const char *of,
						   const void *was, const void *is)
{
	for (const struct spec_member *m = spec_members; m->name; m++)
		if (m->class == MEMBER_DIGESTED && strcmp(m->of, of) == 0 &&
		    !is_accepted(c, m->word) && !m->equal(c, was, is, m->at))
			return m;
	return NULL;
}

static bool equal_rules(const struct comparison *c, const void *was, const void *is, size_t at)
{
	(void)at;
	return !struct_difference(c, "job_rules", ((const struct job_spec *)was)->rules,
				  ((const struct job_spec *)is)->rules);
}

static bool equal_steps(const struct comparison *c, const void *was, const void *is, size_t at)
{
	static const struct job_steps none;
	const struct job_steps *a = ((const struct job_spec *)was)->steps;
	const struct job_steps *b = ((const struct job_spec *)is)->steps;

	(void)at;
	return (!a && !b) || !struct_difference(c, "job_steps", a ? a : &none, b ? b : &none);
}

static bool equal_fallback(const struct comparison *c, const void *was, const void *is, size_t at)
{
	const struct job_spec *a = was, *b = is;

	(void)at;
	if (a->n_fallback != b->n_fallback)
		return false;
	for (uint32_t i = 0; i < a->n_fallback; i++)
		if (struct_difference(c, "job_spec", &a->fallback[i], &b->fallback[i]))
			return false;
	return true;
}

const struct spec_member *specs_difference(struct comparison *c, const struct job_spec *was,
					   const struct job_spec *is)
{
	if (was->rules != c->last_was || is->rules != c->last_is) {
		c->last_was = was->rules;
		c->last_is = is->rules;
		c->last_difference = struct_difference(c, "job_rules", was->rules, is->rules);
	}
	if (c->last_difference)
		return c->last_difference;
	for (const struct spec_member *m = spec_members; m->name; m++)
		if (m->class == MEMBER_DIGESTED && m->equal != equal_rules &&
		    strcmp(m->of, "job_spec") == 0 && !is_accepted(c, m->word) &&
		    !m->equal(c, was, is, m->at))
			return m;
	return NULL;
}

bool member_word_exists(const char *word)
{
	for (const struct spec_member *m = spec_members; m->name; m++)
		if (str_eq(m->word, word))
			return true;
	return false;
}
