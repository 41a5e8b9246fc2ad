/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings: kept until the source is known to be valid, then reported in the order of the text. */
#ifndef HJSON_LINT_H
#define HJSON_LINT_H

#include "hjson.h"

struct scan;

struct lint {
	enum hjson_problem problem;
	hjson_pos pos;
	uint32_t len;
	hjson_pos other;
};

struct lints {
	struct lint *all;
	size_t n, room;
};

void lint_add(struct scan *s, struct lint lint);
void lint_report(struct scan *s, hjson_report *report, void *ctx);

#endif
