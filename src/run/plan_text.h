/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in plan.json. Command lines may contain any bytes, JSON only UTF-8: a string that is not
 * UTF-8 is written as {"hex": "…"}.
 */
#ifndef RUN_PLAN_TEXT_H
#define RUN_PLAN_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/json_out.h"

void plan_text_write(struct json_out *out, const char *s); /* NULL: null */
/* Reads a text into mem; null becomes NULL. false: json is not a text. */
bool plan_text_read(const json_t *json, struct arena *mem, const char **ret);

#endif
