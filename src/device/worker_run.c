/* SPDX-License-Identifier: Apache-2.0 */
/* One run, by the driver thread: from the request to the result. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "device/device_class.h"
#include "device/join_context.h"
#include "device/worker_process.h"
#include "exec/odir.h"

extern char **environ;

static const int64_t first_pause_ns = 50 * 1000, last_pause_ns = 5 * 1000 * 1000;
static const uint64_t look_ns = 100 * 1000 * 1000; /* between two looks at the log's size */
enum { CONTEXT_TAIL = 10, ENV_OF_A_RUN = 7 };

struct run {
	struct worker_process *p;
	struct device_run ask;
	const struct dvs_driver *driver;
	void *ctx;
	struct slot_rules *rules;
	char *job;	/* the driver's keys, {attempt} put in */
	char *log_path; /* of this rank */
	char *context;	/* path of the JSON file; NULL: no join */
	int shared_fd;
	uint32_t slot;
	bool is_gang, is_joined, is_prepared, is_cancelled;
	bool is_unplaced; /* there is no directory or log */
	uint64_t looked_ns;
	struct device_result result;
	struct str text, notes; /* the cause in words; what came after it */
	struct ending ending;
	struct rusage usage; /* at its end */
	double start_s;
};

/* ---- board and messages ---- */

static void put_and_send(struct run *r, enum device_frame type)
{
	str_clear(&r->p->out);
	device_put_result(&r->p->out, type, &r->result);
	link_send(&r->p->link, &r->p->out);
}

static void reach(struct run *r, enum run_phase phase)
{
	struct board *b = r->p->board;
	uint64_t now = board_now_ns();

	r->result.phase = phase;
	r->result.stamp_ns[phase] = now;
	atomic_store_explicit(&b->stamp_ns[phase], now, memory_order_relaxed);
	atomic_store_explicit(&b->phase, phase, memory_order_release);
	if (!r->is_gang || phase == PHASE_LOADED || phase > PHASE_LAUNCHED)
		return;
	str_clear(&r->p->out);
	device_put_phase(&r->p->out, r->ask.epoch, phase);
	link_send(&r->p->link, &r->p->out);
}

static void begin_on_board(struct run *r)
{
	struct board *b = r->p->board;

	atomic_store(&b->phase, PHASE_NONE);
	for (unsigned i = 0; i < PHASE_COUNT; i++)
		atomic_store_explicit(&b->stamp_ns[i], 0, memory_order_relaxed);
	atomic_store_explicit(&b->progress_ns, 0, memory_order_relaxed);
	atomic_store_explicit(&b->done, 0, memory_order_relaxed);
	atomic_store_explicit(&b->total, 0, memory_order_relaxed);
	atomic_store_explicit(&b->evidence, 0, memory_order_relaxed);
	atomic_store(&b->epoch, r->ask.epoch);
}

/* ---- errors ---- */

static bool has_failed(const struct run *r)
{
	return r->result.class != DVS_OK;
}

/* The first error is the cause; what comes after it is told, and decides nothing. */
static int fail(struct run *r, enum dvs_class class, enum driver_call call, const char *text)
{
	if (has_failed(r)) {
		str_printf(&r->notes, "; then %s", text);
		return -1;
	}
	r->result.class = class;
	r->result.call = call;
	str_add(&r->text, text);
	return -1;
}

static int fail_code(struct run *r, enum driver_call call, int32_t code)
{
	_cleanup_(str_done) struct str text = {0};
	const char *name, *hint, *words = call_words(r->p);
	enum dvs_class class = call_class(r->p, code, &name, &hint);

	if (has_failed(r) && code == r->result.code && !*words)
		return -1; /* the same once more: no news */
	if (has_failed(r)) {
		str_printf(&text, "%s() failed%s%s", board_call_name(call), *words ? ": " : "",
			   words);
		call_add_code(&text, code, name, hint);
		return fail(r, class, call, text.s);
	}
	r->result.code = code;
	r->result.code_name = name;
	r->result.hint = hint;
	if (*words)
		str_add(&text, words);
	else
		str_printf(&text, "%s() failed", board_call_name(call));
	return fail(r, class, call, text.s);
}

