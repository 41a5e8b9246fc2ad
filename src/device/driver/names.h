/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers by name: built-in ones first, then libraries NAME.so in the directories of drivers. These
 * are the absolute ones in $DVSCHED_DRIVERS, then this program's own, relative to the program. A
 * directory or library that all users may write is not used, since anybody could put code there.
 */
#ifndef DEVICE_DRIVER_NAMES_H
#define DEVICE_DRIVER_NAMES_H

#include "base/arena.h"
#include "base/error.h"

struct driver_dir {
	const char *path;
	const char *why_not; /* why it is not searched; NULL: it is searched */
};

struct driver_entry {
	const char *name;
	const char *help;      /* NULL: not known */
	const char *path;      /* of the library; NULL: built in */
	const char *hidden_by; /* what the name means instead of this entry; NULL: this entry */
};

size_t driver_dirs(struct arena *mem, const struct driver_dir **ret);
/* All drivers that have a name, in the order of the search. Loads none. */
size_t driver_names(struct arena *mem, const struct driver_entry **ret);
/* "sim", or the path of a library: the form that device_probe() and workers take. A word with a '/'
 * is such a path already. NULL with err, which lists the places that were searched. */
const char *driver_locate(struct arena *mem, const char *word, struct error *err);
/* The library that a built-in driver of this name hides; NULL: none. */
const char *driver_hidden(struct arena *mem, const char *name);
/* The name that is most similar to word; NULL: none is similar. */
const char *driver_suggest(struct arena *mem, const char *word);

#endif
