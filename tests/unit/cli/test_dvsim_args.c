/* SPDX-License-Identifier: Apache-2.0 */
/* The command line under the name dvsim: each rule of argparse, as in Python 3.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "cli/args/dvsim_table.h"
#include "cli/dvsim/args.h"

struct parsed {
	struct args args;
	struct str fault;
	int rc;
};

static char text[1024], *copies[64];

/* Words are separated by one '|'. */
static struct parsed parse(const char *line)
{
	struct parsed p = {0};
	int argc = 0;
	char *rest = text, *w;

	snprintf(text, sizeof(text), "dvsim|%s", line);
	while ((w = strsep(&rest, "|")))
		copies[argc++] = w;
	copies[argc] = NULL;
	p.rc = dvsim_args_parse(&p.args, argc, copies, &p.fault);
	return p;
}

static void forget(struct parsed *p)
{
	args_done(&p->args);
	str_done(&p->fault);
}

static void assert_fault(const char *line, const char *msg)
{
	struct parsed p = parse(line);

	assert_int_equal(p.rc, -1);
	assert_string_equal(p.fault.s, msg);
	forget(&p);
}

/* words: the values of the option, joined by blanks; NULL: it is not set. */
static void assert_holds(const char *line, enum opt o, const char *words)
{
	struct parsed p = parse(line);
	struct str held = {0};

	if (p.rc < 0)
		fail_msg("%s: %s", line, p.fault.s);
	str_add(&held, "");
	for (size_t i = 0; i < p.args.opt[o].n; i++)
		str_printf(&held, "%s%s", i ? " " : "", p.args.opt[o].words[i]);
	assert_int_equal(p.args.opt[o].is_set, words != NULL);
	if (words)
		assert_string_equal(held.s, words);
	str_done(&held);
	forget(&p);
}

static void assert_cfg(const char *line, const char *cfg)
{
	struct parsed p = parse(line);

	if (p.rc < 0)
		fail_msg("%s: %s", line, p.fault.s);
	assert_int_equal(p.args.n_words, 1);
	assert_string_equal(p.args.words[0], cfg);
	forget(&p);
}

static void the_configuration_may_stand_anywhere(void **state)
{
	(void)state;
	assert_cfg("a.hjson|-i|smoke", "a.hjson");
	assert_cfg("--cov|a.hjson|-i|smoke", "a.hjson");
	assert_cfg("-i|smoke|nightly|--|a.hjson", "a.hjson");
	assert_cfg("-mp|4|a.hjson|--cov", "a.hjson");
	assert_cfg("--|-a.hjson", "-a.hjson");
	assert_fault("-i|smoke|a.hjson", "the following arguments are required: <cfg-hjson-file>");
	assert_fault("a.hjson|b|--cov|c", "unrecognized arguments: b c");
}

static void options_take_as_many_words_as_argparse_gives_them(void **state)
{
	(void)state;
	assert_holds("x|-i|a|b|--cov", OPT_ITEMS, "a b");
	assert_holds("x|-i|a|-i|b|c", OPT_ITEMS, "b c"); /* the last one counts */
	assert_holds("x|-i", OPT_ITEMS, "");
	assert_holds("x|-ro|+a +b|+c", OPT_RUN_OPTS, "+a +b +c");
	assert_holds("x|--build-opts=-a", OPT_BUILD_OPTS, "-a");
	assert_holds("x|-bo|-a -b", OPT_BUILD_OPTS, "-a -b"); /* a blank in it: no option */
	assert_holds("x|-bo|-DX=1 -DY=2|-xlrm uniq", OPT_BUILD_OPTS, "-DX=1 -DY=2 -xlrm uniq");
	assert_holds("x|-ro|--timeout=1 --view", OPT_RUN_OPTS, "--timeout=1 --view");
	assert_fault("x|-x|a", "unrecognized arguments: -x a");
	assert_holds("x|--exclude|a|b", OPT_EXCLUDE, "a b");
	assert_holds("x|-R|a=1|--resource|b = inf", OPT_RESOURCE, "a=1 b = inf");
	assert_holds("x|-p", OPT_PROFILE, "");
	assert_holds("x|-p|mem", OPT_PROFILE, "mem");
	assert_holds("x|--verbose=debug", OPT_VERBOSE, "debug");
	assert_fault("x|-bo", "argument --build-opts/-bo: expected at least one argument");
	assert_fault("x|-t", "argument --tool/-t: expected one argument");
	assert_fault("x|-bo|-a", "argument --build-opts/-bo: expected at least one argument");
}

static void short_options_take_what_is_attached(void **state)
{
	(void)state;
	assert_holds("x|-r5", OPT_RESEED, "5");
	assert_holds("x|-mp=4", OPT_MAX_PARALLEL, "4");
	assert_holds("x|-mp|4", OPT_MAX_PARALLEL, "4");
	assert_holds("x|-fs|-7", OPT_FIXED_SEED, "-7"); /* a negative number is a value */
	assert_holds("x|-nc", OPT_COV, "");
	assert_holds("x|-nc", OPT_DRY_RUN, "");
	assert_holds("x|-cr5", OPT_RESEED, "5");
	assert_holds("x|-f|7", OPT_FIXED_SEED, "7"); /* short ones are abbreviated, too */
	assert_fault("x|-mp4", "unrecognized arguments: -mp4");
	assert_fault("x|-m|4", "ambiguous option: -m could match -mp, -mo, -mw");
	assert_fault("x|-nx", "argument --dry-run/-n: ignored explicit argument 'x'");
	assert_fault("x|--cov=1", "argument --cov/-c: ignored explicit argument '1'");
}

