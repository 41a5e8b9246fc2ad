/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pilot: in an allocation of a batch system, as many slots as the scheduler wants, each with a
 * connection of its own to the scheduler. A slot whose connection ends kills its job and ends; the
 * pilot ends with its last slot. When the batch system wants the allocation back (SIGTERM), the
 * pilot ends all connections.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/farm/node_file.h"
#include "backends/farm/pilot_wire.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/vec.h"
#include "exec/slot.h"

extern char **environ;

static const int connect_limit_ms = 10000;
enum { FRAME_HEADER = 5, SILENCE_MS = 60000, KEEPALIVE_S = 20 };

struct pilot {
	const char *key;
	const struct node_site *site;
	const struct node_place *place;
	struct pilot_order order;
	VEC(int) fds; /* of its slots */
	VEC(pid_t) pids;
	unsigned n_slots;
};

/* ---- the connection ---- */

static void pilot_tune(int fd)
{
	int on = 1, silence = SILENCE_MS, idle = KEEPALIVE_S;
	struct timeval limit = {.tv_sec = connect_limit_ms / 1000};

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* connect(), too */
}

static int pilot_connect_to(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0)
		return -1;
	pilot_tune(fd);
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0)
		closep(&fd);
	return fd;
}

static int pilot_connect(const char *host, uint32_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET}, *all;
	char service[16];
	int fd = -1;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	if (getaddrinfo(host, service, &hints, &all) != 0)
		return -1;
	for (const struct addrinfo *a = all; a && fd < 0; a = a->ai_next)
		fd = pilot_connect_to(a);
	freeaddrinfo(all);
	return fd;
}

