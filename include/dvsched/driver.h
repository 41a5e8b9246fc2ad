/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C ABI between dvsched and the driver of an accelerator. A driver needs only this header. It
 * is a shared library that exports dvs_driver_get() and nothing else. It is named in a
 * configuration as `driver: "/path/to/X.so"`, or `driver: "X"` in a directory of drivers
 * (DVSCHED_DRIVERS), and tested with `dvsched chips check --driver X.so`. Two examples:
 * docs/examples/driver_echo.c, and driver_steps.c, which reports progress.
 *
 * Calls. A worker is one process for one device. probe() and health() run in a separate short-lived
 * process and open nothing. All other functions are called in a worker by ONE thread, the driver
 * thread, in this order:
 *
 *   open                          once; may be slow
 *     load                        an image; the same one again gives the same slot, without work
 *     [ join ]                    in a gang only: collective, all ranks at the same time
 *     prepare                     one run; finish must follow, also after an error
 *     launch                      starts the work and returns, long before it is done
 *     poll …                      until the run is over, or an error
 *     finish                      copies back, verifies, releases; its code is the verdict
 *     [ leave ]                   after a join, when the run is finished
 *     [ unload ]                  when the host wants the slot back
 *   [ reset ]                     after an error that asks for it
 *   close                         once; the process ends after it
 *
 * The exceptions: diagnose() is called by ANOTHER thread while the driver thread may be inside any
 * call, also a call that never returns; diagnose() must not wait for that thread. abort() is called
 * by the driver thread between two polls.
 *
 * No call may block without a limit. The host polls, sleeps between polls, and has a time limit for
 * each call. If a call does not return in time, the host kills the process; other processes and
 * devices are not affected.
 *
 * Errors. A call returns 0, or a native code of the driver (any other number), which classify()
 * names. A call that returns 0 has set every ret_ parameter. The text in err is for people: one
 * line, what failed and what to do. The first error of a run is its cause; later codes on the same
 * device are treated as its consequences.
 *
 * Strings are UTF-8 and NUL-terminated; arguments are valid during the call only. Structs that
 * begin with `size` may grow at their end: a reader uses at most `size` bytes. Only struct
 * dvs_device keeps its size in one version of the ABI, because it is an element of arrays: new
 * members use its `spare`. The driver owns the memory that it returns pointers to.
 *
 * Output: file descriptors 1 and 2 lead to the job's log during a run, and to the worker's own log
 * otherwise. Environment during prepare … finish: DVSCHED_JOB, DVSCHED_ATTEMPT, DVSCHED_ODIR,
 * DVSCHED_NEEDS, DVSCHED_DEVICE, DVSCHED_RANK, DVSCHED_RANKS, DVSCHED_CONTEXT (a JSON file with the
 * result of join). Relative paths: from load to finish the current directory is the job's working
 * directory.
 *
 * The process belongs to the host. A call changes neither the current directory nor blocked signals
 * and signal handlers nor the environment (open() may set variables), and leaves no process behind.
 * It does not fork(): the copy would have the device's memory and the host's descriptors. It may
 * start a program with posix_spawn() and wait for it.
 */
#ifndef DVSCHED_DRIVER_H
#define DVSCHED_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI of this header. The host rejects a driver whose `abi` is another number. */
#define DVS_DRIVER_ABI 1u

/*
 * What an error means. Three decisions depend on it: whether the job is retried and whether the
 * attempt counts, whether the worker process can go on, and whether the device gets a mark.
 */
enum dvs_class {
	DVS_OK,
	DVS_JOB,	 /* the job fails: result, kernel, arguments */
	DVS_CONFIG,	 /* the request is invalid: no such entry, wrong number of arguments */
	DVS_STALL,	 /* something on the device makes no progress */
	DVS_DEADLOCK,	 /* nothing runs, and nothing can start to run */
	DVS_TIMEOUT,	 /* a time limit of the driver or the device has passed */
	DVS_POISON,	 /* this process can no longer use the device; a fresh one probably can */
	DVS_WEDGE,	 /* the device itself is unusable, for fresh processes too */
	DVS_LOST,	 /* the device, or the connection to it, is gone */
	DVS_BUSY,	 /* temporary: another process holds the device, or a resource is used up */
	DVS_PEER,	 /* another rank of the gang is the cause */
	DVS_UNSUPPORTED, /* the driver does not support this */
	DVS_CLASS_COUNT
};

