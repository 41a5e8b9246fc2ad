/* SPDX-License-Identifier: Apache-2.0 */
/* A run of a user's image. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/run.h"

static_assert((int)DVS_KERNEL_F32 == (int)TENSOR_F32 && (int)DVS_KERNEL_U64 == (int)TENSOR_U64,
	      "kernels and tensors count types alike");

static void on_progress(void *host, uint64_t done, uint64_t total)
{
	struct sim_run *run = host;

	atomic_store(&run->progress_ns, sim_now_ns());
	sim_tell(run, SIM_WORKS, done, total);
}

static int32_t is_cancelled(void *host)
{
	struct sim_run *run = host;

	return atomic_load(&run->is_cancelled) || run->sim->host.is_cancelled(run->sim->host.user);
}

static int32_t kernel_barrier(void *host)
{
	struct sim_run *run = host;
	struct dvs_text err = {run->text, sizeof(run->text)};

	return sim_barrier(run, &err);
}

static struct dvs_kernel_buffer *buffers_of(const struct sim_run *run)
{
	const struct sim_meet *m = run->sim->meet;
	struct dvs_kernel_buffer *list = xcalloc(run->vectors.n, sizeof(*list));

	for (size_t i = 0; i < run->vectors.n; i++) {
		const struct sim_vector *v = &run->vectors.at[i];

		list[i] = (struct dvs_kernel_buffer){
			.name = v->name,
			.at = v->at,
			.bytes = sim_vector_bytes(v),
			.n = v->n,
			.type = (uint32_t)v->type,
			.is_out = v->tensor && v->tensor->is_out,
			.to_next = v->is_owned ? 0 : m->stride,
		};
	}
	return list;
}

int32_t sim_kernel_run(struct sim_run *run, struct dvs_text *err)
{
	const struct sim_meet *m = run->sim->meet;
	struct dvs_kernel_buffer *buffers = buffers_of(run);
	const struct dvs_kernel_args args = {
		.size = sizeof(args),
		.device = run->occasion.device,
		.rank = run->occasion.rank,
		.n_ranks = run->n_ranks,
		.attempt = run->occasion.attempt,
		.n_buffers = (uint32_t)run->vectors.n,
		.job_id = run->occasion.job,
		.odir = run->odir,
		.params = run->params,
		.buffers = buffers,
		.window = m && m->stride ? sim_meet_window(m, m->rank) : NULL,
		.window_bytes = m ? m->stride : 0,
		.window_stride = m ? m->stride : 0,
		.host = run,
		.progress = on_progress,
		.is_cancelled = is_cancelled,
		.barrier = kernel_barrier,
	};
	int32_t code, latched;

	on_progress(run, 0, 0);
	atomic_store(&run->is_opaque, 1);
	code = run->image->kernel(&args);
	atomic_store(&run->is_opaque, 0);
	free(buffers);
	if ((latched = atomic_load(&run->latched)) != 0)
		return sim_fail(err, latched, "the inner watchdog found no progress (code %d)",
				-latched);
	if (code == 0)
		return 0;
	if (atomic_load(&run->is_cancelled))
		return sim_fail(err, SIM_CANCELLED, "cancelled; the kernel returned %d", code);
	/* If kernel_barrier() failed, its text is better than the number. */
	return run->text[0] ? code : sim_fail(err, code, "the kernel returned %d", code);
}
