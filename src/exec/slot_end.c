/* SPDX-License-Identifier: Apache-2.0 */
/* How a slot's process is watched while it has a job, and how it ends. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/vec.h"
#include "exec/slot_parts.h"
#include "base/proc_tree.h"

/* Time for an idle slot to end. */
static const double close_s = 4;
/* Time to wait for the process after SIGKILL in slot_free(). */
static const double last_s = 2;

static void forget_process(struct slot *s)
{
	port_stop(&s->port);
	vigil_stop(&s->vigil);
	child_done(&s->child);
	link_close(&s->link);
}

/* Kills what this slot has left: these processes are children of the scheduler now. */
static void reap_strays(const struct slot *s)
{
	VEC(pid_t) known = {0};

	if (s->family)
		list_for_each (it, s->family) {
			const struct slot *other = list_entry(it, struct slot, sibling);

			if (other->child.pid)
				vec_push(&known, other->child.pid);
		}
	exec_reap_strays(known.at, known.n);
	vec_done(&known);
}

/* The processes below a slot do not become children of the scheduler while the slot exists. */
static void kill_below(pid_t pid)
{
	struct proc_tree tree = {0};

	proc_tree_read_below(&tree, pid);
	tree.n_own = 0; /* they are no children of this process */
	proc_tree_signal(&tree, SIGKILL);
	proc_tree_done(&tree);
}

static void slot_end_note(struct slot *s, const char *text)
{
	if (s->handler->noted)
		s->handler->noted(s, s->ctx, text);
}

/* "(pid 12) did not answer for 15m, and was killed" */
static void describe_end(const struct slot *s, pid_t pid, int status, struct str *to)
{
	str_printf(to, "(pid %d) ", (int)pid);
	if (s->child.is_killed && s->fault)
		str_printf(to, "%s, and ", s->fault);
	if (s->child.is_killed && s->fault && status != CHILD_GIVEN_UP)
		str_add(to, "was killed");
	else
		child_describe_end(pid, status, to);
}

void slot_on_end(struct child *child, int status)
{
	struct slot *s = container_of(child, struct slot, child);
	_cleanup_(str_done) struct str end = {0}, why = {0};
	pid_t pid = s->vigil.pid;

	while (!s->is_eof && slot_read(s) > 0)
		; /* frames that it sent before its end are valid */
	describe_end(s, pid, status, &end);
	str_printf(&why, "the slot that ran it %s", end.s);
	if (status == CHILD_GIVEN_UP) {
		kill_below(pid);
		s->child.pid = 0;
	}
	forget_process(s);
	reap_strays(s);
	if (s->is_idle && child->is_killed) {
		str_clear(&why);
		str_printf(&why, "an idle slot %s", end.s);
		slot_end_note(s, why.s);
	}
	s->handler->died(s, s->ctx, why.s);
}

void slot_kill_for(struct slot *s, const char *fault)
{
	s->fault = fault;
	child_kill(&s->child);
}

/* ---- watching ---- */

static void on_ask(struct vigil *v)
{
	struct slot *s = container_of(v, struct slot, vigil);

	slot_put_word(&s->link.out, FRAME_PING);
	slot_flush(s);
}

static void continue_slot(struct slot *s)
{
	_cleanup_(str_done) struct str text = {0};

	kill(s->child.pid, SIGCONT);
	str_printf(&text,
		   "the slot that runs '%s' (pid %d) was stopped: it was continued (SIGCONT)",
		   s->job_id, (int)s->child.pid);
	slot_end_note(s, text.s);
}

static void warn_of_silence(struct slot *s, char state)
{
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, "the slot that runs '%s' (pid %d, state %c) shows no sign of life for ",
		   s->job_id, (int)s->child.pid, state);
	duration_add(&text, s->vigil.limits->warn_s);
	str_add(&text, "; its file system may hang. It is killed after ");
	duration_add(&text, s->vigil.limits->kill_s);
	slot_end_note(s, text.s);
}

static void kill_silent(struct slot *s, char state)
{
	_cleanup_(str_done) struct str text = {0};

	if (state == 'T') {
		slot_kill_for(s, "was stopped again and again");
		return;
	}
	str_printf(&text, "showed no sign of life for ");
	duration_add(&text, s->vigil.limits->kill_s);
	str_printf(&text, " (state %c)", state);
	snprintf(s->fault_text, sizeof(s->fault_text), "%s", text.s);
	slot_kill_for(s, s->fault_text);
}

static void on_act(struct vigil *v, enum vigil_act act, const struct vigil_sight *sight)
{
	struct slot *s = container_of(v, struct slot, vigil);

	switch (act) {
	case VIGIL_CONTINUE:
		continue_slot(s);
		break;
	case VIGIL_WARN:
		warn_of_silence(s, sight->state);
		break;
	case VIGIL_KILL:
		vigil_stop(v);
		kill_silent(s, sight->state);
		break;
	case VIGIL_GONE:
		vigil_stop(v);
		child_hung_up(&s->child);
		break;
	case VIGIL_WAIT:
		break;
	}
}

const struct vigil_ops slot_vigil = {.ask = on_ask, .act = on_act};

/* ---- the owner ends the slot ---- */

void slot_close(struct slot *s)
{
	assert(s->is_idle);
	if (s->link.fd < 0 || s->is_closing)
		return;
	s->is_closing = true;
	s->fault = "did not end when it was asked to";
	shutdown(s->link.fd, SHUT_WR);
	s->end_within_s = close_s;
	child_expect_end(&s->child, close_s);
}

void slot_hang_up(struct slot *s)
{
	forget_process(s);
	if (!s->hung_up_s)
		s->hung_up_s = clock_now(clock_real());
}

/* A slot that is stopped or hangs in the kernel does not kill its tree, so it is killed from here.
 */
static void slot_end_process(struct slot *s)
{
	double left_s;

	slot_hang_up(s);
	left_s = s->hung_up_s + slot_patience_s - clock_now(clock_real());
	if (child_wait(&s->child, left_s > 0 ? left_s : 0))
		return;
	kill_below(s->child.pid);
	kill(s->child.pid, SIGKILL);
	child_wait(&s->child, last_s);
	reap_strays(s);
}

void slot_free(struct slot *s)
{
	if (!s)
		return;
	if (s->family)
		list_remove(&s->sibling);
	slot_end_process(s);
	link_done(&s->link);
	free(s);
}

enum job_reason slot_lost_reason(const struct slot *s)
{
	return s->kill_reason ? s->kill_reason : REASON_LOST;
}
