/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C ABI between dvsched and the driver of an accelerator. This header is all that a driver
 * needs: a shared library that exports dvs_driver_get() and nothing else, named in a configuration
 * as `driver: "/path/to/X.so"`, or `driver: "X"` in a directory of drivers (DVSCHED_DRIVERS), and
 * tried out with `dvsched chips check --driver X.so`. Two examples: docs/examples/driver_echo.c,
 * and driver_steps.c, which reports progress.
 *
 * Who calls. A worker is one process for one device. probe() and health() run in a short-lived
 * process of their own and open nothing. Everything else is called in a worker by ONE thread, the
 * driver thread, in this order:
 *
 *   open                          once; may be slow
 *     load                        an image; the same one again gives the same slot, without work
 *     [ join ]                    in a gang only: collective, all ranks at the same time
 *     prepare                     one run; from here on a finish is owed, whatever comes
 *     launch                      starts the work and returns, long before it is done
 *     poll …                      until over, or an error
 *     finish                      copies back, verifies, releases: the verdict
 *     [ leave ]                   after a join, when the run is finished
 *     [ unload ]                  when the host wants the slot back
 *   [ reset ]                     after an error that asks for it
 *   close                         once; the process ends after it
 *
 * The exceptions: diagnose() is called by ANOTHER thread while the driver thread may be inside any
 * call, also one that never returns; it must not wait for it. abort() is called by the driver
 * thread between two polls.
 *
 * No call may wait without end: the host polls, sleeps in between, and watches the clock of each
 * call. A call that does not come back costs the process, nothing else: the host kills it.
 *
 * Errors. A call returns 0, or a native code of the driver (any other number), which classify()
 * names. One that returns 0 has set every ret_ parameter. What it writes to err is for people: one
 * line, what failed and what to do. The first error
 * of a run is its cause; codes that come after it on the same device are taken for its
 * consequences.
 *
 * Strings are UTF-8 and NUL-terminated; what is passed in is valid during the call only. Structs
 * that begin with `size` may grow at their end: whoever reads one looks at no more than `size`
 * bytes of it. Only struct dvs_device, which stands in arrays, keeps its size as long as the ABI
 * has its number: what comes to it takes from its spare room. Memory that a driver hands out stays
 * the driver's.
 *
 * Output: file descriptors 1 and 2 lead to the job's log during a run, and to the worker's own log
 * otherwise. Environment during prepare … finish: DVSCHED_JOB, DVSCHED_ATTEMPT, DVSCHED_ODIR,
 * DVSCHED_NEEDS, DVSCHED_DEVICE, DVSCHED_RANK, DVSCHED_RANKS, DVSCHED_CONTEXT (a JSON file with
 * what join gave). Relative paths: from load to finish the process stands in the job's working
 * directory.
 *
 * The process belongs to the host. A call leaves as they were: the directory, which signals are
 * blocked and how they are handled, the environment (open() may set variables), and no process. It
 * does not fork(): the copy would have the device's memory and the host's descriptors; starting a
 * program by posix_spawn() and waiting for it is fine.
 */
#ifndef DVSCHED_DRIVER_H
#define DVSCHED_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. A driver whose `abi` is another number is refused. */
#define DVS_DRIVER_ABI 1u

/*
 * What an error means. It decides three things separately: whether the job is tried again and at
 * whose expense, whether the worker process can go on, and whether the device gets a mark.
 */
enum dvs_class {
	DVS_OK,
	DVS_JOB,      /* the job is wrong: result, kernel, arguments */
	DVS_CONFIG,   /* what was asked for cannot be: no such entry, wrong number of arguments */
	DVS_STALL,    /* something on the device makes no progress */
	DVS_DEADLOCK, /* nothing runs and nothing can */
	DVS_TIMEOUT,  /* a limit inside the driver or the device passed */
	DVS_POISON,   /* this process can use the device no more; a fresh one probably can */
	DVS_WEDGE,    /* the device itself is unusable, for fresh processes too */
	DVS_LOST,     /* the device or the connection to it vanished */
	DVS_BUSY,     /* not now: somebody else holds it, or something ran out for the moment */
	DVS_PEER,     /* another rank of the gang is the cause */
	DVS_UNSUPPORTED, /* the driver has no such thing */
	DVS_CLASS_COUNT
};

