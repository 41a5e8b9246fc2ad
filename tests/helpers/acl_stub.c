/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of AscendCL, see acl_stub.h. With STUB_OLD those of an old runtime only; with
 * STUB_BROKEN one that is always needed is missing. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acl_stub_core.h"

enum { COMPLETE, NOT_READY };

struct stream {
	int is_hung, is_aborted;
};

struct binary {
	float k;
};

struct kernel {
	const char *name;
	struct binary *binary;
};

int aclInit(const char *config);
int aclInit(const char *config)
{
	(void)config;
	if (stub_enter("aclInit", STUB_HOST))
		return stub.rc;
	if (stub.n_inits > 0)
		return 100002;
	stub.n_inits++;
	return 0;
}

int aclFinalize(void);
int aclFinalize(void)
{
	if (stub_enter("aclFinalize", STUB_GIVES_BACK))
		return stub.rc;
	stub.n_inits--;
	return 0;
}

static uint32_t count_visible(void)
{
	const char *s = getenv("ASCEND_RT_VISIBLE_DEVICES");
	uint32_t n = s && *s ? 1 : 0;

	if (!s)
		return 4;
	for (; *s; s++)
		n += *s == ',';
	return n;
}

int aclrtGetDeviceCount(uint32_t *count);
int aclrtGetDeviceCount(uint32_t *count)
{
	if (stub_enter("aclrtGetDeviceCount", STUB_HOST))
		return stub.rc;
	*count = stub.has_status ? (uint32_t)stub.status : count_visible();
	return 0;
}

int aclrtSetDevice(int32_t device);
int aclrtSetDevice(int32_t device)
{
	if (stub_enter_n("aclrtSetDevice", STUB_HOST, device))
		return stub.rc;
	if (device < 0 || (uint32_t)device >= count_visible())
		return 107001;
	stub.n_devices++;
	return 0;
}

int aclrtResetDevice(int32_t device);
int aclrtResetDevice(int32_t device)
{
	if (stub_enter_n("aclrtResetDevice", STUB_DEVICE, device))
		return stub.rc;
	stub.n_devices--;
	return 0;
}

int aclrtCreateStream(void **stream);
int aclrtCreateStream(void **stream)
{
	if (stub_enter("aclrtCreateStream", STUB_DEVICE))
		return stub.rc;
	*stream = stub_new(sizeof(struct stream));
	stub.n_streams++;
	return 0;
}

int aclrtStreamQuery(void *stream, int *status);
int aclrtStreamQuery(void *stream, int *status)
{
	struct stream *s = stream;

	if (stub_enter("aclrtStreamQuery", STUB_DEVICE))
		return stub.rc;
	if (s->is_aborted)
		return 107023;
	*status = stub.has_status ? stub.status : s->is_hung ? NOT_READY : COMPLETE;
	return 0;
}

int aclrtDestroyStream(void *stream);
int aclrtDestroyStream(void *stream)
{
	if (stub_enter("aclrtDestroyStream", STUB_GIVES_BACK))
		return stub.rc;
	stub_delete(stream);
	stub.n_streams--;
	return 0;
}

/* The memory of a device keeps its content: new buffers of a size begin with the content of the
 * freed buffers of that size, in the order in which these were freed. */
enum { LEFT = 16 };
static struct left {
	void *held; /* NULL: nothing */
	size_t bytes;
	unsigned long age;
} left[LEFT];
static struct {
	void *at;
	size_t bytes;
} buffers[LEFT];

#ifndef STUB_BROKEN
static struct left *oldest_left(size_t bytes)
{
	struct left *found = NULL;

	for (unsigned i = 0; i < LEFT; i++)
		if (left[i].held && left[i].bytes == bytes && (!found || left[i].age < found->age))
			found = &left[i];
	return found;
}

static void begin_as_left(void *memory, size_t bytes)
{
	struct left *from = oldest_left(bytes);

	for (unsigned i = 0; i < LEFT; i++)
		if (!buffers[i].at) {
			buffers[i].at = memory;
			buffers[i].bytes = bytes;
			break;
		}
	if (!from)
		return;
	memcpy(memory, from->held, bytes);
	free(from->held);
	from->held = NULL;
}
#endif

static void leave(const void *memory)
{
	static unsigned long age;
	struct left *to = &left[age % LEFT];

	for (unsigned i = 0; i < LEFT; i++) {
		if (buffers[i].at != memory)
			continue;
		free(to->held);
		*to = (struct left){malloc(buffers[i].bytes), buffers[i].bytes, ++age};
		memcpy(to->held, memory, to->bytes);
		buffers[i].at = NULL;
		return;
	}
}

#ifndef STUB_BROKEN
int aclrtMalloc(void **memory, size_t bytes, int policy);
int aclrtMalloc(void **memory, size_t bytes, int policy)
{
	(void)policy;
	if (stub_enter("aclrtMalloc", STUB_DEVICE))
		return stub.rc;
	*memory = stub_new(bytes);
	begin_as_left(*memory, bytes);
	stub.n_buffers++;
	return 0;
}
#endif

int aclrtFree(void *memory);
int aclrtFree(void *memory)
{
	if (stub_enter("aclrtFree", STUB_GIVES_BACK))
		return stub.rc;
	leave(memory);
	stub_delete(memory);
	stub.n_buffers--;
	return 0;
}

int aclrtMemcpy(void *to, size_t room, const void *from, size_t bytes, int kind);
int aclrtMemcpy(void *to, size_t room, const void *from, size_t bytes, int kind)
{
	if (stub_enter_n("aclrtMemcpy", STUB_DEVICE, kind))
		return stub.rc;
	if (bytes > room)
		return 107000;
	memcpy(to, from, bytes);
	/* 256 times the number of a byte, and bits that are changed in it. */
	if (stub.has_status && (size_t)stub.status / 256 < bytes)
		((char *)to)[stub.status / 256] ^= (char)(stub.status % 256);
	return 0;
}

int aclrtSynchronizeStreamWithTimeout(void *stream, int32_t ms);
int aclrtSynchronizeStreamWithTimeout(void *stream, int32_t ms)
{
	struct stream *s = stream;

	(void)ms;
	if (stub_enter("aclrtSynchronizeStreamWithTimeout", STUB_DEVICE))
		return stub.rc;
	if (s->is_aborted)
		return 107023;
	return s->is_hung ? 507046 : 0;
}

#ifndef STUB_OLD
const char *aclrtGetSocName(void);
const char *aclrtGetSocName(void)
{
	return "Ascend910B1";
}

int aclrtGetVersion(int32_t *major, int32_t *minor, int32_t *patch);
int aclrtGetVersion(int32_t *major, int32_t *minor, int32_t *patch)
{
	if (stub_enter("aclrtGetVersion", STUB_HOST))
		return stub.rc;
	*major = 1;
	*minor = 15;
	*patch = 0;
	return 0;
}

int aclrtQueryDeviceStatus(int32_t device, int *status);
int aclrtQueryDeviceStatus(int32_t device, int *status)
{
	if (stub_enter_n("aclrtQueryDeviceStatus", STUB_HOST, device))
		return stub.rc;
	*status = stub.has_status ? stub.status : 0;
	return 0;
}

int aclrtGetMemInfo(int kind, size_t *free_bytes, size_t *total);
int aclrtGetMemInfo(int kind, size_t *free_bytes, size_t *total)
{
	if (stub_enter_n("aclrtGetMemInfo", STUB_DEVICE, kind))
		return stub.rc;
	*free_bytes = (size_t)60 << 30;
	*total = (size_t)64 << 30;
	return 0;
}

int aclrtResetDeviceForce(int32_t device);
int aclrtResetDeviceForce(int32_t device)
{
	if (stub_enter_n("aclrtResetDeviceForce", STUB_HOST, device))
		return stub.rc;
	stub_reset_device();
	return 0;
}

int aclrtSetOpExecuteTimeOutV2(uint64_t us, uint64_t *actual_us);
int aclrtSetOpExecuteTimeOutV2(uint64_t us, uint64_t *actual_us)
{
	if (stub_enter_n("aclrtSetOpExecuteTimeOutV2", STUB_HOST, (long)us))
		return stub.rc;
	*actual_us = us;
	return 0;
}

int aclrtSetOpWaitTimeout(uint32_t s);
int aclrtSetOpWaitTimeout(uint32_t s)
{
	return stub_enter_n("aclrtSetOpWaitTimeout", STUB_HOST, (long)s) ? stub.rc : 0;
}

