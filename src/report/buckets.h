/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures that are alike read alike once times, numbers and hierarchy are taken out of their
 * messages: DVSim's rules, so that its buckets are ours.
 */
#ifndef REPORT_BUCKETS_H
#define REPORT_BUCKETS_H

#include "base/str.h"

struct bucketer; /* the rules, compiled */

struct bucketer *bucketer_new(void);
void bucketer_free(struct bucketer *b); /* accepts NULL */
/* Appends the key of the bucket that message belongs in. */
void bucketer_key(const struct bucketer *b, const char *message, struct str *out);

#endif
