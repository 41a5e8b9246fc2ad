/* SPDX-License-Identifier: Apache-2.0 */
/* A job's directory and log: created, rotated and moved aside before an attempt. */
#ifndef WORKSPACE_ODIR_H
#define WORKSPACE_ODIR_H

#include "base/confine.h"
#include "job/job_spec.h"

struct odir_request {
	const char *odir, *log_path;
	uint32_t attempt; /* from 1 */
	bool renew; /* before the first attempt: move an existing odir to <odir>.<stamp>; if its
		       name is `latest`, to <stamp> */
	bool plain_stamps; /* with renew: always move it to <stamp> */
	bool reuse;    /* before a later attempt: move only the log, to <log>.attempt-N, instead of
			  odir to <odir>.attempt-N */
	uint32_t keep; /* with renew: directories kept, the new one included; 0: all */
	bool is_made;  /* by an earlier call for the same attempt: it is used as it is */
};

struct odir {
	int dir;      /* for openat() and the like (O_PATH); -1 after an error */
	bool is_new;  /* the directory was created, so it contains only the log */
	bool is_made; /* the directory is that of this attempt, also after an error */
};

/*
 * Creates the directory if necessary, and an empty log. Returns the log's descriptor, for reading
 * and appending, or -1 with err. It is an error if the log is a FIFO, a link or a directory. The
 * caller closes ret->dir.
 */
int odir_prepare(struct confine *c, const struct odir_request *r, struct odir *ret,
		 struct error *err);

#endif
