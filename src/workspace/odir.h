/* SPDX-License-Identifier: Apache-2.0 */
/* A job's directory and log: made, rotated and set aside before an attempt. */
#ifndef WORKSPACE_ODIR_H
#define WORKSPACE_ODIR_H

#include "base/confine.h"
#include "job/job_spec.h"

struct odir_request {
	const char *odir, *log_path;
	uint32_t attempt;  /* from 1 */
	bool renew;	   /* before the first attempt: an odir that exists is moved to
			      <odir>.<stamp>; `latest`: to <stamp> */
	bool plain_stamps; /* with renew: always to <stamp> */
	bool reuse; /* before another attempt: only the log is moved to <log>.attempt-N, not odir to
		       <odir>.attempt-N */
	uint32_t keep; /* with renew: directories kept, the new one included; 0: all */
};

/*
 * The directory is there, and so is the log, empty. Returns the log's descriptor, for reading and
 * appending, or -1 with err. A log that is a FIFO, a link or a directory is an error. *ret_is_new:
 * the directory was made, so nothing but the log is in it.
 */
int odir_prepare(struct confine *c, const struct odir_request *r, bool *ret_is_new,
		 struct error *err);

#endif
