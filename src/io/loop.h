/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of a run. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <ev.h>

/*
 * A loop that hears signals. libev hears of them through a descriptor of its own, which the kernel
 * may not take into an epoll set (ENOSPC: the user has too many watches; ENOMEM), and does not say
 * so: then the loop uses poll().
 */
struct ev_loop *loop_new(void);

#endif
