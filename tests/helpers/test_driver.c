/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver whose calls a test controls one by one: { "load": WHAT, "prepare": WHAT, … } in the job
 * (open and probe: in the options). WHAT:
 *   "ok"       nothing (what is not named does that, too)
 *   "code N"   returns N; classify() finds class N / 100 in it
 *   "hang"     never comes back
 *   "crash"    SIGSEGV
 *   "exit N"   ends the process
 *   "until cancelled"  poll: not over before
 *   "few", "other", "twice", "small", "crooked", "endless"   join: a wrong list of buffers
 * More keys of a job: "polls" (how many until over), "print", "print_env" (in prepare), "flood" (so
 * many lines), "result" (finish gives it), "image" (a file in TMPDIR is mapped and left), "library"
 * (one is loaded and left), "child" (a process is left), "is_spent", "reset".
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "dvsched/driver.h"

struct device {
	const struct dvs_host *host;
	json_t *job; /* of the last load */
	uint64_t epoch;
	int polls_left;
	int rank;
	_Atomic(const char *) call;
	int is_prepared, is_joined, n_loads;
};

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "ok";
}

static void say(struct dvs_text *to, const char *call, const char *what)
{
	if (to)
		snprintf(to->at, to->size, "the test says '%s' to %s", what, call);
}

static int32_t act(const json_t *o, const char *call, struct dvs_text *err)
{
	const char *what = text_of(o, call);

	if (strcmp(what, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(what, "crash") == 0) {
		signal(SIGSEGV, SIG_DFL); /* also under a sanitizer */
		raise(SIGSEGV);
	}
	if (strncmp(what, "exit ", 5) == 0)
		_exit(atoi(what + 5));
	if (strncmp(what, "code ", 5) != 0)
		return 0;
	say(err, call, what);
	return atoi(what + 5);
}

static void enter(struct device *d, const char *call)
{
	atomic_store(&d->call, call);
}

static int32_t act_on(struct device *d, const char *call, struct dvs_text *err)
{
	enter(d, call);
	return act(d->job, call, err);
}

/* ---- probe ---- */

static void fill(struct dvs_device *to, int id)
{
	to->id = id;
	to->health = DVS_HEALTH_GOOD;
	snprintf(to->model, sizeof(to->model), "paper");
	snprintf(to->detail, sizeof(to->detail), "number %d", id);
}

static int32_t test_probe(const char *options, struct dvs_device *devices, size_t cap,
			  size_t *ret_n, struct dvs_text *err)
{
	json_t *o = json_loads(options, 0, NULL);
	const char *what = text_of(o, "probe");
	int32_t rc = act(o, "probe", err);
	size_t n = (size_t)json_integer_value(json_object_get(o, "n"));

	*ret_n = n ? n : 4;
	for (size_t i = 0; i < *ret_n && i < cap; i++)
		fill(&devices[i], (int)i);
	if (strcmp(what, "twice") == 0)
		devices[1].id = 0;
	if (strcmp(what, "endless") == 0)
		memset(devices[0].model, 'x', sizeof(devices[0].model));
	if (strcmp(what, "nonsense") == 0)
		*ret_n = (size_t)-1;
	if (strcmp(what, "negative") == 0)
		devices[0].id = -5;
	puts("a probe prints this");
	json_decref(o);
	return rc;
}

static int32_t test_health(int32_t device, const char *options, struct dvs_device *ret,
			   struct dvs_text *err)
{
	json_t *o = json_loads(options, 0, NULL);
	int32_t rc = act(o, "health", err);

	fill(ret, device);
	ret->health = DVS_HEALTH_SUSPECT;
	json_decref(o);
	return rc;
}

static uint64_t test_inner_watch_ns(const char *options)
{
	(void)options;
	return 1500000000;
}

/* ---- a worker ---- */

static void leaves_there(const struct dvs_host *host, const char *name)
{
	const char *tmp = getenv("TMPDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", tmp ? tmp : "/tmp", name);
	host->leaves(host->user, path);
}

static int32_t test_open(const struct dvs_host *host, int32_t device, const char *options,
			 void **ret_ctx, struct dvs_text *err)
{
	json_t *o = json_loads(options, 0, NULL);
	int32_t rc = act(o, "open", err);
	struct device *d;

	json_decref(o);
	if (rc)
		return rc;
	d = calloc(1, sizeof(*d));
	d->host = host;
	*ret_ctx = d;
	if (DVS_HAS(host, leaves)) {
		leaves_there(host, "dvs-test-*");
		leaves_there(host, "kernel_7_*");
	}
	printf("device %d is open\n", device);
	host->log(host->user, 2, "opened");
	return 0;
}

static int32_t test_load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	struct device *d = ctx;

	json_decref(d->job);
	d->job = json_loads(job, 0, NULL);
	if (!d->job) {
		say(err, "load", "a job that is no JSON");
		return 200;
	}
	d->n_loads++;
	*ret_slot = 7;
	return act_on(d, "load", err);
}

