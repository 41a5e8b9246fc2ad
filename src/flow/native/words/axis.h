/* SPDX-License-Identifier: Apache-2.0 */
/* The values of an axis of a sweep: a list, ranges ("1..1000"), or one value. -D overrides them. */
#ifndef FLOW_NATIVE_WORDS_AXIS_H
#define FLOW_NATIVE_WORDS_AXIS_H

#include "flow/native/words/load.h"

/* The values, in l->mem; *ret_n is 0 after an error. */
const char *const *axis_read(struct load *l, struct hjson_node *node, const char *name,
			     uint64_t *ret_n);
/* A value in a row of a sweep, as it is written. "" after an error. */
const char *axis_read_one(struct load *l, struct hjson_node *node, const char *name);

#endif
