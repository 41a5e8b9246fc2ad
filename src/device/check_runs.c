/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a check that run jobs on an open device. */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "device/board.h"
#include "device/check_parts.h"

enum { WARM_UP = 5, MANY_RUNS = 20, WINDOW = 64 << 10, LOBBY = 64 << 10 };

static int32_t prepare(struct check *c)
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

	c->stage("in prepare()");
	code = c->d->prepare(c->ctx, c->slot, &run, &err);
	check_take_back(run.job_id, id);
	check_take_back(run.odir, odir);
	check_take_back(run.job, c->job);
	return code;
}

static int32_t launch(struct check *c)
{
	struct dvs_text err = check_err(c);

	c->stage("in launch()");
	return c->d->launch(c->ctx, c->epoch, &err);
}

static int32_t poll_until_over(struct check *c)
{
	int32_t is_over = 0, code = 0;

	c->stage("while its run was polled");
	while (code == 0 && !is_over) {
		struct dvs_text err = check_err(c);

		code = c->d->poll(c->ctx, c->epoch, &is_over, &err);
		if (code == 0 && !is_over)
			nanosleep(&(struct timespec){0, 200000}, NULL);
	}
	return code;
}

static int32_t finish(struct check *c)
{
	struct dvs_text err = check_err(c), result = check_room(c->result);

	c->stage("in finish()");
	return c->d->finish(c->ctx, c->epoch, &result, &err);
}

/* From prepare to finish. */
static bool run_once(struct check *c, const char *what)
{
	int32_t code = prepare(c), fault;

	if (code != 0)
		return check_bad_code(c, what, "prepare", code);
	code = launch(c);
	fault = code ? code : poll_until_over(c);
	if (fault) {
		check_bad_code(c, what, code ? "launch" : "poll", fault);
		finish(c);
		return false;
	}
	code = finish(c);
	return code == 0 || check_bad_code(c, what, "finish", code);
}

static bool check_result(struct check *c, const char *what)
{
	json_t *j;
	bool is_good;

	if (!check_is_whole(c->result))
		return check_bad(c, what, "finish() wrote beyond its room");
	if (!c->result[0])
		return true;
	j = json_loads(c->result, 0, NULL);
	is_good = json_is_object(j);
	json_decref(j);
	return is_good || check_bad(c, what, "the result of finish() is no JSON object");
}

static void step_run(struct check *c)
{
	const char *what = "a run";

	c->is_broken = !run_once(c, what);
	if (!c->is_broken && check_result(c, what))
		check_good(c, "a run: prepare, launch, poll until over, finish");
}

static void step_poll_after_over(struct check *c)
{
	const char *what = "poll after over";
	struct dvs_text err;
	int32_t is_over = 0, code;

	if (prepare(c) != 0 || launch(c) != 0 || poll_until_over(c) != 0) {
		check_bad(c, what, "the second run failed: %s", c->text);
	} else {
		c->stage("in poll() after over");
		err = check_err(c);
		code = c->d->poll(c->ctx, c->epoch, &is_over, &err);
		if (code != 0)
			check_bad_code(c, what, "poll", code);
		else if (!is_over)
			check_bad(c, what, "a run that was over is not any more");
		else
			check_good(c, "poll after over: still over");
	}
	finish(c);
}

static void step_finish_without_launch(struct check *c)
{
	int32_t code = prepare(c);

	if (code != 0) {
		check_bad_code(c, "finish without launch", "prepare", code);
		return;
	}
	finish(c);
	if (run_once(c, "a run after a finish without launch"))
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
	c->stage("in diagnose() beside a run");
	c->must_stop = false;
	if (pthread_create(&other, NULL, diagnose_all_the_time, c) != 0)
		return;
	for (int i = 0; i < MANY_RUNS && run_once(c, "a run that is diagnosed"); i++)
		;
	c->must_stop = true;
	c->stage("in diagnose() beside a run");
	pthread_join(other, &ret);
	if (ret)
		check_bad(c, "diagnose", "it wrote beyond its room");
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
	if (prepare(c) != 0 || launch(c) != 0) {
		check_bad(c, "abort", "no run to abort: %s", c->text);
		finish(c);
		return;
	}
	c->is_cancelled = true;
	c->stage("in abort()");
	code = c->d->abort(c->ctx, c->epoch);
	if (code == 0)
		poll_until_over(c);
	finish(c); /* whatever it says: the run may have been over already */
	c->is_cancelled = false;
	if (code != 0)
		check_bad_code(c, "abort", "abort", code);
	else if (run_once(c, "a run after an abort"))
		check_good(c, "abort: the run ends, the next one is good");
}

