/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of health share. */
#ifndef HEALTH_TESTS_H
#define HEALTH_TESTS_H

#include <stdio.h>

#include "device/health/health.h"
#include "../base/unit.h"

static const struct health_rules rules = {.marks = 2, .window_s = 600, .quarantine_s = 100};

static inline bool mark(struct device_health *h, enum dvs_class class, const char *job, double at)
{
	struct health_mark m = {.wall_s = at, .class = class, .code = 507018};

	snprintf(m.job, sizeof(m.job), "%.*s", (int)sizeof(m.job) - 1, job);
	return health_mark(h, &rules, device_class_fate(class)->mark, &m, "it broke");
}

#endif
