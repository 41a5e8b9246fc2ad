/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that `dvsched chips` is about: those of the pools of a configuration, of one driver,
 * or of all drivers. */
#ifndef CLI_CHIPS_POOLS_H
#define CLI_CHIPS_POOLS_H

#include "backends/chips/settings.h"
#include "cli/args/options.h"
#include "config/config.h"
#include "device/probe/probe.h"

struct chips_pool {
	const char *name;		   /* the backend's, or the driver's */
	const char *driver, *options;	   /* for probes and workers */
	const char *driver_name, *version; /* as reported by the driver */
	const char *state_dir;
	const char *machine_dir; /* its quarantines count, too; NULL: none */
	const char *lock_dir;	 /* NULL: devices are not locked */
	double open_s;		 /* the budget; 0: no limit */
	const struct dvs_device *devices;
	const struct chips_device *known; /* for each device: names its lock and health files */
	size_t n_devices;
	const char *why; /* why the probe of the driver failed; NULL: it did not */
};

/* d: of p->devices */
static inline const struct chips_device *chips_pool_known(const struct chips_pool *p,
							  const struct dvs_device *d)
{
	return &p->known[d - p->devices];
}

/* Everything is in args->mem. */
struct chips_pools {
	struct chips_pool *at;
	size_t n, cap;
};

/* cfg_path NULL: --driver, the pools file if there is one, or all drivers. -1 after errors. */
int chips_pools_find(const struct args *args, const char *cfg_path, struct chips_pools *ret,
		     struct diags *diags);

struct chips_target {
	const struct chips_pool *pool;
	const struct dvs_device *device;
};
/* Finds the devices of a word: "npu/3", "npu/0-3,6" or "npu"; the name may be left out if there is
 * only one pool. -1 after an error. */
int chips_pools_resolve(const struct args *args, const struct chips_pools *pools, const char *word,
			struct chips_target **ret, size_t *ret_n, struct diags *diags);

#endif
