/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `needs` and `needs_any`: names and globs -> indices of jobs. A text is looked up once per entry;
 * all jobs of the entry that have it share one array.
 */
#ifndef FLOW_NATIVE_NEEDS_H
#define FLOW_NATIVE_NEEDS_H

#include "base/map.h"
#include "flow/native/entry.h"

/* Sets the dependencies of all jobs. by_name: name -> index + 1. Errors go to l->diags. */
void needs_resolve(struct load *l, struct plan *plan, const struct map *by_name,
		   const struct entry *entries, size_t n_entries);

#endif
