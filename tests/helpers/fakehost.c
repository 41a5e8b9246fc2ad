/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A double of simpler's libhost_runtime.so: the same exports, a device that adds, and every
 * misbehaviour that somebody asks for. It knows nothing of the driver's header: the offsets below
 * were written down a second time from the ABI's description, so that a field in the wrong place is
 * found. It is as unkind as the library: the device has memory of its own (fakehost_memory.c) that
 * keeps what is left in it, an output is not copied there, the arguments' directions are looked up
 * by the tensor's number, and each run takes keys of the process for ever.
 *
 * FAKEHOST: what to do, "key=value,key=value", read at each call (the keys: see fake_would()).
 * FAKEHOST_REPORT: a file that is appended to: "call NAME" for each call, "violation …" for each
 * thing that the real library would answer with a crash, a leak or nonsense, "saw …" for what tests
 * look at.
 *
 * FAKEHOST_VERSION, when it is compiled: 1 or 2 of the library's versions, or 3 of neither.
 * FAKEHOST_KEYS: how many keys of the process each run takes; 5 unless it is there.
 *
 * What it computes: every output (f32) is the sum of all inputs and scalars (their low 32 bits, as
 * f32) plus a number that stands in the first kernel's file: "\177ELF…K=5;". What is an output says
 * that kernel's own signature, or else the callable's. "W=2;" in it: it writes that many elements.
 * A second kernel takes what the first one wrote to the rings' heap, and adds its own K to it.
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

#include "fakehost.h"

/* Of the ABI's description. */
enum {
	ARGS_SIZE = 33856,
	ARGS_SCALARS = 32768,
	ARGS_N_TENSORS = 33792,
	ARGS_N_SCALARS = 33796,
	TENSOR_SIZE = 128,
	CHIP_N = 1024,
	CHIP_BYTES = 1028,
	CHIP_NAME = 1032,
	CHIP_NAME_LENGTH = 1096,
	CHIP_IDS = 1100,
	CHIP_OFFSETS = 5196,
	CHIP_N_CHILDREN = 9292,
	CHIP_CONFIG_LENGTH = 9360,
	CHIP_N_SCALARS = 9364,
	CHIP_STORAGE = 9376,
	LEAF_N = 128,
	LEAF_BYTES = 132,
	LEAF_RESOLVED = 136,
	LEAF_BINARY = 192,
	N_IDS = 64,
	RUN_SIZE = 48576,
	RUN_MAGIC = 0x52554e31,
};

enum phase { EMPTY, PREPARED, LAUNCHED, OVER, WAITED };

struct kernel {
	bool is_there;
	int32_t directions[32], n;
	float k;
	uint64_t n_written; /* elements, at most */
};

struct callable {
	bool is_there;
	int32_t directions[256], n;
	struct kernel kernels[2];
};

struct argument {
	char *host, *device;
	uint64_t bytes, n;
	bool is_in, is_out, comes_back;
};

struct fake {
	bool is_initialised;
	int device, n_comms;
	enum phase phase;
	unsigned n_polls;
	struct callable callables[N_IDS];
	int32_t id;
	struct argument args[256];
	unsigned n_args;
	bool has_failed;
	float sum;
	char *heap;
	uint64_t last_run;
	size_t n_loads;
	char temporary[32]; /* lies there until the device is given back */
};

static struct {
	bool is_bound;
	unsigned n_contexts, n_inits, n_registers;
	struct fake *live;
} module;

static uint32_t at32(const void *p, size_t off)
{
	uint32_t v;

	memcpy(&v, (const char *)p + off, sizeof(v));
	return v;
}

static uint64_t at64(const void *p, size_t off)
{
	uint64_t v;

	memcpy(&v, (const char *)p + off, sizeof(v));
	return v;
}

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

static struct fake *get(void *ctx, const char *call)
{
	if (ctx != module.live || !ctx)
		VIOLATION("%s with a context that is not there", call);
	return module.live;
}

