/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: rules of argparse, the table of options, and habits of DVSim's users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/str.h"
#include "cli/args/options.h"
#include "cli/args/dvsim_table.h"
#include "cli/dvsim/args.h"

/* A command line that is parsed and forgotten after the test. */
struct parsed {
	struct args args;
	struct diags diags;
	int rc;
};

static char *copies[32];

static void parse(struct parsed *p, const char *line)
{
	static char text[1024];
	int argc = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *save, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		copies[argc++] = w;
	copies[argc] = NULL;
	diags_init(&p->diags);
	p->rc = args_parse(&p->args, argc, copies, &p->diags);
}

static void forget(struct parsed *p)
{
	diags_done(&p->diags);
	args_done(&p->args);
}

static void assert_error(const char *line, const char *msg, const char *hint)
{
	struct parsed p;

	parse(&p, line);
	assert_int_equal(p.rc, -1);
	assert_non_null(strstr(p.diags.first->msg, msg));
	if (hint)
		assert_non_null(strstr(p.diags.first->hint, hint));
	forget(&p);
}

static void items_take_all_words_up_to_the_next_option(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "dvsched run a.hjson -i x y z -j 4");
	assert_int_equal(p.rc, 0);
	assert_int_equal(p.args.opt[OPT_ITEMS].n, 3);
	assert_string_equal(p.args.opt[OPT_ITEMS].words[2], "z");
	assert_string_equal(opt_word(&p.args, OPT_MAX_PARALLEL, ""), "4");
	assert_int_equal(p.args.n_words, 1);
	forget(&p);
}

static void values_may_be_attached_in_each_of_argparses_forms(void **state)
{
	static const char *const lines[] = {
		"dvsched run a -j 8",
		"dvsched run a -j8",
		"dvsched run a -j=8",
		"dvsched run a -mp 8",
		"dvsched run a -mp=8",
		"dvsched run a --max-parallel 8",
		"dvsched run a --max-parallel=8",
		"dvsched run a --max-par 8",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct parsed p;

		parse(&p, lines[i]);
		assert_int_equal(p.rc, 0);
		assert_string_equal(opt_word(&p.args, OPT_MAX_PARALLEL, ""), "8");
		forget(&p);
	}
}

static void a_value_that_starts_with_a_dash_needs_an_equals_sign(void **state)
{
	struct parsed p;

	(void)state;
	assert_error("dvsched run a --define -x", "needs a value", "--define=VALUE");
	parse(&p, "dvsched run a --define=-x");
	assert_string_equal(opt_word(&p.args, OPT_DEFINE, ""), "-x");
	forget(&p);
}

static void words_after_two_dashes_are_a_command(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "dvsched run -j 2 -- make -j 4 --help");
	assert_int_equal(p.rc, 0);
	assert_int_equal(p.args.n_after, 4);
	assert_string_equal(p.args.after[3], "--help");
	assert_false(opt_has(&p.args, OPT_HELP));
	forget(&p);
}

static void repeated_options_keep_every_value(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "dvsched run a -D x=1 -Dy=2 --define z=3");
	assert_int_equal(p.args.opt[OPT_DEFINE].n, 3);
	assert_string_equal(p.args.opt[OPT_DEFINE].words[1], "y=2");
	assert_null(p.args.opt[OPT_DEFINE].words[3]);
	forget(&p);
}

static void mistakes_get_a_suggestion(void **state)
{
	(void)state;
	assert_error("dvsched rum a", "unknown command 'rum'", "dvsched run");
	assert_error("dvsched x.hjson", "unknown command", "dvsched run x.hjson");
	assert_error("dvsched run a --itmes x", "unknown option '--itmes'", "--items");
	assert_error("dvsched run a -zz", "unknown option '-zz'", "--help");
	assert_error("dvsched run a --xyzzy", "unknown option '--xyzzy'", "`--help all`");
	assert_error("dvsched events --xyzzy", "unknown option '--xyzzy'", "`--help` lists");
	assert_error("dvsched run a --dry-run=3", "takes no value", NULL);
	assert_error("dvsched list a --view tty", "does not go with", NULL);
	assert_error("dvsched plan a --purge", "does not go with", NULL);
}

