/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A double of simpler's libhost_runtime.so: the same exports, a device that adds, and misbehaviour
 * on request. It does not include the driver's header: the offsets below are from the description
 * of the ABI, so that a field in the wrong place is found. It has the pitfalls of the library: the
 * device has separate memory (fakehost_memory.c) that keeps its content, an output is not copied
 * there, the directions of arguments are found by the tensor's number, and each run uses up keys of
 * the process.
 *
 * FAKEHOST: what to do, "key=value,key=value", read at each call (the keys: see fake_would()).
 * FAKEHOST_REPORT: a file that gets lines: "call NAME" for each call, "violation …" for each use
 * that would be a crash, a leak or a wrong result with the real library, "saw …" for values that
 * tests check.
 *
 * FAKEHOST_VERSION, when it is compiled: 1 or 2 of the library's versions, or 3 of neither.
 * FAKEHOST_KEYS: number of keys of the process that each run uses up (default: 5).
 *
 * What it computes: every output (f32) is the sum of all inputs and scalars (their low 32 bits, as
 * f32) plus a number that stands in the first kernel's file: "\177ELF…K=5;". The signature of that
 * kernel, or else that of the callable, says which tensors are outputs. "W=2;" in it: it writes
 * that many elements. A second kernel takes what the first one wrote to the rings' heap, and adds
 * its own K to it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fakehost_state.h"
static struct {
	bool is_bound;
	unsigned n_contexts, n_inits, n_registers;
	struct fake *live;
} module;

void fake_report(const char *kind, const char *fmt, ...)
{
	const char *path = getenv("FAKEHOST_REPORT");
	FILE *f = path ? fopen(path, "ae") : NULL;
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	fprintf(f, "%s ", kind);
	vfprintf(f, fmt, ap);
	fputc('\n', f);
	va_end(ap);
	fclose(f);
}

bool fake_would(const char *key, long *ret)
{
	const char *at = getenv("FAKEHOST");
	size_t n = strlen(key);

	for (; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, key, n) == 0 && at[n] == '=') {
			*ret = strtol(at + n + 1, NULL, 0);
			return true;
		}
	return false;
}

static void crash_or_hang(const char *name)
{
	char key[80];
	long value;

	snprintf(key, sizeof(key), "crash_%s", name);
	if (fake_would(key, &value)) {
		signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
		raise(SIGSEGV);
	}
	snprintf(key, sizeof(key), "hang_%s", name);
	while (fake_would(key, &value))
		pause();
}

int fake_enter(const char *name, int usually)
{
	long value = usually;

	fake_report("call", "%s", name);
	crash_or_hang(name);
	EXPECT(module.is_bound || strcmp(name, "bind") == 0, "%s before the log's state was bound",
	       name);
	if (fake_would(name, &value))
		fprintf(stderr, "fakehost: %s returns %ld\n", name, value);
	return (int)value;
}

struct fake *fake_get(void *ctx, const char *call)
{
	if (ctx != module.live || !ctx)
		VIOLATION("%s with a context that is not there", call);
	return module.live;
}

void fake_know(void *ctx, const char *call)
{
	fake_get(ctx, call);
}

int fake_count_comm(int change)
{
	return module.live->n_comms += change;
}

/* ---- the library itself ---- */

EXPORT int simpler_host_log_bind_state(const void *state)
{
	EXPECT(at32(state, 0) == 1 && at32(state, 4) == 16, "bind: abi %u, size %u", at32(state, 0),
	       at32(state, 4));
	EXPECT(at32(state, 8) >= 10 && at32(state, 8) <= 60, "bind: threshold %u", at32(state, 8));
	EXPECT((int32_t)at32(state, 12) == -1, "bind: anchor %d", (int32_t)at32(state, 12));
	EXPECT(dlsym(RTLD_DEFAULT, "fakecontext_is_here"), "the context is not loaded for all");
	fake_report("saw", "threshold %u", at32(state, 8));
	module.is_bound = true;
	return fake_enter("bind", 0);
}

struct contract {
	uint32_t abi, n, depth;
	struct {
		uint32_t kind, class;
		uint64_t bytes;
	} resources[8];
};

EXPORT const struct contract *get_pipeline_contract(void)
{
	static struct contract c;
	long depth = 2;

	c = (struct contract){(uint32_t)fake_enter("contract", 1), 3, 2, {{1, 1, 4096}}};
	if (fake_would("depth", &depth))
		c.depth = (uint32_t)depth;
	return c.abi ? &c : NULL;
}

EXPORT size_t get_runtime_size(void)
{
	return (size_t)fake_enter("run_size", RUN_SIZE);
}

EXPORT size_t get_runtime_alignment(void)
{
	return (size_t)fake_enter("run_align", 64);
}

EXPORT void *create_device_context(void)
{
	if (fake_enter("create", 1) == 0)
		return NULL;
	EXPECT(!module.live, "a second context");
	module.live = calloc(1, sizeof(*module.live));
	module.n_contexts++;
	return module.live;
}

