/* SPDX-License-Identifier: Apache-2.0 */
/* The words of verdicts, as DVSim (Python) writes them: failure buckets depend on them. */
#ifndef JUDGE_VERDICT_TEXT_H
#define JUDGE_VERDICT_TEXT_H

#include "base/str.h"

/* repr() of a string. */
void verdict_add_repr(struct str *to, const char *s);
/* repr() of a float: the fewest digits that give d again. */
void verdict_add_float(struct str *to, double d);
/* "SIGSEGV"; "RTMIN+1" and the like as "unknown". */
const char *verdict_signal_name(int signum);

#endif
