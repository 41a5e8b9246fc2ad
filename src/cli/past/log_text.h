/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a log for a terminal: a job may have written anything. */
#ifndef CLI_PAST_LOG_TEXT_H
#define CLI_PAST_LOG_TEXT_H

#include "base/str.h"

/* Appends n bytes with control characters as \xNN, except line ends, tabs and colours (SGR
 * sequences that end in this part). */
void log_text_add(struct str *out, const char *s, size_t n);

#endif
