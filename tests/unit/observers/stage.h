/* SPDX-License-Identifier: Apache-2.0 */
/* A bed whose plan has directories below a scratch root of its own, and a run directory. */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "bed.h"
#include "cmocka_all.h"
#include "observers/observers.h"

struct stage {
	struct bed bed;
	char scratch[64];
	struct run_dir *run;
	struct observer *observer;
};

static inline void stage_init(struct stage *g, size_t room)
{
	*g = (struct stage){.scratch = "/tmp/dvsched-test-XXXXXX"};
	assert_non_null(mkdtemp(g->scratch));
	bed_init(&g->bed, room);
	g->bed.plan->scratch_root = g->scratch;
	g->bed.plan->flow = "jobs";
	g->bed.block.scratch_path = arena_printf(g->bed.plan->mem, "%s/bed", g->scratch);
}

static inline struct job_spec *stage_job(struct stage *g, const char *name)
{
	struct job_spec *spec = bed_job(&g->bed, "%s", name);
	struct arena *mem = g->bed.plan->mem;

	spec->dir = arena_printf(mem, "%s/%s", g->bed.block.scratch_path, name);
	spec->log = arena_printf(mem, "%s/log", spec->dir);
	return spec;
}

/* Everything is loaded and the observer listens. */
static inline const struct observer_type *stage_find_type(const char *name)
{
	for (const struct observer_type *const *t = observer_types; *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	fail_msg("no observer '%s'", name);
	return NULL;
}

static inline void stage_open(struct stage *g, const char *observer, const struct observer_env *env)
{
	struct observer_env own = *env;
	struct error err = {0};

	assert_int_equal(bed_load(&g->bed), 0);
	g->run = run_dir_new(g->bed.plan, &g->bed.clock.clock, &err);
	if (!g->run)
		fail_msg("%s", err.msg);
	own.run = g->run;
	g->observer = stage_find_type(observer)->create(&own, &err);
	if (!g->observer)
		fail_msg("%s", err.msg);
	sched_subscribe(g->bed.s, g->observer);
}

static inline void stage_done(struct stage *g)
{
	if (g->observer)
		g->observer->ops->destroy(g->observer);
	run_dir_free(g->run);
	bed_done(&g->bed);
	assert_int_equal(fs_remove_tree(g->scratch), 0);
}

#endif
