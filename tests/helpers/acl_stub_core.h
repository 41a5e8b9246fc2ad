/* SPDX-License-Identifier: Apache-2.0 */
/* Internals of the stub of AscendCL: its script, its state, its record of calls. */
#ifndef TESTS_HELPERS_ACL_STUB_CORE_H
#define TESTS_HELPERS_ACL_STUB_CORE_H

#include <stddef.h>

/* The effect of a poisoned or a dead device on a call. */
enum stub_kind {
	STUB_HOST,	 /* nothing */
	STUB_DEVICE,	 /* it fails */
	STUB_GIVES_BACK, /* it fails; it blocks after a reset in vain, and while a kernel hangs */
};

struct stub {
	int rc;			/* of the call that stub_enter() said to leave */
	int has_status, status; /* of the call that goes on */
	int n_inits, n_devices, n_streams, n_buffers, n_binaries;
	int is_poisoned, is_wedged, is_kernel_hung;
	int is_given_up; /* was reset in vain */
};

extern struct stub stub;

/* Records the call and does what the script says. 1: return stub.rc. */
int stub_enter(const char *entry, enum stub_kind kind);
int stub_enter_n(const char *entry, enum stub_kind kind, long argument);
/* Resets the device by force: all objects on it are gone. */
void stub_reset_device(void);
/* Memory on the device: zeroed, gone after a reset by force and with the next stub_begin(). */
void *stub_new(size_t bytes);
void stub_delete(void *p);
/* The runtime's text about its last error, once; or NULL. */
const char *stub_take_recent(void);

#endif
