/* SPDX-License-Identifier: Apache-2.0 */
/* The records of plan.json, jobs and rules, as objects; and the tables that they refer to. */
#ifndef RUN_PLAN_RECORD_H
#define RUN_PLAN_RECORD_H

#include "base/json_out.h"
#include "base/map.h"
#include "job/job_spec.h"

/* Things in the order of their first use; the map's value is that number + 1. */
struct plan_table {
	struct map map;
};

struct plan_writer {
	const struct plan *plan;
	struct json_out out;
	struct plan_table words, files, blocks, rules;
};

/* Keys are borrowed, and found again by their bytes: a string's own, or those of a pointer. */
void plan_table_add(struct plan_table *t, const char *key, size_t len);
bool plan_table_has(const struct plan_table *t, const char *key, size_t len);

/* What stands in no table is written as it is. */
void plan_record_text(struct plan_writer *w, const char *key, const char *s); /* NULL: nothing */
void plan_record_rules(struct plan_writer *w, const struct job_rules *r);
void plan_record_job(struct plan_writer *w, const struct job_spec *s);

#endif
