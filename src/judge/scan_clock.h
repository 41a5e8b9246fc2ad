/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits the CPU time of a search for patterns in one log. PCRE2's match limit does not count the
 * steps of `.*` in JIT-compiled code, so one long line and a simple pattern could take hours.
 *
 * It is the CPU time of the calling thread, so a verdict does not depend on the load of the
 * machine. One scan at a time per thread: call scan_clock_start(), then sigsetjmp() on its result
 * without saving the signal mask, then scan and check scan_clock_is_up() between lines, then
 * scan_clock_stop(). If sigsetjmp() returns again, the time was up within a match.
 */
#ifndef JUDGE_SCAN_CLOCK_H
#define JUDGE_SCAN_CLOCK_H

#include <setjmp.h>
#include <stdbool.h>

/* If no timer can be created, the time is unlimited. */
sigjmp_buf *scan_clock_start(double cpu_s);
void scan_clock_stop(void);
bool scan_clock_is_up(void);

/* To be called before and after a call of compiled code, which must not allocate memory or hold a
 * lock. If the time is up between the two, the code is left by a jump to the sigsetjmp(). */
void scan_clock_enter_match(void);
void scan_clock_leave_match(void);

#endif
