/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors after the first one. A copy of the text is changed to the probable meaning, and read again
 * from its start. The next error is reported if the change is credible. This makes no tree.
 */
#ifndef HJSON_RECOVER_H
#define HJSON_RECOVER_H

#include "fault.h"
#include "source.h"

/* Reports first, then other errors of source: HJSON_MOST_ERRORS in all. */
void recover(const struct source *source, const struct fault *first, hjson_report *report,
	     void *ctx);

#endif
