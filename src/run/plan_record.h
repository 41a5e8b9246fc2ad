/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the records of plan.json (jobs and rules) as objects, with the tables that
 * they refer to. */
#ifndef RUN_PLAN_RECORD_H
#define RUN_PLAN_RECORD_H

#include "base/json_out.h"
#include "base/map.h"
#include "job/job_spec.h"

/* Keys in the order of their first use; the value in the map is the index + 1. */
struct plan_table {
	struct map map;
};

struct plan_writer {
	const struct plan *plan;
	struct json_out out;
	struct plan_table words, files, blocks, rules;
	struct str room; /* for a path of a job */
};

/* Keys are borrowed and compared by their bytes: those of a string, or of a pointer. */
void plan_table_add(struct plan_table *t, const char *key, size_t len);
bool plan_table_has(const struct plan_table *t, const char *key, size_t len);

/* A word that is in no table is written as it is. */
void plan_record_text(struct plan_writer *w, const char *key, const char *s); /* NULL: nothing */
void plan_record_rules(struct plan_writer *w, const struct job_rules *r);
void plan_record_job(struct plan_writer *w, const struct job_spec *s);

#endif
