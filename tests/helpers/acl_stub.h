/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libascendcl.so that a test controls: it has the entries that driver acl calls, memory and
 * kernels on the host, and a script of what goes wrong. It records every call, in order.
 *
 * A script is a list of rules `entry[#n[+]]: action`, parted by ';'. #2: the second call only; #2+:
 * from the second one on; neither: every call. Actions:
 *
 *   507015         the call fails with that code and does nothing
 *   status 1       the call returns this value (a count, a stream's status, …)
 *   poison 507015  the call fails with that code; all later calls to the device fail with 507899,
 *                  until the device is reset by force
 *   wedge 507015   likewise, and a reset returns 0 and changes nothing
 *   slow 50        the call takes 50 ms
 *   hang           the call does not return before stub_release()
 *
 * A call that would block for ever on a real device, because it frees something while a kernel
 * hangs or after a reset without effect, is recorded as BLOCKED(entry). Kernels by name: add_f32
 * (a, b, out, n), add_k (a, out, n; adds the number that the binary's file holds), nop, hang.
 *
 * ACL_STUB_SCRIPT in the environment is the script when the library is loaded, ACL_STUB_LOG a file
 * that gets a line per call.
 */
#ifndef TESTS_HELPERS_ACL_STUB_H
#define TESTS_HELPERS_ACL_STUB_H

/* Resets all state. NULL or "": no call fails. */
typedef void stub_begin_function(const char *script);
/* "aclInit aclrtSetDevice(0) …": the calls since stub_begin(). The stub owns the text. */
typedef const char *stub_log_function(void);
/* The live objects: "devices=1 streams=1 buffers=0 binaries=0 inits=1". The stub owns the text. */
typedef const char *stub_live_function(void);
/* Is a call hanging now? */
typedef int stub_is_hanging_function(void);
typedef void stub_release_function(void);

#endif
