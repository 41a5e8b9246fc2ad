/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "device/worker/worker.h"

static const char *device_result_text(struct arena *mem, const char *text)
{
	return text ? arena_strdup(mem, text) : NULL;
}

void device_result_copy(struct device_result *to, const struct device_result *from,
			struct arena *mem)
{
	*to = *from;
	to->code_name = device_result_text(mem, from->code_name);
	to->hint = device_result_text(mem, from->hint);
	to->text = device_result_text(mem, from->text);
	to->result = device_result_text(mem, from->result);
	job_result_copy(&to->verdict, &from->verdict, mem);
}
