/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/result.h"

#include <stdlib.h>
#include <string.h>

void simpler_result_write(const struct simpler_session *s, const struct simpler_run *run,
			  const char *platform, bool is_new, struct dvs_text *result)
{
	const struct simpler_library *l = &s->library;
	json_t *j = json_pack(
		"{ss ss ss ss si sb sb si si si sI sf}", "library", l->path, "build_id",
		l->build_id, "platform", platform, "runtime", s->runtime, "callable",
		(int)run->callable, "registered", is_new, "accepted",
		run->accepted == run->descriptor.accepted_value, "wait", run->wait, "finalize",
		run->finalize, "checked", (int)run->n_checked, "images_loaded",
		(json_int_t)(l->api.n_host_loads(s->context) + l->api.n_aicpu_loads(s->context)),
		"library_s", (double)s->where->inside_ns * 1e-9);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	if (text && result && strlen(text) < result->size)
		memcpy(result->at, text, strlen(text) + 1);
	free(text);
	json_decref(j);
}
