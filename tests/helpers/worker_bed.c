/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_bed.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "device/probe/probe.h"
#include "disk.h"

/* Only a test that hangs reaches this limit. */
enum { PATIENCE_S = 60 };

static const char *const no_strings[] = {NULL};

void worker_bed_dispatch(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "__device") == 0)
		exit(worker_main());
	if (argc > 1 && strcmp(argv[1], "__probe") == 0)
		exit(probe_main());
}

/* ---- messages of workers ---- */

static void on_opened(struct device_worker *w, void *ctx)
{
	struct bed_rank *r = ctx;

	(void)w;
	r->is_open = true;
}

static void on_open_failed(struct device_worker *w, void *ctx, enum dvs_class class,
			   const char *text)
{
	struct bed_rank *r = ctx;

	(void)w;
	r->has_failed = true;
	r->open_class = class;
	r->open_text = xstrdup(text);
}

static void on_phase(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase)
{
	struct bed_rank *r = ctx;

	(void)w;
	assert_int_equal(epoch, r->bed->epoch);
	assert_true(phase > r->phase);
	r->phase = phase;
}

static void forget_result(struct bed_rank *r)
{
	arena_freep(&r->mem);
	r->result = (struct device_result){0};
	r->has_ended = false;
	r->phase = PHASE_NONE;
}

static void on_ended(struct device_worker *w, void *ctx, const struct device_result *result)
{
	struct bed_rank *r = ctx;

	(void)w;
	assert_false(r->has_ended);
	r->has_ended = true;
	r->mem = arena_new();
	device_result_copy(&r->result, result, r->mem);
}

static void on_diagnosed(struct device_worker *w, void *ctx, const char *text)
{
	struct bed_rank *r = ctx;

	(void)w;
	free(r->diagnosis);
	r->diagnosis = xstrdup(text);
	r->has_answered = true;
}

static void on_died(struct device_worker *w, void *ctx, int status, const char *why)
{
	struct bed_rank *r = ctx;

	r->has_died = true;
	r->status = status;
	free(r->why);
	r->why = xstrdup(why);
	r->worker = NULL;
	device_worker_free(w);
}

static const struct device_worker_handler handler = {
	.opened = on_opened,
	.open_failed = on_open_failed,
	.phase = on_phase,
	.ended = on_ended,
	.diagnosed = on_diagnosed,
	.died = on_died,
};

/* ---- the bed ---- */

static void init_rank(struct worker_bed *b, unsigned i)
{
	struct bed_rank *r = &b->ranks[i];

	r->bed = b;
	r->own_log = xasprintf("%s/worker%u.log", b->base, i);
	r->options = (struct device_worker_options){
		.driver = TEST_DRIVER,
		.device = (int32_t)i,
		.scratch_root = b->root,
		.log_path = r->own_log,
		.state_dir = b->state,
		.number = i,
	};
}

struct worker_bed *worker_bed_new(void)
{
	struct worker_bed *b = xcalloc(1, sizeof(*b));
	const char *tmp = getenv("TMPDIR");

