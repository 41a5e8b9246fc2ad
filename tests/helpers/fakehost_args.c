/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a run of the stand-in: tensors, scalars, its configuration. */
#include <dlfcn.h>

#include "fakehost_state.h"

static size_t element_size(unsigned dtype)
{
	static const size_t sizes[] = {4, 2, 4, 2, 1, 1, 2, 8, 8};

	return dtype < 9 ? sizes[dtype] : 0;
}

static uint64_t check_shape(const char *t, int i)
{
	uint32_t dims = at32(t, 36);
	uint64_t n = 1;

	EXPECT(dims >= 1 && dims <= 5, "tensor %d: %u dimensions", i, dims);
	for (uint32_t d = 5; d-- > 0;) {
		uint32_t shape = at32(t, 44 + d * 4), stride = at32(t, 72 + d * 4);

		EXPECT(d < dims ? stride == n : (stride == 0 && shape == 0),
		       "tensor %d: dimension %u has stride %u", i, d, stride);
		n *= d < dims ? shape : 1;
	}
	EXPECT(at64(t, 64) == n, "tensor %d: extent %llu", i, (unsigned long long)at64(t, 64));
	return n;
}

static void check_tensor(const char *t, int i)
{
	uint64_t n = check_shape(t, i);
	unsigned dtype = (unsigned char)t[40];

	EXPECT(at64(t, 0) && at64(t, 0) % 64 == 0, "tensor %d: its address", i);
	EXPECT(element_size(dtype) && at64(t, 8) == n * element_size(dtype),
	       "tensor %d: dtype %u, %llu bytes", i, dtype, (unsigned long long)at64(t, 8));
	EXPECT(at64(t, 16) == UINT64_MAX, "tensor %d: it has an owner", i);
	EXPECT(at64(t, 24) == 0 && at32(t, 32) == 0, "tensor %d: start, version", i);
	EXPECT(t[41] == 0 && t[42] == 1, "tensor %d: manual %d, contiguous %d", i, t[41], t[42]);
	EXPECT(t[43] == 0 || t[43] == 1, "tensor %d: space %d", i, t[43]);
	fake_report("saw", "tensor %d dtype %u dims %u space %d", i, dtype, at32(t, 36), t[43]);
}

/* Of a tensor, by its number: among the callable's, and among those of its kernel, which knows what
 * it writes. */
static void take_tensor(struct fake *f, const char *t, int i, const struct callable *c)
{
	const struct kernel *k = &c->kernels[0];
	int32_t direction = i < c->n ? c->directions[i] : 0;
	int32_t own = i < k->n ? k->directions[i] : direction;
	struct argument *a = &f->args[f->n_args++];

	check_tensor(t, i);
	*a = (struct argument){.host = (char *)(uintptr_t)at64(t, 0),
			       .bytes = at64(t, 8),
			       .n = at64(t, 64),
			       .is_in = own == 1 || own == 3,
			       .is_out = own >= 2};
	if (t[43] == 1) {
		EXPECT(fake_is_device(a->host, a->bytes), "tensor %d: not the device's", i);
		a->device = a->host;
		return;
	}
	EXPECT(!fake_is_device(a->host, 1), "tensor %d: not the host's", i);
	a->device = fake_device_alloc(a->bytes);
	if (direction != 2)
		memcpy(a->device, a->host, a->bytes);
	a->comes_back = direction != 1;
}

void fake_take_args(struct fake *f, const char *args, const struct callable *c)
{
	int32_t n_tensors = (int32_t)at32(args, ARGS_N_TENSORS);
	int32_t n_scalars = (int32_t)at32(args, ARGS_N_SCALARS);

	f->n_args = 0;
	f->sum = 0;
	EXPECT(n_tensors + n_scalars == c->n, "prepare: %d tensors and %d scalars of %d", n_tensors,
	       n_scalars, c->n);
	for (int32_t i = 0; i < n_tensors; i++)
		take_tensor(f, args + (size_t)i * TENSOR_SIZE, i, c);
	for (int32_t i = 0; i < n_scalars; i++) {
		uint32_t bits = (uint32_t)at64(args, ARGS_SCALARS + (size_t)i * 8);
		float value;

		memcpy(&value, &bits, sizeof(value));
		fake_report("saw", "scalar %#x", bits);
		f->sum += value;
	}
}

/* A runtime has as many heaps as its name says. */
size_t fake_heap_bytes(const char *config)
{
	static const char here[] = "";
	Dl_info self = {0};
	bool has_four = dladdr(here, &self) && strstr(self.dli_fname, "tensormap_and_ring");
	size_t n = 0;

	for (unsigned i = 0; i < (has_four ? 4 : 1); i++) {
		EXPECT(at64(config, 56 + i * 8) >= 1024, "ring %u: a heap of %llu bytes", i,
		       (unsigned long long)at64(config, 56 + i * 8));
		n += at64(config, 56 + i * 8);
	}
	return n;
}

void fake_check_config(const char *config)
{
	static const struct {
		const char *name;
		size_t at;
	} rings[] = {{"window", 24}, {"heap", 56}, {"dep_pool", 88}};

	EXPECT(at32(config, 0) == 0 || at32(config, 0) >= 2, "config: %u threads", at32(config, 0));
	for (size_t at = 4; at < 24; at += 4)
		EXPECT(at32(config, at) == 0, "config: a flag at %zu", at);
	for (unsigned i = 0; i < 3; i++)
		fake_report("saw", "%s %llu %llu %llu %llu", rings[i].name,
			    (unsigned long long)at64(config, rings[i].at),
			    (unsigned long long)at64(config, rings[i].at + 8),
			    (unsigned long long)at64(config, rings[i].at + 16),
			    (unsigned long long)at64(config, rings[i].at + 24));
	EXPECT(config[120] == 0 && config[1143] == 0, "config: an output's prefix");
	fake_report("saw", "threads %u", at32(config, 0));
}

void fake_check_descriptor(struct fake *f, const char *d)
{
	int32_t *accepted = (int32_t *)(uintptr_t)at64(d, 40);

	EXPECT(at32(d, 0) == 0 && at32(d, 4) == 0, "descriptor: slot, bank");
	EXPECT(at64(d, 8) > f->last_run, "descriptor: run %llu again",
	       (unsigned long long)at64(d, 8));
	EXPECT(at64(d, 16) && at64(d, 24) && at64(d, 32), "descriptor: an id is 0");
	EXPECT(accepted && *accepted == 0, "descriptor: accepted already, or nowhere to say so");
	EXPECT(at32(d, 48) != 0, "descriptor: the word to accept with is 0");
	f->last_run = at64(d, 8);
}
