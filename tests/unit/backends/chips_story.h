/* SPDX-License-Identifier: Apache-2.0 */
/* Common code of stories of the chips backend: they start a world, run jobs in it, and end it. */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_STORY_H
#define TESTS_UNIT_BACKENDS_CHIPS_STORY_H

#include <unistd.h>

#include "base/fs.h"
#include "chips_double.h"
#include "device/lock/lock.h"
#include "temp_dir.h"

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

/* No two of them in one fault domain. */
static inline void begin_apart(uint32_t n_devices)
{
	world_init(n_devices);
	for (uint32_t i = 0; i < n_devices; i++)
		world.devices[i].domain = -1;
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

static inline void ends_well(int32_t device)
{
	worker_ends(worker_on(device), DVS_OK, false);
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

/* ---- among processes: a story that begins so ends with end_locks() ---- */

static char lock_dir[32];

static inline void begin_with_locks(uint32_t n_devices)
{
	snprintf(lock_dir, sizeof(lock_dir), "/tmp/dvs-story-XXXXXX");
	assert_non_null(temp_dir_make(lock_dir));
	world_init(n_devices);
	world.settings.lock_dir = lock_dir;
	for (uint32_t i = 0; i < n_devices; i++)
		world.devices[i].family = "sim";
	world_begin();
}

static inline int end_locks(void **state)
{
	end_world(state);
	fs_remove_tree(lock_dir); /* a story may have done so */
	return 0;
}

/* As another process; -1: it is not free. */
static inline int take(int32_t device)
{
	char *path = device_lock_path(lock_dir, "sim", device);
	pid_t holder;
	int fd = device_lock_take(path, &holder);

	free(path);
	return fd;
}

/* Destroys the world in any state. */
#define STORY(name)	       cmocka_unit_test_teardown(name, end_world)
#define STORY_WITH_LOCKS(name) cmocka_unit_test_teardown(name, end_locks)

#endif