EXPORT void destroy_device_context(void *ctx)
{
	struct fake *f = fake_get(ctx, "destroy");

	fake_enter("destroy", 0);
	EXPECT(!f || !f->is_initialised, "destroy before finalize_device");
	fake_device_done();
	free(f);
	module.live = NULL;
}

/* As the library does, and with FAKEHOST=files=1 only, so that tests which kill leave nothing. */
static void leave_temporary(struct fake *f)
{
	long value;
	int fd;

	if (!fake_would("files", &value))
		return;
	strcpy(f->temporary, "/tmp/aicpu_sim_XXXXXX");
	fd = mkstemp(f->temporary);
	EXPECT(fd >= 0, "init: no temporary file");
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
}

/* The versions differ in simpler_init's parameters, and in what they offer besides. */
#if FAKEHOST_VERSION == 2
#define SECOND_PARAMETERS , int has_sdma, const void *warmup, uint64_t n_warmup
#define EXPECT_SECOND()	  EXPECT(!has_sdma && !warmup && !n_warmup, "init: SDMA was asked for")
#else
#define SECOND_PARAMETERS
#define EXPECT_SECOND()
#endif

EXPORT int simpler_init(void *ctx, int device, const uint8_t *aicpu, size_t n_aicpu,
			const uint8_t *aicore, size_t n_aicore, const uint8_t *dispatcher,
			size_t n_dispatcher, const void *prewarm SECOND_PARAMETERS)
{
	struct fake *f = fake_get(ctx, "init");
	int result = fake_enter("init", 0);

	EXPECT(!f->is_initialised, "init twice");
	EXPECT(fake_is_elf(aicpu, n_aicpu), "init: the AICPU's image is none");
	EXPECT(fake_is_elf(aicore, n_aicore), "init: the AICore's image is none");
	EXPECT(!dispatcher == !n_dispatcher, "init: dispatcher %zu bytes at %p", n_dispatcher,
	       (const void *)dispatcher);
	EXPECT(!prewarm, "init: an arena to warm");
	EXPECT_SECOND();
	fake_report("saw", "device %d", device);
	fake_report("saw", "dispatcher %zu", n_dispatcher);
	fake_report("saw", "clocks %s %s %s", getenv("SIMPLER_SCHEDULER_TIMEOUT_MS"),
		    getenv("SIMPLER_OP_EXECUTE_TIMEOUT_US"),
		    getenv("SIMPLER_STREAM_SYNC_TIMEOUT_MS"));
	f->is_initialised = result == 0;
	f->device = device;
	leave_temporary(f);
	return result;
}

EXPORT int finalize_device(void *ctx)
{
	struct fake *f = fake_get(ctx, "finalize_device");
	int result = fake_enter("finalize_device", 0);

	EXPECT(f->is_initialised, "finalize_device twice, or before init");
	EXPECT(f->phase == EMPTY, "finalize_device while a run is active");
	EXPECT(f->n_comms == 0, "finalize_device before comm_destroy");
	for (int i = 0; i < N_IDS; i++)
		EXPECT(!f->callables[i].is_there, "finalize_device with callable %d", i);
	if (result == 0)
		f->is_initialised = false;
	if (f->temporary[0])
		unlink(f->temporary);
	return result;
}

__attribute__((destructor)) static void on_unload(void)
{
	EXPECT(!module.live, "unloaded with a live context");
}

/* ---- a run ---- */

/* A run's storage has all that is needed until finalize. Of the caller's memory only the tensors
 * are used. */
static void take_storage(const struct fake *f, char *run, const char *descriptor)
{
	EXPECT((uintptr_t)run % 64 == 0, "prepare: storage that is not aligned");
	if (at32(run, 0) != RUN_MAGIC)
		for (size_t i = 0; i < RUN_SIZE; i++)
			if (run[i]) {
				VIOLATION("prepare: storage that is not zeroed at %zu", i);
				break;
			}
	(void)f;
	memcpy(run, &(uint32_t){RUN_MAGIC}, 4);
	memcpy(run + 8, descriptor + 40, 16);
}

EXPORT int simpler_prepare_run(void *ctx, void *run, int32_t id, const void *args,
			       const void *config, const void *descriptor)
{
	struct fake *f = fake_get(ctx, "prepare");
	int result = fake_enter("prepare", 0);

	EXPECT(f->phase == EMPTY, "prepare while a run is active");
	if (id < 0 || id >= N_IDS || !f->callables[id].is_there) {
		VIOLATION("prepare of id %d, which is not registered", id);
		return -1;
	}
	if (result)
		return result;
	fake_take_args(f, args, &f->callables[id]);
	fake_check_config(config);
	fake_check_descriptor(f, descriptor);
	f->heap = fake_heap(fake_heap_bytes(config));
	take_storage(f, run, descriptor);
	f->id = id;
	f->phase = PREPARED;
	return 0;
}

/* The library loads code for each run, which makes keys that are never deleted. */
static void take_keys(void)
{
	const char *n = getenv("FAKEHOST_KEYS");
	pthread_key_t key;

	for (long i = n ? strtol(n, NULL, 10) : 5; i > 0; i--)
		if (pthread_key_create(&key, NULL) != 0) {
			VIOLATION("no key is left for this run");
			signal(SIGSEGV, SIG_DFL);
			raise(SIGSEGV);
		}
}

