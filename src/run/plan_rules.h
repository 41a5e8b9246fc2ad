/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the rules of plan.json, which jobs share. */
#ifndef RUN_PLAN_RULES_H
#define RUN_PLAN_RULES_H

#include "run/member.h"

/* Returns 0, or -1 with r->err set. */
int plan_rules_read(struct plan_reader *r, const json_t *obj, struct job_rules *ret);

#endif
