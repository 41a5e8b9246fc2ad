/* SPDX-License-Identifier: Apache-2.0 */
#include "acl_bed.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"

static void on_log(void *user, int32_t level, const char *text)
{
	struct acl_bed *b = user;

	(void)level;
	snprintf(b->logged, sizeof(b->logged), "%s", text);
}

static void on_progress(void *user, uint64_t done, uint64_t total, int32_t evidence)
{
	struct acl_bed *b = user;

	assert_true(done <= total);
	b->evidence = evidence;
}

static int32_t is_cancelled(void *user)
{
	(void)user;
	return 0;
}

static uint64_t now_ns(void *user)
{
	struct timespec t;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_committed(void *user, uint64_t bytes)
{
	((struct acl_bed *)user)->committed = bytes;
}

/* As dvsched gets it: from the library, by its one symbol. */
static void load_driver(struct acl_bed *b)
{
	void *library = dlopen(ACL_DRIVER, RTLD_NOW | RTLD_LOCAL), *symbol;

	assert_non_null(library);
	symbol = dlsym(library, "dvs_driver_get");
	assert_non_null(symbol);
	memcpy(&b->get, &symbol, sizeof(b->get));
	b->d = b->get(DVS_DRIVER_ABI);
}

int acl_bed_init(void **state)
{
	struct acl_bed *b = calloc(1, sizeof(*b));

	*state = b;
	load_driver(b);
	b->host = (struct dvs_host){.size = sizeof(b->host),
				    .user = b,
				    .log = on_log,
				    .progress = on_progress,
				    .is_cancelled = is_cancelled,
				    .now_ns = now_ns,
				    .committed = on_committed};
	b->evidence = -1;
	b->err = (struct dvs_text){b->said, sizeof(b->said)};
	b->room = (struct dvs_text){b->result, sizeof(b->result)};
	snprintf(b->dir, sizeof(b->dir), "/tmp/test-acl-XXXXXX");
	if (!mkdtemp(b->dir))
		return -1;
	setenv("TMPDIR", b->dir, 1);
	unsetenv("ASCEND_RT_VISIBLE_DEVICES");
	unsetenv("ASCEND_HOME_PATH");
	unsetenv("DCMI_STUB");
	acl_bed_use(b, ACL_STUB_NEW);
	return 0;
}

int acl_bed_done(void **state)
{
	struct acl_bed *b = *state;

	acl_bed_close(b);
	if (b->begin)
		b->begin(NULL);
	fs_remove_tree(b->dir);
	free(b);
	return 0;
}

static void *find(void *lib, const char *name)
{
	void *at = dlsym(lib, name);

	assert_non_null(at);
	return at;
}

void acl_bed_use(struct acl_bed *b, const char *stub)
{
	char link[128];
	void *lib, *at;

	/* dlopen() returns the same library for a path that was opened before. */
	snprintf(b->libdir, sizeof(b->libdir), "%s/lib%u", b->dir, ++b->n_libdirs);
	snprintf(link, sizeof(link), "%s/libascendcl.so", b->libdir);
	assert_int_equal(mkdir(b->libdir, 0700), 0);
	acl_bed_options(b, NULL);
	if (!stub)
		return;
	assert_int_equal(symlink(stub, link), 0);
	lib = dlopen(stub, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	assert_non_null(lib);
#define FIND(slot, name) (at = find(lib, name), memcpy(&b->slot, &at, sizeof(at)))
	FIND(begin, "stub_begin");
	FIND(log, "stub_log");
	FIND(live, "stub_live");
	FIND(is_hanging, "stub_is_hanging");
	FIND(release, "stub_release");
#undef FIND
}

void acl_bed_options(struct acl_bed *b, const char *more)
{
	snprintf(b->options, sizeof(b->options),
		 "{\"libdir\": \"%s\", \"dcmi\": \"%s\", \"sync_timeout\": \"10ms\"%s%s}",
		 b->libdir, DCMI_STUB, more ? ", " : "", more ? more : "");
}

struct dvs_text *acl_bed_err(struct acl_bed *b)
{
	b->said[0] = '\0';
	return &b->err;
}

int32_t acl_bed_open(struct acl_bed *b, const char *script)
{
	if (b->begin)
		b->begin(script);
	return b->d->open(&b->host, 1, b->options, &b->ctx, acl_bed_err(b));
}

void acl_bed_must_open(struct acl_bed *b, const char *script)
{
	int32_t rc = acl_bed_open(b, script);

	if (rc != 0)
		fail_msg("open: %d: %s", rc, b->said);
}

void acl_bed_close(struct acl_bed *b)
{
	if (b->ctx)
		b->d->close(b->ctx);
	b->ctx = NULL;
}

const char *acl_bed_binary(struct acl_bed *b, const char *name, const char *content)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
	return path;
}

const char *acl_bed_job(struct acl_bed *b, const char *entry, const char *args)
{
	static char job[1000];
	char path[128];

	snprintf(path, sizeof(path), "%s/kernel.o", b->dir);
	if (access(path, F_OK) < 0)
		acl_bed_binary(b, "kernel.o", "k=1");
	snprintf(job, sizeof(job),
		 "{\"image\": {\"binary\": \"%s\", \"entry\": \"%s\", \"blocks\": 8}%s%s}", path,
		 entry, args ? ", \"args\": " : "", args ? args : "");
	return job;
}

int32_t acl_bed_prepare(struct acl_bed *b, const char *job)
{
	struct dvs_run run = {.size = sizeof(run), .attempt = 1, .epoch = ++b->epoch, .n_ranks = 1};
	uint32_t slot = 0;
	int32_t rc = b->d->load(b->ctx, job, &slot, acl_bed_err(b));

	run.job_id = "job";
	run.odir = b->dir;
	run.job = job;
	return rc ? rc : b->d->prepare(b->ctx, slot, &run, acl_bed_err(b));
}

int32_t acl_bed_poll(struct acl_bed *b, unsigned most, int32_t *ret_is_over)
{
	int32_t rc = 0;

	*ret_is_over = 0;
	for (unsigned i = 0; i < most && rc == 0 && !*ret_is_over; i++)
		rc = b->d->poll(b->ctx, b->epoch, ret_is_over, acl_bed_err(b));
	return rc;
}

int32_t acl_bed_run(struct acl_bed *b, const char *job)
{
	char first[sizeof(b->said)];
	int32_t is_over, finished, rc = acl_bed_prepare(b, job);

	if (rc == 0)
		rc = b->d->launch(b->ctx, b->epoch, acl_bed_err(b));
	if (rc == 0)
		rc = acl_bed_poll(b, 1000, &is_over);
	memcpy(first, b->said, sizeof(first));
	b->result[0] = '\0';
	finished = b->d->finish(b->ctx, b->epoch, &b->room, acl_bed_err(b));
	if (rc == 0)
		return finished;
	memcpy(b->said, first, sizeof(first)); /* the first error is the cause */
	return rc;
}

enum dvs_class acl_bed_class(struct acl_bed *b, int32_t code, int32_t is_fresh)
{
	const char *name = NULL, *hint = NULL;

	return b->d->classify(code, is_fresh, &name, &hint);
}
