/* SPDX-License-Identifier: Apache-2.0 */
/* Creates the event loop of a run. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <ev.h>

/*
 * A loop in which signals wake the process. libev gets signals through an internal descriptor. The
 * kernel may refuse to add it to an epoll set (ENOSPC: the user has too many watches; ENOMEM), and
 * libev does not report that; then this loop uses poll() instead. When memory or descriptors
 * stay away, the process ends with exit code 70 and a message; libev alone would call abort().
 */
struct ev_loop *loop_new(void);

#endif
