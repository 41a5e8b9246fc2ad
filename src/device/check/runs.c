/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a check that run jobs on an open device. */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "device/check/parts.h"
#include "device/worker/board.h"

enum { WARM_UP = 5, MANY_RUNS = 20 };

/* Neither yes nor no. */
enum { UNTOUCHED_FLAG = -77 };

/* Checks that a call which returned 0 has set the flag to 0 or 1. false: it has not; this is
 * reported once, and *flag becomes 0. */
static bool check_flag(struct check *c, const char *what, const char *call, const char *parameter,
		       int32_t code, int32_t *flag)
{
	int32_t is = *flag;
	bool is_good = code != 0 || is == 0 || is == 1;

	if (is != 0 && is != 1)
		*flag = 0;
	if (is_good || c->has_bad_flag)
		return is_good;
	c->has_bad_flag = true;
	return is == UNTOUCHED_FLAG ? check_untouched(c, what, call, parameter)
				    : check_bad(c, what, "%s() set *%s to %d; it is 0 or 1", call,
						parameter, is);
}

static int32_t check_prepare(struct check *c)
{
	static const char id[] = "check", odir[] = "/tmp";
	const struct dvs_run run = {
		.size = sizeof(run),
		.attempt = 1,
		.epoch = ++c->epoch,
		.n_ranks = 1,
		.job_id = check_lend(id),
		.odir = check_lend(odir),
		.job = check_lend(c->job),
	};
	struct dvs_text err = check_err(c);
	int32_t code;

	check_enter(c, "in prepare()");
	c->is_in_run = true;
	code = c->d->prepare(c->ctx, c->slot, &run, &err);
	check_take_back(run.job_id, id);
	check_take_back(run.odir, odir);
	check_take_back(run.job, c->job);
	c->is_in_run = code == 0;
	return code;
}

static int32_t check_launch(struct check *c)
{
	struct dvs_text err = check_err(c);

	check_enter(c, "in launch()");
	return c->d->launch(c->ctx, c->epoch, &err);
}

/* A flag that is neither 0 nor 1 is reported once, and taken for 0. */
static int32_t check_poll_once(struct check *c, int32_t *ret_is_over)
{
	struct dvs_text err = check_err(c);
	int32_t code;

	*ret_is_over = UNTOUCHED_FLAG;
	code = c->d->poll(c->ctx, c->epoch, ret_is_over, &err);
	check_flag(c, "poll", "poll", "ret_is_over", code, ret_is_over);
	return code;
}

static int32_t check_poll_until_over(struct check *c)
{
	int32_t is_over = 0, code = 0;

	check_enter(c, "while its run was polled");
	while (code == 0 && !is_over) {
		code = check_poll_once(c, &is_over);
		if (code == 0 && !is_over)
			nanosleep(&(struct timespec){0, 200000}, NULL);
	}
	return code;
}

static int32_t check_finish(struct check *c)
{
	struct dvs_text err = check_err(c), result = check_room(c->result);
	int32_t code;

	check_enter(c, "in finish()");
	code = c->d->finish(c->ctx, c->epoch, &result, &err);
	c->is_in_run = false;
	return code;
}

bool check_run_once(struct check *c, const char *what)
{
	int32_t code = check_prepare(c), fault;

	if (code != 0)
		return check_bad_code(c, what, "prepare", code);
	code = check_launch(c);
	fault = code ? code : check_poll_until_over(c);
	if (fault) {
		check_bad_code(c, what, code ? "launch" : "poll", fault);
		check_finish(c);
		return false;
	}
	code = check_finish(c);
	return code == 0 || check_bad_code(c, what, "finish", code);
}

static bool check_result(struct check *c, const char *what)
{
	json_t *j;
	bool is_good;

	if (!check_is_whole(c->result))
		return check_bad(c, what, "finish() wrote beyond its buffer");
	if (!c->result[0])
		return true;
	j = json_loads(c->result, JSON_REJECT_DUPLICATES, NULL);
	is_good = json_is_object(j);
	json_decref(j);
	return is_good ||
	       check_bad(c, what, "the result of finish() is no JSON object, or has a key twice");
}

