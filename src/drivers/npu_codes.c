/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/npu_codes.h"

#include "base/attr.h"

#define BAD_REQUEST "the configuration or the driver made an invalid request"
#define FRESH_HELPS "a fresh process usually finds the device clean again"
#define HARDWARE    "the device has a fault: check its health, and take it out of the pool"
#define FIRST_ERROR "a consequence of an earlier error: look for the first one"
#define LATCHED	    "an error of the program itself: its graph or its arguments"

/* In the order of the numbers. */
static const struct npu_code rows[] = {
	/* Latched by the task scheduler on the device, negated. -1 is different: on silicon it
	 * means that the runner failed earlier. */
	{-104, -104, DVS_JOB, DVS_JOB, false, false, "ready queue overflow", LATCHED},
	{-103, -101, DVS_JOB, DVS_JOB, false, false, "asynchronous operation failed", LATCHED},
	{-100, -100, DVS_STALL, DVS_STALL, false, false, "scheduler timeout",
	 "no progress within the device's own limit: see the stall report in the log"},
	{-11, -10, DVS_JOB, DVS_JOB, false, false, "orchestration error", LATCHED},
	{-9, -9, DVS_JOB, DVS_JOB, false, false, "error raised by the orchestration", LATCHED},
	{-8, -8, DVS_JOB, DVS_JOB, false, false, "wait for a tensor failed", LATCHED},
	{-7, -6, DVS_JOB, DVS_JOB, false, false, "orchestration error", LATCHED},
	{-5, -5, DVS_JOB, DVS_JOB, false, false, "bad arguments", LATCHED},
	{-4, -4, DVS_JOB, DVS_JOB, false, false, "dependency pool exhausted",
	 "a larger ring.dep_pool may help"},
	{-3, -3, DVS_JOB, DVS_JOB, false, false, "flow control deadlock",
	 "a larger ring.window may help"},
	{-2, -2, DVS_JOB, DVS_JOB, false, false, "ring heap exhausted",
	 "a larger ring.heap may help"},
	{-1, -1, DVS_POISON, DVS_POISON, true, true, "runner already unusable", FIRST_ERROR},
	{0, 0, DVS_OK, DVS_OK, false, false, "ok", NULL},

	{100000, 100000, DVS_CONFIG, DVS_CONFIG, false, false, "invalid parameter", BAD_REQUEST},
	{100001, 100001, DVS_CONFIG, DVS_CONFIG, false, false, "not initialised", BAD_REQUEST},
	{100002, 100002, DVS_OK, DVS_OK, false, false, "initialised twice", NULL},
	{107001, 107001, DVS_CONFIG, DVS_CONFIG, false, false, "invalid device id",
	 "ids are those of this process: check ASCEND_RT_VISIBLE_DEVICES"},
	{107002, 107002, DVS_CONFIG, DVS_CONFIG, false, false, "no context", BAD_REQUEST},
	{107003, 107003, DVS_CONFIG, DVS_CONFIG, false, false, "stream of another context",
	 BAD_REQUEST},
	{107017, 107017, DVS_CONFIG, DVS_CONFIG, false, false, "invalid handle", BAD_REQUEST},
	{107019, 107019, DVS_TIMEOUT, DVS_TIMEOUT, false, false, "wait timeout", NULL},
	{107020, 107020, DVS_TIMEOUT, DVS_TIMEOUT, false, false, "task timeout", NULL},
	{107022, 107022, DVS_POISON, DVS_POISON, true, true, "device is aborting", FIRST_ERROR},
	{107023, 107023, DVS_POISON, DVS_POISON, true, true, "stream is aborting", FIRST_ERROR},

	{207000, 207000, DVS_UNSUPPORTED, DVS_UNSUPPORTED, false, false, "not supported",
	 "this device, or this version of the runtime, does not support it"},
	{207001, 207001, DVS_JOB, DVS_JOB, true, false, "memory allocation failed",
	 "not always a lack of memory: after another error it is a consequence of that error"},
	{207004, 207004, DVS_CONFIG, DVS_CONFIG, false, false, "no device",
	 "is the driver of the machine loaded, and may this user open the device?"},
	{207005, 207005, DVS_BUSY, DVS_BUSY, false, false, "out of resources",
	 "other processes on the device hold them"},
	{207006, 207006, DVS_CONFIG, DVS_CONFIG, false, false, "no permission",
	 "is this user in the device's group, and does the container have the device?"},
	{207007, 207010, DVS_BUSY, DVS_BUSY, false, false, "out of streams, events or notifies",
	 "other processes on the device hold them"},
	{207018, 207018, DVS_JOB, DVS_JOB, true, false, "out of device memory",
	 "not always a lack of memory: after another error it is a consequence of that error"},

	{507000, 507000, DVS_POISON, DVS_POISON, false, true, "runtime internal error",
	 FRESH_HELPS},
	{507001, 507001, DVS_POISON, DVS_POISON, false, true, "task scheduler internal error",
	 FRESH_HELPS},
	{507010, 507010, DVS_WEDGE, DVS_WEDGE, false, true, "task scheduler heartbeat lost",
	 HARDWARE},
	{507014, 507014, DVS_STALL, DVS_STALL, false, true, "AICore timeout", NULL},
	{507015, 507015, DVS_JOB, DVS_JOB, false, true, "AICore exception", FRESH_HELPS},
	{507016, 507016, DVS_JOB, DVS_JOB, false, true, "AICore trap", FRESH_HELPS},
	{507017, 507017, DVS_STALL, DVS_STALL, false, true, "AICPU timeout", NULL},
	{507018, 507018, DVS_POISON, DVS_POISON, false, true, "AICPU exception",
	 "has many possible causes: look for the latched code and at the device's log"},
	{507033, 507033, DVS_POISON, DVS_WEDGE, false, true, "device setup error", HARDWARE},
	{507034, 507034, DVS_STALL, DVS_STALL, false, true, "vector core timeout", NULL},
	{507035, 507035, DVS_JOB, DVS_JOB, false, true, "vector core exception", FRESH_HELPS},
	{507036, 507036, DVS_JOB, DVS_JOB, false, true, "vector core trap", FRESH_HELPS},
	{507042, 507045, DVS_JOB, DVS_JOB, false, true, "core overflow or exception", FRESH_HELPS},
	{507046, 507046, DVS_TIMEOUT, DVS_TIMEOUT, false, true, "stream synchronisation timeout",
	 FRESH_HELPS},
	{507047, 507047, DVS_TIMEOUT, DVS_TIMEOUT, false, true, "event synchronisation timeout",
	 FRESH_HELPS},
	{507048, 507048, DVS_STALL, DVS_STALL, false, true, "FFTS+ timeout", NULL},
	{507049, 507049, DVS_JOB, DVS_JOB, false, true, "FFTS+ exception", FRESH_HELPS},
	{507050, 507050, DVS_JOB, DVS_JOB, false, true, "FFTS+ trap", FRESH_HELPS},
	{507053, 507053, DVS_WEDGE, DVS_WEDGE, false, true, "memory error", HARDWARE},
	{507054, 507054, DVS_WEDGE, DVS_WEDGE, false, true, "multi-bit ECC error", HARDWARE},
	{507055, 507055, DVS_WEDGE, DVS_WEDGE, false, true, "suspect memory", HARDWARE},
	{507056, 507056, DVS_WEDGE, DVS_WEDGE, false, true, "link error", HARDWARE},
	{507057, 507057, DVS_WEDGE, DVS_WEDGE, false, true, "suspect memory of a remote device",
	 HARDWARE},
	{507899, 507899, DVS_POISON, DVS_WEDGE, true, true, "driver internal error", FRESH_HELPS},
	{507900, 507900, DVS_POISON, DVS_WEDGE, true, true, "AICPU internal error", FRESH_HELPS},
	{507901, 507901, DVS_POISON, DVS_WEDGE, true, true, "channel to the device closed",
	 FRESH_HELPS},
};

