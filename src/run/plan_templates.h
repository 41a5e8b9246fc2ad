/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of plan.json that differ in numbers only share a template: the runs of a test, the jobs
 * of a sweep. A record is JSON text. Its template is the first such text, and says which of its
 * runs of digits vary; each record is then the template's number and the values of these.
 * docs/reference/results.md has the format; plan_expand.h is the way back.
 */
#ifndef RUN_PLAN_TEMPLATES_H
#define RUN_PLAN_TEMPLATES_H

#include "base/json_out.h"

struct plan_templates;

struct plan_templates *plan_templates_new(void);
void plan_templates_free(struct plan_templates *t); /* accepts NULL */
/* Takes in one more record; they are numbered from 0. */
void plan_templates_add(struct plan_templates *t, const struct str *text);
/* After the last one: the list of templates, and what stands for a record. */
void plan_templates_write(const struct plan_templates *t, struct json_out *out);
void plan_templates_write_record(const struct plan_templates *t, size_t n, struct json_out *out);

#endif