/* What a driver can do; entries that are NULL need no bit. */
enum {
	DVS_CAP_ABORT = 1u << 0,  /* abort() ends a run without killing the process */
	DVS_CAP_GANG = 1u << 1,	  /* join() and leave() work */
	DVS_CAP_RESET = 1u << 2,  /* reset() works */
	DVS_CAP_HEALTH = 1u << 3, /* health() knows more than that the device is there */
	DVS_CAP_INNER_WATCH =
		1u << 4, /* has a watchdog of its own: inner_watch_ns() in struct dvs_driver */
	/* Runs nothing itself: its devices are lent to commands, which open them on their own.
	 * load, prepare, launch, poll and finish may be NULL and are never called. open() says
	 * whether the device can be used, and need not hold anything. */
	DVS_CAP_LEND_ONLY = 1u << 5,
	/* `args` of a job are tensors: `fill` or `file` is the start value, `out` marks outputs,
	 * and `expect` is compared with the end value. dvsched warns if nothing is compared. */
	DVS_CAP_TENSORS = 1u << 6,
};

/* Room for text or JSON that a call gives back; always NUL-terminated by the host beforehand. */
struct dvs_text {
	char *at;
	size_t size; /* bytes at `at`, the NUL included */
};

enum dvs_health { DVS_HEALTH_UNKNOWN, DVS_HEALTH_GOOD, DVS_HEALTH_SUSPECT, DVS_HEALTH_BAD };

enum { DVS_FAULT_DOMAINS = 1 << 20 };

struct dvs_device {
	uint32_t size; /* of this struct, set by the host */
	int32_t id;    /* as users write it in `devices` */
	/* Devices that fail together have the same, below DVS_FAULT_DOMAINS; -1: none known. */
	int32_t fault_domain;
	int32_t numa;	 /* node; -1: not known */
	uint32_t health; /* enum dvs_health */
	uint32_t reserved;
	uint64_t mem_total, mem_free; /* bytes; 0: not known */
	char model[32];
	char detail[96]; /* for people: why its health is what it is */
	/*
	 * What the id counts. Devices of one family and id are one device, whichever driver or
	 * options lead to it: it has one lock and one health on this machine. A simulator beside
	 * silicon is another family. "": the driver's name. It becomes part of files' names.
	 */
	char family[32];
	uint64_t spare[4]; /* leave it alone */
};

/* What is_usable() says of the process; any other number is DVS_USABLE. */
enum dvs_usable {
	DVS_UNUSABLE = 0, /* the host calls reset(), where there is one, and ends the process unless
			   * that was verified */
	DVS_USABLE = 1,
	DVS_WORN = 2, /* something finite is nearly used up: the host closes it before another run.
		       * Nothing is wrong with the device */
};

/* What the host offers. Callable from the driver thread and from threads that the driver made. */
struct dvs_host {
	uint32_t size;
	uint32_t reserved;
	void *user; /* first argument of each */
	/* Into the worker's log. level: 0 error, 1 warning, 2 info, 3 debug. */
	void (*log)(void *user, int32_t level, const char *text);
	/*
	 * How far a run is: steps done and in all (0: not known). evidence: 1 if something that
	 * this rank owns is running on the device now, 2 if all it does is wait for other ranks, 0
	 * if it is idle. Each call counts as movement, so call it when something has moved or the
	 * evidence changes, not because a poll came by. A rank that said 1 must go on calling it:
	 * if it is silent for the host's `stall`, it is ended. A rank that said 0 or 2, or that
	 * never calls it, is not ended, so a rank that waits need not call it again.
	 */
	void (*progress)(void *user, uint64_t done, uint64_t total, int32_t evidence);
	/* 1: the run should end; abort() follows where there is one. */
	int32_t (*is_cancelled)(void *user);
	uint64_t (*now_ns)(void *user); /* CLOCK_MONOTONIC */
	/* Memory that the device (or its simulator) holds for this process, for the worker's
	 * retirement; optional. */
	void (*committed)(void *user, uint64_t bytes);
	/*
	 * What this process, or a library below it, makes outside and leaves when it is killed:
	 * absolute paths as fnmatch() has them ("/tmp/mine_*", "/dev/shm/mine_*"), one a call. The
	 * host then records the name of each such file that mkstemp() and its kin or shm_open()
	 * make, or that is loaded as a library, and removes it when the process is gone and nobody
	 * else has it open. A file that is made in another way: say its whole path before it is
	 * there. Older hosts have no such call: DVS_HAS(host, leaves).
	 */
	void (*leaves)(void *user, const char *pattern);
};

