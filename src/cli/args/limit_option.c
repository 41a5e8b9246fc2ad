/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args/limit_option.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/units.h"

static const struct src_pos nowhere;

/* false: text is no value of this limit. */
typedef bool limit_read(const struct args *args, const char *text, struct flow_limits *to);

static bool limit_read_memory(const struct args *args, const char *text, struct flow_limits *to)
{
	(void)args;
	return units_size(text, &to->tree.memory_bytes) &&
	       (!to->tree.memory_bytes || to->tree.memory_bytes >= TREE_MEMORY_LEAST);
}

static bool limit_read_count(const struct args *args, const char *text, unsigned long most,
			     uint32_t *ret)
{
	const char *number = number_int(args->mem, text);
	unsigned long n = number && *number != '-' ? strtoul(number, NULL, 10) : most + 1;

	*ret = (uint32_t)n;
	return n <= most;
}

static bool limit_read_processes(const struct args *args, const char *text, struct flow_limits *to)
{
	return limit_read_count(args, text, TREE_PROCESSES_MOST, &to->tree.n_processes);
}

static bool limit_read_files(const struct args *args, const char *text, struct flow_limits *to)
{
	return limit_read_count(args, text, TREE_FILES_MOST, &to->tree.n_files);
}

static bool limit_read_cpu_time(const struct args *args, const char *text, struct flow_limits *to)
{
	(void)args;
	return duration_parse(text, &to->tree.cpu_s);
}

static bool limit_read_stall(const struct args *args, const char *text, struct flow_limits *to)
{
	(void)args;
	return duration_parse(text, &to->tree.stall_s) &&
	       (to->tree.stall_s <= 0 || to->tree.stall_s >= TREE_STALL_LEAST_S);
}

static bool limit_read_log(const struct args *args, const char *text, struct flow_limits *to)
{
	(void)args;
	return units_size(text, &to->max_log_bytes);
}

static const struct limit_key {
	const char *name;
	enum flow_limit limit;
	limit_read *read;
	const char *form; /* of a value */
} limit_keys[] = {
	{"memory", FLOW_LIMIT_MEMORY, limit_read_memory, "a size of at least 1M, as 4G"},
	{"max_processes", FLOW_LIMIT_PROCESSES, limit_read_processes, "a whole number, as 500"},
	{"max_cpu_time", FLOW_LIMIT_CPU_TIME, limit_read_cpu_time, "a duration, as 20h"},
	{"max_files", FLOW_LIMIT_FILES, limit_read_files, "a whole number, as 4096"},
	{"stall", FLOW_LIMIT_STALL, limit_read_stall, "a duration of at least 1s, as 10m"},
	{"max_log", FLOW_LIMIT_LOG, limit_read_log, "a size, as 64M"},
};

static void limit_option_refuse_name(const char *word, struct diags *diags)
{
	_cleanup_(str_done) struct str names = {0};

	for (size_t i = 0; i < ARRAY_LEN(limit_keys); i++)
		str_printf(&names, "%s%s", i ? ", " : "", limit_keys[i].name);
	diag_hint(diag_error(diags, nowhere, "'--limit' must be NAME=VALUE, not '%s'", word),
		  "NAME is one of: %s", names.s);
}

static void limit_option_read_word(const struct args *args, const char *word,
				   struct flow_limits *to, struct diags *diags)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_LEN(limit_keys) && word[n]; i++) {
		const struct limit_key *k = &limit_keys[i];

		if (strlen(k->name) != n || strncmp(k->name, word, n) != 0)
			continue;
		to->set |= k->limit;
		if (!k->read(args, word + n + 1, to))
			diag_error(diags, nowhere, "'--limit %s' must be %s, or 0, not '%s'",
				   k->name, k->form, word + n + 1);
		return;
	}
	limit_option_refuse_name(word, diags);
}

void limit_option_read(const struct args *args, struct flow_limits *ret, struct diags *diags)
{
	const struct opt_value *words = &args->opt[OPT_LIMIT];

	for (size_t i = 0; i < words->n; i++)
		limit_option_read_word(args, words->words[i], ret, diags);
}