static void values_are_checked_at_once(void **state)
{
	(void)state;
	assert_fault("x|-r|x", "argument --reseed/-r: invalid int value: 'x'");
	assert_fault("x|-pi|x", "argument --print-interval/-pi: invalid float value: 'x'");
	assert_fault("x|-w|gif", "argument --waves/-w: invalid choice: 'gif' (choose from 'fsdb', "
				 "'shm', 'vpd', 'vcd', 'evcd', 'fst')");
	assert_fault("x|-mp|0", "argument --max-parallel/-mp: Bad argument for --max-parallel "
				"('0'): must be a positive integer.");
	assert_fault("x|-rx|0", "argument --reseed-multiplier/-rx: Reseed multiplier must be "
				"positive.");
	assert_holds("x|-r| 1_000 |-mp|+1_0|-fs=-1_0|-rx| 1_0.5 |-R|a= 1_0 ", OPT_RESEED,
		     " 1_000 ");
	assert_fault("x|-r|1__0", "argument --reseed/-r: invalid int value: '1__0'");
	assert_fault("x|-mp=-1_0", "argument --max-parallel/-mp: Bad argument for --max-parallel "
				   "('-1_0'): must be a positive integer.");
	assert_fault("x|-R|a", "argument -R/--resource: Invalid resource format: a, expected "
			       "RESOURCE=COUNT");
	assert_holds("x|--on-missing-resource|FATAL", OPT_ON_MISSING, "fatal");
}

static void our_options_are_there_under_their_full_names(void **state)
{
	(void)state;
	assert_holds("x|--view|none", OPT_VIEW, "none");
	assert_holds("x|--seed-base=7", OPT_SEED_BASE, "7");
	assert_holds("x|-j|4", OPT_MAX_PARALLEL, "4");
	assert_fault("x|--vie|none", "unrecognized arguments: --vie none");
}

static void help_and_version_end_the_reading(void **state)
{
	(void)state;
	assert_holds("-h", OPT_HELP, "");
	assert_holds("--version", OPT_VERSION, "");
	assert_fault("-r|x|-h", "argument --reseed/-r: invalid int value: 'x'");
}

/* ---- abbreviations ---- */

static bool is_long(const char *name)
{
	return name[0] == '-' && name[1] == '-';
}

static size_t name_length(const char *name)
{
	return strcspn(name, " ");
}

/* How many long names of DVSim start with these n bytes; *ret_exact: one of them is equal. */
static unsigned count_starts(const char *prefix, size_t n, bool *ret_exact)
{
	unsigned found = 0;

	*ret_exact = false;
	for (const struct dvsim_option *o = dvsim_options; o->names; o++) {
		for (const char *s = o->names; *s; s += name_length(s), s += *s == ' ') {
			if (!is_long(s) || name_length(s) < n || memcmp(s, prefix, n) != 0)
				continue;
			found++;
			*ret_exact |= name_length(s) == n;
		}
	}
	return found;
}

static const char *sample(const struct dvsim_option *o)
{
	static char word[40];

	if (o->nargs == '0')
		return NULL;
	if (o->choices)
		snprintf(word, sizeof(word), "%.*s", (int)name_length(o->choices), o->choices);
	else
		snprintf(word, sizeof(word), "%s", o->type == DVSIM_LIMIT ? "a=1" : "1");
	return word;
}

static unsigned try_prefixes(const struct dvsim_option *o, const char *name)
{
	unsigned n_tried = 0;

	for (size_t n = 3; n <= name_length(name); n++) {
		bool is_exact;
		unsigned found = count_starts(name, n, &is_exact);
		char line[128];

		snprintf(line, sizeof(line), "%.*s", (int)n, name);
		if (sample(o))
			snprintf(line + n, sizeof(line) - n, "=%s", sample(o));
		strcat(line, "|x");
		if (is_exact && n < name_length(name))
			continue; /* another option's whole name */
		if (found == 1 || is_exact) {
			assert_holds(line, o->opt, sample(o) ? sample(o) : "");
			n_tried++;
		} else {
			struct parsed p = parse(line);

			assert_int_equal(p.rc, -1);
			assert_non_null(strstr(p.fault.s, "ambiguous option"));
			forget(&p);
		}
	}
	return n_tried;
}

static void each_unique_prefix_stands_for_its_option(void **state)
{
	unsigned n_tried = 0;

	(void)state;
	for (const struct dvsim_option *o = dvsim_options; o->names; o++)
		for (const char *s = o->names; *s; s += name_length(s), s += *s == ' ')
			if (is_long(s))
				n_tried += try_prefixes(o, s);
	assert_true(n_tried > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_configuration_may_stand_anywhere),
		cmocka_unit_test(options_take_as_many_words_as_argparse_gives_them),
		cmocka_unit_test(short_options_take_what_is_attached),
		cmocka_unit_test(values_are_checked_at_once),
		cmocka_unit_test(our_options_are_there_under_their_full_names),
		cmocka_unit_test(help_and_version_end_the_reading),
		cmocka_unit_test(each_unique_prefix_stands_for_its_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
