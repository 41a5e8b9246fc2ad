/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's own codes, besides those of the library (drivers/npu_codes.h): for errors without a
 * code of the library, or with only -1. */
#ifndef DRIVERS_SIMPLER_CODES_H
#define DRIVERS_SIMPLER_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "dvsched/driver.h"

enum simpler_code {
	SIMPLER_E_OPTIONS = 901, /* options of the configuration */
	SIMPLER_E_LIBRARY,	 /* not found, or cannot be loaded */
	SIMPLER_E_ABI,		 /* the library has another version */
	SIMPLER_E_INIT,		 /* init returned -1 */
	SIMPLER_E_JOB,		 /* keys of the job */
	SIMPLER_E_FILE,		 /* a file of the job cannot be read */
	SIMPLER_E_REGISTER,	 /* register failed */
	SIMPLER_E_PREPARE,	 /* prepare returned -1 */
	SIMPLER_E_OVERLAP,	 /* prepare returned -3 */
	SIMPLER_E_LAUNCH,	 /* launch returned -1 */
	SIMPLER_E_POLL,		 /* poll returned -1 */
	SIMPLER_E_SCOPE,	 /* wait returned -1 on a simulator: latched code 1 */
	SIMPLER_E_RESULT,	 /* a tensor is not as expected */
	SIMPLER_E_LANE,		 /* the process is unusable after an earlier error */
	SIMPLER_E_ORDER,	 /* the host's calls are out of order */
	SIMPLER_E_NOT_RUN,	 /* prepared, never launched */
	SIMPLER_E_UNFINISHED,	 /* finish of a run that has not ended */
	SIMPLER_E_COMM,		 /* no communicator or no window */
	SIMPLER_E_PEERS,	 /* the barrier failed */
	SIMPLER_E_WINDOW,	 /* the buffers do not fit */
	SIMPLER_E_COPY,		 /* a copy to or from the device returned -1 */
	SIMPLER_E_DEVICE,	 /* finalize_device failed */
	SIMPLER_E_FINISH,	 /* wait or finalize returned -1000: an error of the host */
	SIMPLER_E_UNSUPPORTED,	 /* the library does not support it */
	SIMPLER_E_REFUSED,	 /* the library refused a call as out of order, or its arguments */
	SIMPLER_E_END
};

/* Writes the text, unless err already has one, and returns code. */
int32_t simpler_fail(struct dvs_text *err, int32_t code, const char *fmt, ...) _printf_(3, 4);

/* The same with "where: ", the file and the message of e; frees e. */
int32_t simpler_fail_error(struct dvs_text *err, int32_t code, const char *where, struct error *e);

enum dvs_class simpler_classify(int32_t code, int32_t is_fresh, const char **ret_name,
				const char **ret_hint);
/* Translates a return value of the library. Known errors of the host become codes of ours. -1 and
 * the other values from -1000 down, whose meaning depends on the call, become `instead`. All other
 * values stay. */
int32_t simpler_code_of(int native, enum simpler_code instead);
/* Whether the process is unusable after code. True for every code for which the opposite is not
 * known. */
bool simpler_code_spoils(int32_t code, bool is_sim);

#endif
