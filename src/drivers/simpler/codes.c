/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/codes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "drivers/npu_codes.h"
#include "drivers/simpler/simpler_abi.h"

struct row {
	enum dvs_class class;
	const char *name, *hint;
};

#define SEE_LOG "the library says why on standard error: see the job's log"

static const struct row rows[] = {
	[SIMPLER_E_OPTIONS - SIMPLER_E_OPTIONS] = {DVS_CONFIG, "bad options", NULL},
	[SIMPLER_E_LIBRARY - SIMPLER_E_OPTIONS] = {DVS_CONFIG, "library not loaded",
						   "see 'libdir', 'platform' and 'runtime'"},
	[SIMPLER_E_ABI -
		SIMPLER_E_OPTIONS] = {DVS_CONFIG, "library of another version",
				      "docs/reference/drivers.md lists the supported versions"},
	[SIMPLER_E_INIT - SIMPLER_E_OPTIONS] = {DVS_POISON, "device not initialised",
						"the library says why on standard error"},
	[SIMPLER_E_JOB - SIMPLER_E_OPTIONS] = {DVS_CONFIG, "bad job", NULL},
	[SIMPLER_E_FILE - SIMPLER_E_OPTIONS] = {DVS_CONFIG, "file not read", NULL},
	[SIMPLER_E_REGISTER - SIMPLER_E_OPTIONS] =
		{DVS_CONFIG, "callable refused",
		 "no such entry, no kernel_entry, or made for the other runtime: see the log"},
	[SIMPLER_E_PREPARE - SIMPLER_E_OPTIONS] = {DVS_JOB, "graph not built", SEE_LOG},
	[SIMPLER_E_OVERLAP - SIMPLER_E_OPTIONS] = {DVS_BUSY, "another run is active", NULL},
	[SIMPLER_E_LAUNCH - SIMPLER_E_OPTIONS] = {DVS_POISON, "not launched", SEE_LOG},
	[SIMPLER_E_POLL - SIMPLER_E_OPTIONS] = {DVS_POISON, "run lost", SEE_LOG},
	[SIMPLER_E_SCOPE - SIMPLER_E_OPTIONS] = {DVS_JOB, "scope deadlock", SEE_LOG},
	[SIMPLER_E_RESULT - SIMPLER_E_OPTIONS] = {DVS_JOB, "wrong result", NULL},
	[SIMPLER_E_LANE - SIMPLER_E_OPTIONS] = {DVS_POISON, "process unusable",
						"the first failure is the cause, not this one"},
	[SIMPLER_E_ORDER -
		SIMPLER_E_OPTIONS] = {DVS_CONFIG, "call out of order", "a bug of dvsched"},
	[SIMPLER_E_NOT_RUN - SIMPLER_E_OPTIONS] = {DVS_PEER, "never launched", NULL},
	[SIMPLER_E_UNFINISHED -
		SIMPLER_E_OPTIONS] = {DVS_POISON, "run has not ended",
				      "there is no abort: the process must be killed"},
	[SIMPLER_E_COMM - SIMPLER_E_OPTIONS] = {DVS_POISON, "no communicator", SEE_LOG},
	[SIMPLER_E_PEERS - SIMPLER_E_OPTIONS] = {DVS_PEER, "other ranks did not join", NULL},
	[SIMPLER_E_WINDOW - SIMPLER_E_OPTIONS] = {DVS_CONFIG, "buffers do not fit", NULL},
	[SIMPLER_E_COPY - SIMPLER_E_OPTIONS] = {DVS_POISON, "copy failed", SEE_LOG},
	[SIMPLER_E_DEVICE - SIMPLER_E_OPTIONS] = {DVS_POISON, "device not released", SEE_LOG},
	[SIMPLER_E_FINISH - SIMPLER_E_OPTIONS] = {DVS_POISON, "not finished", SEE_LOG},
	[SIMPLER_E_UNSUPPORTED -
		SIMPLER_E_OPTIONS] = {DVS_UNSUPPORTED, "not in this library", SEE_LOG},
	[SIMPLER_E_REFUSED - SIMPLER_E_OPTIONS] = {DVS_POISON, "call refused", SEE_LOG},
};
static_assert(ARRAY_LEN(rows) == SIMPLER_E_END - SIMPLER_E_OPTIONS, "one row per code");

int32_t simpler_fail(struct dvs_text *err, int32_t code, const char *fmt, ...)
{
	va_list ap;

	if (!err || !err->size || *err->at)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->at, err->size, fmt, ap);
	va_end(ap);
	return code;
}

int32_t simpler_fail_error(struct dvs_text *err, int32_t code, const char *where, struct error *e)
{
	const char *file = e->pos.file;

	simpler_fail(err, code, "%s: %s%s%s", where, file ? file : "", file ? ": " : "", e->msg);
	error_done(e);
	return code;
}

enum dvs_class simpler_classify(int32_t code, int32_t is_fresh, const char **ret_name,
				const char **ret_hint)
{
	const struct row *row;

	if (code < SIMPLER_E_OPTIONS || code >= SIMPLER_E_END)
		return npu_classify(code, is_fresh, ret_name, ret_hint);
	row = &rows[code - SIMPLER_E_OPTIONS];
	*ret_name = row->name;
	*ret_hint = row->hint;
	return row->class;
}

int32_t simpler_code_of(int native, enum simpler_code instead)
{
	switch (native) {
	case SIMPLER_HOST_UNSUPPORTED:
		return SIMPLER_E_UNSUPPORTED;
	case SIMPLER_HOST_OVERLAP:
		return SIMPLER_E_OVERLAP;
	case SIMPLER_HOST_STATE:
	case SIMPLER_HOST_ARGUMENT:
		return SIMPLER_E_REFUSED;
	default:
		return native == -1 || native <= SIMPLER_HOST_ERROR ? (int32_t)instead : native;
	}
}

bool simpler_code_spoils(int32_t code, bool is_sim)
{
	const struct npu_code *row;

	switch (code) {
	case SIMPLER_E_LAUNCH:
	case SIMPLER_E_POLL:
	case SIMPLER_E_UNFINISHED:
	case SIMPLER_E_COPY:
	case SIMPLER_E_COMM:
	case SIMPLER_E_DEVICE:
	case SIMPLER_E_INIT:
	case SIMPLER_E_FINISH:
	case SIMPLER_E_REFUSED:
		return true;
	default:
		break;
	}
	if (code >= SIMPLER_E_OPTIONS && code < SIMPLER_E_END)
		return false;
	row = npu_code_find(code);
	/* A latched code leaves a simulator usable. */
	return !row || row->poisons || (code < 0 && !is_sim);
}