void fake_know(void *ctx, const char *call)
{
	get(ctx, call);
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
	struct fake *f = get(ctx, "destroy");

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

static bool is_elf(const void *at, size_t n)
{
	return n >= 4 && memcmp(at, "\177ELF", 4) == 0;
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
	struct fake *f = get(ctx, "init");
	int result = fake_enter("init", 0);

	EXPECT(!f->is_initialised, "init twice");
	EXPECT(is_elf(aicpu, n_aicpu), "init: the AICPU's image is none");
	EXPECT(is_elf(aicore, n_aicore), "init: the AICore's image is none");
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
	struct fake *f = get(ctx, "finalize_device");
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

/* ---- callables ---- */

static bool find_number(const char *binary, size_t n, const char *key, float *ret)
{
	const char *at = memmem(binary, n, key, 2);

	if (at)
		*ret = strtof(at + 2, NULL);
	return at != NULL;
}

static void take_kernel(const char *leaf, int32_t n, struct kernel *ret)
{
	const char *binary = leaf + LEAF_BINARY;
	size_t size = at32(leaf, LEAF_BYTES);
	float written = 0;

	*ret = (struct kernel){.is_there = true};
	find_number(binary, size, "K=", &ret->k);
	ret->n_written = find_number(binary, size, "W=", &written) ? (uint64_t)written : UINT64_MAX;
	for (int32_t i = 0; i < n && n <= 32; i++)
		if (at32(leaf, (size_t)i * 4) != 0)
			ret->directions[ret->n++] = (int32_t)at32(leaf, (size_t)i * 4);
}

static void check_leaf(const char *leaf, int32_t i, struct callable *c)
{
	int32_t n = (int32_t)at32(leaf, LEAF_N);

	EXPECT(n >= 0 && n <= 32, "kernel %d: %d arguments", i, n);
	for (int32_t k = 0; k < 32; k++)
		EXPECT(k < n ? at32(leaf, (size_t)k * 4) <= 3 : at32(leaf, (size_t)k * 4) == 0,
		       "kernel %d: direction %d is %u", i, k, at32(leaf, (size_t)k * 4));
	EXPECT(at64(leaf, LEAF_RESOLVED) == 0, "kernel %d: resolved already", i);
	EXPECT(is_elf(leaf + LEAF_BINARY, at32(leaf, LEAF_BYTES)), "kernel %d: no image", i);
	if (i < 2)
		take_kernel(leaf, n, &c->kernels[i]);
}

static void check_children(const char *blob, struct callable *c)
{
	int32_t n = (int32_t)at32(blob, CHIP_N_CHILDREN);
	uint32_t end = at32(blob, CHIP_BYTES);

	EXPECT(n >= 0 && n <= 1024, "%d kernels", n);
	for (int32_t i = 0; i < n && n <= 1024; i++) {
		uint32_t off = at32(blob, CHIP_OFFSETS + (size_t)i * 4);
		const char *leaf = blob + CHIP_STORAGE + off;

		EXPECT(at32(blob, CHIP_IDS + (size_t)i * 4) < 1024, "kernel %d: its id", i);
		EXPECT(off % 64 == 0 && off >= end && off < end + 64, "kernel %d: offset %u", i,
		       off);
		check_leaf(leaf, i, c);
		end = off + LEAF_BINARY + at32(leaf, LEAF_BYTES);
	}
	fake_report("saw", "kernels %d bytes %u", n, end);
}

static void check_blob(const char *blob, struct callable *c)
{
	const char *name = blob + CHIP_NAME;
	int32_t n_scalars = 0;

	*c = (struct callable){.n = (int32_t)at32(blob, CHIP_N)};
	EXPECT(c->n >= 0 && c->n <= 256, "a callable of %d arguments", c->n);
	for (int32_t i = 0; i < c->n; i++)
		c->directions[i] = (int32_t)at32(blob, (size_t)i * 4);
	EXPECT(memchr(name, '\0', 64) && strlen(name) == at32(blob, CHIP_NAME_LENGTH),
	       "a name of %u bytes", at32(blob, CHIP_NAME_LENGTH));
	EXPECT(at32(blob, CHIP_CONFIG_LENGTH) == 0, "a config function");
	for (int32_t i = 0; i < c->n; i++)
		n_scalars += c->directions[i] == 0;
	EXPECT((int32_t)at32(blob, CHIP_N_SCALARS) == (FAKEHOST_VERSION == 2 ? n_scalars : 0),
	       "%u scalars", at32(blob, CHIP_N_SCALARS));
	EXPECT(is_elf(blob + CHIP_STORAGE, at32(blob, CHIP_BYTES)), "no orchestration");
	EXPECT((uintptr_t)blob % 64 == 0, "a callable that is not aligned");
	fake_report("saw", "entry %.64s", name);
	check_children(blob, c);
}

EXPORT int simpler_register_callable(void *ctx, int32_t id, const void *blob)
{
	struct fake *f = get(ctx, "register");
	int result = fake_enter("register", 0);

	EXPECT(id >= 0 && id < N_IDS && f->is_initialised, "register of id %d", id);
	EXPECT(f->phase == EMPTY, "register while a run is prepared");
	if (id < 0 || id >= N_IDS || f->callables[id].is_there) {
		VIOLATION("register: id %d is taken, or there is no such id", id);
		return -1;
	}
	if (strcmp((const char *)blob + CHIP_NAME, "no_such_entry") == 0)
		return -1;
	check_blob(blob, &f->callables[id]);
	f->callables[id].is_there = result == 0;
	f->n_loads += result == 0;
	return result;
}

EXPORT int simpler_unregister_callable(void *ctx, int32_t id)
{
	struct fake *f = get(ctx, "unregister");
	int result = fake_enter("unregister", 0);

	EXPECT(id >= 0 && id < N_IDS && f->callables[id].is_there, "unregister of id %d", id);
	EXPECT(f->phase == EMPTY, "unregister while a run is prepared");
	f->callables[id].is_there = false;
	return result;
}

/* ---- a run ---- */

static size_t element_size(unsigned dtype)
{
	static const size_t sizes[] = {4, 2, 4, 2, 1, 1, 2, 8, 8};

	return dtype < 9 ? sizes[dtype] : 0;
}

static uint64_t check_shape(const char *t, int i)
{
	uint32_t dims = at32(t, 36);
	uint64_t n = 1;

	EXPECT(dims >= 1 && dims <= 5, "tensor %d: %u dimensions", i, dims);
	for (uint32_t d = 5; d-- > 0;) {
		uint32_t shape = at32(t, 44 + d * 4), stride = at32(t, 72 + d * 4);

		EXPECT(d < dims ? stride == n : (stride == 0 && shape == 0),
		       "tensor %d: dimension %u has stride %u", i, d, stride);
		n *= d < dims ? shape : 1;
	}
	EXPECT(at64(t, 64) == n, "tensor %d: extent %llu", i, (unsigned long long)at64(t, 64));
	return n;
}

static void check_tensor(const char *t, int i)
{
	uint64_t n = check_shape(t, i);
	unsigned dtype = (unsigned char)t[40];

	EXPECT(at64(t, 0) && at64(t, 0) % 64 == 0, "tensor %d: its address", i);
	EXPECT(element_size(dtype) && at64(t, 8) == n * element_size(dtype),
	       "tensor %d: dtype %u, %llu bytes", i, dtype, (unsigned long long)at64(t, 8));
	EXPECT(at64(t, 16) == UINT64_MAX, "tensor %d: it has an owner", i);
	EXPECT(at64(t, 24) == 0 && at32(t, 32) == 0, "tensor %d: start, version", i);
	EXPECT(t[41] == 0 && t[42] == 1, "tensor %d: manual %d, contiguous %d", i, t[41], t[42]);
	EXPECT(t[43] == 0 || t[43] == 1, "tensor %d: space %d", i, t[43]);
	fake_report("saw", "tensor %d dtype %u dims %u space %d", i, dtype, at32(t, 36), t[43]);
}

/* Of a tensor, by its number: among the callable's, and among those of its kernel, which knows what
 * it writes. */
static void take_tensor(struct fake *f, const char *t, int i, const struct callable *c)
{
	const struct kernel *k = &c->kernels[0];
	int32_t direction = i < c->n ? c->directions[i] : 0;
	int32_t own = i < k->n ? k->directions[i] : direction;
	struct argument *a = &f->args[f->n_args++];

	check_tensor(t, i);
	*a = (struct argument){.host = (char *)(uintptr_t)at64(t, 0),
			       .bytes = at64(t, 8),
			       .n = at64(t, 64),
			       .is_in = own == 1 || own == 3,
			       .is_out = own >= 2};
	if (t[43] == 1) {
		EXPECT(fake_is_device(a->host, a->bytes), "tensor %d: not the device's", i);
		a->device = a->host;
		return;
	}
	EXPECT(!fake_is_device(a->host, 1), "tensor %d: not the host's", i);
	a->device = fake_device_alloc(a->bytes);
	if (direction != 2)
		memcpy(a->device, a->host, a->bytes);
	a->comes_back = direction != 1;
}

static void take_args(struct fake *f, const char *args, const struct callable *c)
{
	int32_t n_tensors = (int32_t)at32(args, ARGS_N_TENSORS);
	int32_t n_scalars = (int32_t)at32(args, ARGS_N_SCALARS);

	f->n_args = 0;
	f->sum = 0;
	EXPECT(n_tensors + n_scalars == c->n, "prepare: %d tensors and %d scalars of %d", n_tensors,
	       n_scalars, c->n);
	for (int32_t i = 0; i < n_tensors; i++)
		take_tensor(f, args + (size_t)i * TENSOR_SIZE, i, c);
	for (int32_t i = 0; i < n_scalars; i++) {
		uint32_t bits = (uint32_t)at64(args, ARGS_SCALARS + (size_t)i * 8);
		float value;

		memcpy(&value, &bits, sizeof(value));
		fake_report("saw", "scalar %#x", bits);
		f->sum += value;
	}
}

/* A runtime has as many heaps as its name says. */
static size_t heap_bytes(const char *config)
{
	Dl_info self = {0};
	bool has_four = dladdr(&module, &self) && strstr(self.dli_fname, "tensormap_and_ring");
	size_t n = 0;

	for (unsigned i = 0; i < (has_four ? 4 : 1); i++) {
		EXPECT(at64(config, 56 + i * 8) >= 1024, "ring %u: a heap of %llu bytes", i,
		       (unsigned long long)at64(config, 56 + i * 8));
		n += at64(config, 56 + i * 8);
	}
	return n;
}

static void check_config(const char *config)
{
	static const struct {
		const char *name;
		size_t at;
	} rings[] = {{"window", 24}, {"heap", 56}, {"dep_pool", 88}};

	EXPECT(at32(config, 0) == 0 || at32(config, 0) >= 2, "config: %u threads", at32(config, 0));
	for (size_t at = 4; at < 24; at += 4)
		EXPECT(at32(config, at) == 0, "config: a flag at %zu", at);
	for (unsigned i = 0; i < 3; i++)
		fake_report("saw", "%s %llu %llu %llu %llu", rings[i].name,
			    (unsigned long long)at64(config, rings[i].at),
			    (unsigned long long)at64(config, rings[i].at + 8),
			    (unsigned long long)at64(config, rings[i].at + 16),
			    (unsigned long long)at64(config, rings[i].at + 24));
	EXPECT(config[120] == 0 && config[1143] == 0, "config: an output's prefix");
	fake_report("saw", "threads %u", at32(config, 0));
}

static void check_descriptor(struct fake *f, const char *d)
{
	int32_t *accepted = (int32_t *)(uintptr_t)at64(d, 40);

	EXPECT(at32(d, 0) == 0 && at32(d, 4) == 0, "descriptor: slot, bank");
	EXPECT(at64(d, 8) > f->last_run, "descriptor: run %llu again",
	       (unsigned long long)at64(d, 8));
	EXPECT(at64(d, 16) && at64(d, 24) && at64(d, 32), "descriptor: an id is 0");
	EXPECT(accepted && *accepted == 0, "descriptor: accepted already, or nowhere to say so");
	EXPECT(at32(d, 48) != 0, "descriptor: the word to accept with is 0");
	f->last_run = at64(d, 8);
}

/* A run's storage: what is needed until finalize, nothing of the caller's but the tensors. */
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
	struct fake *f = get(ctx, "prepare");
	int result = fake_enter("prepare", 0);

	EXPECT(f->phase == EMPTY, "prepare while a run is active");
	if (id < 0 || id >= N_IDS || !f->callables[id].is_there) {
		VIOLATION("prepare of id %d, which is not registered", id);
		return -1;
	}
	if (result)
		return result;
	take_args(f, args, &f->callables[id]);
	check_config(config);
	check_descriptor(f, descriptor);
	f->heap = fake_heap(heap_bytes(config));
	take_storage(f, run, descriptor);
	f->id = id;
	f->phase = PREPARED;
	return 0;
}

/* What the library loads anew for each run makes keys, and nobody deletes them. */
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
	struct fake *f = get(ctx, "launch");
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
	struct fake *f = get(ctx, "poll");
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

/* What is the device's is given back in any case, and copied back if all went well. */
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
	struct fake *f = get(ctx, "wait");
	int result = fake_enter("wait", 0);

	(void)run;
	EXPECT(f->phase == OVER, "wait in phase %d: it would never return", f->phase);
	f->phase = WAITED;
	f->has_failed = result != 0;
	return result;
}

EXPORT int simpler_finalize_run(void *ctx, void *run)
{
	struct fake *f = get(ctx, "finalize");
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
	return get(ctx, "count") ? 1 : 0;
}

EXPORT size_t get_host_dlopen_count(void *ctx)
{
	return get(ctx, "count")->n_loads;
}

/* What is exported and never called. */
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
