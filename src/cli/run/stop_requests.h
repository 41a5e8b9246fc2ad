/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often somebody asked a run to end. What comes twice within a moment is one request: a
 * terminal that closes sends HUP from its shell and from the kernel, a wrapper repeats the INT that
 * the terminal has sent already, service managers send HUP after TERM, a shell that ends TERM after
 * HUP.
 *
 * The scheduler and its guardian (guard.h) may both be sent the same signal. What the guardian
 * passes on therefore counts only if the scheduler was not sent it, too, however late it comes.
 */
#ifndef CLI_RUN_STOP_REQUESTS_H
#define CLI_RUN_STOP_REQUESTS_H

#include <stdbool.h>

enum { STOP_REQUESTS_SIGNALS = 32 };

/* The same signal, on one of its ways. */
struct stop_way {
	unsigned n;
	double last_s; /* when it counted last, if n */
};

enum stop_from { STOP_DIRECT, STOP_PASSED_ON, STOP_WAYS };

struct stop_requests {
	unsigned n;
	int first; /* signal; 0: there was none */
	struct stop_way by_signal[STOP_REQUESTS_SIGNALS][STOP_WAYS];
	double any_s; /* the latest of those */
};

/* true: this one counts. now_s: monotonic. */
bool stop_requests_add(struct stop_requests *r, int signum, enum stop_from from, double now_s);

#endif
