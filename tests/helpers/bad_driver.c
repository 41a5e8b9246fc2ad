/* SPDX-License-Identifier: Apache-2.0 */
/* A library that is no driver, in one of the ways that BAD names. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "dvsched/driver.h"

enum { NOT_A_DRIVER, SAYS_NO, OLD, SHORT, NAMELESS, EMPTY, BOASTS, CRASHES, HANGS, UNLOADABLE };

#if BAD == 0
int no_driver_at_all(void);
int no_driver_at_all(void)
{
	return 0;
}
#else
static int32_t probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		     struct dvs_text *err)
{
	(void)options;
	(void)devices;
	(void)cap;
	(void)err;
	*ret_n = 0;
	return 0;
}

static int32_t open_it(const struct dvs_host *host, int32_t device, const char *options,
		       void **ret_ctx, struct dvs_text *err)
{
	(void)host;
	(void)device;
	(void)options;
	(void)ret_ctx;
	(void)err;
	return 1;
}

static int32_t load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	(void)ctx;
	(void)job;
	(void)ret_slot;
	(void)err;
	return 1;
}

static int32_t prepare(void *ctx, uint32_t slot, const struct dvs_run *run, struct dvs_text *err)
{
	(void)ctx;
	(void)slot;
	(void)run;
	(void)err;
	return 1;
}

static int32_t launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	(void)ctx;
	(void)epoch;
	(void)err;
	return 1;
}

static int32_t poll_it(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	(void)ctx;
	(void)epoch;
	(void)ret_is_over;
	(void)err;
	return 1;
}

static int32_t finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	(void)ctx;
	(void)epoch;
	(void)result;
	(void)err;
	return 1;
}

static enum dvs_class classify(int32_t code, int32_t is_fresh, const char **ret_name,
			       const char **ret_hint)
{
	(void)code;
	(void)is_fresh;
	(void)ret_name;
	(void)ret_hint;
	return DVS_JOB;
}

static const struct dvs_driver driver = {
	.abi = BAD == OLD ? DVS_DRIVER_ABI + 7 : DVS_DRIVER_ABI,
	.size = BAD == SHORT ? 64 : sizeof(driver),
	.name = BAD == NAMELESS ? NULL : "bad",
	.version = "1",
	.caps = BAD == BOASTS ? DVS_CAP_GANG : 0,
	.probe = probe,
	.open = open_it,
	.load = load,
	.prepare = prepare,
	.launch = launch,
	.poll = poll_it,
	.finish = BAD == EMPTY ? NULL : finish,
	.classify = classify,
};

#if BAD == 9
int there_is_no_such_function(void);
#endif

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	(void)host_abi;
#if BAD == 9
	there_is_no_such_function();
#endif
	if (BAD == CRASHES) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	while (BAD == HANGS)
		pause();
	return BAD == SAYS_NO ? NULL : &driver;
}
#endif
