/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors behind the first one. The text is changed to what may have been meant, in a copy, and read
 * again from its start; what fails next is reported if the change is credible. No tree comes out of
 * this.
 */
#ifndef HJSON_RECOVER_H
#define HJSON_RECOVER_H

#include "fault.h"
#include "source.h"

/* Reports first, then what else is wrong with source: HJSON_MOST_ERRORS in all. */
void recover(const struct source *source, const struct fault *first, hjson_report *report,
	     void *ctx);

#endif
