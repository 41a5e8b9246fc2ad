/* SPDX-License-Identifier: Apache-2.0 */
/* `devices: "0-3,6"` and `fault_domains: [[0, 1], [2, 3]]`, checked against the devices that the
 * driver reports. */
#ifndef BACKENDS_CHIPS_DEVICE_LIST_H
#define BACKENDS_CHIPS_DEVICE_LIST_H

#include "backends/chips/settings.h"

/* Fills s->devices; without the key: all devices. Errors, with places, to diags. */
void device_list_read(struct arena *mem, struct cfg_fields *f, const struct driver_facts *facts,
		      struct chips_settings *s, struct diags *diags);

/* "0-3,6" -> ids in that order, in mem. -1: not such a list. Pure. */
int device_list_parse(struct arena *mem, const char *text, int32_t **ret, uint32_t *ret_n);
/* {0,1,2,5} -> "0-2,5" */
void device_list_add(struct str *out, const int32_t *ids, uint32_t n);

#endif