int aclrtStreamAbort(void *stream);
int aclrtStreamAbort(void *stream)
{
	struct stream *s = stream;

	if (stub_enter("aclrtStreamAbort", STUB_DEVICE))
		return stub.rc;
	s->is_aborted = 1;
	s->is_hung = stub.is_kernel_hung = 0;
	return 0;
}

int aclrtDestroyStreamForce(void *stream);
int aclrtDestroyStreamForce(void *stream)
{
	if (stub_enter("aclrtDestroyStreamForce", STUB_GIVES_BACK))
		return stub.rc;
	stub_delete(stream);
	stub.n_streams--;
	return 0;
}

int aclrtBinaryLoadFromFile(const char *path, void *options, void **binary);
int aclrtBinaryLoadFromFile(const char *path, void *options, void **binary)
{
	FILE *f = fopen(path, "re");
	struct binary *b;

	(void)options;
	if (stub_enter("aclrtBinaryLoadFromFile", STUB_DEVICE) || !f) {
		if (f)
			fclose(f);
		return stub.rc ? stub.rc : 107000;
	}
	b = stub_new(sizeof(*b));
	if (fscanf(f, "k=%f", &b->k) != 1)
		b->k = 0;
	fclose(f);
	*binary = b;
	stub.n_binaries++;
	return 0;
}

int aclrtBinaryGetFunction(const void *binary, const char *name, void **function);
int aclrtBinaryGetFunction(const void *binary, const char *name, void **function)
{
	static const char *const names[] = {"add_f32", "add_k", "nop", "hang"};

	if (stub_enter("aclrtBinaryGetFunction", STUB_DEVICE))
		return stub.rc;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			struct kernel *k = stub_new(sizeof(*k));

			k->name = names[i];
			k->binary = (struct binary *)(uintptr_t)binary;
			*function = k;
			return 0;
		}
	return 107000;
}

int aclrtBinaryUnLoad(void *binary);
int aclrtBinaryUnLoad(void *binary)
{
	if (stub_enter("aclrtBinaryUnLoad", STUB_GIVES_BACK))
		return stub.rc;
	stub_delete(binary);
	stub.n_binaries--;
	return 0;
}

static void run_add_f32(const void *arguments)
{
	struct {
		const float *a, *b;
		float *out;
		int64_t n;
	} p;

	memcpy(&p, arguments, sizeof(p));
	for (int64_t i = 0; i < p.n; i++)
		p.out[i] = p.a[i] + p.b[i];
}

static void run_add_k(const void *arguments, float k)
{
	struct {
		const float *a;
		float *out;
		int32_t n;
	} p;

	memcpy(&p, arguments, sizeof(p));
	for (int32_t i = 0; i < p.n; i++)
		p.out[i] = p.a[i] + k;
}

int aclrtLaunchKernel(void *function, uint32_t blocks, const void *arguments, size_t bytes,
		      void *stream);
int aclrtLaunchKernel(void *function, uint32_t blocks, const void *arguments, size_t bytes,
		      void *stream)
{
	struct kernel *k = function;
	struct stream *s = stream;

	if (stub_enter_n("aclrtLaunchKernel", STUB_DEVICE, (long)blocks))
		return stub.rc;
	if (strcmp(k->name, "add_f32") == 0 && bytes == 32)
		run_add_f32(arguments);
	else if (strcmp(k->name, "add_k") == 0 && bytes == 24)
		run_add_k(arguments, k->binary->k);
	s->is_hung = stub.is_kernel_hung = strcmp(k->name, "hang") == 0;
	return 0;
}

int aclrtSynchronizeDeviceWithTimeout(int32_t ms);
int aclrtSynchronizeDeviceWithTimeout(int32_t ms)
{
	if (stub_enter_n("aclrtSynchronizeDeviceWithTimeout", STUB_DEVICE, ms))
		return stub.rc;
	return stub.is_kernel_hung ? 507046 : 0;
}

int aclrtDeviceTaskAbort(int32_t device, uint32_t ms);
int aclrtDeviceTaskAbort(int32_t device, uint32_t ms)
{
	(void)ms;
	if (stub_enter_n("aclrtDeviceTaskAbort", STUB_DEVICE, device))
		return stub.rc;
	return 0;
}

const char *aclGetRecentErrMsg(void);
const char *aclGetRecentErrMsg(void)
{
	return stub_take_recent();
}
#endif