static int pilot_read(int fd, char *to, size_t n)
{
	while (n > 0) {
		ssize_t got = recv(fd, to, n, 0);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return -1;
		if (got > 0) {
			to += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

/* Reads one frame and no byte more: the next ones are for the slot. */
static int pilot_read_frame(int fd, struct str *room, uint8_t *ret_type, struct wire *ret)
{
	size_t n;

	str_clear(room);
	if (pilot_read(fd, str_reserve(room, FRAME_HEADER), FRAME_HEADER) < 0)
		return -1;
	room->len = FRAME_HEADER;
	*ret = (struct wire){room->s, room->s + 4, true};
	n = wire_u32(ret);
	if (n < 1 || n > PILOT_FRAME_MOST)
		return -1;
	if (pilot_read(fd, str_reserve(room, n - 1), n - 1) < 0)
		return -1;
	room->len += n - 1;
	return wire_next(room->s, room->len, ret_type, ret, &n) == 1 ? 0 : -1;
}

static int pilot_write(int fd, const struct str *b)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = send(fd, b->s + at, b->len - at, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* ---- the proofs ---- */

/* What the node sets, for the environment of jobs. */
static const char **pilot_node_env(const struct node_site *site)
{
	VEC(const char *) env = {0};

	for (size_t i = 0; environ[i]; i++)
		if (node_sets_variable(site, environ[i]))
			vec_push(&env, environ[i]);
	vec_push(&env, NULL);
	return env.at;
}

static int pilot_take_challenge(int fd, struct str *room, uint8_t ret_theirs[SECRET_SIZE])
{
	struct wire w;
	uint8_t type;
	const char *bytes;
	size_t n;

	if (pilot_read_frame(fd, room, &type, &w) < 0 || type != PILOT_CHALLENGE)
		return -1;
	wire_u32(&w); /* the scheduler compares the versions */
	wire_u32(&w);
	bytes = wire_bytes(&w, &n);
	if (!w.ok || n != SECRET_SIZE)
		return -1;
	memcpy(ret_theirs, bytes, SECRET_SIZE);
	return 0;
}

/* Is it the scheduler that wrote this pilot's file? */
static int pilot_take_welcome(const struct pilot *p, int fd, struct str *room,
			      const uint8_t own[SECRET_SIZE], const uint8_t theirs[SECRET_SIZE])
{
	uint8_t type, expected[SECRET_SIZE];
	const char *bytes;
	struct wire w;
	size_t n;

	if (pilot_read_frame(fd, room, &type, &w) < 0)
		return -1;
	if (type == PILOT_REFUSED) {
		bytes = wire_string(&w);
		fprintf(stderr, "dvsched: %s\n", bytes ? bytes : "refused");
		return -1;
	}
	bytes = wire_bytes(&w, &n);
	secret_prove(p->order.secret, SCHEDULER_SIDE, own, theirs, expected);
	return type == PILOT_WELCOME && w.ok && n == SECRET_SIZE &&
			       secret_is_equal(expected, (const uint8_t *)bytes)
		       ? 0
		       : -1;
}

static int pilot_introduce(const struct pilot *p, int fd, uint32_t slot)
{
	uint8_t theirs[SECRET_SIZE], own[SECRET_SIZE];
	_cleanup_(freep) const char **env = pilot_node_env(p->site);
	_cleanup_(str_done) struct str room = {0}, out = {0};
	const struct pilot_hello hello = {
		.key = p->key,
		.slot = slot,
		.node = p->place->node,
		.batch_id = p->place->batch_id,
		.env = env,
	};

	if (secret_make(own) < 0 || pilot_take_challenge(fd, &room, theirs) < 0)
		return -1;
	pilot_put_hello(&out, &hello, p->order.secret, theirs, own);
	if (pilot_write(fd, &out) < 0)
		return -1;
	return pilot_take_welcome(p, fd, &room, own, theirs);
}

static int pilot_call(const struct pilot *p, uint32_t slot)
{
	int fd = -1;

	for (const char **host = p->order.hosts; *host && fd < 0; host++) {
		fd = pilot_connect(*host, p->order.port);
		if (fd >= 0 && pilot_introduce(p, fd, slot) < 0)
			closep(&fd);
	}
	return fd;
}

/* ---- slots ---- */

static int pilot_start_slot(struct pilot *p, uint32_t number)
{
	static const struct timeval forever;
	_cleanup_(error_done) struct error err = {0};
	int fd = pilot_call(p, number);
	pid_t pid;

	if (fd < 0) {
		fprintf(stderr, "dvsched: the scheduler cannot be reached from %s\n",
			p->place->node);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
	vec_push(&p->fds, fd);
	pid = proc_start_on(fd, "dvs-slot", "__slot", &err);
	if (pid < 0) {
		fprintf(stderr, "dvsched: %s\n", err.msg);
		return -1;
	}
	vec_push(&p->pids, pid);
	p->n_slots++;
	return 0;
}

static volatile sig_atomic_t pilot_must_end;

static void on_pilot_signal(int signum)
{
	(void)signum;
	pilot_must_end = 1;
}

static void on_pilot_child(int signum)
{
	(void)signum;
}

static void pilot_catch_signals(sigset_t *ret_unblocked)
{
	struct sigaction end = {.sa_handler = on_pilot_signal};
	struct sigaction child = {.sa_handler = on_pilot_child};
	sigset_t blocked;

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGCHLD, &child, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, ret_unblocked);
	sigdelset(ret_unblocked, SIGTERM);
	sigdelset(ret_unblocked, SIGINT);
	sigdelset(ret_unblocked, SIGCHLD);
}

static bool pilot_is_slot(const struct pilot *p, pid_t pid)
{
	for (size_t i = 0; i < p->pids.n; i++)
		if (p->pids.at[i] == pid)
			return true;
	return false;
}

/* Slots that have ended, and what one that was killed has left. */
static void pilot_reap(struct pilot *p)
{
	bool has_ended = false;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pilot_is_slot(p, pid)) {
			p->n_slots--;
			has_ended = true;
		}
	if (has_ended)
		exec_reap_strays(p->pids.at, p->pids.n);
}

static void pilot_wait(struct pilot *p, const sigset_t *unblocked)
{
	while (p->n_slots > 0) {
		pilot_reap(p);
		for (size_t i = 0; pilot_must_end && i < p->fds.n; i++)
			shutdown(p->fds.at[i], SHUT_RDWR);
		pilot_must_end = 0;
		if (p->n_slots > 0)
			ppoll(NULL, 0, NULL, unblocked);
	}
}

int pilot_run(struct wire *w, const char *key, const struct node_site *site,
	      const struct node_place *place)
{
	struct pilot p = {.key = key, .site = site, .place = place};
	sigset_t unblocked;
	int rc;

	if (!pilot_take_order(w, &p.order)) {
		fprintf(stderr, "dvsched on the node has another version than the scheduler\n");
		return -1;
	}
	pilot_catch_signals(&unblocked);
	for (uint32_t i = 0; i < p.order.n_slots; i++)
		if (pilot_start_slot(&p, i) < 0)
			break;
	pilot_wait(&p, &unblocked);
	free(p.order.hosts);
	rc = p.fds.n ? 0 : -1;
	for (size_t i = 0; i < p.fds.n; i++)
		closep(&p.fds.at[i]);
	vec_done(&p.fds);
	vec_done(&p.pids);
	return rc;
}
