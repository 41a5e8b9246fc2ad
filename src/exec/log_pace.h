/* SPDX-License-Identifier: Apache-2.0 */
/* How often the log of a job is looked at while it grows. */
#ifndef EXEC_LOG_PACE_H
#define EXEC_LOG_PACE_H

/*
 * How long until the next look. A log that stands still is looked at less and less often; one that
 * would be full, halfway before that.
 * pause_s: how long until the last look; 0: there was none. growth: bytes in that time. left: bytes
 * until the log is full; INFINITY: it has no limit.
 */
double log_pace(double pause_s, double growth, double left);

#endif
