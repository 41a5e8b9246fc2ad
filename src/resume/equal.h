/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two members of a spec. The scratch root of the own plan counts as the same text in both,
 * so that a scratch root may be moved. */
#ifndef RESUME_EQUAL_H
#define RESUME_EQUAL_H

#include "resume/members.h"

member_equal equal_text, equal_text_set, equal_command, equal_odir, equal_log_path, equal_patterns,
	equal_bool, equal_leak, equal_keys, equal_deps;

#endif
