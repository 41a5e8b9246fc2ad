/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups failures into buckets. Times, numbers and hierarchies are removed from the messages, by
 * DVSim's rules, so similar failures get the same key as in DVSim.
 */
#ifndef REPORT_BUCKETS_H
#define REPORT_BUCKETS_H

#include "base/str.h"

struct bucketer; /* the rules, compiled */

struct bucketer *bucketer_new(void);
void bucketer_free(struct bucketer *b); /* accepts NULL */
/* Appends the key of message's bucket. */
void bucketer_key(const struct bucketer *b, const char *message, struct str *out);

#endif
