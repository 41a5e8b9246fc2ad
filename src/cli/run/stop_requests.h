/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts requests to end a run. Signals that come twice within a moment are one request: when a
 * terminal closes, its shell and the kernel send HUP; a wrapper repeats the INT of the terminal;
 * service managers send HUP after TERM; a shell that ends sends TERM after HUP.
 *
 * The scheduler and its guardian (guard.h) may both get the same signal. So a signal that the
 * guardian passes on counts only if the scheduler has not received it, too, however late it comes.
 */
#ifndef CLI_RUN_STOP_REQUESTS_H
#define CLI_RUN_STOP_REQUESTS_H

#include <stdbool.h>

enum { STOP_REQUESTS_SIGNALS = 32 };

/* A signal that arrives in one of the two ways. */
struct stop_way {
	unsigned n;
	double last_s; /* when it last counted, if n > 0 */
};

enum stop_from { STOP_DIRECT, STOP_PASSED_ON, STOP_WAYS };

struct stop_requests {
	unsigned n;
	int first; /* the first signal; 0: none */
	struct stop_way by_signal[STOP_REQUESTS_SIGNALS][STOP_WAYS];
	double any_s; /* time of the latest request */
};

/* true: this signal is a new request. now_s: monotonic. */
bool stop_requests_add(struct stop_requests *r, int signum, enum stop_from from, double now_s);

#endif
