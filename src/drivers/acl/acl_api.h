/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own declarations of the AscendCL functions that we call, so the build needs nothing of the
 * vendor's. The library is opened when the driver first needs it, and stays open, because it has
 * threads of its own.
 */
#ifndef DRIVERS_ACL_ACL_API_H
#define DRIVERS_ACL_ACL_API_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { ACL_COPY_TO_DEVICE = 1, ACL_COPY_TO_HOST = 2 };
enum { ACL_STREAM_COMPLETE = 0, ACL_STREAM_NOT_READY = 1 };
enum { ACL_MALLOC_HUGE_FIRST = 0 };
enum { ACL_MEMORY_HBM = 1 };
enum { ACL_STATUS_NORMAL = 0 };
enum { ACL_ALREADY_INITIALISED = 100002, ACL_DEVICE_ABORTING = 107022, ACL_STREAM_ABORTING };

/*
 * FN(need, type, name, arguments). need: ALWAYS: the driver cannot work without it; KERNEL: without
 * it, jobs cannot have a kernel (older runtimes); MAYBE: optional. Enumerations are int, handles
 * void *.
 */
#define ACL_FUNCTIONS(FN)                                                                          \
	FN(ALWAYS, int, aclInit, (const char *config))                                             \
	FN(ALWAYS, int, aclFinalize, (void))                                                       \
	FN(ALWAYS, int, aclrtGetDeviceCount, (uint32_t * count))                                   \
	FN(MAYBE, const char *, aclrtGetSocName, (void))                                           \
	FN(MAYBE, int, aclrtGetVersion, (int32_t * major, int32_t * minor, int32_t * patch))       \
	FN(MAYBE, int, aclrtQueryDeviceStatus, (int32_t device, int *status))                      \
	FN(MAYBE, int, aclrtGetMemInfo, (int kind, size_t *free, size_t *total))                   \
	FN(ALWAYS, int, aclrtSetDevice, (int32_t device))                                          \
	FN(ALWAYS, int, aclrtResetDevice, (int32_t device))                                        \
	FN(MAYBE, int, aclrtResetDeviceForce, (int32_t device))                                    \
	FN(MAYBE, int, aclrtSetOpExecuteTimeOutV2, (uint64_t us, uint64_t * actual_us))            \
	FN(MAYBE, int, aclrtSetOpWaitTimeout, (uint32_t s))                                        \
	FN(ALWAYS, int, aclrtCreateStream, (void **stream))                                        \
	FN(ALWAYS, int, aclrtStreamQuery, (void *stream, int *status))                             \
	FN(MAYBE, int, aclrtStreamAbort, (void *stream))                                           \
	FN(ALWAYS, int, aclrtDestroyStream, (void *stream))                                        \
	FN(MAYBE, int, aclrtDestroyStreamForce, (void *stream))                                    \
	FN(ALWAYS, int, aclrtMalloc, (void **memory, size_t bytes, int policy))                    \
	FN(ALWAYS, int, aclrtFree, (void *memory))                                                 \
	FN(ALWAYS, int, aclrtMemcpy,                                                               \
	   (void *to, size_t room, const void *from, size_t bytes, int kind))                      \
	FN(KERNEL, int, aclrtBinaryLoadFromFile, (const char *path, void *options, void **binary)) \
	FN(KERNEL, int, aclrtBinaryGetFunction,                                                    \
	   (const void *binary, const char *name, void **function))                                \
	FN(KERNEL, int, aclrtBinaryUnLoad, (void *binary))                                         \
	FN(KERNEL, int, aclrtLaunchKernel,                                                         \
	   (void *function, uint32_t blocks, const void *arguments, size_t bytes, void *stream))   \
	FN(ALWAYS, int, aclrtSynchronizeStreamWithTimeout, (void *stream, int32_t ms))             \
	FN(MAYBE, int, aclrtSynchronizeDeviceWithTimeout, (int32_t ms))                            \
	FN(MAYBE, int, aclrtDeviceTaskAbort, (int32_t device, uint32_t ms))                        \
	FN(MAYBE, const char *, aclGetRecentErrMsg, (void))

struct acl_api {
#define FN(need, type, name, arguments) type(*name) arguments;
	ACL_FUNCTIONS(FN)
#undef FN
	const char *no_kernels; /* the first missing function of KERNEL; NULL: none */
};

/* Opens libdir/libascendcl.so. If libdir is NULL: that of $ASCEND_HOME_PATH/lib64, else that in the
 * loader's path. -1 with err: the paths that were tried, or the missing function. */
int acl_api_open(const char *libdir, struct acl_api *ret, struct error *err);

#endif