const struct npu_code *npu_code_row(unsigned at)
{
	return at < ARRAY_LEN(rows) ? &rows[at] : NULL;
}

const struct npu_code *npu_code_find(int32_t code)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		if (code >= rows[i].first && code <= rows[i].last)
			return &rows[i];
	return NULL;
}

static const struct npu_code *unknown_row(int32_t code)
{
	static const struct npu_code poison = {
		0,     0,    DVS_POISON, DVS_POISON,
		false, true, NULL,	 "a code that dvsched does not know"};
	static const struct npu_code refused = {
		0,	    0,
		DVS_CONFIG, DVS_CONFIG,
		false,	    false,
		NULL,	    "an argument was refused, with a code that dvsched does not know"};

	return code >= 100000 && code < 200000 ? &refused : &poison;
}

static const struct npu_code *get_row(int32_t code)
{
	const struct npu_code *row = npu_code_find(code);

	return row ? row : unknown_row(code);
}

enum dvs_class npu_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint)
{
	const struct npu_code *row = get_row(code);

	if (ret_name)
		*ret_name = row->name;
	if (ret_hint)
		*ret_hint = row->hint;
	return is_fresh ? row->fresh : row->class;
}

int32_t npu_code_cause(int32_t cause, int32_t next)
{
	const struct npu_code *was = get_row(cause), *is = get_row(next);

	if (is->class == DVS_OK)
		return cause;
	if (was->class == DVS_OK)
		return next;
	return was->is_fallout && is->poisons && !is->is_fallout ? next : cause;
}
