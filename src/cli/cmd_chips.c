/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched chips`: devices and their drivers, looked at by hand. */
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/final_out.h"
#include "cli/load.h"
#include "device/check.h"

/* --- check --- */

static const double usual_limit_s = 10;

struct tally {
	unsigned n[3]; /* by enum check_verdict */
};

/* Each line at once, so that one that hangs is told by the line that is not there. */
static void print_line(void *ctx, enum check_verdict v, const char *what, const char *why)
{
	static const char *const words[] = {"ok  ", "FAIL", "skip"};
	struct tally *t = ctx;
	struct str line = {0};

	if (v > CHECK_SKIPPED)
		v = CHECK_BAD;
	t->n[v]++;
	str_printf(&line, "%s  %s%s%s\n", words[v], what, why ? ": " : "", why ? why : "");
	final_write(line.s, line.len);
	str_done(&line);
}

static void print_end(const char *driver, const struct tally *t)
{
	struct str line = {0};

	str_printf(&line, "driver %s: %u checks passed, %u failed, %u skipped\n", driver,
		   t->n[CHECK_GOOD], t->n[CHECK_BAD], t->n[CHECK_SKIPPED]);
	final_write(line.s, line.len);
	str_done(&line);
}

static int run_check(const struct driver_check *c, const struct tally *t)
{
	struct error err = {0};

	if (device_check(c, &err) < 0) {
		log_error("%s", err.msg);
		error_done(&err);
		return EXIT_INFRA;
	}
	print_end(c->driver, t);
	return t->n[CHECK_BAD] ? EXIT_SOME_FAILED : EXIT_PASSED;
}

static int check(const struct args *args, struct diags *diags)
{
	struct tally tally = {{0}};
	const char *driver = opt_word(args, OPT_DRIVER, NULL);
	const struct driver_check c = {
		/* It is opened in a process that stands elsewhere. */
		.driver = driver && strchr(driver, '/') ? path_absolute(args->mem, driver) : driver,
		.options = opt_word(args, OPT_DRIVER_OPTIONS, NULL),
		.job = opt_word(args, OPT_SAMPLE, NULL),
		.device = (int32_t)opt_uint(args, OPT_DEVICE, 0, INT32_MAX, 0, diags),
		.limit_s = opt_duration(args, OPT_TIMEOUT, usual_limit_s, diags),
		.line = print_line,
		.ctx = &tally,
	};

	if (!c.driver)
		diag_error(diags, (struct src_pos){0}, "chips check: --driver is missing");
	return diags->n_errors ? EXIT_USAGE : run_check(&c, &tally);
}

/* --- which --- */

static const struct {
	const char *name;
	int (*run)(const struct args *args, struct diags *diags);
} parts[] = {
	{"check", check},
};

int cmd_chips(const struct args *args)
{
	struct diags diags;
	int rc = EXIT_USAGE;
	size_t i = 0;

	diags_init(&diags);
	while (args->n_words && i < ARRAY_LEN(parts) && strcmp(args->words[0], parts[i].name) != 0)
		i++;
	if (args->n_words != 1 || i == ARRAY_LEN(parts))
		diag_error(&diags, (struct src_pos){0}, "chips: what? 'check'");
	else
		rc = parts[i].run(args, &diags);
	diags_print(&diags, stderr, load_wants_color(args, 2), false);
	diags_done(&diags);
	return rc;
}