static void give_buffers(const struct dvs_join *join, struct dvs_context *ret, const char *what)
{
	ret->n_buffers = join->n_buffers;
	ret->window_base = 0xfffffffff0000000u;
	ret->window_bytes = join->window_bytes;
	ret->communicator = 0x1234;
	for (uint32_t i = 0; i < join->n_buffers; i++) {
		snprintf(ret->buffers[i].name, sizeof(ret->buffers[i].name), "%s",
			 join->buffers[i].name);
		ret->buffers[i].address = ret->window_base + 4096u * i;
		ret->buffers[i].bytes = join->buffers[i].bytes;
	}
	if (strcmp(what, "few") == 0)
		ret->n_buffers--;
	if (strcmp(what, "other") == 0)
		snprintf(ret->buffers[0].name, sizeof(ret->buffers[0].name), "elsewhere");
	if (strcmp(what, "twice") == 0)
		ret->buffers[1] = ret->buffers[0];
	if (strcmp(what, "small") == 0)
		ret->buffers[0].bytes--;
	if (strcmp(what, "crooked") == 0)
		ret->buffers[0].address++;
	if (strcmp(what, "endless") == 0)
		memset(ret->buffers[0].name, 'x', sizeof(ret->buffers[0].name));
}

/* All ranks meet in the memory that the host gave. */
static int32_t meet(struct device *d, const struct dvs_join *join, struct dvs_text *err)
{
	_Atomic uint32_t *n;

	if (join->shared_fd < 0)
		return 0;
	n = mmap(NULL, join->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, join->shared_fd, 0);
	if ((void *)n == MAP_FAILED) {
		say(err, "join", "no shared memory");
		return 200;
	}
	atomic_fetch_add(n, 1);
	while (atomic_load(n) < (uint32_t)join->n_ranks) {
		if (d->host->now_ns(d->host->user) > join->deadline_ns) {
			say(err, "join", "somebody is missing");
			return 1000;
		}
		usleep(200);
	}
	munmap((void *)n, join->shared_bytes);
	return 0;
}

static int32_t test_join(void *ctx, const struct dvs_join *join, struct dvs_context *ret,
			 struct dvs_text *err)
{
	struct device *d = ctx;
	int32_t rc = act_on(d, "join", err);

	if (rc)
		return rc;
	rc = meet(d, join, err);
	give_buffers(join, ret, text_of(d->job, "join"));
	d->is_joined = rc == 0;
	return rc;
}

static int32_t test_leave(void *ctx)
{
	struct device *d = ctx;

	if (!d->is_joined)
		return 666;
	d->is_joined = 0;
	return act_on(d, "leave", NULL);
}

extern char **environ;

static void print_env(void)
{
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "DVSCHED_", 8) == 0 || strncmp(*e, "OWN_", 4) == 0)
			puts(*e);
	setenv("DVSCHED_TEST_LEFT", "behind", 1);
}

/* As a private copy of a library would be. Its path is printed. */
static void leave_image(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/dvs-test-XXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, path, sizeof(path)) < 0)
		return;
	mmap(NULL, sizeof(path), PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	puts(path);
}

/* A copy of this library, as of a kernel that came as bytes. */
static void leave_library(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[512], bytes[65536];
	int from, to;
	Dl_info self;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/kernel_7_XXXXXX", tmp ? tmp : "/tmp");
	to = mkstemp(path);
	from = dladdr((void *)(uintptr_t)dvs_driver_get, &self) ? open(self.dli_fname, O_RDONLY)
								: -1;
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return;
	close(from);
	close(to);
	if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
		puts(path);
}

