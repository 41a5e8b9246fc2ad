/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of verdicts in the form of DVSim (Python), because failure buckets depend on them. */
#ifndef JUDGE_VERDICT_TEXT_H
#define JUDGE_VERDICT_TEXT_H

#include "base/str.h"

/* Appends s as Python's repr() of a string. */
void verdict_add_repr(struct str *to, const char *s);
/* Appends a size: "100 MiB", "1.5 GiB", "12 bytes". */
void verdict_add_size(struct str *to, double bytes);
/* "SIGSEGV"; "unknown" for real-time signals. */
const char *verdict_signal_name(int signum);

#endif