static bool check_context(struct check *c, const struct dvs_context *got,
			  const struct dvs_buffer_want *want)
{
	const struct dvs_buffer *b = got->buffers;

	if (got->n_buffers != 1 || strncmp(b->name, want->name, sizeof(b->name)) != 0)
		return check_bad(c, "join", "it did not give the buffer '%s', and no other",
				 want->name);
	if (b->bytes < want->bytes || got->window_bytes < WINDOW)
		return check_bad(c, "join", "it gave less than was asked");
	if (b->address % want->align)
		return check_bad(c, "join", "the buffer's address is not aligned to %u",
				 want->align);
	return b->address >= got->window_base &&
			       b->address + b->bytes <= got->window_base + got->window_bytes
		       ? true
		       : check_bad(c, "join", "the buffer is not in the window");
}

static bool join_alone(struct check *c, int fd)
{
	const struct dvs_buffer_want want = {"check", 4096, 256, 0};
	const struct dvs_join join = {
		.size = sizeof(join),
		.n_ranks = 1,
		.n_buffers = 1,
		.epoch = c->epoch + 1,
		.token = "check",
		.window_bytes = WINDOW,
		.buffers = &want,
		.deadline_ns = board_now_ns() + 10000000000u,
		.shared_fd = fd,
		.shared_bytes = LOBBY + WINDOW,
	};
	struct dvs_buffer buffer = {.name = ""};
	struct dvs_context got = {.size = sizeof(got), .buffers = &buffer};
	struct dvs_text err = check_err(c);
	int32_t code;

	c->stage("in join()");
	code = c->d->join(c->ctx, &join, &got, &err);
	if (code != 0)
		return check_bad_code(c, "join", "join", code);
	if (fcntl(fd, F_GETFD) < 0)
		return check_bad(c, "join", "it closed shared_fd, which is the host's");
	return check_context(c, &got, &want);
}

static void step_join(struct check *c)
{
	_cleanup_(closep) int fd = -1;
	int32_t code;

	if (!(c->d->caps & DVS_CAP_GANG)) {
		check_skip(c, "join and leave", "it says that it cannot");
		return;
	}
	fd = memfd_create("dvs-check", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, LOBBY + WINDOW) < 0 || !join_alone(c, fd) ||
	    !run_once(c, "a run of a gang"))
		return;
	c->stage("in leave()");
	code = c->d->leave(c->ctx);
	if (code != 0)
		check_bad_code(c, "leave", "leave", code);
	else
		check_good(c, "join and leave, with one rank: the buffer by its name");
}

static void step_unload(struct check *c)
{
	int32_t code;

	if (!c->d->unload) {
		check_skip(c, "unload", "it has no unload()");
		return;
	}
	c->stage("in unload()");
	code = c->d->unload(c->ctx, c->slot);
	if (code != 0) {
		check_bad_code(c, "unload", "unload", code);
		return;
	}
	if (check_load(c, "load after unload", &c->slot) && run_once(c, "a run after unload"))
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

		if (!check_load(c, "many runs", &slot) || !run_once(c, "many runs"))
			return false;
	}
	return true;
}

/* malloc() maps now and then; a driver that forgets does so each time. */
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
	int32_t is_verified = 0, code;

	if (!(c->d->caps & DVS_CAP_RESET)) {
		check_skip(c, "reset", "it says that it cannot");
		return;
	}
	c->stage("in reset()");
	code = c->d->reset(c->ctx, 0, &is_verified, &err);
	if (code != 0)
		check_bad_code(c, "reset", "reset", code);
	else if (!is_verified)
		check_bad(c, "reset", "a device that works was not verified");
	else if (check_load(c, "load after a reset", &c->slot) &&
		 run_once(c, "a run after a reset"))
		check_good(c, "reset: verified, and the next run is good");
}

check_step *const check_run_steps[] = {
	step_run,      step_poll_after_over, step_finish_without_launch,
	step_diagnose, step_abort,	     step_join,
	step_unload,   step_reset,	     step_leaks,
};
const unsigned check_n_run_steps = ARRAY_LEN(check_run_steps);
