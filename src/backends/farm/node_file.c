/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/node_file.h"

#include "exec/slot_wire.h"

extern char **environ;

void node_file_put_site(struct str *b, const struct node_site *site)
{
	size_t start = wire_begin(b, NODE_FRAME_SITE);

	wire_put_u32(b, NODE_FILE_VERSION);
	wire_put_u32(b, SLOT_PROTOCOL);
	wire_put_string(b, site->id);
	wire_put_string(b, site->node);
	wire_put_list(b, site->variables);
	wire_end(b, start);
}

bool node_file_take_site(struct wire *w, struct node_site *ret)
{
	size_t n;

	*ret = (struct node_site){0};
	if (wire_u32(w) != NODE_FILE_VERSION || wire_u32(w) != SLOT_PROTOCOL)
		return false;
	ret->id = wire_string(w);
	ret->node = wire_string(w);
	ret->variables = wire_strings(w, &n);
	return w->ok && ret->id;
}

void node_file_put_job(struct str *b, const struct slot_options *slot, const struct job_spec *spec,
		       uint32_t attempt, const char *const *env, const struct job_needs *needs)
{
	struct job_wire_places places = {0};
	size_t start = wire_begin(b, NODE_FRAME_JOB);

	wire_put_string(b, spec->id);
	wire_end(b, start);
	slot_put_hello(b, slot, (const char *const *)environ);
	slot_put_job(b, &places, spec, attempt, env, needs);
}

void node_file_put_place(struct str *b, const struct node_place *p)
{
	size_t start = wire_begin(b, NODE_FRAME_PLACE);

	wire_put_string(b, p->node);
	wire_put_string(b, p->batch_id);
	wire_end(b, start);
}

bool node_sets_variable(const struct node_site *site, const char *variable)
{
	static const char *const of_gpus[] = {"CUDA_VISIBLE_DEVICES=", "ROCR_VISIBLE_DEVICES=",
					      "GPU_DEVICE_ORDINAL=", "ZE_AFFINITY_MASK="};

	for (size_t i = 0; i < ARRAY_LEN(of_gpus); i++)
		if (str_starts(variable, of_gpus[i]))
			return true;
	for (size_t i = 0; site->variables && site->variables[i]; i++)
		if (str_starts(variable, site->variables[i]))
			return true;
	return false;
}

static bool node_take_frame(uint8_t type, struct wire *w, struct node_news *ret)
{
	if (type == FRAME_RESULT && !ret->has_result) {
		ret->has_result = true;
		return job_wire_take_result(w, &ret->outcome);
	}
	if (type != NODE_FRAME_PLACE)
		return false;
	ret->place.node = wire_string(w);
	ret->place.batch_id = wire_string(w);
	return w->ok && ret->place.node && ret->place.batch_id;
}

bool node_file_take_news(const char *bytes, size_t n, struct node_news *ret)
{
	struct wire w;
	uint8_t type;
	size_t size;

	*ret = (struct node_news){0};
	while (n > 0) {
		if (wire_next(bytes, n, &type, &w, &size) <= 0 || !node_take_frame(type, &w, ret))
			return false;
		bytes += size;
		n -= size;
	}
	return ret->place.node != NULL;
}

void node_news_done(struct node_news *n)
{
	job_outcome_done(&n->outcome);
}
