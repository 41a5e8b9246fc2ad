/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a driver says about its devices without opening any. A driver may crash, print or never
 * return, so it is asked in a process of its own, killed when it is late. Blocking: at load and in
 * `dvsched chips` only, never while a run goes.
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
	const char *const *lend_as; /* of each device, as the driver says; "": nothing */
	size_t n_devices;
	/* After an error: what the driver calls it; DVS_OK: nothing, the driver itself is broken.
	 */
	enum dvs_class fault;
};

/* driver: as driver_locate() returns it. options: JSON. All in mem. -1 with err: missing, another
 * ABI, no entry, crashed in probe, garbage, late; the message names the driver and what to do. */
int device_probe(const char *driver, const char *options, double limit_s, struct arena *mem,
		 struct driver_facts *ret, struct error *err);
/* The driver alone: it is loaded and asked for nothing; no devices come back. */
int device_driver_facts(const char *driver, double limit_s, struct arena *mem,
			struct driver_facts *ret, struct error *err);
/* health() of one device, likewise. */
int device_health(const char *driver, const char *options, int32_t device, double limit_s,
		  struct dvs_device *ret, struct error *err);

/* The process itself: `dvsched __probe`. Never returns. */
int probe_main(void);

#endif
