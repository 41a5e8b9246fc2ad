/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "device/worker/worker.h"

void device_result_copy(struct device_result *to, const struct device_result *from,
			struct arena *mem)
{
	*to = *from;
	to->code_name = arena_strdup_or_null(mem, from->code_name);
	to->hint = arena_strdup_or_null(mem, from->hint);
	to->text = arena_strdup_or_null(mem, from->text);
	to->result = arena_strdup_or_null(mem, from->result);
	job_result_copy(&to->verdict, &from->verdict, mem);
}
