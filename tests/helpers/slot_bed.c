/* SPDX-License-Identifier: Apache-2.0 */
#include "slot_bed.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "clerk/clerk.h"
#include "disk.h"

/* Only a test that hangs reaches this limit. */
enum { PATIENCE_S = 60 };

/* How much the job wrote into its log. */
static int read_length(const struct job_left *left, struct job_outcome *ret, struct error *err)
{
	(void)err;
	ret->measures.has_run_time = true;
	ret->measures.run_time_s = (double)(lseek(left->log_fd, 0, SEEK_END) - left->log_start);
	return 1;
}

/* The text of a file, under the name of the tool; it must be there. */
static int read_text(const struct job_left *left, struct job_outcome *ret, struct error *err)
{
	struct arena *mem = job_outcome_mem(ret);
	struct job_coverage *pair = arena_zalloc(mem, sizeof(*pair));
	_cleanup_(str_done) struct str text = {0};

	if (fs_read_file(left->path, 4096, &text, err) < 0)
		return -1;
	*pair = (struct job_coverage){arena_strdup(mem, left->tool),
				      arena_strndup(mem, text.s, text.len)};
	ret->measures.coverage = pair;
	ret->measures.n_coverage = 1;
	return 1;
}

static const struct job_reader *bed_reader(const char *name)
{
	static const struct job_reader readers[] = {{"length", read_length}, {"text", read_text}};

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (strcmp(readers[i].name, name) == 0)
			return &readers[i];
	return NULL;
}

void bed_dispatch(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "__slot") == 0)
		exit(slot_main(bed_reader));
	if (argc > 1 && strcmp(argv[1], "__clerk") == 0)
		exit(clerk_main());
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* As from a terminal, however the tests were started. */
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
}

static void on_ended(struct slot *slot, void *ctx, const struct job_result *result)
{
	struct slot_bed *b = ctx;

	(void)slot;
	b->has_ended = true;
	b->mem = arena_new();
	job_result_copy(&b->result, result, b->mem);
	ev_break(b->loop, EVBREAK_ONE);
}

static void on_died(struct slot *slot, void *ctx, const char *why)
{
	struct slot_bed *b = ctx;

	b->has_died = true;
	b->lost = slot_lost_reason(slot);
	b->why = xstrdup(why);
	b->slot = NULL;
	slot_free(slot);
	ev_break(b->loop, EVBREAK_ONE);
}

static void on_noted(struct slot *slot, void *ctx, const char *text)
{
	struct slot_bed *b = ctx;

	(void)slot;
	str_printf(&b->notes, "%s\n", text);
}

static void on_said(struct slot *slot, void *ctx, const char *bytes, size_t n)
{
	struct slot_bed *b = ctx;

	(void)slot;
	str_addn(&b->said, bytes, n);
}

static void on_stopped(struct slot *slot, void *ctx)
{
	struct slot_bed *b = ctx;

	(void)slot;
	b->n_stopped++;
}

static void on_short(struct slot *slot, void *ctx, int errnum)
{
	struct slot_bed *b = ctx;

	(void)slot;
	str_addc(&b->short_of_processes, errnum ? '+' : '-');
}

static const struct slot_handler handler = {
	.ended = on_ended,
	.died = on_died,
	.noted = on_noted,
	.said = on_said,
	.stopped = on_stopped,
	.is_short = on_short,
};

static const char *const no_strings[] = {NULL};

static void start_slot(struct slot_bed *b)
{
	struct error err = {0};

	b->slot = slot_new(b->loop, &b->options, &handler, b, &err);
	assert_non_null(b->slot);
}

void bed_renew_slot(struct slot_bed *b)
{
	slot_free(b->slot);
	b->slot = NULL;
	assert_int_equal(bed_count_processes(b), 0);
	start_slot(b);
}

struct slot_bed *bed_new(void)
{
	return bed_new_with(NULL);
}

struct slot_bed *bed_new_with(const struct vigil_limits *limits)
{
	struct slot_bed *b = xcalloc(1, sizeof(*b));
	const char *tmp = getenv("TMPDIR");

