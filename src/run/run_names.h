/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the runs in a directory of runs. Private to run/. */
#ifndef RUN_RUN_NAMES_H
#define RUN_RUN_NAMES_H

#include <stddef.h>

struct run_names {
	char **at; /* oldest first: a name begins with the time of its run */
	size_t n, cap;
};

/* Those that begin with prefix; ret is empty before. What cannot be read has none. */
void run_names_read(const char *runs, const char *prefix, struct run_names *ret);
void run_names_done(struct run_names *names);

#endif
