/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text as the difference from another text, in JSON: a list of strings, and of pairs of numbers
 * (offset in the other text, number of bytes) for parts that both have. Both texts and all strings
 * are valid UTF-8.
 */
#ifndef RUN_TEXT_DELTA_H
#define RUN_TEXT_DELTA_H

#include <jansson.h>

#include "base/json_out.h"

void text_delta_write(struct json_out *out, const struct str *text, const struct str *other);
/* false: list is not a difference from other, or the result is larger than most. */
bool text_delta_read(const json_t *list, const struct str *other, size_t most, struct str *ret);

#endif
