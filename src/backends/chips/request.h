/* SPDX-License-Identifier: Apache-2.0 */
/* A job's request for devices: its keys, read and checked. docs/reference/devices.md has every
 * key. */
#ifndef BACKENDS_CHIPS_REQUEST_H
#define BACKENDS_CHIPS_REQUEST_H

#include "backends/chips/settings.h"
#include "job/job_spec.h"

struct chips_request {
	uint32_t n_devices; /* at least 1 */
	bool same_domain;
	bool has_barrier; /* all ranks are released together when the last one is armed */
	bool has_join;
	bool fail_fast; /* the first error ends the others; false: they may end by themselves */
	uint64_t window_bytes;
	struct dvs_buffer_want *buffers;
	uint32_t n_buffers;
	const char *open_options; /* JSON for the driver's open(), keys sorted */
	uint64_t image_key;	  /* equal for jobs that load the same image */
	double open_s, queue_s;	  /* budgets, the job's own or the pool's; 0: no limit */
	double run_s, stall_s;
	bool is_borrowed;     /* by a command, which finds them in its environment */
	const char *env_name; /* variables for them, "A,B"; NULL: the pool's */
};

/* In mem; NULL after errors. diags NULL: errors are not reported, the job was checked before. */
struct chips_request *chips_request_read(struct arena *mem, const struct chips_settings *s,
					 const struct job_spec *spec, struct diags *diags);

/* Reads a job's `devices`: "2" or "chips:2". *ret_pool NULL: none is named. false: neither form. */
bool chips_devices_word(struct arena *mem, const char *word, const char **ret_pool,
			uint32_t *ret_n);

#endif
