/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example of a driver: its devices print their job. See docs/reference/drivers.md.
 *
 *   cc -shared -fPIC -I<prefix>/include driver_echo.c -o echo.so
 *   dvsched chips check --driver ./echo.so
 */
#include <dvsched/driver.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_DEVICES = 2, ECHO_BAD_JOB = 1, ECHO_NO_DEVICE, ECHO_NO_MEMORY, ECHO_NOT_PREPARED };

struct echo {
	int32_t device;
	uint64_t epoch; /* epoch of the prepared run; 0: none */
	int is_over;
	char *job;
};

static int32_t fail(struct dvs_text *err, int32_t code, const char *why)
{
	snprintf(err->at, err->size, "%s", why);
	return code;
}

static int32_t probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		     struct dvs_text *err)
{
	(void)options, (void)err;
	*ret_n = N_DEVICES;
	for (size_t i = 0; i < N_DEVICES && i < cap; i++) {
		devices[i].id = (int32_t)i;
		devices[i].fault_domain = devices[i].numa = -1;
		devices[i].health = DVS_HEALTH_GOOD;
		strcpy(devices[i].model, "echo");
	}
	return 0;
}

static int32_t open_device(const struct dvs_host *host, int32_t device, const char *options,
			   void **ret_ctx, struct dvs_text *err)
{
	struct echo *e;

	(void)host, (void)options;
	if (device < 0 || device >= N_DEVICES)
		return fail(err, ECHO_NO_DEVICE, "there are the devices 0 and 1");
	e = calloc(1, sizeof(*e));
	if (!e)
		return fail(err, ECHO_NO_MEMORY, "out of memory");
	e->device = device;
	*ret_ctx = e;
	return 0;
}

/* A real driver would read the JSON and load an image; the same content would get the same slot. */
static int32_t load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	size_t n = strlen(job);

	(void)ctx;
	*ret_slot = 0;
	return n >= 2 && job[0] == '{' && job[n - 1] == '}'
		       ? 0
		       : fail(err, ECHO_BAD_JOB, "the job is no JSON object");
}

static int32_t prepare(void *ctx, uint32_t slot, const struct dvs_run *run, struct dvs_text *err)
{
	struct echo *e = ctx;
	size_t size = strlen(run->job) + 1;

	(void)slot;
	e->job = malloc(size);
	if (!e->job)
		return fail(err, ECHO_NO_MEMORY, "out of memory");
	memcpy(e->job, run->job, size); /* the string is valid during this call only */
	e->epoch = run->epoch;
	e->is_over = 0;
	return 0;
}

static int32_t launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	struct echo *e = ctx;

	if (e->epoch != epoch)
		return fail(err, ECHO_NOT_PREPARED, "this run was not prepared");
	printf("device %d: %s\n", e->device, e->job); /* goes to the job's log */
	fflush(stdout);
	e->is_over = 1;
	return 0;
}

static int32_t poll_run(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	struct echo *e = ctx;

	*ret_is_over = e->is_over;
	return e->epoch == epoch ? 0 : fail(err, ECHO_NOT_PREPARED, "this run was not prepared");
}

static int32_t finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	struct echo *e = ctx;

	if (e->epoch != epoch)
		return fail(err, ECHO_NOT_PREPARED, "this run was not prepared");
	snprintf(result->at, result->size, "{\"printed\": %zu}", e->is_over ? strlen(e->job) : 0);
	free(e->job);
	e->job = NULL;
	e->epoch = 0;
	return 0;
}

static enum dvs_class classify(int32_t code, int32_t is_fresh, const char **ret_name,
			       const char **ret_hint)
{
	static const char *const names[] = {"ok", "bad job", "no device", "no memory", "misuse"};
	int is_known = code >= 0 && code <= ECHO_NOT_PREPARED;

	(void)is_fresh;
	*ret_name = is_known ? names[code] : NULL;
	*ret_hint = NULL;
	return code == 0					? DVS_OK
	       : code == ECHO_BAD_JOB || code == ECHO_NO_DEVICE ? DVS_CONFIG
								: DVS_POISON;
}

static void close_device(void *ctx)
{
	struct echo *e = ctx;

	free(e->job);
	free(e);
}

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	static const struct dvs_driver driver = {
		.abi = DVS_DRIVER_ABI,
		.size = sizeof(driver),
		.name = "echo",
		.version = "1",
		.probe = probe,
		.open = open_device,
		.load = load,
		.prepare = prepare,
		.launch = launch,
		.poll = poll_run,
		.finish = finish,
		.classify = classify,
		.close = close_device,
	};

	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
