/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLERK_STUB_H
#define TESTS_CLERK_STUB_H

#include "base/str.h"
#include "clerk/clerk.h"

/* The record of requests, one line each. */
void clerk_stub_to(struct str *to);

#endif