/* Has this struct, which begins with `size`, that member? One of an older header may not. */
#define DVS_HAS(s, member) \
	((size_t)((const char *)(&(s)->member + 1) - (const char *)(s)) <= (s)->size)

/* A buffer that a job wants in its window, by name. */
struct dvs_buffer_want {
	const char *name;
	uint64_t bytes;
	uint32_t align; /* power of two; 0: the driver's own */
	uint32_t reserved;
};

struct dvs_buffer {
	char name[64];
	uint64_t address; /* as the device sees it */
	uint64_t bytes;	  /* at least what was wanted */
};

enum {
	/* Ranks do not wait for each other here: some may open much later. They meet in the run. */
	DVS_JOIN_NO_WAIT = 1u << 0,
};

/* join(): what is asked. */
struct dvs_join {
	uint32_t size;
	int32_t rank, n_ranks;
	uint32_t n_buffers;
	uint64_t epoch;
	const char *token;     /* the same for all ranks of a gang, never used twice on this host */
	uint64_t window_bytes; /* 0: none */
	const struct dvs_buffer_want *buffers;
	uint64_t deadline_ns; /* on now_ns(): give up by then, with an error; 0: no limit */
	/*
	 * Memory that all ranks share, zeroed, without a name: a descriptor for mmap(), the host's
	 * to close. Drivers that have no rendezvous of their own meet there. It is gone when the
	 * last process is.
	 */
	int32_t shared_fd;
	uint32_t flags;	       /* DVS_JOIN_… */
	uint64_t shared_bytes; /* at least 64 KiB, and window_bytes in whole pages for each rank */
};

/*
 * join(): what is given. The host checks it: a name that is missing, twice or was not asked for, a
 * buffer that is outside of the window or overlaps another one is an error. A driver that has no
 * windows refuses one that is asked for, by a code of DVS_UNSUPPORTED.
 */
struct dvs_context {
	uint32_t size;
	uint32_t n_buffers;	    /* filled in */
	uint64_t communicator;	    /* a handle, for kernels; 0: none */
	uint64_t window_base;	    /* as the device sees it */
	uint64_t window_bytes;	    /* at least what was asked */
	struct dvs_buffer *buffers; /* the host's, room for dvs_join.n_buffers of them */
};

struct dvs_run {
	uint32_t size;
	uint32_t attempt; /* from 1 */
	uint64_t epoch;	  /* names this run in all calls; never 0, never used twice in a process */
	int32_t rank, n_ranks;
	const char *job_id;
	const char *odir;     /* the job's directory: a driver may leave files there */
	const char *job;      /* JSON object: the keys of the job that this driver reads */
	uint64_t deadline_ns; /* when the host's own clock for the run ends; 0: none */
};

struct dvs_driver {
	uint32_t abi;  /* DVS_DRIVER_ABI */
	uint32_t size; /* sizeof(struct dvs_driver) when the driver was compiled */
	const char *name, *version;
	uint32_t caps;
	uint32_t reserved;