/* Abilities of a driver. A function that is NULL needs no bit. */
enum {
	DVS_CAP_ABORT = 1u << 0,  /* abort() ends a run without killing the process */
	DVS_CAP_GANG = 1u << 1,	  /* join() and leave() work */
	DVS_CAP_RESET = 1u << 2,  /* reset() works */
	DVS_CAP_HEALTH = 1u << 3, /* health() knows more than that the device exists */
	DVS_CAP_INNER_WATCH =
		1u << 4, /* has its own watchdog: inner_watch_ns() in struct dvs_driver */
	/* Runs nothing itself: its devices are lent to commands, which open them. load, prepare,
	 * launch, poll and finish may be NULL and are never called. open() checks whether the
	 * device can be used, and need not keep it open. */
	DVS_CAP_LEND_ONLY = 1u << 5,
	/* `args` of a job are tensors: `fill` or `file` is the start value, `out` marks outputs,
	 * and `expect` is compared with the end value. dvsched warns if nothing is compared. */
	DVS_CAP_TENSORS = 1u << 6,
};

/* A buffer for text or JSON that a call returns. Before the call it holds "". */
struct dvs_text {
	char *at;
	size_t size; /* bytes at `at`, including the NUL */
};

enum dvs_health { DVS_HEALTH_UNKNOWN, DVS_HEALTH_GOOD, DVS_HEALTH_SUSPECT, DVS_HEALTH_BAD };

enum { DVS_FAULT_DOMAINS = 1 << 20 };

struct dvs_device {
	uint32_t size; /* of this struct, set by the host */
	int32_t id;    /* the number that users write in `devices` */
	/* Devices that fail together have the same number, below DVS_FAULT_DOMAINS; -1: unknown. */
	int32_t fault_domain;
	int32_t numa;	 /* node; -1: unknown */
	uint32_t health; /* enum dvs_health */
	uint32_t reserved;
	uint64_t mem_total, mem_free; /* bytes; 0: unknown */
	char model[32];
	char detail[96]; /* for people: the reason of its health */
	/*
	 * The name space of the id. Two entries with the same family and id are the same device,
	 * also with different drivers or options: it has one lock and one health on this machine.
	 * Simulated and real devices have different families. "": the driver's name. It is part of
	 * file names.
	 */
	char family[32];
	uint64_t spare[4]; /* reserved: do not write */
};

/* Results of is_usable(); any other number means DVS_USABLE. */
enum dvs_usable {
	DVS_UNUSABLE = 0, /* the host calls reset() if it exists, and ends the process unless the
			   * reset was verified */
	DVS_USABLE = 1,
	DVS_WORN = 2, /* a limited resource of the process is nearly used up: the host closes it
		       * before the next run. The device is fine */
};

/* Functions of the host. The driver thread and threads that the driver made may call them. */
struct dvs_host {
	uint32_t size;
	uint32_t reserved;
	void *user; /* first argument of each function */
	/* Writes to the worker's log. level: 0 error, 1 warning, 2 info, 3 debug. */
	void (*log)(void *user, int32_t level, const char *text);
	/*
	 * Reports the progress of a run: steps done, and all steps (0: unknown). evidence: 1 if
	 * work of this rank is running on the device, 2 if this rank only waits for other ranks, 0
	 * if it is idle. Each call counts as progress, so call it when a step is done or the
	 * evidence has changed, not in every poll. After evidence 1 the next call must come within
	 * the host's `stall`, or the rank is ended. After 0 or 2, or without any call, the rank is
	 * not ended, so a waiting rank need not call it again.
	 */
	void (*progress)(void *user, uint64_t done, uint64_t total, int32_t evidence);
	/* 1: the run should end; the host then calls abort() if it exists. */
	int32_t (*is_cancelled)(void *user);
	uint64_t (*now_ns)(void *user); /* CLOCK_MONOTONIC */
	/* Optional. Memory that the device (or its simulator) holds for this process. The host
	 * closes workers that hold too much. */
	void (*committed)(void *user, uint64_t bytes);
	/*
	 * Files that this process, or a library in it, would leave if it were killed: an absolute
	 * path with fnmatch() wildcards ("/tmp/mine_*", "/dev/shm/mine_*"), one per call. The host
	 * then records each such file that is made by mkstemp() and its variants or by shm_open(),
	 * or that is loaded as a library. It removes the file when the process has ended and no
	 * other process has it open. For a file that is made in another way, pass the whole path
	 * before you make it. A host may lack this function: check DVS_HAS(host, leaves).
	 */
	void (*leaves)(void *user, const char *pattern);
};

