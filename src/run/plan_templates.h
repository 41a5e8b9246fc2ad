/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of plan.json that differ in numbers only, such as the runs of a test or the jobs of a
 * sweep, share a template. A record is JSON text. Its template is the text of the first such
 * record, with a list of its numbers (runs of digits) that vary. A record is written as the index
 * of its template and the values of these numbers. Format: docs/reference/results.md; plan_expand.h
 * reads it.
 */
#ifndef RUN_PLAN_TEMPLATES_H
#define RUN_PLAN_TEMPLATES_H

#include "base/json_out.h"

struct plan_templates;

struct plan_templates *plan_templates_new(void);
void plan_templates_free(struct plan_templates *t); /* accepts NULL */
/* Adds a record; they are numbered from 0. */
void plan_templates_add(struct plan_templates *t, const struct str *text);
/* To be called after the last plan_templates_add(): write the list of templates, and record n. */
void plan_templates_write(const struct plan_templates *t, struct json_out *out);
void plan_templates_write_record(const struct plan_templates *t, size_t n, struct json_out *out);

#endif
