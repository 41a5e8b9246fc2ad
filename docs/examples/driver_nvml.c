/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example of a driver that lends devices and runs nothing itself: NVIDIA GPUs, with identity and
 * health from NVML, the library of NVIDIA's driver. See docs/guides/gpus.md.
 *
 *   cc -shared -fPIC -I<prefix>/include driver_nvml.c -o nvml.so -ldl
 *   dvsched chips check --driver ./nvml.so
 *
 * Every call starts NVML and shuts it down before it returns, so no process of dvsched has a GPU
 * open while a job has it.
 *
 * The number of a GPU is that of CUDA_DEVICE_ORDER=PCI_BUS_ID: its place among the GPUs that this
 * process may use, sorted by PCI address. A lost GPU keeps its place. If MIG is enabled, the
 * instances are the devices: those of GPU 0 are 100, 101 …, those of GPU 1 are 200 … Commands get
 * the UUID, in CUDA_VISIBLE_DEVICES if the pool has `devices_env: "CUDA_VISIBLE_DEVICES"`.
 *
 * The declarations of NVML follow its reference, docs.nvidia.com/deploy/nvml-api (release 590):
 * functions in "Device Queries" and "Multi Instance GPU Management", codes in nvmlReturn_t, structs
 * nvmlPciInfo_t and nvmlMemory_t. Not tried on a GPU.
 */
#include <dvsched/driver.h>

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GPUS = 64, MOST_MIGS = 16, TEXT_ROOM = 96, FIRST_MIG = 100 };

/* The codes of nvmlReturn_t that are used here. Codes of this driver are above them. */
enum {
	NVML_OK = 0,
	NVML_NO_PERMISSION = 4,
	NVML_INSUFFICIENT_POWER = 8,
	NVML_DRIVER_NOT_LOADED = 9,
	NVML_TIMEOUT = 10,
	NVML_IRQ_ISSUE = 11,
	NVML_LIBRARY_NOT_FOUND = 12,
	NVML_GPU_IS_LOST = 15,
	NVML_RESET_REQUIRED = 16,
	NVML_OPERATING_SYSTEM = 17,
	NVML_VERSION_MISMATCH = 18,
	NVML_IN_USE = 19,
	NVML_MEMORY = 20,
	NVML_GPU_NOT_FOUND = 28,
	NVML_UNKNOWN = 999,
	NO_SUCH_GPU = 2000, /* of this driver */
	GPU_IS_BAD,
	TOO_MANY_GPUS,
};

enum { NVML_UNCORRECTED = 1, NVML_SINCE_DRIVER_LOAD = 0 }; /* of ECC errors */

typedef void *nvml_device;

struct nvml_pci {
	char old_bus_id[16];
	unsigned domain, bus, device, device_id, subsystem_id;
	char bus_id[32];
};

struct nvml_memory {
	unsigned long long total, free, used;
};

/* name, whether it is required, arguments */
#define NVML_FUNCTIONS(FN)                                                                \
	FN(nvmlInit_v2, 1, (void))                                                        \
	FN(nvmlShutdown, 1, (void))                                                       \
	FN(nvmlDeviceGetCount_v2, 1, (unsigned *n))                                       \
	FN(nvmlDeviceGetHandleByIndex_v2, 1, (unsigned i, nvml_device *ret))              \
	FN(nvmlDeviceGetUUID, 1, (nvml_device d, char *ret, unsigned size))               \
	FN(nvmlDeviceGetName, 1, (nvml_device d, char *ret, unsigned size))               \
	FN(nvmlDeviceGetPciInfo_v3, 1, (nvml_device d, struct nvml_pci * ret))            \
	FN(nvmlDeviceGetMemoryInfo, 0, (nvml_device d, struct nvml_memory * ret))         \
	FN(nvmlDeviceGetTotalEccErrors, 0,                                                \
	   (nvml_device d, int type, int counter, unsigned long long *ret))               \
	FN(nvmlDeviceGetRemappedRows, 0,                                                  \
	   (nvml_device d, unsigned *corrected, unsigned *uncorrected, unsigned *pending, \
	    unsigned *failed))                                                            \
	FN(nvmlDeviceGetRetiredPagesPendingStatus, 0, (nvml_device d, int *ret))          \
	FN(nvmlDeviceGetMigMode, 0, (nvml_device d, unsigned *now, unsigned *pending))    \
	FN(nvmlDeviceGetMaxMigDeviceCount, 0, (nvml_device d, unsigned *ret))             \
	FN(nvmlDeviceGetMigDeviceHandleByIndex, 0, (nvml_device d, unsigned i, nvml_device *ret))

