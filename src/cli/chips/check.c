/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched chips check`: tests a driver against docs/reference/drivers.md. */
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "cli/chips/chips_cmd.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "device/check/check.h"
#include "device/driver/names.h"
#include "device/health/places.h"
#include "device/leftovers/leftovers.h"

static const struct src_pos nowhere;
static const double usual_limit_s = 10;

struct tally {
	unsigned n[3]; /* by enum check_verdict */
};

/* Each line is printed at once, so that the missing line shows the call that hangs. */
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

/* The path is made absolute, because the driver is opened in another directory. NULL after an
 * error. */
static const char *find_driver(const struct args *args, struct diags *diags)
{
	const char *word = opt_word(args, OPT_DRIVER, NULL), *found;
	struct error err = {0};

	if (!word) {
		diag_error(diags, nowhere, "chips check: --driver is missing");
		return NULL;
	}
	if (strchr(word, '/'))
		return path_absolute(args->mem, word);
	found = driver_locate(args->mem, word, &err);
	if (!found)
		diag_infra(diags, diag_error(diags, nowhere, "%s", err.msg));
	error_done(&err);
	return found;
}

int chips_check(const struct args *args, const struct chips_words *w, struct diags *diags)
{
	struct tally tally = {{0}};
	const struct driver_check c = {
		.state_dir = places_state(args->mem).dir,
		.driver = find_driver(args, diags),
		.options = chips_object(args, OPT_DRIVER_OPTIONS, NULL, diags),
		.job = chips_object(args, OPT_SAMPLE, NULL, diags),
		.device = (int32_t)opt_uint(args, OPT_DEVICE, 0, INT32_MAX, 0, diags),
		.limit_s = opt_duration(args, OPT_TIMEOUT, usual_limit_s, diags),
		.line = print_line,
		.ctx = &tally,
	};

	(void)w;
	leftovers_sweep(c.state_dir); /* files that an earlier dvsched left */
	return diags->n_errors ? EXIT_USAGE : run_check(&c, &tally);
}
