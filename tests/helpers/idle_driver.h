/* SPDX-License-Identifier: Apache-2.0 */
/* A driver whose device does nothing, for tests that use it as it is or change some of its
 * members. */
#ifndef HELPERS_IDLE_DRIVER_H
#define HELPERS_IDLE_DRIVER_H

#include <stddef.h>

#include "dvsched/driver.h"

static int32_t idle_probe(const char *options, struct dvs_device *devices, size_t cap,
			  size_t *ret_n, struct dvs_text *err)
{
	(void)options;
	(void)devices;
	(void)cap;
	(void)err;
	*ret_n = 0;
	return 0;
}

static int32_t idle_open(const struct dvs_host *host, int32_t device, const char *options,
			 void **ret_ctx, struct dvs_text *err)
{
	(void)device;
	(void)options;
	(void)err;
	*ret_ctx = (void *)host;
	return 0;
}

static int32_t idle_load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	(void)ctx;
	(void)job;
	(void)err;
	*ret_slot = 0;
	return 0;
}

static int32_t idle_prepare(void *ctx, uint32_t slot, const struct dvs_run *run,
			    struct dvs_text *err)
{
	(void)ctx;
	(void)slot;
	(void)run;
	(void)err;
	return 0;
}

static int32_t idle_launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	(void)ctx;
	(void)epoch;
	(void)err;
	return 0;
}

static int32_t idle_poll(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	(void)ctx;
	(void)epoch;
	(void)err;
	*ret_is_over = 1;
	return 0;
}

static int32_t idle_finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	(void)ctx;
	(void)epoch;
	(void)result;
	(void)err;
	return 0;
}

static enum dvs_class idle_classify(int32_t code, int32_t is_fresh, const char **ret_name,
				    const char **ret_hint)
{
	(void)code;
	(void)is_fresh;
	(void)ret_name;
	(void)ret_hint;
	return DVS_JOB;
}

static const struct dvs_driver idle_driver = {
	.abi = DVS_DRIVER_ABI,
	.size = sizeof(idle_driver),
	.name = "idle",
	.version = "1",
	.probe = idle_probe,
	.open = idle_open,
	.load = idle_load,
	.prepare = idle_prepare,
	.launch = idle_launch,
	.poll = idle_poll,
	.finish = idle_finish,
	.classify = idle_classify,
};

#endif
