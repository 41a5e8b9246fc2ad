/* SPDX-License-Identifier: Apache-2.0 */
/* A scratch directory of its own and a plan with one of everything, for the tests of this module.
 */
#ifndef TESTS_RUN_FIXTURE_H
#define TESTS_RUN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "job/job_spec.h"

static char scratch[64];

static inline int make_scratch(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/dvsched-test-XXXXXX");
	return mkdtemp(scratch) ? 0 : -1;
}

static inline int remove_scratch(void **state)
{
	(void)state;
	return fs_remove_tree(scratch);
}

static inline const char *const *words(struct plan *p, const char *a, const char *b, const char *c)
{
	const char **list = arena_array(p->mem, 4, sizeof(*list));

	list[0] = a;
	list[1] = b;
	list[2] = c;
	return list;
}

static inline struct job_rules *add_rules(struct plan *p, const char *target)
{
	struct job_rules *r = arena_zalloc(p->mem, sizeof(*r));

	r->target = target;
	r->cwd = "/";
	r->cpus = 1;
	r->grace_s = -1;
	return r;
}

/* n jobs "b:job<i>" of one block and one set of rules; each needs the one before. */
static inline struct plan *make_plan(size_t n)
{
	struct plan *p = plan_new();
	struct job_block *block = arena_zalloc(p->mem, sizeof(*block));
	struct job_rules *rules = add_rules(p, "run");

	p->name = "b";
	p->flow = "jobs";
	p->scratch_root = arena_strdup(p->mem, scratch);
	p->n_jobs = n;
	p->jobs = arena_array(p->mem, n, sizeof(*p->jobs));
	block->name = "b";
	block->scratch_path = arena_printf(p->mem, "%s/b", scratch);
	for (size_t i = 0; i < n; i++) {
		struct job_spec *s = &p->jobs[i];
		uint32_t *deps = arena_array(p->mem, 1, sizeof(*deps));

		s->name = arena_printf(p->mem, "job%zu", i);
		s->id = arena_printf(p->mem, "b:%s", s->name);
		s->block = block;
		s->rules = rules;
		s->command = "true";
		s->argv = words(p, "true", NULL, NULL);
		s->dir = s->name;
		s->log = "log";
		deps[0] = (uint32_t)i - 1;
		s->deps = deps;
		s->n_needs = i > 0;
	}
	return p;
}

#endif
