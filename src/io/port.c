/* SPDX-License-Identifier: Apache-2.0 */
#include "io/port.h"

#include <errno.h>

#include "base/proc.h"

/* Pause before another try after a temporary error of the kernel. */
static const double again_s = 0.05;

static void port_try_later(struct port *p)
{
	if (ev_is_active(&p->again))
		return;
	ev_timer_set(&p->again, again_s, 0);
	ev_timer_start(p->loop, &p->again);
}

/* After a refusal libev still treats the descriptor as registered, so the watchers
 * are set again. */
static void port_set_anew(struct port *p)
{
	ev_io_stop(p->loop, &p->in);
	ev_io_stop(p->loop, &p->out);
	ev_io_set(&p->in, p->fd, EV_READ);
	ev_io_set(&p->out, p->fd, EV_WRITE);
	p->is_refused = false;
}

static void port_set_watchers(struct port *p)
{
	if (p->is_refused) {
		ev_io_stop(p->loop, &p->in);
		ev_io_stop(p->loop, &p->out);
		return;
	}
	if (p->wants_in)
		ev_io_start(p->loop, &p->in);
	else
		ev_io_stop(p->loop, &p->in);
	if (p->wants_out && !p->is_short)
		ev_io_start(p->loop, &p->out);
	else
		ev_io_stop(p->loop, &p->out);
}

static void port_note_refusal(struct port *p, int revents)
{
	if (!(revents & EV_ERROR))
		return;
	p->is_refused = true;
	port_try_later(p);
}

static void on_port_in(struct ev_loop *loop, ev_io *w, int revents)
{
	struct port *p = w->data;

	(void)loop;
	port_note_refusal(p, revents);
	p->on_readable(p); /* p may be gone */
}

static void on_port_out(struct ev_loop *loop, ev_io *w, int revents)
{
	struct port *p = w->data;

	(void)loop;
	port_note_refusal(p, revents);
	p->on_writable(p);
}

/* Feeds the events to the loop instead of calling the callbacks: the first callback may free p. */
static void on_port_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct port *p = w->data;

	(void)revents;
	p->is_short = false;
	if (p->is_refused)
		port_set_anew(p);
	port_set_watchers(p);
	if (p->wants_in)
		ev_feed_event(loop, &p->in, EV_READ);
	if (p->wants_out)
		ev_feed_event(loop, &p->out, EV_WRITE);
}

void port_init(struct port *p, struct ev_loop *loop, int fd, port_event *on_readable,
	       port_event *on_writable)
{
	*p = (struct port){
		.loop = loop, .fd = fd, .on_readable = on_readable, .on_writable = on_writable};
	ev_io_init(&p->in, on_port_in, fd, EV_READ);
	ev_io_init(&p->out, on_port_out, fd, EV_WRITE);
	ev_init(&p->again, on_port_again);
	p->in.data = p->out.data = p->again.data = p;
}

void port_want_in(struct port *p, bool wants)
{
	p->wants_in = wants;
	port_set_watchers(p);
}

void port_want_out(struct port *p, bool wants)
{
	p->wants_out = wants;
	port_set_watchers(p);
}

void port_stop(struct port *p)
{
	if (!p->loop)
		return;
	p->wants_in = p->wants_out = false;
	port_set_watchers(p);
	ev_timer_stop(p->loop, &p->again);
}

enum link_result port_flush(struct port *p, struct link *l)
{
	enum link_result state = link_flush(l);

	p->is_short = state == LINK_SHORT;
	if (p->is_short)
		port_try_later(p);
	port_want_out(p, state == LINK_LATER || state == LINK_SHORT);
	return state;
}

bool port_is_end(ssize_t n, int errnum)
{
	return n == 0 ||
	       (n < 0 && errnum != EAGAIN && errnum != EINTR && !proc_is_shortage(errnum));
}