	b->base = xasprintf("%s/dvsched-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(b->base));
	b->root = xasprintf("%s/scratch", b->base);
	b->odir = xasprintf("%s/cfg/job", b->root);
	b->log = xasprintf("%s/log", b->odir);
	b->lock = xasprintf("%s/lock", b->base);
	b->state = xasprintf("%s/state", b->base);
	b->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	b->rules = (struct job_rules){.target = "t",
				      .cwd = b->base,
				      .env = no_strings,
				      .keep = no_strings,
				      .tags = no_strings,
				      .grace_s = -1,
				      .cpus = 1};
	b->argv[0] = "chips";
	b->spec = (struct job_spec){.id = "cfg:job",
				    .name = "job",
				    .block = &b->block,
				    .rules = &b->rules,
				    .argv = b->argv,
				    .command = "the command",
				    .dir = b->odir,
				    .log = b->log};
	b->request = (struct device_request){
		.spec = &b->spec, .attempt = 1, .n_ranks = 1, .shared_fd = -1};
	for (unsigned i = 0; i < BED_RANKS; i++)
		init_rank(b, i);
	return b;
}

static void free_rank(struct bed_rank *r)
{
	device_worker_free(r->worker);
	forget_result(r);
	free(r->open_text);
	free(r->why);
	free(r->diagnosis);
	free(r->own_log);
}

void worker_bed_free(struct worker_bed *b)
{
	for (unsigned i = 0; i < BED_RANKS; i++)
		free_rank(&b->ranks[i]);
	ev_loop_destroy(b->loop);
	free((void *)b->rules.pass_patterns.at);
	free((void *)b->rules.fail_patterns.at);
	fs_remove_tree(b->base);
	free(b->base);
	free(b->root);
	free(b->odir);
	free(b->log);
	free(b->lock);
	free(b->state);
	free(b);
}

void worker_bed_start(struct worker_bed *b, unsigned rank, const char *options)
{
	struct bed_rank *r = &b->ranks[rank];
	struct error err = {0};

	r->options.options = options;
	r->worker = device_worker_new(b->loop, &r->options, &handler, r, &err);
	assert_non_null(r->worker);
}

void worker_bed_open(struct worker_bed *b, unsigned rank, const char *options)
{
	worker_bed_start(b, rank, options);
	worker_bed_wait(b, rank, bed_is_open);
}

static void send_to(struct worker_bed *b, unsigned rank, const char *job)
{
	forget_result(&b->ranks[rank]);
	b->request.job = job;
	b->request.epoch = b->epoch;
	b->request.rank = (int32_t)rank;
	device_worker_run(b->ranks[rank].worker, &b->request);
}

void worker_bed_send(struct worker_bed *b, const char *job)
{
	b->epoch++;
	send_to(b, 0, job);
}

void worker_bed_send_rank(struct worker_bed *b, unsigned rank, const char *job)
{
	send_to(b, rank, job);
}

const struct device_result *worker_bed_run(struct worker_bed *b, const char *job)
{
	worker_bed_send(b, job);
	worker_bed_wait(b, 0, bed_has_ended);
	return &b->ranks[0].result;
}

bool bed_is_open(const struct bed_rank *r)
{
	return r->is_open;
}

bool bed_has_ended(const struct bed_rank *r)
{
	return r->has_ended;
}

bool bed_has_died(const struct bed_rank *r)
{
	return r->has_died;
}

bool bed_has_answered(const struct bed_rank *r)
{
	return r->has_answered;
}

bool bed_is_armed(const struct bed_rank *r)
{
	return r->phase == PHASE_ARMED;
}

static void on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	bool *is_over = w->data;

	(void)revents;
	*is_over = true;
	ev_break(loop, EVBREAK_ONE);
}

/* Its log says why a worker died. */
static void tell(const struct bed_rank *r)
{
	char *text = disk_text(r->own_log);

	print_error("failed: %s\ndied: %s\nresult: %s\nlog of the worker:\n%s\n",
		    r->open_text ? r->open_text : "-", r->why ? r->why : "-",
		    r->result.verdict.message ? r->result.verdict.message : "-", text ? text : "-");
	free(text);
}

void worker_bed_wait(struct worker_bed *b, unsigned rank, bed_condition *is_so)
{
	struct bed_rank *r = &b->ranks[rank];
	bool is_over = false;
	ev_timer patience;

	ev_now_update(b->loop);
	ev_timer_init(&patience, on_patience, PATIENCE_S, 0);
	patience.data = &is_over;
	ev_timer_start(b->loop, &patience);
	while (!is_so(r) && !is_over && !(r->has_died && is_so != bed_has_died))
		ev_run(b->loop, EVRUN_ONCE);
	ev_timer_stop(b->loop, &patience);
	if (!is_so(r))
		tell(r);
	assert_true(is_so(r));
}

/* There is no event when the board changes: it is read again after a turn of the loop. */
static void wait_for_word(struct worker_bed *b, const struct bed_rank *r,
			  const _Atomic uint32_t *word, uint32_t value)
{
	bool is_so = false;

	for (unsigned i = 0; i < PATIENCE_S * 1000 && !is_so && r->worker; i++) {
		is_so = atomic_load(word) == value;
		if (!is_so) {
			ev_run(b->loop, EVRUN_NOWAIT);
			poll(NULL, 0, 1);
		}
	}
	if (!is_so)
		tell(r);
	assert_true(is_so);
}

void worker_bed_wait_for_call(struct worker_bed *b, unsigned rank, enum driver_call call)
{
	const struct bed_rank *r = &b->ranks[rank];

	wait_for_word(b, r, &device_worker_board(r->worker)->call, call);
}

void worker_bed_wait_for_phase(struct worker_bed *b, unsigned rank, enum run_phase phase)
{
	const struct bed_rank *r = &b->ranks[rank];

	wait_for_word(b, r, &device_worker_board(r->worker)->phase, phase);
}
