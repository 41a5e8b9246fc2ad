/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text as the difference from another one, in JSON: a list of strings, and of pairs of numbers
 * (where in the other text, how many bytes) for what both have. Both are valid UTF-8, and so is
 * each string.
 */
#ifndef RUN_TEXT_DELTA_H
#define RUN_TEXT_DELTA_H

#include <jansson.h>

#include "base/json_out.h"

void text_delta_write(struct json_out *out, const struct str *text, const struct str *other);
/* false: list is no difference from other, or what comes out is larger than most. */
bool text_delta_read(const json_t *list, const struct str *other, size_t most, struct str *ret);

#endif