struct nvml {
#define FN(name, must, arguments) int(*name) arguments;
	NVML_FUNCTIONS(FN)
#undef FN
	const char *(*nvmlErrorString)(int code);
};

/* A GPU, or a MIG instance. */
struct gpu {
	int32_t id, card; /* card: the number of its GPU */
	int is_mig;
	nvml_device handle; /* NULL: not available */
	int code;	    /* the error */
	char uuid[TEXT_ROOM], name[TEXT_ROOM], trouble[TEXT_ROOM];
	struct nvml_pci pci;
	struct nvml_memory memory;
	enum dvs_health health;
};

struct census {
	struct nvml lib;
	int is_started;
	struct gpu gpus[MOST_GPUS * MOST_MIGS];
	size_t n;
};

static int32_t fail(struct dvs_text *err, int32_t code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->at, err->size, fmt, ap);
	va_end(ap);
	return code;
}

/* ---- the library ---- */

static const struct {
	const char *name;
	size_t at;
	int must;
} functions[] = {
#define FN(name, must, arguments) {#name, offsetof(struct nvml, name), must},
	NVML_FUNCTIONS(FN)
#undef FN
		{"nvmlErrorString", offsetof(struct nvml, nvmlErrorString), 0},
};

static const char *text_of(const struct nvml *lib, int code)
{
	const char *text = lib->nvmlErrorString ? lib->nvmlErrorString(code) : NULL;

	return text ? text : "no text from NVML";
}

/* The library stays loaded: the process ends soon, and the library may have started threads. */
static int32_t open_library(struct nvml *ret, struct dvs_text *err)
{
	void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return fail(err, NVML_LIBRARY_NOT_FOUND, "no NVML here: %s", dlerror());
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *symbol = dlsym(library, functions[i].name);

		if (!symbol && functions[i].must)
			return fail(err, NVML_LIBRARY_NOT_FOUND, "NVML has no %s()",
				    functions[i].name);
		memcpy((char *)ret + functions[i].at, &symbol, sizeof(symbol));
	}
	return 0;
}

/* ---- one GPU ---- */

static void say(struct gpu *g, enum dvs_health health, const char *fmt, ...)
{
	va_list ap;

	if (health <= g->health)
		return; /* the worst one is reported */
	g->health = health;
	va_start(ap, fmt);
	vsnprintf(g->trouble, sizeof(g->trouble), fmt, ap);
	va_end(ap);
}

/* Returns 1 if the query has an answer. Records that a GPU is lost or needs a reset. */
static int has_answer(const struct nvml *lib, struct gpu *g, int code)
{
	if (code == NVML_GPU_IS_LOST || code == NVML_RESET_REQUIRED) {
		g->code = code;
		say(g, DVS_HEALTH_BAD, "%s", text_of(lib, code));
	}
	return code == NVML_OK;
}

static void look_at_memory(const struct nvml *lib, struct gpu *g)
{
	unsigned corrected, uncorrected, pending = 0, failed = 0;
	unsigned long long errors = 0;
	int is_pending = 0;

	if (lib->nvmlDeviceGetMemoryInfo &&
	    !has_answer(lib, g, lib->nvmlDeviceGetMemoryInfo(g->handle, &g->memory)))
		memset(&g->memory, 0, sizeof(g->memory));
	if (lib->nvmlDeviceGetRemappedRows &&
	    has_answer(lib, g,
		       lib->nvmlDeviceGetRemappedRows(g->handle, &corrected, &uncorrected, &pending,
						      &failed))) {
		if (failed)
			say(g, DVS_HEALTH_BAD, "a memory row could not be remapped");
		if (pending)
			say(g, DVS_HEALTH_SUSPECT, "a remapped memory row waits for a reset");
	}
	if (lib->nvmlDeviceGetRetiredPagesPendingStatus &&
	    has_answer(lib, g,
		       lib->nvmlDeviceGetRetiredPagesPendingStatus(g->handle, &is_pending)) &&
	    is_pending)
		say(g, DVS_HEALTH_SUSPECT, "retired memory pages wait for a reboot");
	if (lib->nvmlDeviceGetTotalEccErrors &&
	    has_answer(lib, g,
		       lib->nvmlDeviceGetTotalEccErrors(g->handle, NVML_UNCORRECTED,
							NVML_SINCE_DRIVER_LOAD, &errors)) &&
	    errors)
		say(g, DVS_HEALTH_SUSPECT,
		    "%llu uncorrected memory errors since the driver was loaded", errors);
}

