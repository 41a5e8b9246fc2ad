/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/post.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/link.h"
#include "base/list.h"
#include "base/mem.h"
#include "exec/slot_wire.h"
#include "io/port.h"

/* Connections that have not proved anything yet: how many, and for how long. */
enum { GUESTS_MOST = 256, BACKLOG = 256 };
static const double proof_limit_s = 10;
/* After a shortage of descriptors. */
static const double again_s = 0.5;
/* A peer that has not acknowledged anything for so long is gone. */
enum { SILENCE_MS = 60000, KEEPALIVE_S = 20 };

struct post {
	struct ev_loop *loop;
	const struct post_handler *handler;
	void *ctx;
	int fd;
	struct port port;
	uint16_t number;
	uint8_t secret[SECRET_SIZE];
	struct list guests;
	unsigned n_guests;
	ev_timer again; /* the next try after a shortage */
	uint64_t n_strangers;
};

struct guest {
	struct list at;
	struct post *post;
	struct link link;
	struct port port;
	ev_timer limit;
	uint8_t number[SECRET_SIZE]; /* random: sent in the challenge */
};

static void guest_free(struct guest *g)
{
	list_remove(&g->at);
	g->post->n_guests--;
	port_stop(&g->port);
	ev_timer_stop(g->post->loop, &g->limit);
	link_done(&g->link);
	free(g);
}

static void guest_drop(struct guest *g)
{
	g->post->n_strangers++;
	guest_free(g);
}

static void on_guest_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	guest_drop(w->data);
}

static void guest_welcome(struct guest *g, const uint8_t own[SECRET_SIZE],
			  const struct pilot_hello *hello)
{
	struct post *p = g->post;
	uint8_t proof[SECRET_SIZE];
	struct str *b = &g->link.out;
	size_t start = wire_begin(b, PILOT_WELCOME);
	int fd = g->link.fd;

	secret_prove(p->secret, SCHEDULER_SIDE, own, g->number, proof);
	wire_put_bytes(b, proof, SECRET_SIZE);
	wire_end(b, start);
	if (link_flush(&g->link) != LINK_OK) { /* an empty socket has room for so little */
		guest_drop(g);
		return;
	}
	p->handler->arrived(p->ctx, fcntl(fd, F_DUPFD_CLOEXEC, 0), hello);
	guest_free(g);
}

static void guest_refuse(struct guest *g)
{
	struct post *p = g->post;
	struct str *b = &g->link.out;
	size_t start = wire_begin(b, PILOT_REFUSED);

	wire_put_string(b, "the scheduler has another version of dvsched");
	wire_end(b, start);
	link_flush(&g->link);
	guest_free(g);
	p->handler->refused(p->ctx);
}

static void guest_take(struct guest *g, struct wire *w)
{
	uint8_t own[SECRET_SIZE];
	struct pilot_hello hello;

	switch (pilot_take_hello(w, g->post->secret, g->number, own, &hello)) {
	case PILOT_GOOD:
		guest_welcome(g, own, &hello);
		break;
	case PILOT_OTHER:
		guest_refuse(g);
		break;
	case PILOT_STRANGER:
		guest_drop(g);
		break;
	}
	free(hello.env);
}

static void on_guest_readable(struct port *port)
{
	struct guest *g = container_of(port, struct guest, port);
	enum link_result state = link_read(&g->link, LINK_NOW);
	struct wire w;
	uint8_t type;
	int rc;

	if (link_is_end(state)) {
		guest_drop(g);
		return;
	}
	rc = state == LINK_OK ? link_next(&g->link, &type, &w) : 0;
	if (rc > 0 && type == PILOT_PILOT)
		guest_take(g, &w);
	else if (rc != 0 || g->link.in.len > PILOT_FRAME_MOST)
		guest_drop(g);
}

static void guest_challenge(struct guest *g)
{
	struct str *b = &g->link.out;
	size_t start = wire_begin(b, PILOT_CHALLENGE);

	wire_put_u32(b, PILOT_PROTOCOL);
	wire_put_u32(b, SLOT_PROTOCOL);
	wire_put_bytes(b, g->number, SECRET_SIZE);
	wire_end(b, start);
	link_flush(&g->link);
}

/* The end of a machine is noticed without a message of it. */
static void post_tune(int fd)
{
	int on = 1, silence = SILENCE_MS, idle = KEEPALIVE_S;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
}

static void post_greet(struct post *p, int fd)
{
	struct guest *g = xcalloc(1, sizeof(*g));

	post_tune(fd);
	g->post = p;
	list_append(&p->guests, &g->at);
	p->n_guests++;
	link_init(&g->link, fd, 0);
	port_init(&g->port, p->loop, fd, on_guest_readable, NULL);
	ev_timer_init(&g->limit, on_guest_late, proof_limit_s, 0);
	g->limit.data = g;
	if (secret_make(g->number) < 0) {
		guest_drop(g);
		return;
	}
	port_want_in(&g->port, true);
	ev_timer_start(p->loop, &g->limit);
	guest_challenge(g);
}

static void on_post_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct post *p = w->data;

	(void)loop;
	(void)revents;
	port_want_in(&p->port, true);
}

static void on_post_readable(struct port *port)
{
	struct post *p = container_of(port, struct post, port);
	int fd;

	while ((fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (p->n_guests < GUESTS_MOST) {
			post_greet(p, fd);
		} else {
			close(fd);
			p->n_strangers++;
		}
	}
	if (errno != EAGAIN && errno_is_shortage(errno)) { /* the kernel keeps the connection */
		port_want_in(&p->port, false);
		ev_timer_set(&p->again, again_s, 0);
		ev_timer_start(p->loop, &p->again);
	}
}

/* Returns 0 or an errno. */
static int post_listen(struct post *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t n = sizeof(at);

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&at, n) < 0 || listen(p->fd, BACKLOG) < 0 ||
	    getsockname(p->fd, (struct sockaddr *)&at, &n) < 0 || secret_make(p->secret) < 0)
		return errno;
	p->number = ntohs(at.sin_port);
	return 0;
}

struct post *post_new(struct ev_loop *loop, const struct post_handler *handler, void *ctx,
		      struct error *err)
{
	struct post *p = xcalloc(1, sizeof(*p));
	int rc;

	p->loop = loop;
	p->handler = handler;
	p->ctx = ctx;
	list_init(&p->guests);
	rc = post_listen(p);
	port_init(&p->port, loop, p->fd, on_post_readable, NULL);
	ev_timer_init(&p->again, on_post_again, again_s, 0);
	p->again.data = p;
	if (rc) {
		error_sys(err, rc, "cannot listen for pilots");
		post_free(p);
		return NULL;
	}
	port_want_in(&p->port, true);
	return p;
}

void post_free(struct post *p)
{
	if (!p)
		return;
	port_stop(&p->port);
	ev_timer_stop(p->loop, &p->again);
	while (!list_is_empty(&p->guests))
		guest_free(list_entry(p->guests.next, struct guest, at));
	closep(&p->fd);
	free(p);
}

uint16_t post_port(const struct post *p)
{
	return p->number;
}

const uint8_t *post_secret(const struct post *p)
{
	return p->secret;
}

uint64_t post_n_strangers(const struct post *p)
{
	return p->n_strangers;
}
