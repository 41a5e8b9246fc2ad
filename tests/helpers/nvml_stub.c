/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for libnvidia-ml.so.1 that follows a script: the file that NVML_STUB names, read at
 * each call, so that it may change while processes live. Lines "KEY NUMBER"; what is not there is 0
 * or what is usual:
 *
 *   n            how many GPUs (2)           CALL         the code that it returns
 *   I.bus        of GPU I (16 * (I + 1))     I.CALL       likewise, for GPU I
 *   I.ecc        uncorrected errors          I.failed     a row could not be remapped
 *   I.pending    a row waits for a reset     I.retired    pages wait for a reboot
 *   I.mig        MIG instances in the even places; 0: no MIG
 *   hang.CALL    it never returns
 *
 * It is strict: it fills the whole buffer that it gets, returns an error if that is too small, and
 * aborts if it is used before it is started or after it was shut down. The file NVML_STUB.calls has
 * the calls. Built with -DSTUB_OLD it lacks newer functions, with -DSTUB_BROKEN a required one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK, UNINITIALIZED, INVALID_ARGUMENT, NOT_SUPPORTED, NOT_FOUND = 6, INSUFFICIENT_SIZE };
enum { MIG_BIT = 1 << 16, HANDLE_BIT = 1 << 20, GENERATION = 1 << 24 };

static unsigned n_starts, is_started;

static long look_up(const char *key, long usual)
{
	const char *path = getenv("NVML_STUB");
	FILE *f = path ? fopen(path, "re") : NULL;
	char name[64];
	long value, found = usual;

	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (strcmp(name, key) == 0)
			found = value;
	if (f)
		fclose(f);
	return found;
}

static long of_gpu(unsigned gpu, const char *what, long usual)
{
	char key[80];

	snprintf(key, sizeof(key), "%u.%s", gpu, what);
	return look_up(key, usual);
}

static void note_call(const char *call)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s.calls",
		 getenv("NVML_STUB") ? getenv("NVML_STUB") : "/dev/null");
	f = fopen(path, "ae");
	if (!f)
		return;
	fprintf(f, "%s\n", call);
	fclose(f);
}

static int enter(const char *call)
{
	char key[80];

	note_call(call);
	snprintf(key, sizeof(key), "hang.%s", call);
	while (look_up(key, 0))
		sleep(1000);
	return (int)look_up(call, 0);
}

/* A handle says which GPU, which part of it, and since when it is good. */
static void *make_handle(unsigned gpu, unsigned part)
{
	return (void *)(uintptr_t)(n_starts * GENERATION + HANDLE_BIT + part * 256 + gpu);
}

static int enter_gpu(const char *call, void *device, unsigned *ret_gpu)
{
	uintptr_t h = (uintptr_t)device;
	int code;

	if (!is_started || h / GENERATION != n_starts || !(h & HANDLE_BIT)) {
		note_call("misused");
		abort();
	}
	*ret_gpu = (unsigned)(h & 255);
	code = enter(call);
	return code ? code : (int)of_gpu(*ret_gpu, call, 0);
}

static int is_part(void *device)
{
	return ((uintptr_t)device & MIG_BIT) != 0;
}

static int put_text(char *to, unsigned size, const char *text)
{
	if (strlen(text) >= size)
		return INSUFFICIENT_SIZE;
	memset(to, 0xee, size);
	memcpy(to, text, strlen(text) + 1);
	return OK;
}

int nvmlInit_v2(void)
{
	int code = enter("nvmlInit_v2");

	n_starts += code == OK;
	is_started |= code == OK;
	return code;
}

int nvmlShutdown(void)
{
	int code = is_started ? enter("nvmlShutdown") : UNINITIALIZED;

	is_started = 0;
	return code;
}

const char *nvmlErrorString(int code)
{
	return code == 15 ? "GPU is lost" : code == 9 ? "Driver Not Loaded" : "Unknown Error";
}

