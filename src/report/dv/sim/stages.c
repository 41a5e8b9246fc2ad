/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dv/sim/stages.h"

#include <string.h>

struct stages {
	struct arena *mem;
	const struct dv_block *dv;
	const struct map *by_name;
	struct sim_tested **tested;
	size_t n_tested;
};

/* Adds a test. One that did not run is added only if the whole testplan is shown. */
static void sim_stages_add_test(const struct stages *s, struct sim_testpoint *point,
				struct sim_test *tests, const struct sim_test *test)
{
	if (test->count.total || s->dv->map_full_testplan)
		tests[point->n_tests++] = *test;
}

static bool has_test(const struct dv_testpoint *p, const char *name)
{
	for (size_t i = 0; i < p->n_tests; i++)
		if (strcmp(p->tests[i], name) == 0)
			return true;
	return false;
}

/* Adds the tests that ran, in the order of the run, then the others. A testpoint without tests has
 * one test with its own name. */
static void map_point(struct stages *s, const struct dv_testpoint *p, struct sim_testpoint *ret)
{
	struct sim_test *tests = arena_array(s->mem, p->n_tests + 1, sizeof(*tests));
	struct sim_test none = {.name = p->name};

	*ret = (struct sim_testpoint){.name = p->name, .tests = tests};
	if (p->n_tests == 0)
		sim_stages_add_test(s, ret, tests, &none);
	if (p->is_not_mapped)
		return;
	for (size_t i = 0; i < s->n_tested; i++)
		if (has_test(p, s->tested[i]->test.name)) {
			s->tested[i]->is_mapped = true;
			sim_stages_add_test(s, ret, tests, &s->tested[i]->test);
		}
	for (size_t i = 0; i < p->n_tests; i++)
		if (!map_has(s->by_name, p->tests[i])) {
			none.name = p->tests[i];
			sim_stages_add_test(s, ret, tests, &none);
		}
}

static struct sim_stage *last_stage(struct sim_stage *stages, size_t *n, const char *name)
{
	if (*n == 0 || strcmp(stages[*n - 1].name, name) != 0)
		stages[(*n)++] = (struct sim_stage){.name = name};
	return &stages[*n - 1];
}

static void map_unmapped(struct stages *s, struct sim_stage *stages, size_t *n)
{
	struct sim_test *tests = arena_array(s->mem, s->n_tested + 1, sizeof(*tests));
	struct sim_testpoint *point = arena_zalloc(s->mem, sizeof(*point));

	*point = (struct sim_testpoint){.name = "Unmapped", .tests = tests};
	for (size_t i = 0; i < s->n_tested; i++)
		if (!s->tested[i]->is_mapped)
			sim_stages_add_test(s, point, tests, &s->tested[i]->test);
	if (point->n_tests)
		stages[(*n)++] = (struct sim_stage){
			.name = "unmapped", .testpoints = point, .n_testpoints = 1};
}

/* Testpoints are sorted by stage, so those of a stage are adjacent. */
static void map_stages(struct stages *s, struct sim_block_results *ret)
{
	size_t most = s->dv->n_testpoints, n = 0, n_points = 0;
	struct sim_testpoint *points = arena_array(s->mem, most + 1, sizeof(*points));
	struct sim_stage *stages = arena_array(s->mem, most + 2, sizeof(*stages));
	bool is_full = s->dv->map_full_testplan;

	for (size_t i = 0; i < most; i++) {
		const struct dv_testpoint *p = &s->dv->testpoints[i];
		struct sim_stage *stage;

		map_point(s, p, &points[n_points]);
		if (points[n_points].n_tests == 0 && !is_full)
			continue;
		stage = last_stage(stages, &n, p->stage);
		if (stage->n_testpoints == 0)
			stage->testpoints = &points[n_points];
		stage->n_testpoints++;
		n_points++;
	}
	map_unmapped(s, stages, &n);
	ret->stages = stages;
	ret->n_stages = n;
}

void sim_stages_map(struct arena *mem, const struct dv_block *dv, const struct map *by_name,
		    struct sim_block_results *ret)
{
	struct stages s = {.mem = mem, .dv = dv, .by_name = by_name};
	const struct map_entry *e;
	size_t at = 0;

	s.tested = arena_array(mem, by_name->n_live + 1, sizeof(struct sim_tested *));
	while ((e = map_next(by_name, &at)))
		s.tested[s.n_tested++] = e->value;
	map_stages(&s, ret);
}
