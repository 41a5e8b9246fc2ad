/* SPDX-License-Identifier: Apache-2.0 */
/* One run: arguments on the device, launch, poll, results. */
#ifndef DRIVERS_ACL_RUN_H
#define DRIVERS_ACL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/acl/job.h"
#include "dvsched/driver.h"

struct acl_context;

enum acl_stage {
	ACL_IDLE,
	ACL_PREPARED,
	ACL_RUNNING, /* launched: may be running on the device */
	ACL_OVER,    /* no longer running on the device */
	ACL_RESETTING,
	ACL_STAGE_COUNT
};

struct acl_run {
	uint64_t epoch; /* 0: none */
	enum acl_stage stage;
	bool is_aborted;
	uint64_t refused; /* epoch of the run that could not be prepared */
	struct acl_job job;
	void *function; /* NULL: no kernel */
	void **buffers; /* on the device, one per argument; NULL for scalars. In job.mem */
	void *block;	/* the arguments as the kernel gets them; in job.mem */
	size_t block_bytes;
};

const char *acl_stage_name(enum acl_stage stage);

/* A run that cannot be prepared leaves nothing behind. Calling acl_run_finish() for it is
 * allowed. */
int32_t acl_run_prepare(struct acl_context *c, uint32_t slot, const struct dvs_run *run,
			struct dvs_text *err);
int32_t acl_run_launch(struct acl_context *c, uint64_t epoch, struct dvs_text *err);
int32_t acl_run_poll(struct acl_context *c, uint64_t epoch, int32_t *ret_is_over,
		     struct dvs_text *err);
int32_t acl_run_finish(struct acl_context *c, uint64_t epoch, struct dvs_text *result,
		       struct dvs_text *err);
int32_t acl_run_abort(struct acl_context *c, uint64_t epoch);
/* Ends the run in any state and frees its memory. After a fault, a reset frees its buffers on the
 * device; on a dead device they are never freed. */
void acl_run_release(struct acl_context *c);

#endif
