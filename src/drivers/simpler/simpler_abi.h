/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own declarations of the C ABI of a simpler host runtime (libhost_runtime.so): names of
 * functions, and sizes, offsets and numbers of their data. This file has no code of that project.
 *
 * The ABI has only the two version numbers below, and they stayed the same when a function got
 * other parameters. So library.c checks everything that it can when it opens a library, and finds
 * the version from the functions that the library has. Each size and offset is asserted here.
 */
#ifndef DRIVERS_SIMPLER_ABI_H
#define DRIVERS_SIMPLER_ABI_H

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SIMPLER_LOG_ABI = 1,
	SIMPLER_CONTRACT_ABI = 1,
	SIMPLER_MAX_RESOURCES = 8,
	SIMPLER_MAX_CALLABLES = 64, /* ids that may be registered at the same time */
	SIMPLER_MAX_TENSORS = 256,
	SIMPLER_MAX_SCALARS = 128,
	SIMPLER_MAX_KERNELS = 1024,
	SIMPLER_MAX_LEAF_ARGS = 32,
	SIMPLER_MAX_DIMS = 5,
	SIMPLER_MAX_RANKS = 64,
	SIMPLER_NAME = 64, /* bytes of a name, NUL included */
	SIMPLER_ALIGN = 64,
	SIMPLER_RINGS = 4,
	SIMPLER_RING_HEAP = 256 << 20, /* default bytes of each */
};

/*
 * FIRST (August 2026): simpler_init takes 9 parameters, and errors of the host are small negative
 * numbers. SECOND: simpler_init takes 12, including the workspaces of DMA, for which FIRST has a
 * function of its own; errors of the host are SIMPLER_HOST_ERROR or below, and small negative
 * numbers are only codes that the device latched. SECOND exists with and without kernel modes.
 */
enum simpler_version { SIMPLER_FIRST, SIMPLER_SECOND };

enum {
	SIMPLER_FIRST_OVERLAP = -3, /* prepare: another run is active */
	SIMPLER_HOST_ERROR = -1000, /* SECOND: the log has the error */
	SIMPLER_HOST_UNSUPPORTED = -1001,
	SIMPLER_HOST_OVERLAP = -1002,
	SIMPLER_HOST_STATE = -1003,
	SIMPLER_HOST_ARGUMENT = -1004,
};

enum simpler_direction { SIMPLER_SCALAR, SIMPLER_IN, SIMPLER_OUT, SIMPLER_INOUT };
enum simpler_space { SIMPLER_HOST, SIMPLER_DEVICE };
enum simpler_dtype {
	SIMPLER_F32,
	SIMPLER_F16,
	SIMPLER_I32,
	SIMPLER_I16,
	SIMPLER_I8,
	SIMPLER_U8,
	SIMPLER_BF16,
	SIMPLER_I64,
	SIMPLER_U64,
	SIMPLER_DTYPES
};

#define SIMPLER_NO_OWNER UINT64_MAX

/* For simpler_host_log_bind_state(). */
struct simpler_log_state {
	uint32_t abi, size;
	int32_t threshold, anchor_pid;
};
static_assert(sizeof(struct simpler_log_state) == 16, "ABI");

struct simpler_resource {
	uint32_t kind, class;
	uint64_t bytes;
};

struct simpler_contract {
	uint32_t abi, n_resources, depth, pad;
	struct simpler_resource resources[SIMPLER_MAX_RESOURCES];
};
static_assert(sizeof(struct simpler_resource) == 16, "ABI");
static_assert(offsetof(struct simpler_contract, depth) == 8, "ABI");
static_assert(offsetof(struct simpler_contract, resources) == 16, "ABI");
static_assert(sizeof(struct simpler_contract) == 144, "ABI");

struct simpler_call_config {
	int32_t aicpu_threads; /* 0: the library's choice, else at least 2 */
	int32_t diagnostics[5];
	uint64_t ring_window[SIMPLER_RINGS]; /* tasks */
	uint64_t ring_heap[SIMPLER_RINGS];   /* bytes; 0: the library's default */
	uint64_t ring_dep_pool[SIMPLER_RINGS];
	char output_prefix[1024];
};
static_assert(offsetof(struct simpler_call_config, diagnostics) == 4, "ABI");
static_assert(offsetof(struct simpler_call_config, ring_window) == 24, "ABI");
static_assert(offsetof(struct simpler_call_config, ring_heap) == 56, "ABI");
static_assert(offsetof(struct simpler_call_config, ring_dep_pool) == 88, "ABI");
static_assert(offsetof(struct simpler_call_config, output_prefix) == 120, "ABI");
static_assert(sizeof(struct simpler_call_config) == 1144, "ABI");

