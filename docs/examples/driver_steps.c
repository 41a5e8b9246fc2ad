/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example of a driver that reports progress: one device, which takes three steps of 20 ms. It
 * reports when a step is done, and not in every poll: each report counts as progress, and a hang is
 * detected only if there are no reports. A job with "stop" in it hangs.
 */
#include <dvsched/driver.h>

#include <stdio.h>
#include <string.h>

enum { N_STEPS = 3, STEP_NS = 20000000, BAD_JOB = 1, NOT_DONE = 2 };

static struct {
	const struct dvs_host *host;
	uint64_t begin_ns, done, last; /* last: the step that hangs, or N_STEPS */
} device;			       /* one per process */

static int32_t probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		     struct dvs_text *err)
{
	(void)options, (void)err;
	*ret_n = 1;
	if (cap > 0)
		devices[0].id = 0;
	return 0;
}

static int32_t open_device(const struct dvs_host *host, int32_t id, const char *options,
			   void **ret_ctx, struct dvs_text *err)
{
	(void)id, (void)options, (void)err;
	device.host = host;
	*ret_ctx = &device;
	return 0;
}

static int32_t load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	(void)ctx;
	*ret_slot = 0;
	if (job[0] != '{')
		snprintf(err->at, err->size, "the job is no JSON object");
	return job[0] == '{' ? 0 : BAD_JOB;
}

static int32_t prepare(void *ctx, uint32_t slot, const struct dvs_run *run, struct dvs_text *err)
{
	(void)ctx, (void)slot, (void)err;
	device.last = strstr(run->job, "\"stop\"") ? 1 : N_STEPS;
	device.done = 0;
	return 0;
}

/* 1: its own work runs now, so the next report must come within `stall`. */
static int32_t launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	(void)ctx, (void)epoch, (void)err;
	device.begin_ns = device.host->now_ns(device.host->user);
	device.host->progress(device.host->user, 0, N_STEPS, 1);
	return 0;
}

static int32_t poll_run(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	uint64_t done = (device.host->now_ns(device.host->user) - device.begin_ns) / STEP_NS;

	(void)ctx, (void)epoch, (void)err;
	done = done < device.last ? done : device.last;
	if (done != device.done) /* 0: nothing runs any more */
		device.host->progress(device.host->user, done, N_STEPS, done < N_STEPS ? 1 : 0);
	device.done = done;
	*ret_is_over = done == N_STEPS;
	return 0;
}

static int32_t finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	(void)ctx, (void)epoch, (void)err;
	snprintf(result->at, result->size, "{\"steps\": %d}", (int)device.done);
	return device.done == N_STEPS ? 0 : NOT_DONE;
}

static enum dvs_class classify(int32_t code, int32_t is_fresh, const char **ret_name,
			       const char **ret_hint)
{
	(void)is_fresh;
	*ret_name = *ret_hint = NULL;
	return code == 0 ? DVS_OK : code == BAD_JOB ? DVS_CONFIG : DVS_POISON;
}

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	static const struct dvs_driver driver = {
		.abi = DVS_DRIVER_ABI,
		.size = sizeof(driver),
		.name = "steps",
		.version = "1",
		.probe = probe,
		.open = open_device,
		.load = load,
		.prepare = prepare,
		.launch = launch,
		.poll = poll_run,
		.finish = finish,
		.classify = classify,
	};

	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
