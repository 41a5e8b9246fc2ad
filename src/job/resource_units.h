/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a resource's units, such as ports or boards. As text: "60000-60015,60020". */
#ifndef JOB_RESOURCE_UNITS_H
#define JOB_RESOURCE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { RESOURCE_UNITS_MOST = 65536 };
/* Parses a list into an ascending array in mem. Returns NULL, or an error text if it is not such a
 * list: "5-3 begins with the larger number". */
const char *resource_units_parse(struct arena *mem, const char *text, const uint32_t **ret,
				 uint32_t *ret_n);
void resource_units_add(struct str *out, const uint32_t *units, uint32_t n);

#endif