/* Identifies a run. */
struct simpler_descriptor {
	uint32_t slot, bank;
	uint64_t run_id, generation, dispatch_id;
	uint64_t epoch;	   /* never 0 */
	int32_t *accepted; /* launch writes accepted_value there */
	int32_t accepted_value;
	int32_t pad;
};
static_assert(offsetof(struct simpler_descriptor, bank) == 4, "ABI");
static_assert(offsetof(struct simpler_descriptor, run_id) == 8, "ABI");
static_assert(offsetof(struct simpler_descriptor, generation) == 16, "ABI");
static_assert(offsetof(struct simpler_descriptor, dispatch_id) == 24, "ABI");
static_assert(offsetof(struct simpler_descriptor, epoch) == 32, "ABI");
static_assert(offsetof(struct simpler_descriptor, accepted) == 40, "ABI");
static_assert(offsetof(struct simpler_descriptor, accepted_value) == 48, "ABI");
static_assert(sizeof(struct simpler_descriptor) == 56, "ABI");

struct simpler_tensor {
	alignas(SIMPLER_ALIGN) uint64_t address;
	uint64_t bytes;
	uint64_t owner; /* SIMPLER_NO_OWNER */
	uint64_t start; /* elements */
	int32_t version;
	uint32_t n_dims;
	uint8_t dtype; /* enum simpler_dtype */
	uint8_t manual_dep, is_contiguous;
	uint8_t space; /* enum simpler_space */
	uint32_t shape[SIMPLER_MAX_DIMS];
	uint64_t extent; /* elements */
	uint32_t strides[SIMPLER_MAX_DIMS];
	uint8_t pad[36];
};
static_assert(offsetof(struct simpler_tensor, bytes) == 8, "ABI");
static_assert(offsetof(struct simpler_tensor, owner) == 16, "ABI");
static_assert(offsetof(struct simpler_tensor, start) == 24, "ABI");
static_assert(offsetof(struct simpler_tensor, version) == 32, "ABI");
static_assert(offsetof(struct simpler_tensor, n_dims) == 36, "ABI");
static_assert(offsetof(struct simpler_tensor, dtype) == 40, "ABI");
static_assert(offsetof(struct simpler_tensor, manual_dep) == 41, "ABI");
static_assert(offsetof(struct simpler_tensor, is_contiguous) == 42, "ABI");
static_assert(offsetof(struct simpler_tensor, space) == 43, "ABI");
static_assert(offsetof(struct simpler_tensor, shape) == 44, "ABI");
static_assert(offsetof(struct simpler_tensor, extent) == 64, "ABI");
static_assert(offsetof(struct simpler_tensor, strides) == 72, "ABI");
static_assert(sizeof(struct simpler_tensor) == 128, "ABI");

struct simpler_args {
	struct simpler_tensor tensors[SIMPLER_MAX_TENSORS];
	uint64_t scalars[SIMPLER_MAX_SCALARS];
	int32_t n_tensors, n_scalars;
};
static_assert(offsetof(struct simpler_args, scalars) == 32768, "ABI");
static_assert(offsetof(struct simpler_args, n_tensors) == 33792, "ABI");
static_assert(offsetof(struct simpler_args, n_scalars) == 33796, "ABI");
static_assert(sizeof(struct simpler_args) == 33856, "ABI");

/* A kernel's header; its binary follows. */
struct simpler_leaf {
	alignas(SIMPLER_ALIGN) int32_t directions[SIMPLER_MAX_LEAF_ARGS];
	int32_t n_args;
	uint32_t bytes;
	uint64_t resolved; /* the library's */
	uint8_t pad[48];
};
static_assert(offsetof(struct simpler_leaf, n_args) == 128, "ABI");
static_assert(offsetof(struct simpler_leaf, bytes) == 132, "ABI");
static_assert(offsetof(struct simpler_leaf, resolved) == 136, "ABI");
static_assert(sizeof(struct simpler_leaf) == 192, "ABI");

/*
 * A callable, as it is registered: this header, then the storage: the orchestration's library, then
 * the kernels, each at a multiple of 64 from the start of the storage.
 */
struct simpler_callable {
	int32_t directions[SIMPLER_MAX_TENSORS];
	int32_t n_args;
	uint32_t bytes; /* of the orchestration */
	char entry[SIMPLER_NAME];
	int32_t entry_length;
	int32_t kernel_ids[SIMPLER_MAX_KERNELS];
	uint32_t kernel_offsets[SIMPLER_MAX_KERNELS];
	int32_t n_kernels;
	char config[SIMPLER_NAME];
	int32_t config_length;
	int32_t n_scalars; /* FIRST does not read it */
	uint8_t pad[8];
};
static_assert(offsetof(struct simpler_callable, n_args) == 1024, "ABI");
static_assert(offsetof(struct simpler_callable, bytes) == 1028, "ABI");
static_assert(offsetof(struct simpler_callable, entry) == 1032, "ABI");
static_assert(offsetof(struct simpler_callable, entry_length) == 1096, "ABI");
static_assert(offsetof(struct simpler_callable, kernel_ids) == 1100, "ABI");
static_assert(offsetof(struct simpler_callable, kernel_offsets) == 5196, "ABI");
static_assert(offsetof(struct simpler_callable, n_kernels) == 9292, "ABI");
static_assert(offsetof(struct simpler_callable, config) == 9296, "ABI");
static_assert(offsetof(struct simpler_callable, config_length) == 9360, "ABI");
static_assert(offsetof(struct simpler_callable, n_scalars) == 9364, "ABI");
static_assert(sizeof(struct simpler_callable) == 9376, "ABI");

