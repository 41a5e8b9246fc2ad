/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner: on the node, between the files of a job and a slot of its own. It gives the slot the
 * frames of the job's file, passes on the end that the batch system asks for, and writes the
 * result. If it is killed, the slot loses its socket and kills the job.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/farm/node_file.h"
#include "base/fs.h"
#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_dir.h"
#include "base/vec.h"
#include "exec/slot_wire.h"

enum { JOB_FILE_MOST = WIRE_LARGEST };
enum { RUNNER_PASSED = 0, RUNNER_FAILED = 1, RUNNER_USELESS = 3 };

static const char file_is_damaged[] = "the file of the job is damaged";

struct runner {
	const char *dir, *number;
	struct utsname host;
	struct node_site site;
	struct node_place place;
	struct str file; /* of the job */
	const char *job; /* its frames in the file, after that of the site */
	size_t n_job;
	struct link link;
	pid_t slot;
	bool is_ended, has_passed;
};

static volatile sig_atomic_t wants_end;

static void on_runner_signal(int signum)
{
	(void)signum;
	wants_end = 1;
}

static const char *runner_variable(const char *name, const char *otherwise)
{
	const char *text = name ? getenv(name) : NULL;

	return text && *text ? text : otherwise;
}

static void runner_find_place(struct runner *r)
{
	uname(&r->host);
	r->place.node = runner_variable(r->site.node, r->host.nodename);
	r->place.batch_id = runner_variable(r->site.id, "");
}

/* ---- news ---- */

/* Takes the job: only one process can make this file. Returns 0, or an errno. */
static int runner_claim(const struct runner *r)
{
	_cleanup_(freep) char *news = xasprintf("%s/news", r->dir);
	_cleanup_(freep) char *path = xasprintf("%s/%s.began", news, r->number);
	_cleanup_(freep) char *draft = xasprintf("%s/.%s.%s", news, r->number, r->host.nodename);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	int rc = fs_mkdirs(news, 0700) < 0 ? errno : 0;

	node_file_put_place(&text, &r->place);
	if (rc == 0 && fs_write_atomic(draft, text.s, text.len, &err) < 0)
		rc = err.errnum ? err.errnum : EIO;
	if (rc == 0 && link(draft, path) < 0)
		rc = errno;
	unlink(draft);
	error_done(&err);
	return rc;
}

static void runner_report(struct runner *r, const struct job_result *result)
{
	_cleanup_(freep) char *path = xasprintf("%s/news/%s.ended", r->dir, r->number);
	_cleanup_(freep) char *draft = xasprintf("%s/news/.%s.ended", r->dir, r->number);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};

	node_file_put_place(&text, &r->place);
	slot_put_result(&text, result);
	if (fs_write_atomic(draft, text.s, text.len, &err) < 0)
		fprintf(stderr, "dvsched: %s\n", err.msg);
	else if (rename(draft, path) < 0)
		fprintf(stderr, "dvsched: %s: %s\n", path, strerror(errno));
	error_done(&err);
	r->is_ended = true;
	r->has_passed = result->status == JOB_PASSED;
}

static void runner_report_failure(struct runner *r, enum job_reason reason, const char *message)
{
	runner_report(r, &(struct job_result){
				 .status = JOB_KILLED,
				 .reason = reason,
				 .message = message,
				 .exit_status = -1,
			 });
}

/* ---- the job's file ---- */

/* The environment of the scheduler, with what this node says of itself. */
static bool runner_put_hello(struct runner *r, struct wire *w)
{
	struct slot_hello hello;
	VEC(const char *) env = {0};
	bool is_good = slot_take_hello(w, &hello);

	for (size_t i = 0; is_good && hello.env && hello.env[i]; i++)
		if (!node_sets_variable(&r->site, hello.env[i]))
			vec_push(&env, hello.env[i]);
	for (size_t i = 0; environ[i]; i++)
		if (node_sets_variable(&r->site, environ[i]))
			vec_push(&env, environ[i]);
	vec_push(&env, NULL);
	if (is_good)
		slot_put_hello(&r->link.out,
			       &(struct slot_options){
				       .scratch_root = hello.scratch_root,
				       .default_grace_s = hello.grace_s,
				       .job_nofile = hello.nofile,
				       .number = hello.number,
				       .numa = -1,
			       },
			       env.at);
	vec_done(&env);
	free(hello.env);
	return is_good;
}

/* Puts the frames into the link. false: the file is damaged. */
static bool runner_put_job(struct runner *r)
{
	const char *at = r->job;
	size_t left = r->n_job, size;
	struct wire w;
	uint8_t type;

	if (wire_next(at, left, &type, &w, &size) <= 0 || type != NODE_FRAME_JOB)
		return false;
	for (at += size, left -= size; left > 0; at += size, left -= size) {
		if (wire_next(at, left, &type, &w, &size) <= 0)
			return false;
		if (type != FRAME_HELLO)
			str_addn(&r->link.out, at, size);
		else if (!runner_put_hello(r, &w))
			return false;
	}
	return true;
}

