/* SPDX-License-Identifier: Apache-2.0 */
/* Calls the observers. A broken one gets no further events. */
#include "base/mem.h"
#include "scheduler/state.h"

#include <stdarg.h>

#define TELL(s, call, ...)                                                  \
	list_for_each (it, &(s)->observers) {                               \
		struct observer *o = list_entry(it, struct observer, link); \
		if (o->ops->call && !o->is_broken)                          \
			o->ops->call(o, __VA_ARGS__);                       \
	}

void emit_run_started(struct sched *s)
{
	TELL(s, run_started, s)
}

void emit_job_changed(struct sched *s, const struct job *job, enum job_status was)
{
	TELL(s, job_changed, job, was)
}

void emit_job_waits(struct sched *s, const struct job *job, const char *what)
{
	TELL(s, job_waits, job, what)
}

void emit_launches_held(struct sched *s, const char *why)
{
	TELL(s, launches_held, s, why)
}

void emit_kill_signal(struct sched *s, int signum)
{
	TELL(s, kill_signal, s, signum)
}

void emit_run_ended(struct sched *s)
{
	TELL(s, run_ended, s)
}

void observer_break(struct observer *o, const char *fmt, ...)
{
	va_list ap;

	if (o->is_broken)
		return; /* the first reason is kept: later ones are often its consequences */
	o->is_broken = true;
	va_start(ap, fmt);
	o->broken_why = xvasprintf(fmt, ap);
	va_end(ap);
}
