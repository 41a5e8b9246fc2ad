/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration from a stream: `-`, /dev/stdin, or /dev/fd/N of a shell's <(…). */
#ifndef CLI_LOAD_CFG_STREAM_H
#define CLI_LOAD_CFG_STREAM_H

#include "base/arena.h"
#include "config/config.h"

/*
 * If word names a stream, reads it completely, into mem. *ret NULL: word is a path. Returns 0, or
 * -1 after an error.
 */
int cfg_stream_read(struct arena *mem, const char *word, const struct cfg_text **ret,
		    struct diags *diags);

#endif
