/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/codes.h"

#include <stdarg.h>
#include <stdio.h>

#include "drivers/npu_codes.h"

struct code_row {
	int32_t first, last;
	enum dvs_class class;
	const char *name, *hint;
};

/* The driver's own codes. All others are those of drivers/npu_codes.h. */
static const struct code_row rows[] = {
	{SIM_WRONG, SIM_KERNEL_LAST, DVS_JOB, "failed", "reported by the kernel or the program"},
	{SIM_MISMATCH, SIM_MISMATCH, DVS_JOB, "mismatch", NULL},
	{SIM_BAD_JOB, SIM_BAD_JOB, DVS_CONFIG, "bad request", NULL},
	{SIM_NO_IMAGE, SIM_NO_IMAGE, DVS_CONFIG, "no image", NULL},
	{SIM_NO_DEVICE, SIM_NO_DEVICE, DVS_CONFIG, "no such device",
	 "'n_devices' is the number of devices"},
	{SIM_MISUSE, SIM_MISUSE, DVS_POISON, "misuse", "calls came in the wrong order"},
	{SIM_DEADLOCK, SIM_DEADLOCK, DVS_DEADLOCK, "deadlock", NULL},
	{SIM_PEER, SIM_PEER, DVS_PEER, "peer", "another rank is the cause"},
	{SIM_CANCELLED, SIM_CANCELLED, DVS_TIMEOUT, "cancelled", "the host cancelled the run"},
	{SIM_MEMORY, SIM_MEMORY, DVS_JOB, "no memory on the host", NULL},
	{SIM_STATE, SIM_STATE, DVS_LOST, "device state", "is 'state_dir' writable?"},
};

enum dvs_class sim_classify(int32_t code, int32_t is_fresh, const char **ret_name,
			    const char **ret_hint)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (code >= rows[i].first && code <= rows[i].last) {
			*ret_name = rows[i].name;
			*ret_hint = rows[i].hint;
			return rows[i].class;
		}
	return npu_classify(code, is_fresh, ret_name, ret_hint);
}

bool sim_code_poisons(int32_t code)
{
	const struct npu_code *row = npu_code_find(code);

	return row && row->poisons;
}

int32_t sim_fail(struct dvs_text *err, int32_t code, const char *fmt, ...)
{
	va_list ap;

	if (!err || !err->at || err->size == 0)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->at, err->size, fmt, ap);
	va_end(ap);
	return code;
}
