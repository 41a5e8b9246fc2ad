/* SPDX-License-Identifier: Apache-2.0 */
/* Appends the failures by cause: in full, in part, or as counts, by the writer's limits. */
#ifndef REPORT_ENDING_BUCKETS_H
#define REPORT_ENDING_BUCKETS_H

#include "report/ending/text.h"

void ending_buckets_add(struct ending_writer *w);

#endif