static void step_run(struct check *c)
{
	const char *what = "a run";

	c->is_broken = !check_run_once(c, what);
	if (!c->is_broken && check_result(c, what))
		check_good(c, "a run: prepare, launch, poll until over, finish");
}

static void step_poll_after_over(struct check *c)
{
	const char *what = "poll after over";
	int32_t is_over = 0, code;

	if (check_prepare(c) != 0 || check_launch(c) != 0 || check_poll_until_over(c) != 0) {
		check_bad(c, what, "the second run failed: %s", c->text);
	} else {
		check_enter(c, "in poll() after over");
		code = check_poll_once(c, &is_over);
		if (code != 0)
			check_bad_code(c, what, "poll", code);
		else if (!is_over)
			check_bad(c, what, "it no longer reports that the run is over");
		else
			check_good(c, "poll after over: still over");
	}
	check_finish(c);
}

static void step_finish_without_launch(struct check *c)
{
	int32_t code = check_prepare(c);

	if (code != 0) {
		check_bad_code(c, "finish without launch", "prepare", code);
		return;
	}
	check_finish(c);
	if (check_run_once(c, "a run after a finish without launch"))
		check_good(c, "finish without launch: the next run is good");
}

static void *diagnose_all_the_time(void *arg)
{
	struct check *c = arg;
	char at[CHECK_ROOM + 1];

	do {
		struct dvs_text text = check_room(at);

		c->d->diagnose(c->ctx, &text);
		if (!check_is_whole(at))
			return c; /* anything but NULL */
		c->n_diagnoses++;
		nanosleep(&(struct timespec){0, 100000}, NULL);
	} while (!c->must_stop);
	return NULL;
}

static void step_diagnose(struct check *c)
{
	pthread_t other;
	void *ret = NULL;

	if (!c->d->diagnose) {
		check_skip(c, "diagnose", "it has no diagnose()");
		return;
	}
	check_enter(c, "in diagnose() beside a run");
	c->must_stop = false;
	if (pthread_create(&other, NULL, diagnose_all_the_time, c) != 0)
		return;
	for (int i = 0; i < MANY_RUNS && check_run_once(c, "a run that is diagnosed"); i++)
		;
	c->must_stop = true;
	check_enter(c, "in diagnose() beside a run");
	pthread_join(other, &ret);
	if (ret)
		check_bad(c, "diagnose", "it wrote beyond its buffer");
	else
		check_good(c, "diagnose: from another thread, beside runs");
}

static void step_abort(struct check *c)
{
	int32_t code;

	if (!(c->d->caps & DVS_CAP_ABORT)) {
		check_skip(c, "abort", "it says that it cannot");
		return;
	}
	if (check_prepare(c) != 0 || check_launch(c) != 0) {
		check_bad(c, "abort", "no run to abort: %s", c->text);
		check_finish(c);
		return;
	}
	c->is_cancelled = true;
	check_enter(c, "in abort()");
	code = c->d->abort(c->ctx, c->epoch);
	if (code == 0)
		check_poll_until_over(c);
	check_finish(c); /* in any case: the run may have been over already */
	c->is_cancelled = false;
	if (code != 0)
		check_bad_code(c, "abort", "abort", code);
	else if (check_run_once(c, "a run after an abort"))
		check_good(c, "abort: the run ends, the next one is good");
}

static void step_unload(struct check *c)
{
	int32_t code;

	if (!c->d->unload) {
		check_skip(c, "unload", "it has no unload()");
		return;
	}
	check_enter(c, "in unload()");
	code = c->d->unload(c->ctx, c->slot);
	if (code != 0) {
		check_bad_code(c, "unload", "unload", code);
		return;
	}
	if (check_load(c, "load after unload", &c->slot) && check_run_once(c, "a run after unload"))
		check_good(c, "unload, load again, run");
}

