/* SPDX-License-Identifier: Apache-2.0 */
/* The frames between dvsched and its probe: one request, then stages and one answer. */
#ifndef DEVICE_PROBE_WIRE_H
#define DEVICE_PROBE_WIRE_H

#include "base/wire.h"

enum probe_frame {
	PROBE_ASK = 1, /* driver, options, job, path of a record, enum probe_question, device */
	PROBE_STAGE,   /* the call that begins, as text */
	PROBE_ANSWER,  /* name, version, caps, inner watch, devices as bytes, names for borrowers */
	PROBE_FAILED,  /* a text, enum dvs_class of the code that a call returned, or DVS_OK */
	PROBE_LINE,    /* of a check: enum check_verdict, what, why */
};

enum probe_question { PROBE_DEVICES, PROBE_HEALTH, PROBE_CHECK, PROBE_FACTS };

enum { PROBE_DEVICES_MOST = 4096 };

#endif
