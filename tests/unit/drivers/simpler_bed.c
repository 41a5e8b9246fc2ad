/* SPDX-License-Identifier: Apache-2.0 */
#include "simpler_bed.h"

#include <jansson.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "temp_dir.h"

static void take_log(void *user, int32_t level, const char *text)
{
	struct bed *b = user;
	size_t n = strlen(b->log);

	snprintf(b->log + n, sizeof(b->log) - n, "%d %s\n", level, text);
}

static uint64_t now_ns(void *user)
{
	struct timespec t;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int32_t is_cancelled(void *user)
{
	(void)user;
	return 0;
}

static void take_committed(void *user, uint64_t bytes)
{
	((struct bed *)user)->committed = bytes;
}

void bed_would(const char *what)
{
	setenv("FAKEHOST", what, 1);
}

void bed_write(const struct bed *b, const char *name, const char *text)
{
	struct error err = {0};
	char *path = xasprintf("%s/%s", b->dir, name);

	assert_int_equal(fs_write_atomic(path, text, strlen(text), &err), 0);
	free(path);
}

void bed_kernel(const struct bed *b, const char *name, int k)
{
	char text[80];

	snprintf(text, sizeof(text), "\177ELF kernel K=%d; and some more of it", k);
	bed_write(b, name, text);
}

/* A copy for each test: a library that a process keeps must not be used by the next test. */
static void copy(const char *from, const char *to)
{
	struct str bytes = {0};
	struct error err = {0};

	assert_int_equal(fs_read_file(from, (size_t)64 << 20, &bytes, &err), 0);
	assert_int_equal(fs_write_atomic(to, bytes.s, bytes.len, &err), 0);
	str_done(&bytes);
}

void bed_install(const struct bed *b, const char *platform, const char *runtime,
		 const char *double_path)
{
	char *dir = xasprintf("%s/lib/%s/%s", b->dir, platform, runtime);
	char *host = xasprintf("%s/libhost_runtime.so", dir);
	char *name = xasprintf("lib/%s/%s/libaicpu_kernel.so", platform, runtime);

	assert_int_equal(fs_mkdirs(dir, 0700), 0);
	copy(double_path, host);
	bed_write(b, name, "\177ELF aicpu");
	free(name);
	name = xasprintf("lib/%s/%s/%s", platform, runtime,
			 strstr(platform, "sim") ? "libaicore_kernel.so" : "aicore_kernel.o");
	bed_write(b, name, "\177ELF aicore");
	free(name);
	free(host);
	free(dir);
}

int bed_setup(void **state)
{
	struct bed *b = xcalloc(1, sizeof(*b));
	char *path;

	snprintf(b->dir, sizeof(b->dir), "/tmp/dvsched-simpler-XXXXXX");
	assert_non_null(temp_dir_make(b->dir));
	assert_int_equal(chdir(b->dir), 0);
	b->d = driver_simpler_get(DVS_DRIVER_ABI);
	b->host = (struct dvs_host){.size = sizeof(b->host),
				    .user = b,
				    .log = take_log,
				    .is_cancelled = is_cancelled,
				    .now_ns = now_ns,
				    .committed = take_committed};
	b->err = (struct dvs_text){b->err_text, sizeof(b->err_text)};
	b->result = (struct dvs_text){b->result_text, sizeof(b->result_text)};
	bed_install(b, "a2a3/sim", "host_build_graph", FAKEHOST);
	path = xasprintf("%s/lib/libcpu_sim_context.so", b->dir);
	assert_int_equal(fs_set_link(FAKECONTEXT, path), 0);
	free(path);
	bed_write(b, "orch.so", "\177ELF orchestration");
	bed_kernel(b, "add.so", 0);
	path = xasprintf("%s/report", b->dir);
	setenv("FAKEHOST_REPORT", path, 1);
	free(path);
	setenv("FAKEHOST_KEYS", "0", 1); /* this process lives longer than a worker */
	bed_would("");
	*state = b;
	return 0;
}

int bed_teardown(void **state)
{
	struct bed *b = *state;
	char *report, *fault;
	bool is_good;

	bed_close(b);
	report = bed_report(b);
	fault = strstr(report, "violation");
	if (fault)
		print_error("%s\n", fault);
	is_good = !fault;
	free(report);
	assert_int_equal(chdir("/"), 0);
	fs_remove_tree(b->dir);
	free(b);
	assert_true(is_good);
	return 0;
}

int32_t bed_open(struct bed *b, const char *extra)
{
	char *options = xasprintf("{\"libdir\": \"%s/lib\", \"rendezvous\": \"%s\"%s}", b->dir,
				  b->dir, extra);
	int32_t code;

	b->err_text[0] = '\0';
	b->ctx = NULL;
	code = b->d->open(&b->host, 3, options, &b->ctx, &b->err);
	free(options);
	return code;
}

/* Memory that close() leaves stays reachable: it is freed by the end of the process. */
static void *left_behind[64];

void bed_close(struct bed *b)
{
	static unsigned n;

	if (b->ctx)
		b->d->close(b->ctx);
	if (b->keeps_running)
		left_behind[n++ % ARRAY_LEN(left_behind)] = b->ctx;
	b->ctx = NULL;
}

char *bed_job(const char *so, int expect, const char *rest)
{
	return xasprintf("{\"callable\": {\"orch\": \"orch.so\", \"sig\": "
			 "\"in,in,out\", \"kernels\": [{\"id\": 0, \"so\": \"%s\", \"core\": "
			 "\"aiv\", \"sig\": \"in,in,out\"}]}, \"args\": [{\"f32\": [1024], "
			 "\"fill\": 2}, {\"f32\": [1024], \"fill\": 3}, {\"f32\": [1024], "
			 "\"out\": true, \"expect\": {\"fill\": %d, \"rtol\": 1e-5}}]%s}",
			 so, expect, rest);
}

int32_t bed_load(struct bed *b, const char *job)
{
	b->err_text[0] = '\0';
	return b->d->load(b->ctx, job, &b->slot, &b->err);
}

int32_t bed_prepare(struct bed *b, const char *job)
{
	struct dvs_run run = {.size = sizeof(run),
			      .attempt = 1,
			      .epoch = ++b->epoch,
			      .n_ranks = 1,
			      .job_id = "j",
			      .odir = b->dir,
			      .job = job};

	b->err_text[0] = '\0';
	return b->d->prepare(b->ctx, b->slot, &run, &b->err);
}

int32_t bed_poll_to_end(struct bed *b)
{
	int32_t is_over = 0, code = 0;

	for (unsigned i = 0; i < 1000 && !is_over && !code; i++)
		code = b->d->poll(b->ctx, b->epoch, &is_over, &b->err);
	assert_true(is_over || code);
	return code;
}

int32_t bed_finish(struct bed *b)
{
	b->result_text[0] = '\0';
	return b->d->finish(b->ctx, b->epoch, &b->result, &b->err);
}

int32_t bed_run(struct bed *b, const char *job)
{
	int32_t code = bed_load(b, job), at_end;

	if (code)
		return code;
	code = bed_prepare(b, job);
	if (!code)
		code = b->d->launch(b->ctx, b->epoch, &b->err);
	if (!code)
		code = bed_poll_to_end(b);
	at_end = bed_finish(b);
	return code ? code : at_end;
}

char *bed_report(const struct bed *b)
{
	struct str text = {0};
	struct error err = {0};
	char *path = xasprintf("%s/report", b->dir);

	if (fs_read_file(path, (size_t)64 << 20, &text, &err) < 0)
		error_done(&err);
	free(path);
	return str_take(&text);
}

void bed_forget_report(const struct bed *b)
{
	char *path = xasprintf("%s/report", b->dir);
	char *text = bed_report(b);

	assert_null(strstr(text, "violation"));
	free(text);
	unlink(path);
	free(path);
}

unsigned bed_count(const struct bed *b, const char *line)
{
	char *text = bed_report(b);
	unsigned n = 0;

	for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
		n += strcmp(at, line) == 0;
	free(text);
	return n;
}

void bed_expect_calls(const struct bed *b, const char *want)
{
	char *text = bed_report(b);
	struct str calls = {0};

	for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
		if (strncmp(at, "call ", 5) == 0)
			str_printf(&calls, "%s%s", calls.len ? " " : "", at + 5);
	assert_string_equal(calls.s ? calls.s : "", want);
	str_done(&calls);
	free(text);
}

const char *bed_json(const struct bed *b, const char *key, char *room, size_t n)
{
	json_t *j = json_loads(b->result_text, 0, NULL), *v = json_object_get(j, key);

	assert_non_null(j);
	if (json_is_string(v))
		snprintf(room, n, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(room, n, "%lld", (long long)json_integer_value(v));
	else
		snprintf(room, n, "%s", json_is_true(v) ? "true" : "false");
	json_decref(j);
	return room;
}