/* Whether this struct, which begins with `size`, has that member. A struct of another version of
 * this header may lack it. */
#define DVS_HAS(s, member) \
	((size_t)((const char *)(&(s)->member + 1) - (const char *)(s)) <= (s)->size)

/* A named buffer that a job wants in its window. */
struct dvs_buffer_want {
	const char *name;
	uint64_t bytes;
	uint32_t align; /* a power of two; 0: the driver's default */
	uint32_t reserved;
};

struct dvs_buffer {
	char name[64];
	uint64_t address; /* on the device */
	uint64_t bytes;	  /* at least the wanted size */
};

enum {
	/* join() does not wait for the other ranks, which may open much later. They wait for each
	 * other in the run. */
	DVS_JOIN_NO_WAIT = 1u << 0,
};

/* The request of join(). */
struct dvs_join {
	uint32_t size;
	int32_t rank, n_ranks;
	uint32_t n_buffers;
	uint64_t epoch;
	const char *token;     /* the same for all ranks of a gang, used once on this host */
	uint64_t window_bytes; /* 0: none */
	const struct dvs_buffer_want *buffers;
	uint64_t deadline_ns; /* in time of now_ns(): return an error by then; 0: no limit */
	/*
	 * Memory that all ranks share: zeroed, without a name. A descriptor for mmap(), which the
	 * host closes. A driver without another rendezvous can use it. The memory is freed when the
	 * last process ends.
	 */
	int32_t shared_fd;
	uint32_t flags;	       /* DVS_JOIN_… */
	uint64_t shared_bytes; /* at least 64 KiB plus, for each rank, window_bytes rounded up to
				* pages */
};

/*
 * The result of join(). The host checks it. Errors are: a name that is missing, is listed twice or
 * was not requested; a buffer outside of the window, or one that overlaps another one. A driver
 * without windows returns a code of class DVS_UNSUPPORTED if one is requested.
 */
struct dvs_context {
	uint32_t size;
	uint32_t n_buffers;	    /* set by join() */
	uint64_t communicator;	    /* a handle, for kernels; 0: none */
	uint64_t window_base;	    /* on the device */
	uint64_t window_bytes;	    /* at least the requested size */
	struct dvs_buffer *buffers; /* of the host: n_buffers of dvs_join, filled by join() */
};

struct dvs_run {
	uint32_t size;
	uint32_t attempt; /* from 1 */
	uint64_t epoch;	  /* identifies this run in all calls; never 0, unique in a process */
	int32_t rank, n_ranks;
	const char *job_id;
	const char *odir;     /* the job's directory: a driver may leave files there */
	const char *job;      /* JSON object: the keys of the job that this driver reads */
	uint64_t deadline_ns; /* end of the host's time limit for the run; 0: none */
};

struct dvs_driver {
	uint32_t abi;  /* DVS_DRIVER_ABI */
	uint32_t size; /* sizeof(struct dvs_driver) when the driver was compiled */
	const char *name, *version;
	uint32_t caps;
	uint32_t reserved;