/* A MIG instance has the address and the health of its card. */
static void look_at_part(const struct nvml *lib, const struct gpu *card, struct gpu *g)
{
	g->pci = card->pci;
	g->health = card->health;
	memcpy(g->trouble, card->trouble, sizeof(g->trouble));
	g->code = card->code;
	has_answer(lib, g, lib->nvmlDeviceGetUUID(g->handle, g->uuid, sizeof(g->uuid)));
	has_answer(lib, g, lib->nvmlDeviceGetName(g->handle, g->name, sizeof(g->name)));
	if (lib->nvmlDeviceGetMemoryInfo)
		has_answer(lib, g, lib->nvmlDeviceGetMemoryInfo(g->handle, &g->memory));
}

static void look_at_card(const struct nvml *lib, struct gpu *g)
{
	g->health = DVS_HEALTH_GOOD;
	has_answer(lib, g, lib->nvmlDeviceGetUUID(g->handle, g->uuid, sizeof(g->uuid)));
	has_answer(lib, g, lib->nvmlDeviceGetName(g->handle, g->name, sizeof(g->name)));
	has_answer(lib, g, lib->nvmlDeviceGetPciInfo_v3(g->handle, &g->pci));
	look_at_memory(lib, g);
}

/* ---- all GPUs ---- */

static int compare_addresses(const void *x, const void *y)
{
	const struct nvml_pci *a = &((const struct gpu *)x)->pci,
			      *b = &((const struct gpu *)y)->pci;

	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bus != b->bus)
		return a->bus < b->bus ? -1 : 1;
	return a->device < b->device ? -1 : a->device > b->device;
}

/* Numbers the cards by address. A card without a handle has no address, and keeps its place. */
static void number_cards(struct gpu *cards, size_t n)
{
	struct gpu had[MOST_GPUS];
	size_t n_had = 0, next = 0;

	for (size_t i = 0; i < n; i++)
		if (cards[i].handle)
			had[n_had++] = cards[i];
	qsort(had, n_had, sizeof(*had), compare_addresses);
	for (size_t i = 0; i < n; i++) {
		if (cards[i].handle)
			cards[i] = had[next++];
		cards[i].id = cards[i].card = (int32_t)i;
	}
}

static int32_t find_cards(struct census *c, struct gpu *ret, size_t *ret_n, struct dvs_text *err)
{
	const struct nvml *lib = &c->lib;
	unsigned n = 0;
	int code = lib->nvmlDeviceGetCount_v2(&n);

	if (code == NVML_OK && n > MOST_GPUS)
		return fail(err, TOO_MANY_GPUS, "NVML reports %u GPUs", n);
	if (code != NVML_OK)
		return fail(err, code, "nvmlDeviceGetCount: %s", text_of(lib, code));
	for (unsigned i = 0; i < n; i++) {
		struct gpu *g = &ret[*ret_n];

		memset(g, 0, sizeof(*g));
		g->code = lib->nvmlDeviceGetHandleByIndex_v2(i, &g->handle);
		if (g->code == NVML_NO_PERMISSION || g->code == NVML_OPERATING_SYSTEM)
			continue; /* not available: a container may use only some GPUs */
		if (g->code == NVML_OK) {
			look_at_card(lib, g);
		} else {
			g->handle = NULL;
			say(g, DVS_HEALTH_BAD, "%s", text_of(lib, g->code));
		}
		++*ret_n;
	}
	if (n && !*ret_n)
		return fail(err, NVML_NO_PERMISSION, "none of %u GPUs may be used by this user", n);
	number_cards(ret, *ret_n);
	return 0;
}

static int has_mig(const struct nvml *lib, const struct gpu *card)
{
	unsigned now = 0, pending = 0;

	return card->handle && lib->nvmlDeviceGetMigMode && lib->nvmlDeviceGetMaxMigDeviceCount &&
	       lib->nvmlDeviceGetMigDeviceHandleByIndex &&
	       lib->nvmlDeviceGetMigMode(card->handle, &now, &pending) == NVML_OK && now;
}

/* Adds the instances of a card. The card itself is no device then. */
static void add_parts(struct census *c, const struct gpu *card)
{
	unsigned most = 0;

	c->lib.nvmlDeviceGetMaxMigDeviceCount(card->handle, &most);
	for (unsigned i = 0; i < most && i < MOST_MIGS; i++) {
		struct gpu *g = &c->gpus[c->n];

		memset(g, 0, sizeof(*g));
		if (c->lib.nvmlDeviceGetMigDeviceHandleByIndex(card->handle, i, &g->handle))
			continue; /* no instance in this place */
		g->is_mig = 1;
		g->card = card->id;
		g->id = (card->id + 1) * FIRST_MIG + (int32_t)i;
		look_at_part(&c->lib, card, g);
		c->n++;
	}
}

static int32_t take_census(struct census *c, struct dvs_text *err)
{
	struct gpu cards[MOST_GPUS];
	size_t n = 0;
	int32_t code = open_library(&c->lib, err);

	if (code != 0)
		return code;
	code = c->lib.nvmlInit_v2();
	if (code != NVML_OK)
		return fail(err, code, "nvmlInit: %s", text_of(&c->lib, code));
	code = find_cards(c, cards, &n, err);
	for (size_t i = 0; code == 0 && i < n; i++) {
		if (has_mig(&c->lib, &cards[i]))
			add_parts(c, &cards[i]);
		else
			c->gpus[c->n++] = cards[i];
	}
	c->lib.nvmlShutdown();
	return code;
}

/* The caller frees it. NULL with *ret_code. */
static struct census *new_census(int32_t *ret_code, struct dvs_text *err)
{
	struct census *c = calloc(1, sizeof(*c));

	*ret_code = c ? take_census(c, err) : fail(err, NVML_MEMORY, "out of memory");
	if (*ret_code == 0)
		return c;
	free(c);
	return NULL;
}

static const struct gpu *find_gpu(const struct census *c, int32_t id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->gpus[i].id == id)
			return &c->gpus[i];
	return NULL;
}

/* ---- answers to the host ---- */

static int32_t find_node(const struct nvml_pci *pci)
{
	char path[96];
	int node = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.0/numa_node", pci->domain,
		 pci->bus, pci->device);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &node) != 1)
		node = -1;
	if (f)
		fclose(f);
	return node;
}

static void describe(const struct gpu *g, struct dvs_device *ret)
{
	ret->id = g->id;
	ret->fault_domain = g->is_mig ? g->card : -1;
	ret->numa = g->pci.bus_id[0] ? find_node(&g->pci) : -1;
	ret->health = g->health;
	ret->mem_total = g->memory.total;
	ret->mem_free = g->memory.free;
	snprintf(ret->model, sizeof(ret->model), "%.31s", g->name);
	snprintf(ret->family, sizeof(ret->family), "nvidia");
	if (g->trouble[0])
		snprintf(ret->detail, sizeof(ret->detail), "%.95s", g->trouble);
	else
		snprintf(ret->detail, sizeof(ret->detail), "%.60s %.31s", g->uuid, g->pci.bus_id);
}

/* The census of the last probe. The host then calls lend_as() for each GPU in the same process, and
 * starting NVML may take seconds. */
static struct census *last;

static int32_t probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		     struct dvs_text *err)
{
	int32_t code;

	(void)options;
	free(last);
	last = new_census(&code, err);
	*ret_n = last ? last->n : 0;
	for (size_t i = 0; i < *ret_n && i < cap; i++)
		describe(&last->gpus[i], &devices[i]);
	return code;
}

/*
 * For CUDA, a UUID always means the same GPU. The UUID of a lost GPU is unknown, and its number
 * might mean another GPU, so it gets a name that CUDA does not find.
 */
static int32_t lend_as(int32_t device, const char *options, struct dvs_text *ret,
		       struct dvs_text *err)
{
	int32_t code = 0;
	const struct gpu *g;

	(void)options;
	if (!last)
		last = new_census(&code, err);
	g = last ? find_gpu(last, device) : NULL;
	if (last && !g)
		return fail(err, NO_SUCH_GPU, "NVML has no GPU %d", (int)device);
	if (g && g->uuid[0])
		snprintf(ret->at, ret->size, "%s", g->uuid);
	else if (g)
		snprintf(ret->at, ret->size, "GPU-lost-%d", (int)device);
	return code;
}

static int32_t health(int32_t device, const char *options, struct dvs_device *ret,
		      struct dvs_text *err)
{
	int32_t code;
	struct census *c = new_census(&code, err);
	const struct gpu *g = c ? find_gpu(c, device) : NULL;

	(void)options;
	if (g)
		describe(g, ret);
	else if (c)
		code = fail(err, NO_SUCH_GPU, "NVML has no GPU %d", (int)device);
	free(c);
	return code;
}

/* Checks whether the GPU can be used, and holds nothing. */
static int32_t open_device(const struct dvs_host *host, int32_t device, const char *options,
			   void **ret_ctx, struct dvs_text *err)
{
	int32_t code;
	struct census *c = new_census(&code, err);
	const struct gpu *g = c ? find_gpu(c, device) : NULL;

	(void)host, (void)options;
	if (c && !g)
		code = fail(err, NO_SUCH_GPU, "NVML no longer has GPU %d", (int)device);
	else if (g && g->health == DVS_HEALTH_BAD)
		code = fail(err, g->code ? g->code : GPU_IS_BAD, "GPU %d: %s", (int)device,
			    g->trouble);
	free(c);
	*ret_ctx = NULL;
	return code;
}

static enum dvs_class classify(int32_t code, int32_t is_fresh, const char **ret_name,
			       const char **ret_hint)
{
	static const struct {
		int32_t code;
		enum dvs_class class;
		const char *name, *hint;
	} rows[] = {
		{NVML_OK, DVS_OK, NULL, NULL},
		{NVML_NO_PERMISSION, DVS_CONFIG, "no permission",
		 "may this user open /dev/nvidia*?"},
		{NVML_INSUFFICIENT_POWER, DVS_WEDGE, "power cables", NULL},
		{NVML_DRIVER_NOT_LOADED, DVS_UNSUPPORTED, "driver not loaded", NULL},
		{NVML_TIMEOUT, DVS_BUSY, "timeout", NULL},
		{NVML_IRQ_ISSUE, DVS_WEDGE, "interrupts", NULL},
		{NVML_LIBRARY_NOT_FOUND, DVS_UNSUPPORTED, "no NVML",
		 "libnvidia-ml.so.1 comes with NVIDIA's driver"},
		{NVML_GPU_IS_LOST, DVS_LOST, "GPU is lost", "a reboot may bring it back"},
		{NVML_RESET_REQUIRED, DVS_WEDGE, "reset required", "nvidia-smi --gpu-reset"},
		{NVML_OPERATING_SYSTEM, DVS_CONFIG, "blocked by the system", "cgroups?"},
		{NVML_VERSION_MISMATCH, DVS_UNSUPPORTED, "driver and library differ",
		 "the driver was updated: reload it, or reboot"},
		{NVML_IN_USE, DVS_BUSY, "in use", NULL},
		{NVML_MEMORY, DVS_BUSY, "out of memory", NULL},
		{NVML_GPU_NOT_FOUND, DVS_LOST, "no GPU", NULL},
		{NVML_UNKNOWN, DVS_WEDGE, "internal error of the driver", "dmesg has the Xid"},
		{NO_SUCH_GPU, DVS_LOST, "GPU not there", NULL},
		{GPU_IS_BAD, DVS_WEDGE, "GPU not healthy", NULL},
	};

	(void)is_fresh;
	*ret_name = *ret_hint = NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].code == code) {
			*ret_name = rows[i].name;
			*ret_hint = rows[i].hint;
			return rows[i].class;
		}
	return DVS_UNSUPPORTED; /* no fault of a GPU */
}

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	static const struct dvs_driver driver = {
		.abi = DVS_DRIVER_ABI,
		.size = sizeof(driver),
		.name = "nvml",
		.version = "1",
		.caps = DVS_CAP_LEND_ONLY | DVS_CAP_HEALTH,
		.probe = probe,
		.open = open_device,
		.health = health,
		.classify = classify,
		.lend_as = lend_as,
	};

	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
