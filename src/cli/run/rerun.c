/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/rerun.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/utf8.h"

static bool is_printable(const char *s)
{
	for (size_t n = strlen(s), k; n; s += k, n -= k) {
		k = utf8_valid_len(s, n);
		if (k == 0 || utf8_is_control(s, k))
			return false;
	}
	return true;
}

/* $As $'…', so that characters that a terminal does not show can be copied. */
static void rerun_add_escaped(struct str *out, const char *s)
{
	str_add(out, "$'");
	for (size_t n = strlen(s), k; n; s += k, n -= k) {
		k = utf8_valid_len(s, n);
		if (k == 0 || utf8_is_control(s, k)) {
			k = k ? k : 1;
			for (size_t i = 0; i < k; i++) /* three digits, whatever follows */
				str_printf(out, "\\%03o", (unsigned char)s[i]);
			continue;
		}
		if (*s == '\'' || *s == '\\')
			str_addc(out, '\\');
		str_addn(out, s, k);
	}
	str_addc(out, '\'');
}

static void rerun_add_word(struct str *out, const char *word)
{
	if (out->len)
		str_addc(out, ' ');
	if (is_printable(word))
		str_add_shell_word(out, word);
	else
		rerun_add_escaped(out, word);
}

/* Options that a run with --failed must not repeat: it keeps the results of passed jobs. */
static bool is_left_out(enum opt owner)
{
	return owner == OPT_FAILED || owner == OPT_PURGE || owner == OPT_SKIP_PASSED ||
	       owner == OPT_EXPLAIN || owner == OPT_ACCEPT;
}

static void rerun_add_options(struct str *out, const struct args *args, size_t first)
{
	for (size_t i = first; args->argv[i]; i++)
		if (args->owners[i] != OPT_COUNT && !is_left_out(args->owners[i]) &&
		    !(args->recorded && args->owners[i] == OPT_SCRATCH_ROOT))
			rerun_add_word(out, args->argv[i]);
}

/* The scratch root may have been moved since the run that is resumed. */
static void add_present_scratch_root(struct str *out, const struct args *args,
				     const struct plan *plan, const char *env)
{
	const char *usual = path_join(args->mem, path_dir(args->mem, plan->cfg_path), "scratch");

	if ((env && *env) || strcmp(usual, plan->scratch_root) != 0) {
		rerun_add_word(out, "-sr");
		rerun_add_word(out, plan->scratch_root);
	}
}

/* $SCRATCH_ROOT may differ when the line is pasted. */
static void add_scratch_root(struct str *out, const struct args *args, const struct plan *plan)
{
	const char *env = getenv("SCRATCH_ROOT");

	if (args->recorded) {
		add_present_scratch_root(out, args, plan, env);
		return;
	}
	if (!opt_has(args, OPT_SCRATCH_ROOT) && env && *env) {
		rerun_add_word(out, "-sr");
		rerun_add_word(out, env);
	}
}

static bool can_be_read_again(const char *cfg)
{
	return strcmp(cfg, "-") != 0 && !str_starts(cfg, "/dev/") && !str_starts(cfg, "/proc/");
}

/* The configuration is first, because options with many words would take it, too. */
static void add_configuration(struct str *out, const char *cfg)
{
	if (*cfg == '-') {
		_cleanup_(str_done) struct str path = {0};

		str_printf(&path, "./%s", cfg);
		rerun_add_word(out, path.s);
	} else {
		rerun_add_word(out, cfg);
	}
}

void rerun_add_command(struct str *out, const struct args *args, const struct plan *plan,
		       const char *run_id)
{
	size_t first = args->is_dvsim ? 1 : 2;

	if (args->after) {
		for (size_t i = 0; args->argv[i]; i++)
			rerun_add_word(out, args->argv[i]);
		return;
	}
	if (args->n_words == 0 || !can_be_read_again(args->words[0]))
		return;
	if (args->recorded && args->recorded->cwd) {
		rerun_add_word(out, "cd");
		rerun_add_word(out, args->recorded->cwd);
		str_add(out, " &&");
	}
	for (size_t i = 0; i < first; i++)
		rerun_add_word(out, args->argv[i]);
	add_configuration(out, args->words[0]);
	rerun_add_options(out, args, first);
	add_scratch_root(out, args, plan);
	rerun_add_word(out, "--failed");
	/* Without an id, --failed would choose another run. */
	if (plan->is_rehearsal || plan->is_nested)
		rerun_add_word(out, run_id);
}
