/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of driver simpler share. */
#ifndef SIMPLER_TESTS_H
#define SIMPLER_TESTS_H

#include "simpler_bed.h"

static inline int open_setup(void **state)
{
	bed_setup(state);
	assert_int_equal(bed_open(*state, ""), 0);
	return 0;
}

#endif