int nvmlDeviceGetCount_v2(unsigned *n)
{
	int code = is_started ? enter("nvmlDeviceGetCount_v2") : UNINITIALIZED;

	if (code == OK)
		*n = (unsigned)look_up("n", 2);
	return code;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **ret)
{
	static const char call[] = "nvmlDeviceGetHandleByIndex_v2";
	int code = is_started ? enter(call) : UNINITIALIZED;

	if (code == OK)
		code = (int)of_gpu(i, call, 0);
	if (code == OK && i >= (unsigned)look_up("n", 2))
		code = INVALID_ARGUMENT;
	*ret = code == OK ? make_handle(i, 0) : (void *)8; /* not even NULL after an error */
	return code;
}

#ifndef STUB_BROKEN
int nvmlDeviceGetUUID(void *device, char *to, unsigned size)
{
	char text[64];
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetUUID", device, &gpu);

	snprintf(text, sizeof(text), "%s-%08x-0000-0000-0000-00000000%04x",
		 is_part(device) ? "MIG" : "GPU", 0xabc00 + gpu,
		 (unsigned)((uintptr_t)device >> 8 & 255));
	return code ? code : put_text(to, size, text);
}
#endif

int nvmlDeviceGetName(void *device, char *to, unsigned size)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetName", device, &gpu);

	return code ? code
		    : put_text(to, size,
			       is_part(device)
				       ? "NVIDIA H100 80GB HBM3 MIG 1g.10gb with a very long name"
				       : "NVIDIA H100 80GB HBM3");
}

/* Offsets as in the reference, not by the driver's own struct. */
int nvmlDeviceGetPciInfo_v3(void *device, void *to)
{
	unsigned gpu, place[5] = {0, 0, 0, 0x233010de, 0};
	char *at = to;
	int code = enter_gpu("nvmlDeviceGetPciInfo_v3", device, &gpu);

	if (code)
		return code;
	place[1] = (unsigned)of_gpu(gpu, "bus", 16 * (gpu + 1));
	memset(at, 0xee, 68);
	snprintf(at, 16, "%04x:%02x:00.0", place[0], place[1]);
	memcpy(at + 16, place, sizeof(place));
	snprintf(at + 36, 32, "%08X:%02X:00.0", place[0], place[1]);
	return OK;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *to)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetMemoryInfo", device, &gpu);

	if (code)
		return code;
	to[0] = is_part(device) ? 10ull << 30 : 80ull << 30;
	to[1] = to[0] - (1ull << 30);
	to[2] = 1ull << 30;
	return OK;
}

int nvmlDeviceGetTotalEccErrors(void *device, int type, int counter, unsigned long long *ret)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetTotalEccErrors", device, &gpu);

	if (type != 1 || counter != 0)
		return INVALID_ARGUMENT;
	if (code == OK)
		*ret = (unsigned long long)of_gpu(gpu, "ecc", 0);
	return code;
}

#ifndef STUB_OLD
int nvmlDeviceGetRemappedRows(void *device, unsigned *corrected, unsigned *uncorrected,
			      unsigned *pending, unsigned *failed)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetRemappedRows", device, &gpu);

	if (code)
		return code;
	*corrected = *uncorrected = 7;
	*pending = (unsigned)of_gpu(gpu, "pending", 0);
	*failed = (unsigned)of_gpu(gpu, "failed", 0);
	return OK;
}

int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *pending)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetMigMode", device, &gpu);

	if (code)
		return code;
	*now = *pending = of_gpu(gpu, "mig", 0) > 0;
	return OK;
}

int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *ret)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetMaxMigDeviceCount", device, &gpu);

	*ret = 7;
	return code;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned i, void **ret)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetMigDeviceHandleByIndex", device, &gpu);

	if (code == OK && (i % 2 || i / 2 >= (unsigned)of_gpu(gpu, "mig", 0)))
		code = NOT_FOUND;
	*ret = code == OK ? make_handle(gpu + MIG_BIT, i) : (void *)8;
	return code;
}
#endif

int nvmlDeviceGetRetiredPagesPendingStatus(void *device, int *ret)
{
	unsigned gpu;
	int code = enter_gpu("nvmlDeviceGetRetiredPagesPendingStatus", device, &gpu);

	if (is_part(device))
		return NOT_SUPPORTED;
	if (code == OK)
		*ret = (int)of_gpu(gpu, "retired", 0);
	return code;
}