static int fail_error(struct run *r, enum dvs_class class, enum driver_call call, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	str_add_printable(&text, err->msg, strlen(err->msg));
	error_done(err);
	return fail(r, class, call, text.s);
}

static bool notices_cancel(struct run *r)
{
	if (r->is_cancelled || !r->p->host.is_cancelled(r->p))
		return r->is_cancelled;
	r->is_cancelled = true;
	fail(r, DVS_PEER, CALL_NONE, "the run was cancelled");
	return true;
}

/* ---- directory, log, environment ---- */

static int make_place(struct run *r, struct error *err)
{
	const struct job_rules *job = &r->rules->job;
	bool is_first = r->ask.rank == 0;
	struct odir_request o = {
		.odir = r->ask.odir,
		.log_path = r->log_path,
		.attempt = r->ask.attempt,
		.renew = is_first && job->renew_odir,
		.plain_stamps = job->plain_stamps,
		.keep = job->max_odirs,
	};

	r->p->log.fd = odir_prepare(&r->p->confine, &o, err);
	if (r->p->log.fd < 0)
		return -1;
	return job_log_begin(&r->p->log, r->ask.command, err);
}

static void lead_output(int fd)
{
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

/* Relative paths in what a driver reads begin there. */
static int stand_in_cwd(struct run *r)
{
	const char *cwd = r->rules->job.cwd;
	struct error err = {0};

	if (!cwd || chdir(cwd) == 0)
		return 0;
	error_sys(&err, errno, "the job's directory '%s' cannot be entered", cwd);
	return fail_error(r, DVS_CONFIG, CALL_NONE, &err);
}

/* A worker holds no directory of a job that is over. */
static void stand_nowhere(void)
{
	if (chdir("/") < 0)
		errno = 0;
}

/* That of a run before may be what somebody is just looking at: it goes when the next one comes. */
static void keep_environment(struct worker_process *p, char **env, size_t n_own)
{
	for (size_t i = 0; i < p->n_own_env; i++)
		free(p->run_env[i]);
	free(p->run_env);
	p->run_env = env;
	p->n_own_env = n_own;
}

/* Ours when dvsched itself runs below a job of another. */
static bool is_of_a_run(const char *entry)
{
	static const char *const names[ENV_OF_A_RUN] = {
		"JOB=", "ATTEMPT=", "ODIR=", "DEVICE=", "RANK=", "RANKS=", "CONTEXT=",
	};

	if (!str_starts(entry, "DVSCHED_"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(entry + strlen("DVSCHED_"), names[i]))
			return true;
	return false;
}

/* The run's own strings stand first; those of the rules are borrowed, but for {attempt}. */
static void set_environment(struct run *r)
{
	const struct slot_rules *rules = r->rules;
	size_t n = 0, n_own, n_rules = rules->n_env;
	char **env = xcalloc(n_rules + ENV_OF_A_RUN + 1, sizeof(*env));

	env[n++] = xasprintf("DVSCHED_JOB=%s", r->ask.id);
	env[n++] = xasprintf("DVSCHED_ATTEMPT=%u", r->ask.attempt);
	env[n++] = xasprintf("DVSCHED_ODIR=%s", r->ask.odir);
	env[n++] = xasprintf("DVSCHED_DEVICE=%d", r->p->hello.device);
	env[n++] = xasprintf("DVSCHED_RANK=%d", r->ask.rank);
	env[n++] = xasprintf("DVSCHED_RANKS=%d", r->ask.n_ranks);
	if (r->context)
		env[n++] = xasprintf("DVSCHED_CONTEXT=%s", r->context);
	n_own = n;
	for (size_t i = 0; i < n_rules; i++)
		if (!is_of_a_run(rules->env[i]))
			env[n++] = r->ask.has_attempt
					   ? job_attempt_text(rules->env[i], r->ask.attempt)
					   : (char *)rules->env[i];
	environ = env;
	keep_environment(r->p, env, r->ask.has_attempt ? n : n_own);
}

/* ---- the driver's part ---- */

static int load(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	int32_t rc;

	call_begin(r->p, CALL_LOAD);
	rc = r->driver->load(r->ctx, r->job, &r->slot, &err);
	call_end(r->p);
	if (rc != 0)
		return fail_code(r, CALL_LOAD, rc);
	reach(r, PHASE_LOADED);
	return 0;
}

static int write_context(struct run *r, const struct dvs_context *given)
{
	struct join_rank rank = {r->p->hello.device, r->ask.rank, r->ask.n_ranks};
	struct error err = {0};

	if (join_context_write(r->context, &rank, given, &err) < 0)
		return fail_error(r, DVS_BUSY, CALL_JOIN, &err);
	return 0;
}

static int join(struct run *r)
{
	struct dvs_text room = call_err(r->p);
	struct dvs_join ask = {
		.size = sizeof(ask),
		.rank = r->ask.rank,
		.n_ranks = r->ask.n_ranks,
		.n_buffers = r->ask.n_buffers,
		.epoch = r->ask.epoch,
		.token = r->ask.token,
		.window_bytes = r->ask.window_bytes,
		.buffers = r->ask.buffers,
		.deadline_ns = r->ask.join_deadline_ns,
		.shared_fd = r->shared_fd,
		.shared_bytes = r->ask.shared_bytes,
	};
	_cleanup_(freep) struct dvs_buffer *buffers = xcalloc(ask.n_buffers + 1, sizeof(*buffers));
	struct dvs_context given = {.size = sizeof(given), .buffers = buffers};
	struct error err = {0};
	int32_t rc;

	if (!(r->driver->caps & DVS_CAP_GANG))
		return fail(r, DVS_UNSUPPORTED, CALL_JOIN, "this driver has no gangs");
	call_begin(r->p, CALL_JOIN);
	rc = r->driver->join(r->ctx, &ask, &given, &room);
	call_end(r->p);
	if (rc != 0)
		return fail_code(r, CALL_JOIN, rc);
	r->is_joined = true;
	if (given.buffers != buffers)
		return fail(r, DVS_CONFIG, CALL_JOIN,
			    "join() gave a list of buffers of its own, not the host's");
	if (join_context_check(&ask, &given, &err) < 0)
		return fail_error(r, DVS_CONFIG, CALL_JOIN, &err);
	return write_context(r, &given);
}

static int prepare(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	struct dvs_run ask = {
		.size = sizeof(ask),
		.attempt = r->ask.attempt,
		.epoch = r->ask.epoch,
		.rank = r->ask.rank,
		.n_ranks = r->ask.n_ranks,
		.job_id = r->ask.id,
		.odir = r->ask.odir,
		.job = r->job,
		.deadline_ns = r->ask.deadline_ns,
	};
	int32_t rc;

	call_begin(r->p, CALL_PREPARE);
	rc = r->driver->prepare(r->ctx, r->slot, &ask, &err);
	call_end(r->p);
	if (rc != 0)
		return fail_code(r, CALL_PREPARE, rc);
	r->is_prepared = true;
	reach(r, PHASE_ARMED);
	return 0;
}

static int wait_for_go(struct run *r)
{
	while (r->ask.waits_for_go && atomic_load(&r->p->link.go_epoch) != r->ask.epoch) {
		if (notices_cancel(r))
			return -1;
		link_wait(&r->p->link, -1);
	}
	return notices_cancel(r) ? -1 : 0;
}

static int launch(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	int32_t rc;

	call_begin(r->p, CALL_LAUNCH);
	rc = r->driver->launch(r->ctx, r->ask.epoch, &err);
	call_end(r->p);
	if (rc != 0)
		return fail_code(r, CALL_LAUNCH, rc);
	atomic_store(&r->p->board->progress_ns, board_now_ns());
	reach(r, PHASE_LAUNCHED);
	return 0;
}

static void abort_run(struct run *r)
{
	int32_t rc;

	if (!(r->driver->caps & DVS_CAP_ABORT))
		return;
	call_err(r->p);
	call_begin(r->p, CALL_ABORT);
	rc = r->driver->abort(r->ctx, r->ask.epoch);
	call_end(r->p);
	if (rc != 0)
		fail_code(r, CALL_ABORT, rc);
}

static bool has_flooded(struct run *r)
{
	uint64_t most = r->rules->job.max_log_bytes;

	if (!r->ending.flood_bytes && job_log_is_over(&r->p->log, most))
		r->ending.flood_bytes = most;
	return r->ending.flood_bytes != 0;
}

/* From time to time, while the device works. */
static bool notices_flood(struct run *r)
{
	uint64_t now = board_now_ns();

	if (now - r->looked_ns < look_ns)
		return false;
	r->looked_ns = now;
	if (!has_flooded(r))
		return false;
	fail(r, DVS_JOB, CALL_NONE, "the log went over its limit");
	atomic_store(&r->p->link.cancel_epoch, r->ask.epoch);
	return true;
}

/* Should the run end before the device says so? Once told, that is up to the driver. */
static void look_around(struct run *r)
{
	if (r->is_cancelled)
		return;
	if (notices_flood(r))
		r->is_cancelled = true;
	else if (!notices_cancel(r))
		return;
	abort_run(r);
}

static int poll_once(struct run *r, int32_t *ret_is_over)
{
	struct dvs_text err = call_err(r->p);
	int32_t rc;

	call_begin(r->p, CALL_POLL);
	rc = r->driver->poll(r->ctx, r->ask.epoch, ret_is_over, &err);
	call_end(r->p);
	return rc != 0 ? fail_code(r, CALL_POLL, rc) : 0;
}

static void poll_until_over(struct run *r)
{
	int64_t pause_ns = first_pause_ns;
	int32_t is_over = 0;

	r->looked_ns = board_now_ns();
	while (poll_once(r, &is_over) == 0) {
		if (is_over) {
			notices_cancel(r); /* which may be why it is over */
			reach(r, PHASE_RAN);
			return;
		}
		look_around(r);
		link_wait(&r->p->link, pause_ns);
		pause_ns = pause_ns * 2 < last_pause_ns ? pause_ns * 2 : last_pause_ns;
	}
}

/* The driver's own JSON, if that is what it is. */
static void keep_result(struct run *r)
{
	json_t *parsed;

	r->p->result[RESULT_ROOM - 1] = '\0';
	if (!*r->p->result)
		return;
	parsed = json_loads(r->p->result, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(parsed))
		r->result.result = r->p->result;
	else
		r->p->host.log(r->p, 1, "the driver's result is not a JSON object: left out");
	json_decref(parsed);
}

static void finish(struct run *r)
{
	struct dvs_text err = call_err(r->p), result = {r->p->result, RESULT_ROOM};
	int32_t rc;

	r->p->result[0] = r->p->result[RESULT_ROOM - 1] = '\0';
	call_begin(r->p, CALL_FINISH);
	rc = r->driver->finish(r->ctx, r->ask.epoch, &result, &err);
	call_end(r->p);
	keep_result(r);
	if (rc != 0) {
		fail_code(r, CALL_FINISH, rc);
		return;
	}
	if (!has_failed(r))
		reach(r, PHASE_FINISHED);
}

static void leave(struct run *r)
{
	int32_t rc;

	call_err(r->p);
	call_begin(r->p, CALL_LEAVE);
	rc = r->driver->leave(r->ctx);
	call_end(r->p);
	if (rc != 0)
		fail_code(r, CALL_LEAVE, rc);
}

static void reset(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	int32_t is_verified = 0, rc;

	call_begin(r->p, CALL_RESET);
	rc = r->driver->reset(r->ctx, 0, &is_verified, &err);
	call_end(r->p);
	r->result.is_spent = rc != 0 || !is_verified;
	if (rc != 0)
		fail_code(r, CALL_RESET, rc);
}

/* Whatever the class blames: can this process go on? */
static void look_after(struct run *r)
{
	bool is_usable;

	if (!has_failed(r) || !r->driver->is_usable)
		return;
	call_begin(r->p, CALL_RESET);
	is_usable = r->driver->is_usable(r->ctx) != 0;
	call_end(r->p);
	if (is_usable)
		return;
	r->result.is_spent = true;
	if (r->driver->caps & DVS_CAP_RESET)
		reset(r);
}

/* ---- the verdict ---- */

static void add_usage(struct run *r, struct job_usage *to)
{
	struct rusage *before = &r->p->usage, now;

	getrusage(RUSAGE_SELF, &now);
	to->user_s = (double)(now.ru_utime.tv_sec - before->ru_utime.tv_sec) +
		     (double)(now.ru_utime.tv_usec - before->ru_utime.tv_usec) * 1e-6;
	to->system_s = (double)(now.ru_stime.tv_sec - before->ru_stime.tv_sec) +
		       (double)(now.ru_stime.tv_usec - before->ru_stime.tv_usec) * 1e-6;
	to->max_rss_kib = (uint64_t)now.ru_maxrss;
	r->usage = now;
}

static void decide_by_class(struct run *r, struct job_result *v)
{
	const struct class_fate *fate = device_class_fate(r->result.class);
	struct str message = {0}, context = {0};

	str_addn(&message, r->text.s ? r->text.s : "", r->text.len);
	call_add_code(&message, r->result.code, r->result.code_name, r->result.hint);
	if (r->notes.len)
		str_add(&message, r->notes.s);
	job_log_tail(&r->p->log, CONTEXT_TAIL, &context);
	v->status = fate->status;
	v->reason = r->is_unplaced ? REASON_LAUNCH : fate->reason;
	v->is_uncharged = !fate->is_charged;
	v->message = str_take(&message);
	v->context = context.len ? str_take(&context) : NULL;
	str_done(&context);
}

/* A log of another rank tells of failures; that the job passed is said in the first one's. */
static int judge(struct run *r, struct job_result *v, struct error *err)
{
	struct slot_rules only_fails;

	if (r->ask.rank == 0)
		return slot_rules_judge(r->rules, &r->ending, &r->p->log, v, err);
	if (slot_rules_compile(r->rules, err) < 0)
		return -1;
	only_fails = *r->rules;
	only_fails.job.pass_patterns.n = 0;
	return slot_rules_judge(&only_fails, &r->ending, &r->p->log, v, err);
}

static void decide_by_log(struct run *r, struct job_result *v)
{
	struct error err = {0};

	if (judge(r, v, &err) == 0)
		return;
	v->status = JOB_FAILED;
	v->reason = REASON_PATTERN_ERROR;
	v->message = xstrdup(err.msg);
	error_done(&err);
}

static void decide(struct run *r)
{
	struct job_result *v = &r->result.verdict;

	*v = (struct job_result){.start_wall_s = r->start_s,
				 .duration_s = clock_wall(clock_real()) - r->start_s};
	r->result.text = r->text.len ? r->text.s : NULL;
	if (has_failed(r) && !r->ending.flood_bytes)
		decide_by_class(r, v);
	else
		decide_by_log(r, v);
	v->exit_status = -1;
	v->pid = r->p->pid;
	add_usage(r, &v->usage);
}

static void forget_verdict(struct run *r)
{
	free((char *)r->result.verdict.message);
	free((char *)r->result.verdict.context);
}

/* What is owed now may not come back: then this is the last word. */
static void tell_cause(struct run *r)
{
	if (!has_failed(r) || r->is_cancelled || !(r->is_prepared || r->is_joined))
		return;
	decide(r);
	put_and_send(r, DEVICE_CAUSE);
	forget_verdict(r);
}

/* ---- all of it ---- */

static void drive(struct run *r)
{
	if (load(r) < 0)
		return;
	if ((!r->ask.token || join(r) == 0) && prepare(r) == 0 && wait_for_go(r) == 0 &&
	    launch(r) == 0)
		poll_until_over(r);
	tell_cause(r);
	if (r->is_prepared)
		finish(r);
	if (r->is_joined)
		leave(r);
}

static void run_in_place(struct run *r)
{
	struct worker_process *p = r->p;
	struct error err = {0};

	if (make_place(r, &err) < 0) {
		fail_error(r, DVS_CONFIG, CALL_NONE, &err);
		r->is_unplaced = true;
		return;
	}
	set_environment(r);
	lead_output(p->log.fd);
	reach(r, PHASE_TAKEN);
	if (stand_in_cwd(r) == 0)
		drive(r);
	look_after(r);
	stand_nowhere();
	lead_output(p->own_log_fd);
	environ = (char **)p->base_env;
	if (has_flooded(r) && ftruncate(p->log.fd, (off_t)r->ending.flood_bytes) < 0)
		errno = 0; /* the disk stays fuller than it should: the verdict says why */
}

static void end(struct run *r)
{
	struct worker_process *p = r->p;

	decide(r);
	if (has_failed(r)) {
		enum run_phase last = r->result.phase;

		r->is_gang = false; /* the result says it */
		reach(r, PHASE_FAILED);
		r->result.phase = last;
	} else {
		p->n_good++;
	}
	atomic_fetch_add(&p->board->n_runs, 1);
	p->usage = r->usage;
	job_log_close(&p->log);
	worker_idle(p);
	put_and_send(r, DEVICE_ENDED);
	forget_verdict(r);
}

/* In JSON the word's control characters may stand escaped. */
static char *job_with_attempt(const char *job, uint32_t attempt)
{
	static const char escaped[] = "\\u0001attempt\\u0001";
	char *text = job_attempt_text(job, attempt), *from = text, *at;
	struct str out = {0};

	if (!strstr(text, escaped))
		return text;
	while ((at = strstr(from, escaped)) != NULL) {
		str_addn(&out, from, (size_t)(at - from));
		str_printf(&out, "%u", attempt);
		from = at + strlen(escaped);
	}
	str_add(&out, from);
	free(text);
	return str_take(&out);
}

static void set_up(struct run *r)
{
	r->start_s = clock_wall(clock_real());
	r->rules = &r->p->link.rules[r->ask.rules];
	r->driver = atomic_load(&r->p->driver);
	r->ctx = atomic_load(&r->p->ctx);
	r->is_gang = r->ask.n_ranks > 1 || r->ask.waits_for_go;
	r->result.epoch = r->ask.epoch;
	r->job = job_with_attempt(r->ask.job, r->ask.attempt);
	r->log_path = r->ask.rank == 0 ? xstrdup(r->ask.log_path)
				       : xasprintf("%s/rank%d.log", r->ask.odir, r->ask.rank);
	if (r->ask.token)
		r->context = xasprintf("%s/rank%d.json", r->ask.odir, r->ask.rank);
}

static void clear(struct run *r)
{
	closep(&r->shared_fd);
	device_run_done(&r->ask);
	free(r->job);
	free(r->log_path);
	free(r->context);
	str_done(&r->text);
	str_done(&r->notes);
}

bool run_next(struct worker_process *p)
{
	struct run r = {.p = p, .shared_fd = -1};

	if (!link_take_run(&p->link, &p->run_frame, &r.ask, &r.shared_fd))
		return false;
	worker_busy(p);
	set_up(&r);
	begin_on_board(&r);
	run_in_place(&r);
	end(&r);
	clear(&r);
	return true;
}
