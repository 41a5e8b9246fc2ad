/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers by name: those that are built in, then libraries NAME.so in the directories of drivers.
 * These are the absolute ones of $DVSCHED_DRIVERS, then the one that belongs to this program,
 * relative to where it lies. A directory or a library that all users may write into is not used:
 * anybody could put code there.
 */
#ifndef DEVICE_DRIVER_NAMES_H
#define DEVICE_DRIVER_NAMES_H

#include "base/arena.h"
#include "base/error.h"

struct driver_dir {
	const char *path;
	const char *why_not; /* it is not searched; NULL: it is */
};

struct driver_entry {
	const char *name;
	const char *help;      /* NULL: not known */
	const char *path;      /* of the library; NULL: built in */
	const char *hidden_by; /* what this name stands for instead; NULL: this one */
};

size_t driver_dirs(struct arena *mem, const struct driver_dir **ret);
/* All that have a name, in the order in which they are looked for. Loads none. */
size_t driver_names(struct arena *mem, const struct driver_entry **ret);
/* "sim", or the path of a library: what device_probe() and workers take for the word, which is such
 * a path already if it has a '/'. NULL with err, which says where it was looked for. */
const char *driver_locate(struct arena *mem, const char *word, struct error *err);
/* A library that the name of a driver that is built in hides; NULL: there is none. */
const char *driver_hidden(struct arena *mem, const char *name);
/* The name that is nearest to the word, if it is near. */
const char *driver_suggest(struct arena *mem, const char *word);

#endif
