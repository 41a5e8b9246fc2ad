/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep makes many jobs from one entry of `jobs`. It is a product of dimensions, of which the
 * first changes slowest. A dimension is one axis, or several side by side (`zip`, a list of rows).
 */
#ifndef FLOW_NATIVE_WORDS_SWEEP_H
#define FLOW_NATIVE_WORDS_SWEEP_H

#include "flow/native/words/load.h"

struct dimension {
	uint64_t n;		   /* rows */
	uint32_t n_axes;	   /* columns */
	const char *const *values; /* row by row */
};

/* No sweep: n_axes is 0 and n_jobs is 1. */
struct sweep {
	const char **axes; /* names, dimension by dimension */
	uint32_t n_axes;
	struct dimension *dimensions;
	uint32_t n_dimensions;
	uint64_t n_jobs;
};

/* node NULL: no sweep. Errors go to l->diags. */
void sweep_read(struct load *l, struct hjson_node *node, struct sweep *ret);
/* The number of the axis, or -1. */
int sweep_find(const struct sweep *s, const char *name, size_t len);
/* Values of job number row, one per axis. */
void sweep_row(const struct sweep *s, uint64_t row, const char **values);

#endif