static void bad_values_name_the_option(void **state)
{
	static const char *const choices[] = {"tty", "plain", NULL};
	struct parsed p;
	struct diags diags;

	(void)state;
	diags_init(&diags);
	parse(&p, "dvsched run a -j 0 --grace 5x --view plian");
	opt_uint(&p.args, OPT_MAX_PARALLEL, 1, 9, 0, &diags);
	opt_duration(&p.args, OPT_GRACE, 0, &diags);
	opt_choice(&p.args, OPT_VIEW, choices, 0, &diags);
	assert_int_equal(diags.n_errors, 3);
	assert_non_null(strstr(diags.first->msg,
			       "'--max-parallel' must be a whole number from 1 to 9, not '0'"));
	assert_non_null(strstr(diags.first->next->msg, "'--grace'"));
	assert_non_null(strstr(diags.first->next->next->hint, "'plain'"));
	diags_done(&diags);
	forget(&p);
}

/* The options of DVSim 1.57: dvsched must resolve each prefix as argparse does. */
static const char *const dvsim[] = {
	"branch",
	"build-modes",
	"build-only",
	"build-opts",
	"build-seed",
	"build-timeout-mins",
	"build-unique",

	"cov",
	"cov-analyze",
	"cov-merge-previous",
	"cov-unr",
	"dry-run",
	"dump-script",
	"dvsim-config",
	"fake",
	"fixed-seed",
	"fusesoc-extra-cores-root",
	"fusesoc-mapping",
	"gui",
	"gui-debug",
	"help",
	"instrument",
	"interactive",
	"items",
	"job-prefix",
	"list",
	"local",
	"log-file",
	"log-level",
	"map-full-testplan",
	"max-odirs",
	"max-parallel",
	"max-waves",
	"on-missing-resource",
	"print-interval",
	"profile",
	"proj-root",
	"purge",
	"remote",
	"reseed",
	"reseed-multiplier",
	"resource",
	"run-modes",
	"run-only",
	"run-opts",
	"run-timeout-mins",
	"run-timeout-multiplier",
	"scratch-root",
	"seeds",
	"select-cfgs",
	"tool",
	"verbose",
	"verbosity",
	"version",
	"waves",
	"xprop-off",
};

/* The one option of DVSim that prefix can stand for, or NULL. */
static const char *what_dvsim_means(const char *prefix)
{
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(dvsim); i++) {
		if (strcmp(dvsim[i], prefix) == 0)
			return dvsim[i];
		if (!str_starts(dvsim[i], prefix))
			continue;
		if (found)
			return NULL;
		found = dvsim[i];
	}
	return found;
}

static void assert_means(const char *prefix, const char *name)
{
	struct diags diags;
	enum opt o;

	diags_init(&diags);
	o = opt_resolve(prefix, CMD_ALL, &diags);
	assert_int_not_equal(o, OPT_COUNT);
	assert_string_equal(option_table[o].name, name);
	diags_done(&diags);
}

static void each_unique_prefix_of_a_dvsim_option_keeps_its_meaning(void **state)
{
	unsigned n_checked = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dvsim); i++) {
		for (size_t len = 1; len <= strlen(dvsim[i]); len++) {
			char prefix[64];
			const char *meant;

			snprintf(prefix, sizeof(prefix), "%.*s", (int)len, dvsim[i]);
			meant = what_dvsim_means(prefix);
			if (!meant)
				continue;
			assert_means(prefix, meant);
			n_checked++;
		}
	}
	assert_true(n_checked > 300);
}

static void assert_short_means(const char *name, enum opt meant)
{
	char line[64];
	struct parsed p;

	snprintf(line, sizeof(line), "dvsched run %s 1", name);
	parse(&p, line);
	if (p.rc < 0 || !p.args.opt[meant].is_set)
		fail_msg("%s is not --%s", name, option_table[meant].name);
	forget(&p);
}

static void each_short_option_of_dvsim_keeps_its_meaning(void **state)
{
	unsigned n_checked = 0;

	(void)state;
	for (const struct dvsim_option *o = dvsim_options; o->names; o++)
		for (const char *s = o->names; *s; s += strcspn(s, " "), s += *s == ' ') {
			char name[8];

			if (s[1] == '-')
				continue;
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(s, " "), s);
			assert_short_means(name, o->opt);
			n_checked++;
		}
	assert_true(n_checked > 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_take_all_words_up_to_the_next_option),
		cmocka_unit_test(values_may_be_attached_in_each_of_argparses_forms),
		cmocka_unit_test(a_value_that_starts_with_a_dash_needs_an_equals_sign),
		cmocka_unit_test(words_after_two_dashes_are_a_command),
		cmocka_unit_test(repeated_options_keep_every_value),
		cmocka_unit_test(mistakes_get_a_suggestion),
		cmocka_unit_test(bad_values_name_the_option),
		cmocka_unit_test(each_unique_prefix_of_a_dvsim_option_keeps_its_meaning),
		cmocka_unit_test(each_short_option_of_dvsim_keeps_its_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
