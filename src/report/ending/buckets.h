/* SPDX-License-Identifier: Apache-2.0 */
/* Failures, by cause: in full, in part, or counted, as the writer's limits say. */
#ifndef REPORT_ENDING_BUCKETS_H
#define REPORT_ENDING_BUCKETS_H

#include "report/ending/text.h"

void ending_buckets_add(struct ending_writer *w);

#endif