EXPORT int simpler_launch_run(void *ctx, void *run)
{
	struct fake *f = fake_get(ctx, "launch");
	int result = fake_enter("launch", 0);
	int32_t *accepted = (int32_t *)(uintptr_t)at64(run, 8);
	long no = 0;

	EXPECT(f->phase == PREPARED, "launch in phase %d", f->phase);
	if (result)
		return result;
	take_keys();
	f->phase = LAUNCHED;
	f->n_polls = 0;
	if (!fake_would("unaccepted", &no))
		*accepted = (int32_t)at32(run, 16);
	return 0;
}

EXPORT int simpler_poll_run(void *ctx, void *run)
{
	struct fake *f = fake_get(ctx, "poll");
	long polls = 2;
	int result = fake_enter("poll", 1);

	(void)run;
	EXPECT(f->phase == LAUNCHED, "poll in phase %d", f->phase);
	fake_would("polls", &polls);
	if (result != 1)
		return result;
	if (++f->n_polls < (unsigned)polls)
		return 0;
	f->phase = OVER;
	return 1;
}

/* Element e of the sum of all that goes in. */
static float sum_at(const struct fake *f, uint64_t e)
{
	float v = f->sum;

	for (unsigned i = 0; i < f->n_args; i++)
		if (f->args[i].is_in)
			v += ((const float *)(const void *)f->args[i].device)[e];
	return v;
}

/* One element, by one kernel, or by two with the heap between them. */
static void compute(struct fake *f, struct argument *out, uint64_t e, float wrong)
{
	const struct kernel *k = f->callables[f->id].kernels;
	float *to = (float *)(void *)out->device, *between = (float *)(void *)f->heap;
	float v = k[0].is_there ? sum_at(f, e) + k[0].k : sum_at(f, e);

	if (!k[1].is_there) {
		if (!k[0].is_there || e < k[0].n_written)
			to[e] = v + wrong;
		return;
	}
	if (e < k[0].n_written)
		between[e] = v;
	if (e < k[1].n_written)
		to[e] = between[e] + k[1].k + wrong;
}

static void add(struct fake *f)
{
	long wrong = 0;

	fake_would("wrong", &wrong);
	for (unsigned o = 0; o < f->n_args; o++)
		for (uint64_t e = 0; f->args[o].is_out && e < f->args[o].n; e++)
			compute(f, &f->args[o], e, (float)wrong);
}

/* Memory of the device is freed in any case. The outputs are copied back if the run succeeded. */
static void give_back(struct fake *f, bool is_good)
{
	for (unsigned i = 0; i < f->n_args; i++) {
		struct argument *a = &f->args[i];

		if (a->device == a->host)
			continue;
		if (is_good && a->comes_back)
			memcpy(a->host, a->device, a->bytes);
		fake_device_free(a->device);
	}
	f->n_args = 0;
}

EXPORT int simpler_wait_run(void *ctx, void *run)
{
	struct fake *f = fake_get(ctx, "wait");
	int result = fake_enter("wait", 0);

	(void)run;
	EXPECT(f->phase == OVER, "wait in phase %d: it would never return", f->phase);
	f->phase = WAITED;
	f->has_failed = result != 0;
	return result;
}

EXPORT int simpler_finalize_run(void *ctx, void *run)
{
	struct fake *f = fake_get(ctx, "finalize");
	int result = fake_enter("finalize", 0);
	bool is_good;

	(void)run;
	EXPECT(f->phase == PREPARED || f->phase == WAITED, "finalize in phase %d", f->phase);
	is_good = f->phase == WAITED && result == 0 && !f->has_failed;
	if (is_good)
		add(f);
	give_back(f, is_good);
	f->phase = EMPTY;
	return result;
}

EXPORT size_t get_aicpu_dlopen_count(void *ctx)
{
	return fake_get(ctx, "count") ? 1 : 0;
}

EXPORT size_t get_host_dlopen_count(void *ctx)
{
	return fake_get(ctx, "count")->n_loads;
}

/* Functions that are exported and never called. */
#define UNCALLED(name)                         \
	EXPORT int name(void);                 \
	EXPORT int name(void)                  \
	{                                      \
		VIOLATION("%s called", #name); \
		return -1;                     \
	}
UNCALLED(simpler_run)
UNCALLED(supports_concurrent_native_prepare_ctx)
UNCALLED(get_run_stream_set_create_count)
#if FAKEHOST_VERSION != 2
UNCALLED(simpler_provision_dma_workspace)
#endif
#if FAKEHOST_VERSION != 1
UNCALLED(device_memory_info_ctx)
UNCALLED(simpler_kernel_mode_supported)
UNCALLED(simpler_kernel_mode_init)
UNCALLED(simpler_kernel_mode_prepare_callable)
UNCALLED(simpler_kernel_mode_launch)
#endif
UNCALLED(comm_derive_context)
UNCALLED(comm_alloc_domain_windows)
UNCALLED(comm_release_domain_windows)
UNCALLED(comm_global_domain_prepare)
UNCALLED(comm_global_domain_import)
UNCALLED(comm_global_domain_release)
