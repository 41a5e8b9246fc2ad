/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of our own beside those of the library (drivers/npu_codes.h), for what it cannot say or
 * says with a bare -1. */
#ifndef DRIVERS_SIMPLER_CODES_H
#define DRIVERS_SIMPLER_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "dvsched/driver.h"

enum simpler_code {
	SIMPLER_E_OPTIONS = 901, /* the configuration's */
	SIMPLER_E_LIBRARY,	 /* not there, or cannot be loaded */
	SIMPLER_E_ABI,		 /* it is there and is of another version */
	SIMPLER_E_INIT,		 /* init said -1 */
	SIMPLER_E_JOB,		 /* keys of the job */
	SIMPLER_E_FILE,		 /* a file of the job cannot be read */
	SIMPLER_E_REGISTER,	 /* register said no */
	SIMPLER_E_PREPARE,	 /* prepare said -1 */
	SIMPLER_E_OVERLAP,	 /* prepare said -3 */
	SIMPLER_E_LAUNCH,	 /* launch said -1 */
	SIMPLER_E_POLL,		 /* poll said -1 */
	SIMPLER_E_SCOPE,	 /* wait said -1 on a simulator: latched code 1 */
	SIMPLER_E_RESULT,	 /* a tensor is not as expected */
	SIMPLER_E_LANE,		 /* an earlier run spoilt this process */
	SIMPLER_E_ORDER,	 /* our caller calls out of order */
	SIMPLER_E_NOT_RUN,	 /* prepared, never launched */
	SIMPLER_E_UNFINISHED,	 /* finish of a run that is still going */
	SIMPLER_E_COMM,		 /* no communicator, no window */
	SIMPLER_E_PEERS,	 /* the barrier failed */
	SIMPLER_E_WINDOW,	 /* the buffers do not fit */
	SIMPLER_E_COPY,		 /* a copy to or from the device said -1 */
	SIMPLER_E_DEVICE,	 /* finalize_device said no */
	SIMPLER_E_FINISH,	 /* wait or finalize said -1000: the host's own trouble */
	SIMPLER_E_UNSUPPORTED,	 /* the library has no such thing */
	SIMPLER_E_REFUSED, /* the library finds our call out of order, or its arguments wrong */
	SIMPLER_E_END
};

/* Writes the text unless one is there already, and returns code. */
int32_t simpler_fail(struct dvs_text *err, int32_t code, const char *fmt, ...) _printf_(3, 4);

/* The same, with what an error of base/ says after "where: " and the file it is about; err is empty
 * afterwards. */
int32_t simpler_fail_error(struct dvs_text *err, int32_t code, const char *where, struct error *e);

enum dvs_class simpler_classify(int32_t code, int32_t is_fresh, const char **ret_name,
				const char **ret_hint);
/* The library's return value of a call, or ours: instead of a bare -1 or -1000 (which mean whatever
 * that call failed of), and for what else is wrong on the host. */
int32_t simpler_code_of(int native, enum simpler_code instead);
/* Is the process of no use after it? Yes, wherever nobody has tried. */
bool simpler_code_spoils(int32_t code, bool is_sim);

#endif
