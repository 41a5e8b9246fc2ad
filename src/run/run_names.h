/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the names of the runs in a directory of runs. Private to run/. */
#ifndef RUN_RUN_NAMES_H
#define RUN_RUN_NAMES_H

#include <stdbool.h>

#include <stddef.h>
#include <time.h>

struct run_names {
	char **at; /* oldest first, because a name begins with the time of its run */
	size_t n, cap;
};

/* Reads the names that begin with prefix. ret must be empty; it stays empty if the directory cannot
 * be read. */
void run_names_read(const char *runs, const char *prefix, struct run_names *ret);
void run_names_done(struct run_names *names);
/* The time in the name of the newest, in seconds since 1970; 0: there is none. */
time_t run_names_newest(const char *runs);

/* Is the file at path in the directory of the run `id`, which it names as its own? A file of
 * another run may have been copied there. id NULL: it names none, which is no contradiction. */
bool run_names_is_of(const char *path, const char *id);

#endif
