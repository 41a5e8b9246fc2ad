/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU time that looking for patterns in one log may take. PCRE2's limits do not count the steps
 * of `.*` in JIT-compiled code, so one long line and a harmless pattern could take hours.
 *
 * The time is that of the calling thread: a busy machine changes no verdict. One scan at a time in
 * each thread: scan_clock_start(), sigsetjmp() on what it returns without the signal mask, the
 * scan, which asks scan_clock_is_up() between two lines, scan_clock_stop(). A jump back means that
 * the time was up within a match.
 */
#ifndef JUDGE_SCAN_CLOCK_H
#define JUDGE_SCAN_CLOCK_H

#include <setjmp.h>
#include <stdbool.h>

/* Where no timer can be had, the time is unlimited. */
sigjmp_buf *scan_clock_start(double cpu_s);
void scan_clock_stop(void);
bool scan_clock_is_up(void);

/* Around a call into compiled code, which allocates nothing and holds no lock: when the time is up
 * between the two, it is left by a jump to where scan_clock_start() was called. */
void scan_clock_enter_match(void);
void scan_clock_leave_match(void);

#endif