	/* Lists the devices that exist, without opening any. options: the JSON object of the
	 * configuration. *ret_n is their number, also if that is more than cap. Required. */
	int32_t (*probe)(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
			 struct dvs_text *err);
	/* Attaches this process to a device. Required. */
	int32_t (*open)(const struct dvs_host *host, int32_t device, const char *options,
			void **ret_ctx, struct dvs_text *err);
	/* job: as in dvs_run. An image that is already loaded is recognised by its content, never
	 * by its path. Required.
	 */
	int32_t (*load)(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err);
	int32_t (*unload)(void *ctx, uint32_t slot);
	int32_t (*join)(void *ctx, const struct dvs_join *join, struct dvs_context *ret,
			struct dvs_text *err);
	/* prepare, launch, poll and finish are required. */
	int32_t (*prepare)(void *ctx, uint32_t slot, const struct dvs_run *run,
			   struct dvs_text *err);
	int32_t (*launch)(void *ctx, uint64_t epoch, struct dvs_text *err);
	/* Never waits. *ret_is_over: 1 when finish() will not wait. It does not mean success. */
	int32_t (*poll)(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err);
	/* 0 is the only proof of success. result: a JSON object for the report, or left empty.
	 * The host calls it after every successful prepare(), also if the run was never launched,
	 * or if launch() or poll() failed. */
	int32_t (*finish)(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err);
	int32_t (*abort)(void *ctx, uint64_t epoch);
	int32_t (*leave)(void *ctx);
	/* Makes the device usable again for this process. *ret_is_verified is 1 only if some work
	 * has succeeded on the device after the reset. force: may also end other work on the
	 * device. The host sets it after an error of class DVS_WEDGE, if no other process uses the
	 * device. */
	int32_t (*reset)(void *ctx, int32_t force, int32_t *ret_is_verified, struct dvs_text *err);
	/* The health of a device, without opening it. */
	int32_t (*health)(int32_t device, const char *options, struct dvs_device *ret,
			  struct dvs_text *err);
	/* Describes the current state for people: what runs, what waits and for what. Called by
	 * another thread, see above. */
	void (*diagnose)(void *ctx, struct dvs_text *text);
	/* Names a code that one of these calls returned. *ret_name, *ret_hint: static texts, or
	 * NULL. is_fresh: no run of this process has succeeded yet. Required. */
	enum dvs_class (*classify)(int32_t code, int32_t is_fresh, const char **ret_name,
				   const char **ret_hint);
	void (*close)(void *ctx);
	/* With DVS_CAP_INNER_WATCH: how long the driver's own watchdog waits with these options.
	 * The host's stall clock must be longer, so that the driver, which has the better
	 * diagnosis, reports first. 0: no watchdog with these options. */
	uint64_t (*inner_watch_ns)(const char *options);
	/* Called after each run and each load: DVS_UNUSABLE, DVS_USABLE or DVS_WORN. After a
	 * failure this answer takes precedence over the class of the code, even if the class says
	 * that the job failed: a wrong kernel may leave a process that can no longer use the
	 * device. NULL: the class decides. */
	int32_t (*is_usable)(void *ctx);
	/*
	 * The name of the device in the environment of a command that borrows it: a text, such as a
	 * UUID, or the device's number on the machine if the ids of this driver are relative to
	 * CUDA_VISIBLE_DEVICES or a similar variable. A number also identifies the device for locks
	 * and health. Opens nothing; called in the process of probe(). NULL, or an empty text: the
	 * id. A host may ignore this member.
	 */
	int32_t (*lend_as)(int32_t device, const char *options, struct dvs_text *ret,
			   struct dvs_text *err);
};

/* With -fvisibility=hidden, a library exports only functions marked with this. */
#if defined(__GNUC__)
#define DVS_EXPORT __attribute__((visibility("default")))
#else
#define DVS_EXPORT
#endif

/* The only symbol that a driver must export. host_abi: the host's DVS_DRIVER_ABI. NULL if the
 * driver does not support it.
 */
DVS_EXPORT const struct dvs_driver *dvs_driver_get(uint32_t host_abi);
typedef const struct dvs_driver *dvs_driver_get_function(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif
