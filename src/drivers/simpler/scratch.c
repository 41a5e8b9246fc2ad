/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/scratch.h"

#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

/* A simulated device's memory is memory of this process. Whole pages are returned to the kernel,
 * which takes no time for unused pages, and are zero afterwards. false: the kernel cannot do this
 * for this memory. */
static bool drop_pages(uint64_t from, uint64_t to)
{
	return from < to && madvise((void *)(uintptr_t)from, to - from, MADV_DONTNEED) == 0;
}

static int scratch_clear(struct simpler_session *s, uint64_t base, uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t from = (base + page - 1) & ~(page - 1), to = (base + bytes) & ~(page - 1);
	int native;

	if (!s->is_sim || !drop_pages(from, to))
		return simpler_session_zero(s, base, bytes);
	native = simpler_session_zero(s, base, from - base);
	return native ? native : simpler_session_zero(s, to, base + bytes - to);
}

int32_t simpler_scratch_clear(struct simpler_session *s, const uint64_t heap[SIMPLER_RINGS],
			      struct dvs_text *err)
{
	uint64_t base, bytes = 0, held;
	int native;

	if (s->keeps_scratch)
		return 0;
	base = s->library.api.heap_base(s->context, 0);
	for (unsigned i = 0; i < simpler_runtime_rings(s->runtime); i++)
		bytes += heap[i];
	held = s->library.api.committed(s->context);
	if (base && bytes > held)
		return simpler_fail(err, SIMPLER_E_ABI,
				    "%s holds %" PRIu64 " bytes, and its rings alone are %" PRIu64
				    ": it is of another version",
				    s->library.path, held, bytes);
	native = base ? scratch_clear(s, base, bytes) : 0;
	if (!native)
		return 0;
	return simpler_fail(err, simpler_code_of(native, SIMPLER_E_COPY),
			    "the scratch memory of %" PRIu64 " bytes was not cleared (%d)", bytes,
			    native);
}
