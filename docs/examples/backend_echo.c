/* SPDX-License-Identifier: Apache-2.0 */
/* An example backend: a job "runs" by writing its command into its log. See
 * docs/internals/backends.md. */
#include <fcntl.h>
#include <stdlib.h>

#include "backends/backends.h"
#include "base/fs.h"
#include "base/list.h"
#include "base/mem.h"
#include "job/job_paths.h"

struct echo_job {
	struct list link;
	const struct job *job;
};

struct echo {
	struct backend base;
	struct ev_loop *loop;
	struct list jobs; /* accepted, not ended */
	ev_timer next_turn;
};

static struct echo *echo_of(struct backend *b)
{
	return container_of(b, struct echo, base);
}

/* Each accepted job ends exactly once. The scheduler copies the result, and does not call back. */
static void end(struct list *link, enum job_status status, enum job_reason reason)
{
	struct echo_job *ej = list_entry(link, struct echo_job, link);

	sched_job_ended(ej->job, &(struct job_result){.status = status, .reason = reason});
	list_remove(link);
	free(ej);
}

static enum job_reason write_log(const struct job_spec *spec)
{
	_cleanup_(str_done) struct str line = {0}, room = {0};
	_cleanup_(closep) int fd = -1;

	for (const char *const *word = spec->argv; *word; word++) {
		str_add_shell_word(&line, *word);
		str_addc(&line, word[1] ? ' ' : '\n');
	}
	if (fs_mkdirs(job_odir(spec, &room), 0777) == 0)
		fd = open(job_log_path(spec, &room), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0666);
	return fd < 0 || fs_write_all(fd, line.s, line.len) < 0 ? REASON_LAUNCH : REASON_NONE;
}

static void on_next_turn(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	list_for_each (it, &container_of(w, struct echo, next_turn)->jobs) {
		enum job_reason r = write_log(list_entry(it, struct echo_job, link)->job->spec);

		end(it, r == REASON_NONE ? JOB_PASSED : JOB_FAILED, r);
	}
}

static enum submit submit(struct backend *b, const struct job *job, uint32_t n, struct error *why)
{
	struct echo_job *ej = xcalloc(1, sizeof(*ej));

	(void)n, (void)why;
	ej->job = job;
	list_append(&echo_of(b)->jobs, &ej->link);
	sched_job_started(job, "echo");
	ev_timer_start(echo_of(b)->loop, &echo_of(b)->next_turn); /* no effect if it is active */
	return SUBMIT_ACCEPTED;
}

static void kill_job(struct backend *b, const struct job *job, enum kill_level l, enum job_reason r)
{
	(void)l;
	list_for_each (it, &echo_of(b)->jobs)
		if (list_entry(it, struct echo_job, link)->job == job)
			end(it, JOB_KILLED, r);
}

static void destroy(struct backend *b)
{
	if (b) /* no job is active: the scheduler has waited for all ends */
		ev_timer_stop(echo_of(b)->loop, &echo_of(b)->next_turn);
	free(b ? echo_of(b) : NULL);
}

void backend_echo_check_settings(const char *name, struct cfg_fields *settings)
{
	(void)name, (void)settings; /* this backend has no settings: any key is an error */
}

struct backend *backend_echo_create(const struct backend_env *env, struct diags *diags)
{
	static const struct backend_ops ops = {
		.name = "echo", .submit = submit, .kill = kill_job, .destroy = destroy};
	struct echo *e = xcalloc(1, sizeof(*e));

	(void)diags;
	*e = (struct echo){.base = {.ops = &ops, .caps = {.is_local = true}}, .loop = env->loop};
	list_init(&e->jobs);
	ev_timer_init(&e->next_turn, on_next_turn, 0, 0);
	return &e->base;
}
