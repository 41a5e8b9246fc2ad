/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gets facts about a driver's devices without opening any. A driver may crash, print or never
 * return, so it is called in a process of its own, which is killed at the time limit. Blocking:
 * only at load and in `dvsched chips`, never during a run.
 *
 * In device/probe/: both ends of `dvs-probe`. Entry: device_probe().
 */
#ifndef DEVICE_PROBE_PROBE_H
#define DEVICE_PROBE_PROBE_H

#include "base/arena.h"
#include "base/error.h"
#include "dvsched/driver.h"

struct driver_facts {
	const char *name, *version;
	uint32_t caps;
	uint64_t inner_watch_ns; /* 0: none */
	struct dvs_device *devices;
	const char *const *lend_as; /* the name of each device for borrowers; "": none */
	size_t n_devices;
	/* After an error: its class, from the driver; DVS_OK: no class, the driver itself
	 * failed. */
	enum dvs_class fault;
};

/* driver: as driver_locate() returns it. options: JSON. All of *ret is in mem. -1 with err: the
 * driver is missing, of another ABI or incomplete, crashed, gave invalid data, or took longer than
 * limit_s. err names the driver and says what to do. */
int device_probe(const char *driver, const char *options, double limit_s, struct arena *mem,
		 struct driver_facts *ret, struct error *err);
/* Facts about the driver alone: it is loaded, but not called; *ret has no devices. */
int device_driver_facts(const char *driver, double limit_s, struct arena *mem,
			struct driver_facts *ret, struct error *err);
/* Likewise, the result of health() for one device. */
int device_health(const char *driver, const char *options, int32_t device, double limit_s,
		  struct dvs_device *ret, struct error *err);

/* The process itself: `dvsched __probe`. Never returns. */
int probe_main(void);

#endif
