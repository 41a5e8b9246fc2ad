/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's end of an agent. */
#include "backends/farm/agent.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "backends/farm/agent_wire.h"
#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "io/child.h"
#include "io/port.h"

struct agent {
	const struct agent_handler *handler;
	void *ctx;
	struct link link;
	struct child child;
	struct port port;
};

static void agent_flush(struct agent *a)
{
	port_flush(&a->port, &a->link);
}

static void on_agent_writable(struct port *p)
{
	agent_flush(container_of(p, struct agent, port));
}

static void agent_take_ran(struct agent *a, struct wire *w)
{
	uint32_t number = wire_u32(w);
	struct command_end end = {
		.errnum = (int)wire_u32(w),
		.is_late = wire_u32(w) != 0,
		.exit_status = (int)wire_u32(w),
	};
	size_t n;
	const char *bytes = wire_bytes(w, &n);

	str_addn(&end.out, bytes, n);
	bytes = wire_bytes(w, &n);
	str_addn(&end.err, bytes, n);
	if (w->ok)
		a->handler->ran(a->ctx, number, &end);
	command_end_done(&end);
}

static void agent_take_file(struct agent *a, struct wire *w)
{
	const char *name = wire_string(w), *bytes;
	size_t n;

	bytes = wire_bytes(w, &n);
	if (w->ok && name)
		a->handler->file(a->ctx, name, bytes, n);
}

static void agent_take_text(struct agent *a, struct wire *w)
{
	uint32_t number = wire_u32(w);
	size_t n;
	const char *bytes = wire_bytes(w, &n);

	if (w->ok)
		a->handler->text(a->ctx, number, bytes, n);
}

static void agent_take_frame(struct agent *a, uint8_t type, struct wire *w)
{
	switch (type) {
	case AGENT_RAN:
		agent_take_ran(a, w);
		break;
	case AGENT_FILE:
		agent_take_file(a, w);
		break;
	case AGENT_TEXT:
		agent_take_text(a, w);
		break;
	case AGENT_TAKEN:
		a->handler->taken(a->ctx);
		break;
	default:
		w->ok = false;
	}
}

/* false: the end. */
static bool agent_take_frames(struct agent *a)
{
	enum link_result state = link_read(&a->link, LINK_NOW);
	struct wire w = {.ok = true};
	uint8_t type;
	int rc = 0;

	while (state == LINK_OK && w.ok && (rc = link_next(&a->link, &type, &w)) > 0)
		agent_take_frame(a, type, &w);
	return !link_is_end(state) && w.ok && rc >= 0;
}

static void on_agent_readable(struct port *p)
{
	struct agent *a = container_of(p, struct agent, port);

	if (agent_take_frames(a))
		return;
	port_want_in(p, false);
	child_hung_up(&a->child);
}

static void on_agent_ended(struct child *child, int status)
{
	struct agent *a = container_of(child, struct agent, child);

	(void)status;
	port_stop(&a->port);
	child_done(&a->child);
	link_close(&a->link);
	a->handler->died(a->ctx);
}

struct agent *agent_new(struct ev_loop *loop, const struct agent_handler *handler, void *ctx,
			struct error *err)
{
	struct agent *a = xcalloc(1, sizeof(*a));
	struct proc proc;

	if (proc_start("dvs-agent", "__agent", &proc, err) < 0) {
		free(a);
		return NULL;
	}
	a->handler = handler;
	a->ctx = ctx;
	link_init(&a->link, proc.fd, 0);
	child_init(&a->child, loop, proc.pid, on_agent_ended);
	port_init(&a->port, loop, proc.fd, on_agent_readable, on_agent_writable);
	port_want_in(&a->port, true);
	return a;
}

void agent_free(struct agent *a)
{
	if (!a)
		return;
	port_stop(&a->port);
	if (a->child.pid)
		kill(a->child.pid, SIGKILL);
	child_wait(&a->child, 1);
	child_done(&a->child);
	link_done(&a->link);
	free(a);
}

void agent_run(struct agent *a, const struct agent_command *c)
{
	struct str *b = &a->link.out;
	size_t start = wire_begin(b, AGENT_RUN);

	wire_put_u32(b, c->number);
	wire_put_f64(b, c->limit_s);
	wire_put_list(b, c->argv);
	wire_put_string(b, c->input ? c->input : "");
	wire_put_string(b, c->path);
	wire_put_bytes(b, c->content, c->n_content);
	wire_end(b, start);
	agent_flush(a);
}

void agent_take(struct agent *a, const char *dir)
{
	size_t start = wire_begin(&a->link.out, AGENT_TAKE);

	wire_put_string(&a->link.out, dir);
	wire_end(&a->link.out, start);
	agent_flush(a);
}

void agent_read(struct agent *a, uint32_t number, const char *path)
{
	size_t start = wire_begin(&a->link.out, AGENT_READ);

	wire_put_u32(&a->link.out, number);
	wire_put_string(&a->link.out, path);
	wire_end(&a->link.out, start);
	agent_flush(a);
}

void agent_remove(struct agent *a, const char *path)
{
	size_t start = wire_begin(&a->link.out, AGENT_REMOVE);

	wire_put_string(&a->link.out, path);
	wire_end(&a->link.out, start);
	agent_flush(a);
}

void agent_close(struct agent *a, double limit_s)
{
	struct str *b = &a->link.out;

	wire_end(b, wire_begin(b, AGENT_CLOSE));
	agent_flush(a);
	child_expect_end(&a->child, limit_s);
}