	b->base = xasprintf("%s/dvsched-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(b->base));
	b->cookie = xasprintf("%s-%d", path_base(b->base), (int)getpid());
	setenv("DVSCHED_TEST_ID", b->cookie, 1);
	setenv("MAKEFLAGS", "-j9", 1);
	b->root = xasprintf("%s/scratch", b->base);
	b->odir = xasprintf("%s/cfg/job", b->root);
	b->log = xasprintf("%s/log", b->odir);
	b->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	b->options = (struct slot_options){
		.scratch_root = b->root, .default_grace_s = 30, .limits = limits};
	b->rules = (struct job_rules){.target = "t",
				      .cwd = b->base,
				      .env = no_strings,
				      .keep = no_strings,
				      .tags = no_strings,
				      .grace_s = -1,
				      .cpus = 1};
	b->spec = (struct job_spec){.id = "cfg:job",
				    .name = "job",
				    .block = &b->block,
				    .rules = &b->rules,
				    .argv = b->argv,
				    .command = "the command",
				    .dir = b->odir,
				    .log = b->log};
	start_slot(b);
	return b;
}

static void forget_result(struct slot_bed *b)
{
	arena_freep(&b->mem);
	free(b->why);
	b->why = NULL;
	b->result = (struct job_result){0};
	b->has_ended = b->has_died = false;
}

void bed_free(struct slot_bed *b)
{
	slot_free(b->slot);
	b->slot = NULL;
	assert_int_equal(bed_count_processes(b), 0);
	forget_result(b);
	str_done(&b->notes);
	str_done(&b->said);
	str_done(&b->short_of_processes);
	ev_loop_destroy(b->loop);
	free((void *)b->rules.pass_patterns.at);
	free((void *)b->rules.fail_patterns.at);
	fs_remove_tree(b->base);
	free(b->base);
	free(b->root);
	free(b->odir);
	free(b->log);
	free(b->cookie);
	free(b);
}

void bed_helper(struct slot_bed *b, const char *word, const char *arg)
{
	b->argv[0] = JOB_HELPER;
	b->argv[1] = word;
	b->argv[2] = arg;
	b->argv[3] = NULL;
}

void bed_shell(struct slot_bed *b, const char *command)
{
	b->argv[0] = "/bin/sh";
	b->argv[1] = "-c";
	b->argv[2] = command;
	b->argv[3] = NULL;
}

static void add_pattern(struct pattern_list *list, const char *text)
{
	struct pattern *at = xreallocarray((void *)list->at, list->n + 1, sizeof(*at));

	at[list->n++] = (struct pattern){.text = text};
	list->at = at;
}

void bed_pass(struct slot_bed *b, const char *pattern)
{
	add_pattern(&b->rules.pass_patterns, pattern);
}

void bed_fail(struct slot_bed *b, const char *pattern)
{
	add_pattern(&b->rules.fail_patterns, pattern);
}

void bed_start(struct slot_bed *b, uint32_t attempt)
{
	forget_result(b);
	slot_run(b->slot, &b->spec, attempt, b->env, b->needs);
}

static void on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	bool *is_over = w->data;

	(void)revents;
	*is_over = true;
	ev_break(loop, EVBREAK_ONE);
}

void bed_wait(struct slot_bed *b)
{
	bool is_over = false;
	ev_timer patience;

	ev_now_update(b->loop);
	ev_timer_init(&patience, on_patience, PATIENCE_S, 0);
	patience.data = &is_over;
	ev_timer_start(b->loop, &patience);
	while (!b->has_ended && !b->has_died && !is_over)
		ev_run(b->loop, EVRUN_ONCE);
	ev_timer_stop(b->loop, &patience);
	assert_false(is_over);
}

void bed_turn(struct slot_bed *b)
{
	ev_run(b->loop, EVRUN_NOWAIT);
	poll(NULL, 0, 1);
}

const struct job_result *bed_run(struct slot_bed *b)
{
	bed_start(b, 1);
	bed_wait(b);
	assert_true(b->has_ended);
	return &b->result;
}

char *bed_log(struct slot_bed *b)
{
	return disk_log(b->log);
}

/* There is no event when a log grows: it is read again after a turn of the loop. */
void bed_wait_for_log(struct slot_bed *b, const char *text)
{
	bool found = false;

	for (unsigned i = 0; i < PATIENCE_S * 1000 && !found && !b->has_ended; i++) {
		char *log = disk_text(b->log);

		found = log && strstr(log, text);
		free(log);
		if (!found)
			bed_turn(b);
	}
	if (!found && b->has_ended)
		print_error("ended: %s\n", b->result.message);
	assert_true(found);
}

void bed_wait_for_said(struct slot_bed *b, const char *text)
{
	for (unsigned i = 0; i < PATIENCE_S * 1000 && !str_eq(text, b->said.s); i++)
		bed_turn(b);
	assert_string_equal(b->said.s, text);
}

static bool has_cookie(pid_t pid, const char *cookie)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/environ", (int)pid);
	_cleanup_(freep) char *wanted = xasprintf("DVSCHED_TEST_ID=%s", cookie);
	FILE *f = fopen(path, "re");
	char *entry = NULL;
	size_t cap = 0;
	bool found = false;

	while (f && !found && getdelim(&entry, &cap, '\0', f) > 0)
		found = strcmp(entry, wanted) == 0;
	if (f)
		fclose(f);
	free(entry);
	return found;
}

unsigned bed_count_processes(const struct slot_bed *b)
{
	pid_t slot = b->slot ? slot_pid(b->slot) : 0;
	DIR *dir = opendir("/proc");
	struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(dir)) != NULL) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid > 0 && pid != slot && has_cookie(pid, b->cookie))
			n++;
	}
	closedir(dir);
	return n;
}

void bed_wait_for_processes(const struct slot_bed *b, unsigned n)
{
	for (unsigned i = 0; i < PATIENCE_S * 100 && bed_count_processes(b) != n; i++)
		poll(NULL, 0, 10);
	assert_int_equal(bed_count_processes(b), n);
}

void bed_wait_for_none(const struct slot_bed *b)
{
	bed_wait_for_processes(b, 0);
}