static unsigned count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static unsigned count_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned n = 0;
	int ch;

	while (f && (ch = getc_unlocked(f)) != EOF)
		n += ch == '\n';
	if (f)
		fclose(f);
	return n;
}

static bool run_often(struct check *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t slot;

		if (!check_load(c, "many runs", &slot) || !check_run_once(c, "many runs"))
			return false;
	}
	return true;
}

/* malloc() also creates mappings now and then; a driver that leaks does so in each run. */
static void step_leaks(struct check *c)
{
	unsigned fds, maps, fds_after, maps_after;

	if (!run_often(c, WARM_UP))
		return;
	fds = count_fds();
	maps = count_maps();
	if (!run_often(c, MANY_RUNS))
		return;
	fds_after = count_fds();
	maps_after = count_maps();
	if (fds_after != fds)
		check_bad(c, "20 runs", "%u descriptors are open, and were %u before", fds_after,
			  fds);
	else if (maps_after >= maps + MANY_RUNS / 2)
		check_bad(c, "20 runs", "there are %u mappings, and were %u before", maps_after,
			  maps);
	else
		check_good(c, "20 runs: as many descriptors and mappings as before");
}

static void step_reset(struct check *c)
{
	struct dvs_text err = check_err(c);
	int32_t is_verified = UNTOUCHED_FLAG, code;

	if (!(c->d->caps & DVS_CAP_RESET)) {
		check_skip(c, "reset", "it says that it cannot");
		return;
	}
	check_enter(c, "in reset()");
	code = c->d->reset(c->ctx, 0, &is_verified, &err);
	if (!check_flag(c, "reset", "reset", "ret_is_verified", code, &is_verified))
		return;
	if (code != 0)
		check_bad_code(c, "reset", "reset", code);
	else if (!is_verified)
		check_bad(c, "reset", "a device that works was not verified");
	else if (check_load(c, "load after a reset", &c->slot) &&
		 check_run_once(c, "a run after a reset"))
		check_good(c, "reset: verified, and the next run is good");
}

static void step_progress(struct check *c)
{
	static const char *const words[] = {
		[CHECK_BAD_EVIDENCE] = "evidence is 0, 1 or 2, and nothing else",
		[CHECK_MORE_THAN_ALL] = "more steps were done than there are",
		[CHECK_NO_RUN] = "it was called without a run, before prepare() or after "
				 "finish(): "
				 "the next run would get that",
	};

	if (c->bad_progress)
		check_bad(c, "progress", "%s", words[c->bad_progress]);
	else if (c->n_progress)
		check_good(c, "progress: in runs only, with evidence");
	else
		check_skip(c, "progress", "it reports none, so no run is ever ended as stalled");
}

/* State of the whole process that the host relies on. */
static void step_process(struct check *c)
{
	char now[PATH_MAX] = "";
	sigset_t blocked;

	memset(&blocked, 0, sizeof(blocked));
	check_process_look(c);
	if (c->fault)
		return; /* reported at the end, together with close() */
	if (!getcwd(now, sizeof(now)) || strcmp(now, c->cwd) != 0)
		check_bad(c, "the process", "its working directory is %s now, and was %s", now,
			  c->cwd);
	else if (fcntl(STDOUT_FILENO, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0)
		check_bad(c, "the process",
			  "descriptors 1 and 2 are the job's log, and closed now");
	else if (sigprocmask(SIG_SETMASK, NULL, &blocked) == 0 &&
		 memcmp(&blocked, &c->blocked, sizeof(blocked)) != 0)
		check_bad(c, "the process", "other signals are blocked in the calling thread now");
	else
		check_good(c, "the process: directory, output, signals, environment and children "
			      "as before");
}

check_step *const check_run_steps[] = {
	step_run,      step_poll_after_over, step_finish_without_launch,
	step_diagnose, step_abort,	     check_step_join,
	step_unload,   step_reset,	     step_leaks,
	step_progress, step_process,
};
const unsigned check_n_run_steps = ARRAY_LEN(check_run_steps);