	/* Devices that are there, without opening any. options: the JSON object of the
	 * configuration. *ret_n is how many there are, also if that is more than cap. Must be
	 * there. */
	int32_t (*probe)(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
			 struct dvs_text *err);
	/* Attaches this process to a device. Must be there. */
	int32_t (*open)(const struct dvs_host *host, int32_t device, const char *options,
			void **ret_ctx, struct dvs_text *err);
	/* job: as in dvs_run. What was loaded before is recognised by its content, never by its
	 * path. Must be there.
	 */
	int32_t (*load)(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err);
	int32_t (*unload)(void *ctx, uint32_t slot);
	int32_t (*join)(void *ctx, const struct dvs_join *join, struct dvs_context *ret,
			struct dvs_text *err);
	/* These four must be there. */
	int32_t (*prepare)(void *ctx, uint32_t slot, const struct dvs_run *run,
			   struct dvs_text *err);
	int32_t (*launch)(void *ctx, uint64_t epoch, struct dvs_text *err);
	/* Never waits. *ret_is_over: 1 when finish() will not wait. Over says nothing about
	 * success. */
	int32_t (*poll)(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err);
	/* 0 is the only proof of success. result: a JSON object for the report, or left empty.
	 * Legal, and owed, for a run that was prepared and never launched, or whose launch or poll
	 * failed. */
	int32_t (*finish)(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err);
	int32_t (*abort)(void *ctx, uint64_t epoch);
	int32_t (*leave)(void *ctx);
	/* Makes the device usable again for this process, and proves it: *ret_is_verified only if
	 * something was really done on the device afterwards. force: also at the expense of
	 * whatever else runs on it; asked for after an error of class DVS_WEDGE, if this process
	 * has the device to itself. */
	int32_t (*reset)(void *ctx, int32_t force, int32_t *ret_is_verified, struct dvs_text *err);
	/* Without opening the device. */
	int32_t (*health)(int32_t device, const char *options, struct dvs_device *ret,
			  struct dvs_text *err);
	/* What is going on, for people: what runs, what waits and for what. From another thread,
	 * see above. */
	void (*diagnose)(void *ctx, struct dvs_text *text);
	/* Names a code that one of these calls returned. *ret_name, *ret_hint: static texts, or
	 * NULL. is_fresh: the process has run nothing successfully yet. Must be there. */
	enum dvs_class (*classify)(int32_t code, int32_t is_fresh, const char **ret_name,
				   const char **ret_hint);
	void (*close)(void *ctx);
	/* With DVS_CAP_INNER_WATCH: how long the driver's own watchdog waits with these options.
	 * The host's stall clock must be longer, so that the layer with the better diagnosis speaks
	 * first. 0: it has none with these options. */
	uint64_t (*inner_watch_ns)(const char *options);
	/* Called after each run and each load: DVS_UNUSABLE, DVS_USABLE or DVS_WORN. After a
	 * failure this answer takes precedence over the class of the code, even if the class says
	 * that the job failed: a wrong kernel may leave a process that cannot use the device any
	 * more. NULL: the class decides. */
	int32_t (*is_usable)(void *ctx);
	/*
	 * What a process that borrows the device finds in its environment: a text, such as a UUID,
	 * or the number on the machine, where the ids of this driver are what the process counts
	 * (CUDA_VISIBLE_DEVICES and its like are set). A number is the device's for locks and
	 * health, too. Opens nothing; called where probe() is. NULL, or an empty text: the id.
	 * Hosts before November 2026 do not ask.
	 */
	int32_t (*lend_as)(int32_t device, const char *options, struct dvs_text *ret,
			   struct dvs_text *err);
};

/* Other symbols need not be there: -fvisibility=hidden keeps them inside. */
#if defined(__GNUC__)
#define DVS_EXPORT __attribute__((visibility("default")))
#else
#define DVS_EXPORT
#endif

/* The one symbol. host_abi: the host's DVS_DRIVER_ABI. NULL if the driver cannot serve such a host.
 */
DVS_EXPORT const struct dvs_driver *dvs_driver_get(uint32_t host_abi);
typedef const struct dvs_driver *dvs_driver_get_function(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif
