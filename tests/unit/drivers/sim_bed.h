/* SPDX-License-Identifier: Apache-2.0 */
/* Calls driver sim as a worker does. */
#ifndef TESTS_UNIT_DRIVERS_SIM_BED_H
#define TESTS_UNIT_DRIVERS_SIM_BED_H

#include "../base/unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "drivers/drivers.h"

struct sim_bed {
	struct dvs_host host;
	void *ctx;
	uint64_t epoch;
	_Atomic uint64_t done, total;
	_Atomic int evidence, n_progress, is_cancelled;
	_Atomic uint64_t committed;
	int32_t code; /* of the last error */
	char text[512], result[8192];
	enum dvs_class class;
};

static inline const struct dvs_driver *sim(void)
{
	return driver_sim_get(DVS_DRIVER_ABI);
}

static inline void bed_progress(void *user, uint64_t done, uint64_t total, int32_t evidence)
{
	struct sim_bed *b = user;

	b->done = done;
	b->total = total;
	b->evidence = evidence;
	b->n_progress++;
}

static inline void bed_log(void *user, int32_t level, const char *text)
{
	(void)user, (void)level, (void)text;
}

static inline int32_t bed_is_cancelled(void *user)
{
	return ((struct sim_bed *)user)->is_cancelled;
}

static inline uint64_t bed_now_ns(void *user)
{
	struct timespec t;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void bed_committed(void *user, uint64_t bytes)
{
	((struct sim_bed *)user)->committed = bytes;
}

/* Interval of polls. */
static inline void bed_nap(void)
{
	nanosleep(&(struct timespec){0, 200000}, NULL);
}

static inline int32_t bed_open_device(struct sim_bed *b, int32_t device, const char *options)
{
	*b = (struct sim_bed){.epoch = 100};
	b->host = (struct dvs_host){.size = sizeof(b->host),
				    .user = b,
				    .log = bed_log,
				    .progress = bed_progress,
				    .is_cancelled = bed_is_cancelled,
				    .now_ns = bed_now_ns,
				    .committed = bed_committed};
	b->code = sim()->open(&b->host, device, options, &b->ctx,
			      &(struct dvs_text){b->text, sizeof(b->text)});
	return b->code;
}

static inline void bed_open(struct sim_bed *b, const char *options)
{
	if (bed_open_device(b, 0, options) != 0)
		fail_msg("open: %d, %s", b->code, b->text);
}

static inline void bed_close(struct sim_bed *b)
{
	if (b->ctx)
		sim()->close(b->ctx);
	b->ctx = NULL;
}

static inline int32_t bed_poll_until_over(struct sim_bed *b)
{
	struct dvs_text err = {b->text, sizeof(b->text)};
	int32_t is_over = 0, code = 0;

	while (code == 0 && !is_over) {
		code = sim()->poll(b->ctx, b->epoch, &is_over, &err);
		if (!is_over)
			bed_nap();
	}
	return code;
}

static inline int32_t bed_finish(struct sim_bed *b)
{
	const char *name, *hint;
	struct dvs_text err = {b->text, sizeof(b->text)}, res = {b->result, sizeof(b->result)};

	b->code = sim()->finish(b->ctx, b->epoch, &res, &err);
	b->class = sim()->classify(b->code, 0, &name, &hint);
	return b->code;
}

struct bed_job {
	const char *json, *id, *odir;
	uint32_t attempt;
	int32_t rank, n_ranks;
};

/* load and prepare. */
static inline int32_t bed_prepare(struct sim_bed *b, const struct bed_job *j)
{
	struct dvs_text err = {b->text, sizeof(b->text)};
	struct dvs_run run = {.size = sizeof(run),
			      .attempt = j->attempt ? j->attempt : 1,
			      .epoch = ++b->epoch,
			      .rank = j->rank,
			      .n_ranks = j->n_ranks ? j->n_ranks : 1,
			      .job_id = j->id ? j->id : "job",
			      .odir = j->odir ? j->odir : "/tmp",
			      .job = j->json};
	uint32_t slot = 0;

	b->text[0] = b->result[0] = '\0';
	b->code = sim()->load(b->ctx, j->json, &slot, &err);
	if (b->code == 0)
		b->code = sim()->prepare(b->ctx, slot, &run, &err);
	return b->code;
}

static inline int32_t bed_launch(struct sim_bed *b)
{
	return b->code = sim()->launch(b->ctx, b->epoch,
				       &(struct dvs_text){b->text, sizeof(b->text)});
}

/* From load to finish; the first error. */
static inline int32_t bed_run_job(struct sim_bed *b, const struct bed_job *j)
{
	const char *name, *hint;
	int32_t first = bed_prepare(b, j);

	if (first == 0) {
		first = bed_launch(b);
		if (first == 0)
			first = bed_poll_until_over(b);
		b->code = bed_finish(b);
		if (first == 0)
			first = b->code;
	}
	b->code = first;
	b->class = sim()->classify(first, 0, &name, &hint);
	return first;
}

static inline int32_t bed_run(struct sim_bed *b, const char *json)
{
	return bed_run_job(b, &(struct bed_job){.json = json});
}

/* Opens, runs one job, closes. */
static inline int32_t bed_run_once(struct sim_bed *b, const char *options, const char *json)
{
	int32_t code;

	bed_open(b, options);
	code = bed_run(b, json);
	bed_close(b);
	return code;
}

#endif
