/* SPDX-License-Identifier: Apache-2.0 */
/* A current directory with the stand-in for a host runtime at the driver's usual place, and the
 * driver's table of functions. */
#ifndef TESTS_UNIT_DRIVERS_SIMPLER_BED_H
#define TESTS_UNIT_DRIVERS_SIMPLER_BED_H

#include <stdbool.h>

#include "../base/unit.h"
#include "drivers/drivers.h"
#include "drivers/simpler/codes.h"

struct bed {
	char dir[64];
	const struct dvs_driver *d;
	struct dvs_host host;
	void *ctx;
	uint32_t slot;
	uint64_t epoch;
	char err_text[1024], result_text[4096], log[4096];
	struct dvs_text err, result;
	uint64_t committed;
	bool keeps_running; /* close() must leave all as it is, with the library loaded */
};

/* For cmocka: *state is the bed. The teardown closes and finds no violation. */
int bed_setup(void **state);
int bed_teardown(void **state);

/* Sets FAKEHOST, the behaviour of the double. */
void bed_would(const char *what);
/* dir/name with this text, made or replaced. */
void bed_write(const struct bed *b, const char *name, const char *text);
/* An image whose kernel adds k; the orchestration is the same for all. */
void bed_kernel(const struct bed *b, const char *name, int k);
/* The double that stands for runtime: "fakehost", "fakehost-lacks", "fakehost-anonymous". */
void bed_install(const struct bed *b, const char *platform, const char *runtime,
		 const char *double_path);
/* extra: more options, or "". Returns open()'s code. */
int32_t bed_open(struct bed *b, const char *extra);
void bed_close(struct bed *b);
/* 2 + 3 + what kernel so adds = expect, in 1024 floats. rest: more keys, or "". The caller's. */
char *bed_job(const char *so, int expect, const char *rest);
/* load … finish; the first code that is not 0. */
int32_t bed_run(struct bed *b, const char *job);
int32_t bed_load(struct bed *b, const char *job);
int32_t bed_prepare(struct bed *b, const char *job);
int32_t bed_poll_to_end(struct bed *b);
int32_t bed_finish(struct bed *b);

/* The report of the double, which the caller frees. */
char *bed_report(const struct bed *b);
void bed_forget_report(const struct bed *b);
unsigned bed_count(const struct bed *b, const char *line); /* whole lines */
/* The names of the calls since the last forget, one blank between. */
void bed_expect_calls(const struct bed *b, const char *want);
const char *bed_json(const struct bed *b, const char *key, char *room, size_t n);

#endif