/* The first frame; r->job is what follows. Returns NULL, or what is wrong with the file. */
static const char *runner_take_site(struct runner *r)
{
	size_t size;
	struct wire w;
	uint8_t type;

	if (wire_next(r->file.s, r->file.len, &type, &w, &size) <= 0)
		return file_is_damaged;
	r->job = r->file.s + size;
	r->n_job = r->file.len - size;
	if (type == NODE_FRAME_SITE && node_file_take_site(&w, &r->site))
		return NULL;
	return "dvsched on the node has another version than the scheduler";
}

static int runner_read_file(struct runner *r, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/jobs/%s", r->dir, r->number);

	return fs_read_file(path, JOB_FILE_MOST, &r->file, err);
}

/* ---- the slot ---- */

static int runner_start_slot(struct runner *r, struct error *err)
{
	struct proc proc;

	if (proc_start("dvs-slot", "__slot", &proc, err) < 0)
		return -1;
	link_init(&r->link, proc.fd, 0);
	r->slot = proc.pid;
	return 0;
}

static void runner_take_frame(struct runner *r, uint8_t type, struct wire *w)
{
	struct job_outcome outcome = {0};

	if (type != FRAME_RESULT || r->is_ended)
		return; /* output for a screen, shortages */
	if (job_wire_take_result(w, &outcome))
		runner_report(r, &outcome.result);
	job_outcome_done(&outcome);
}

/* false: the slot has ended. */
static bool runner_read(struct runner *r)
{
	enum link_result state = link_read(&r->link, LINK_NOW);
	struct wire w;
	uint8_t type;
	int rc = 0;

	while (state == LINK_OK && (rc = link_next(&r->link, &type, &w)) > 0)
		runner_take_frame(r, type, &w);
	return !link_is_end(state) && rc >= 0;
}

static void runner_pass_on_end(struct runner *r)
{
	slot_put_kill(&r->link.out, false, REASON_USER);
	wants_end = 0;
}

/* Signals are blocked except in ppoll(). */
static void runner_wait(struct runner *r, const sigset_t *unblocked)
{
	for (bool lives = true; lives && !r->is_ended;) {
		struct pollfd p = {.fd = r->link.fd, .events = POLLIN};

		if (wants_end)
			runner_pass_on_end(r);
		if (link_flush(&r->link) == LINK_LATER)
			p.events |= POLLOUT;
		if (ppoll(&p, 1, NULL, unblocked) > 0 && (p.revents & ~POLLOUT))
			lives = runner_read(r);
	}
	if (!r->is_ended)
		runner_report_failure(r, REASON_LOST, "the slot that ran it on the node ended");
}

/* The slot ends daemons that the job was allowed to keep. */
static void runner_end_slot(struct runner *r)
{
	link_done(&r->link);
	while (r->slot && waitpid(r->slot, NULL, 0) < 0 && errno == EINTR)
		;
	exec_kill_descendants(0); /* what a slot that was killed has left */
}

static void runner_catch_signals(sigset_t *ret_unblocked)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
	struct sigaction action = {.sa_handler = on_runner_signal};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++) {
		sigaction(ending[i], &action, NULL);
		sigaddset(&blocked, ending[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, ret_unblocked);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		sigdelset(ret_unblocked, ending[i]);
}

static void runner_run(struct runner *r)
{
	_cleanup_(error_done) struct error err = {0};
	sigset_t unblocked;

	runner_catch_signals(&unblocked);
	if (runner_start_slot(r, &err) < 0) {
		runner_report_failure(r, REASON_LAUNCH, err.msg);
		return;
	}
	if (runner_put_job(r))
		runner_wait(r, &unblocked);
	else
		runner_report_failure(r, REASON_LAUNCH, file_is_damaged);
	runner_end_slot(r);
}

/* A job, or a pilot, which has no result. */
static void runner_do(struct runner *r, const char *fault)
{
	struct wire w;
	uint8_t type;
	size_t size;

	if (fault)
		runner_report_failure(r, REASON_LAUNCH, fault);
	else if (wire_next(r->job, r->n_job, &type, &w, &size) > 0 && type == NODE_FRAME_PILOT)
		r->has_passed = pilot_run(&w, r->number, &r->site, &r->place) == 0;
	else
		runner_run(r);
}

int runner_main(const char *dir, const char *number)
{
	struct runner r = {.dir = dir, .number = number};
	struct error err = {0};
	const char *fault;
	int rc;

	prctl(PR_SET_NAME, "dvs-runner");
	prctl(PR_SET_CHILD_SUBREAPER, 1L);
	proc_close_to_others();
	proc_dir_hold(); /* else its slot opens it */
	if (runner_read_file(&r, &err) < 0) {
		fprintf(stderr, "dvsched: the job's file: %s\n", err.msg);
		error_done(&err);
		return RUNNER_USELESS;
	}
	fault = runner_take_site(&r);
	runner_find_place(&r);
	rc = runner_claim(&r);
	if (rc == 0)
		runner_do(&r, fault);
	else
		fprintf(stderr, "dvsched: cannot take the job %s/jobs/%s: %s\n", dir, number,
			strerror(rc));
	str_done(&r.file);
	free((void *)r.site.variables);
	if (rc)
		return RUNNER_USELESS;
	return r.has_passed ? RUNNER_PASSED : RUNNER_FAILED;
}