/* X(member, result, symbol, parameters): functions that the driver calls. */
#define SIMPLER_CALLED(X)                                                                          \
	X(bind_log, int, simpler_host_log_bind_state, (struct simpler_log_state *))                \
	X(contract, const struct simpler_contract *, get_pipeline_contract, (void))                \
	X(create, void *, create_device_context, (void))                                           \
	X(destroy, void, destroy_device_context, (void *))                                         \
	X(run_size, size_t, get_runtime_size, (void))                                              \
	X(run_align, size_t, get_runtime_alignment, (void))                                        \
	X(init, int, simpler_init,                                                                 \
	  (void *, int, const uint8_t *, size_t, const uint8_t *, size_t, const uint8_t *, size_t, \
	   const struct simpler_call_config *))                                                    \
	X(finalize_device, int, finalize_device, (void *))                                         \
	X(alloc, void *, device_malloc_ctx, (void *, size_t))                                      \
	X(free, void, device_free_ctx, (void *, void *))                                           \
	X(copy_to, int, copy_to_device_ctx, (void *, void *, const void *, size_t))                \
	X(copy_from, int, copy_from_device_ctx, (void *, void *, const void *, size_t))            \
	X(committed, size_t, committed_device_memory_ctx, (void *))                                \
	X(add, int, simpler_register_callable, (void *, int32_t, const void *))                    \
	X(drop, int, simpler_unregister_callable, (void *, int32_t))                               \
	X(prepare, int, simpler_prepare_run,                                                       \
	  (void *, void *, int32_t, const void *, const struct simpler_call_config *,              \
	   const struct simpler_descriptor *))                                                     \
	X(launch, int, simpler_launch_run, (void *, void *))                                       \
	X(poll, int, simpler_poll_run, (void *, void *))                                           \
	X(wait, int, simpler_wait_run, (void *, void *))                                           \
	X(finalize, int, simpler_finalize_run, (void *, void *))                                   \
	X(ready, int, ensure_acl_ready_ctx, (void *, int))                                         \
	X(new_stream, void *, create_comm_stream_ctx, (void *))                                    \
	X(free_stream, int, destroy_comm_stream_ctx, (void *, void *))                             \
	X(comm_init, void *, comm_init, (int, int, void *, const char *))                          \
	X(comm_windows, int, comm_alloc_windows, (void *, size_t, uint64_t *))                     \
	X(comm_base, int, comm_get_local_window_base, (void *, uint64_t *))                        \
	X(comm_size, int, comm_get_window_size, (void *, size_t *))                                \
	X(comm_barrier, int, comm_barrier, (void *))                                               \
	X(comm_destroy, int, comm_destroy, (void *))                                               \
	X(heap_base, uint64_t, get_arena_bank_gm_heap_base_ctx, (void *, uint32_t))                \
	X(n_aicpu_loads, size_t, get_aicpu_dlopen_count, (void *))                                 \
	X(n_host_loads, size_t, get_host_dlopen_count, (void *))

/* X(symbol): other functions of every library of this ABI. A library without them has another
 * ABI. */
#define SIMPLER_UNCALLED(X)                       \
	X(simpler_run)                            \
	X(supports_concurrent_native_prepare_ctx) \
	X(get_retained_temp_addr_ctx)             \
	X(get_run_stream_set_create_count)        \
	X(comm_derive_context)                    \
	X(comm_alloc_domain_windows)              \
	X(comm_release_domain_windows)            \
	X(comm_global_domain_prepare)             \
	X(comm_global_domain_import)              \
	X(comm_global_domain_release)

/* simpler_init of SECOND; the symbol is the same. */
typedef int simpler_second_init(void *, int, const uint8_t *, size_t, const uint8_t *, size_t,
				const uint8_t *, size_t, const struct simpler_call_config *,
				int has_sdma, const void *warmup, uint64_t n_warmup);

/* These symbols distinguish the versions: each version has exactly one of them. */
#define SIMPLER_FIRST_SYMBOL  "simpler_provision_dma_workspace"
#define SIMPLER_SECOND_SYMBOL "device_memory_info_ctx"
/* Only SECOND may have it. */
#define SIMPLER_KERNEL_MODES_SYMBOL "simpler_kernel_mode_supported"

struct simpler_api {
#define MEMBER(member, result, symbol, parameters) result(*member) parameters;
	SIMPLER_CALLED(MEMBER)
#undef MEMBER
};

#endif