static void leave_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	printf("child %d\n", (int)pid);
}

static void print(const json_t *job)
{
	json_int_t n = json_integer_value(json_object_get(job, "flood"));

	if (json_is_true(json_object_get(job, "print_env")))
		print_env();
	if (json_object_get(job, "print"))
		puts(text_of(job, "print"));
	while (n-- > 0)
		puts("a line of sixty-four bytes, as many as there are squares on a b");
}

static int32_t test_prepare(void *ctx, uint32_t slot, const struct dvs_run *run,
			    struct dvs_text *err)
{
	struct device *d = ctx;
	int32_t rc = act_on(d, "prepare", err);

	if (slot != 7 || d->is_prepared)
		return 666;
	if (rc)
		return rc;
	d->is_prepared = 1;
	d->epoch = run->epoch;
	d->rank = run->rank;
	d->polls_left = (int)json_integer_value(json_object_get(d->job, "polls"));
	print(d->job);
	if (json_is_true(json_object_get(d->job, "image")))
		leave_image();
	if (json_is_true(json_object_get(d->job, "library")))
		leave_library();
	if (json_is_true(json_object_get(d->job, "child")))
		leave_child();
	return 0;
}

static int32_t test_launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	struct device *d = ctx;

	return epoch == d->epoch ? act_on(d, "launch", err) : 666;
}

static int32_t test_poll(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	struct device *d = ctx;
	int32_t rc = act_on(d, "poll", err);

	if (epoch != d->epoch)
		return 666;
	d->host->progress(d->host->user, 3, 10, 1);
	if (strcmp(text_of(d->job, "poll"), "until cancelled") == 0)
		*ret_is_over = d->host->is_cancelled(d->host->user);
	else
		*ret_is_over = d->polls_left-- <= 0;
	return rc;
}

static int32_t test_finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	struct device *d = ctx;
	int32_t rc = act_on(d, "finish", err);
	int was_prepared = d->is_prepared;

	d->is_prepared = 0;
	puts("finished");
	if (epoch != d->epoch || !was_prepared)
		return 666;
	if (json_object_get(d->job, "result"))
		snprintf(result->at, result->size, "%s", text_of(d->job, "result"));
	return rc;
}

static int32_t test_reset(void *ctx, int32_t force, int32_t *ret_is_verified, struct dvs_text *err)
{
	struct device *d = ctx;

	(void)force;
	*ret_is_verified = json_is_true(json_object_get(d->job, "reset"));
	say(err, "reset", "nothing");
	return 0;
}

static int32_t test_is_usable(void *ctx)
{
	struct device *d = ctx;

	return !json_is_true(json_object_get(d->job, "is_spent"));
}

static void test_diagnose(void *ctx, struct dvs_text *text)
{
	struct device *d = ctx;
	const char *call = atomic_load(&d->call);

	snprintf(text->at, text->size, "the test driver is in %s\nand waits",
		 call ? call : "nothing");
}

static enum dvs_class test_classify(int32_t code, int32_t is_fresh, const char **ret_name,
				    const char **ret_hint)
{
	(void)is_fresh;
	*ret_name = code == 666 ? "TEST_ORDER" : "TEST_CODE";
	*ret_hint = code == 101 ? "look at the numbers" : NULL;
	return (enum dvs_class)(code / 100);
}

static void test_close(void *ctx)
{
	struct device *d = ctx;

	printf("closed after %d loads\n", d->n_loads);
	json_decref(d->job);
	free(d);
}

static const struct dvs_driver driver = {
	.abi = DVS_DRIVER_ABI,
	.size = sizeof(driver),
	.name = "test",
	.version = "1",
	.caps = DVS_CAP_GANG | DVS_CAP_HEALTH | DVS_CAP_INNER_WATCH | DVS_CAP_RESET,
	.probe = test_probe,
	.open = test_open,
	.load = test_load,
	.join = test_join,
	.prepare = test_prepare,
	.launch = test_launch,
	.poll = test_poll,
	.finish = test_finish,
	.leave = test_leave,
	.reset = test_reset,
	.health = test_health,
	.diagnose = test_diagnose,
	.classify = test_classify,
	.close = test_close,
	.inner_watch_ns = test_inner_watch_ns,
	.is_usable = test_is_usable,
};

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
