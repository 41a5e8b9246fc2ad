/* SPDX-License-Identifier: Apache-2.0 */
#include "device/driver/find.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "device/driver/names.h"
#include "drivers/drivers.h"

/* Adds a message of the dynamic linker, on one line. */
static int driver_find_foreign(struct error *err, const char *before, const char *words)
{
	_cleanup_(str_done) struct str text = {0};

	words = words ? words : "no reason given";
	str_add_printable(&text, words, strlen(words));
	return error_plain(err, "%s%s", before, text.s);
}

struct entry {
	const char *name;
	size_t at;
	uint32_t cap;	/* required with this capability; 0: always */
	uint32_t spare; /* not required with this capability */
};

#define ENTRY(name, ...)                                              \
	{                                                             \
#name, offsetof(struct dvs_driver, name), __VA_ARGS__ \
	}
static const struct entry entries[] = {
	ENTRY(probe, 0, 0),
	ENTRY(open, 0, 0),
	ENTRY(load, 0, DVS_CAP_LEND_ONLY),
	ENTRY(prepare, 0, DVS_CAP_LEND_ONLY),
	ENTRY(launch, 0, DVS_CAP_LEND_ONLY),
	ENTRY(poll, 0, DVS_CAP_LEND_ONLY),
	ENTRY(finish, 0, DVS_CAP_LEND_ONLY),
	ENTRY(classify, 0, 0),
	ENTRY(abort, DVS_CAP_ABORT, 0),
	ENTRY(join, DVS_CAP_GANG, 0),
	ENTRY(leave, DVS_CAP_GANG, 0),
	ENTRY(reset, DVS_CAP_RESET, 0),
	ENTRY(health, DVS_CAP_HEALTH, 0),
	ENTRY(inner_watch_ns, DVS_CAP_INNER_WATCH, 0),
};
#undef ENTRY

static bool has_entry(const struct dvs_driver *d, size_t at)
{
	static const char none[sizeof(void (*)(void))];

	return memcmp((const char *)d + at, none, sizeof(none)) != 0;
}

static int check_entries(const struct dvs_driver *d, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		const struct entry *e = &entries[i];

		if ((e->cap && !(d->caps & e->cap)) || (d->caps & e->spare) || has_entry(d, e->at))
			continue;
		if (e->cap)
			return error_plain(err, "it declares the capability, but has no %s()",
					   e->name);
		return error_plain(err, "it has no %s()", e->name);
	}
	return 0;
}

/* Size in the first version of the header; older drivers lack the entries after it. */
static const size_t least_size = offsetof(struct dvs_driver, lend_as);

bool driver_can_lend_as(const struct dvs_driver *d)
{
	return d->size >= sizeof(*d) && d->lend_as;
}

static int driver_check_table(const struct dvs_driver *d, struct error *err)
{
	if (!d)
		return error_plain(err, "it does not support ABI %u of this dvsched",
				   DVS_DRIVER_ABI);
	if (d->abi != DVS_DRIVER_ABI)
		return error_plain(err, "it is of ABI %u, this dvsched has %u", d->abi,
				   DVS_DRIVER_ABI);
	if (d->size < least_size)
		return error_plain(err,
				   "its table has %u bytes, %zu are needed: built with another "
				   "dvsched/driver.h?",
				   d->size, least_size);
	if (!d->name || !d->version)
		return error_plain(err, "it has no name or no version");
	return check_entries(d, err);
}

static const struct driver_type *driver_find_own(const char *name)
{
	for (const struct driver_type *const *t = driver_types; *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	return NULL;
}

/* The library is never unloaded: the driver may have started threads. */
static dvs_driver_get_function *driver_open_library(const char *path, struct error *err)
{
	dvs_driver_get_function *get = NULL;
	void *library, *symbol;

	if (access(path, F_OK) < 0) {
		error_plain(err, "there is no such file");
		return NULL;
	}
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		driver_find_foreign(err, "it cannot be loaded: ", dlerror());
		return NULL;
	}
	symbol = dlsym(library, "dvs_driver_get");
	if (symbol)
		memcpy(&get, &symbol, sizeof(get));
	else
		error_plain(err, "it has no dvs_driver_get(), so it is not a driver of dvsched");
	return get;
}

const struct dvs_driver *driver_find(const char *word, struct error *err)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	const char *name = driver_locate(mem, word, err);
	const struct driver_type *own = name ? driver_find_own(name) : NULL;
	dvs_driver_get_function *get;
	const struct dvs_driver *d;

	if (!name)
		return NULL;
	get = own ? own->get : driver_open_library(name, err);
	d = get ? get(DVS_DRIVER_ABI) : NULL;
	if (get && driver_check_table(d, err) == 0)
		return d;
	error_wrap(err, "driver %s", name);
	return NULL;
}
