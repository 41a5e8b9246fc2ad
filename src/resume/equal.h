/* SPDX-License-Identifier: Apache-2.0 */
/* Are two members of a spec the same? Where a text has the scratch root of its plan, that stands
 * for a token: so a scratch root may move. */
#ifndef RESUME_EQUAL_H
#define RESUME_EQUAL_H

#include "resume/members.h"

bool equal_texts(const struct comparison *c, const char *was, const char *is);

member_equal equal_text, equal_text_set, equal_command, equal_patterns, equal_bool, equal_leak,
	equal_keys, equal_deps;

#endif
