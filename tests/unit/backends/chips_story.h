/* SPDX-License-Identifier: Apache-2.0 */
/* What stories of the chips backend share: they begin a world, take jobs through it, and end it. */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_STORY_H
#define TESTS_UNIT_BACKENDS_CHIPS_STORY_H

#include "chips_double.h"

static inline int end_world(void **state)
{
	(void)state;
	world_done();
	return 0;
}

static inline void begin(uint32_t n_devices)
{
	world_init(n_devices);
	world_begin();
}

static inline struct unit *unit(uint32_t device)
{
	return &world.c->units[device];
}

static inline struct fake_job *submitted(uint32_t n_devices)
{
	return job_submitted(n_devices);
}

static inline void open_all(uint32_t n_devices)
{
	for (uint32_t i = 0; i < n_devices; i++)
		worker_opens(worker_on((int32_t)i));
}

static inline void arm(uint32_t n_devices)
{
	for (uint32_t i = 0; i < n_devices; i++)
		for (int p = PHASE_TAKEN; p <= PHASE_ARMED; p++)
			worker_reaches(worker_on((int32_t)i), (enum run_phase)p);
}

static inline void launch(uint32_t n_devices)
{
	arm(n_devices);
	for (uint32_t i = 0; i < n_devices; i++)
		worker_reaches(worker_on((int32_t)i), PHASE_LAUNCHED);
}

static inline void run_through(struct fake_job *j)
{
	job_goes_through(j);
}

static inline void closed(void *ctx, const char *trouble)
{
	(void)ctx;
	snprintf(world.trouble, sizeof(world.trouble), "%s", trouble ? trouble : "");
	world.is_closed = true;
}

static inline void close_backend(void)
{
	world.backend->ops->close(world.backend, closed, NULL);
}

/* Whatever it leaves is destroyed. */
#define STORY(name) cmocka_unit_test_teardown(name, end_world)

#endif
