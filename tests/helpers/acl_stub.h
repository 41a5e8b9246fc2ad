/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libascendcl.so that a test controls: it has the entries that driver acl calls, memory and
 * kernels on the host, and a script of what goes wrong. It writes down every call, in order.
 *
 * A script is a list of rules `entry[#n[+]]: action`, parted by ';'. #2: the second call only; #2+:
 * from the second one on; neither: every call. Actions:
 *
 *   507015         the call fails with that code and does nothing
 *   status 1       what the call gives, instead of the truth (a count, a stream's status, …)
 *   poison 507015  the call fails with that code; all later calls to the device fail with 507899,
 *                  until the device is reset by force
 *   wedge 507015   likewise, and a reset returns 0 and changes nothing
 *   slow 50        the call takes 50 ms
 *   hang           the call does not return before stub_release()
 *
 * A call that would block for ever on a real device, because it gives something back while a kernel
 * hangs or after a reset that changed nothing, is written down as BLOCKED(entry). Kernels by name:
 * add_f32 (a, b, out, n), add_k (a, out, n; adds the number that the binary's file holds), nop,
 * hang.
 *
 * ACL_STUB_SCRIPT in the environment is the script when the library is loaded, ACL_STUB_LOG a file
 * that gets a line per call.
 */
#ifndef TESTS_HELPERS_ACL_STUB_H
#define TESTS_HELPERS_ACL_STUB_H

/* All state is new; NULL or "": nothing goes wrong. */
typedef void stub_begin_function(const char *script);
/* "aclInit aclrtSetDevice(0) …" since stub_begin(). The stub's. */
typedef const char *stub_log_function(void);
/* What lives: "devices=1 streams=1 buffers=0 binaries=0 inits=1". The stub's. */
typedef const char *stub_live_function(void);
/* Is a call hanging now? */
typedef int stub_is_hanging_function(void);
typedef void stub_release_function(void);

#endif
