/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often somebody asked a run to end. What comes twice within a moment is one request: a
 * terminal that closes sends HUP from its shell and from the kernel, a wrapper repeats the INT that
 * the terminal has sent already, service managers send HUP after TERM, a shell that ends TERM after
 * HUP.
 */
#ifndef CLI_RUN_STOP_REQUESTS_H
#define CLI_RUN_STOP_REQUESTS_H

#include <stdbool.h>

enum { STOP_REQUESTS_SIGNALS = 32 };

struct stop_requests {
	/* A clock above us passes on what it was sent, which may come late when the machine is
	 * busy. What the terminal sends it does not pass on. */
	bool is_relayed;
	unsigned n;
	int first; /* signal; 0: there was none */
	/* By signal: when it counted last, if it did. */
	double last_s[STOP_REQUESTS_SIGNALS];
	bool has[STOP_REQUESTS_SIGNALS];
	double any_s; /* the latest of those */
};

/* true: this one counts. now_s: monotonic. */
bool stop_requests_add(struct stop_requests *r, int signum, double now_s);

#endif
