/* SPDX-License-Identifier: Apache-2.0 */
/* Units of a resource that have numbers: ports, boards. As text: "60000-60015,60020". */
#ifndef JOB_RESOURCE_UNITS_H
#define JOB_RESOURCE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { RESOURCE_UNITS_MOST = 65536 };
/* In mem, the lowest first. NULL, or why it is no such list: "5-3 begins with the larger number".
 */
const char *resource_units_parse(struct arena *mem, const char *text, const uint32_t **ret,
				 uint32_t *ret_n);
void resource_units_add(struct str *out, const uint32_t *units, uint32_t n);

#endif
