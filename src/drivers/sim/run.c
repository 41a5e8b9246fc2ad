/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/run.h"

enum { SHORT_OPS = 16, SHORT_BYTES = 64 << 10 };

/* The second line has keys of the host, because it may pass all keys of a job. */
static const char *const job_keys[] = {
	"program", "image",   "args", "params",	     "options",	     "runtime",	      "buffers",
	"window",  "devices", "gang", "same_domain", "open_timeout", "queue_timeout", NULL};

/* Adds the named buffers of the window as vectors for operations and kernels. */
static void add_buffers(struct sim_run *run, const struct sim_meet *m)
{
	for (uint32_t i = 0; m && i < m->n_buffers; i++)
		sim_vectors_add_view(&run->vectors, m->buffers[i].name,
				     run->image ? TENSOR_U8 : TENSOR_F32,
				     (void *)(uintptr_t)m->buffers[i].address, m->buffers[i].bytes);
}

int32_t sim_job_check(json_t *job, struct dvs_text *err)
{
	const struct fields r = {job, "job", SIM_BAD_JOB, err};
	struct sim_program program = {0};
	const char *image = NULL;
	int32_t code = fields_only(&r, job_keys);

	if (code == 0)
		code = fields_text(&r, "image", &image);
	if (code == 0)
		code = sim_program_read(json_object_get(job, "program"), &program, err);
	sim_program_done(&program);
	return code;
}

static int32_t sim_run_read_job(struct sim_run *run, const char *job, struct dvs_text *err)
{
	json_t *params;
	int32_t code;

	run->job = fields_parse(job, "the job", err);
	if (!run->job)
		return SIM_BAD_JOB;
	if (fields_only(&(struct fields){run->job, "job", SIM_BAD_JOB, err}, job_keys) != 0 ||
	    sim_program_read(json_object_get(run->job, "program"), &run->program, err) != 0)
		return SIM_BAD_JOB;
	params = json_object_get(run->job, "params");
	run->params = params ? json_dumps(params, JSON_COMPACT | JSON_ENCODE_ANY) : xstrdup("{}");
	code = sim_strike_malloc(run, err);
	return code ? code : sim_args_read(run, json_object_get(run->job, "args"), err);
}

struct sim_run *sim_run_new(struct sim *s, const struct dvs_run *r, uint32_t slot,
			    struct dvs_text *err, int32_t *ret_code)
{
	struct sim_run *run = xcalloc(1, sizeof(*run));

	*run = (struct sim_run){
		.sim = s,
		.occasion = {.device = s->device,
			     .rank = r->rank,
			     .job = xstrdup(r->job_id ? r->job_id : ""),
			     .attempt = r->attempt},
		.epoch = r->epoch,
		.n_ranks = r->n_ranks,
		.odir = xstrdup(r->odir ? r->odir : ""),
		.image = sim_images_get(&s->images, slot),
		.mem = arena_new(),
		.slow = 1,
		.result = json_object(),
		.faults = json_array(),
	};
	run->bell = s->meet ? sim_meet_bell(s->meet) : &run->own_bell;
	atomic_store(&run->launched_ns, sim_now_ns());
	atomic_store(&run->progress_ns, sim_now_ns());
	*ret_code = sim_run_read_job(run, r->job, err);
	if (*ret_code != 0) {
		sim_run_free(run);
		return NULL;
	}
	add_buffers(run, s->meet);
	return run;
}

void sim_run_free(struct sim_run *run)
{
	if (!run)
		return;
	sim_program_done(&run->program);
	sim_vectors_done(&run->vectors);
	arena_free(run->mem);
	json_decref(run->job);
	json_decref(run->result);
	json_decref(run->faults);
	free((char *)run->occasion.job);
	free(run->odir);
	free(run->params);
	free(run);
}

/* Whether the run is so short that launch() runs it itself instead of waking another thread. */
bool sim_run_is_short(const struct sim_run *run)
{
	size_t at = 0;

	return !run->image && !run->program.may_take_long && run->program.n <= SHORT_OPS &&
	       run->alloc_bytes <= SHORT_BYTES &&
	       !sim_fault_next(&run->sim->options.faults, SIM_ON_RUN, &run->occasion, &at);
}

static bool is_for(const struct sim_run *run, const struct sim_op *op)
{
	return !op->only || fields_has_number(op->only, run->occasion.rank);
}

static int32_t run_program(struct sim_run *run, struct dvs_text *err)
{
	int32_t code = 0;

	for (size_t i = 0; i < run->program.n && code == 0; i++) {
		const struct sim_op *op = &run->program.ops[i];

		atomic_store(&run->at, (uint32_t)i);
		atomic_store(&run->at_since_ns, sim_now_ns());
		if (is_for(run, op))
			code = op->kind->run(run, op, err);
	}
	return code;
}

/* Changes one element of an output without an error, so only a comparison can detect it. */
static void sim_corrupt_output(struct sim_run *run)
{
	for (size_t i = 0; i < run->vectors.n; i++) {
		struct sim_vector *v = &run->vectors.at[i];

		if (v->n == 0 || !v->tensor || !v->tensor->is_out)
			continue;
		sim_vector_set(v, v->n / 2, sim_vector_get(v, v->n / 2) + 1);
		return;
	}
}

void sim_run_execute(struct sim_run *run)
{
	struct dvs_text err = {run->text, sizeof(run->text)};
	struct sim_meet *m = run->sim->meet;

	if (m)
		sim_meet_begin(m);
	run->code = sim_strike_run(run, &err);
	if (run->code == 0)
		run->code = run_program(run, &err);
	if (run->code == 0 && run->image)
		run->code = sim_kernel_run(run, &err);
	if (run->is_corrupt)
		sim_corrupt_output(run);
	if (m)
		sim_meet_end(m, run->code != 0);
	sim_tell(run, SIM_IDLES, run->program.n * 1000, run->program.n * 1000);
	atomic_store(&run->state, SIM_OVER);
}

void sim_run_cancel(struct sim_run *run)
{
	atomic_store(&run->is_cancelled, 1);
	sim_bell_ring(run->bell);
}
