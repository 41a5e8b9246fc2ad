/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs, and what is reported of them: in the place of the scheduler, of requests and of files of
 * health. */
#include "chips_double.h"

#include <assert.h>
#include <fcntl.h>

/* ---- settings, requests, health ---- */

const char *chips_clock_name(enum chips_clock c)
{
	static const char *const names[] = {"queue", "open",   "load", "join",
					    "run",   "finish", "reset"};

	return names[c];
}

struct chips_settings *chips_settings_read(struct arena *mem, const struct backend_env *env,
					   struct diags *diags)
{
	(void)mem;
	(void)env;
	(void)diags;
	return &world.settings;
}

struct chips_request *chips_request_read(struct arena *mem, const struct chips_settings *s,
					 const struct job_spec *spec, struct diags *diags)
{
	(void)mem;
	(void)s;
	(void)diags;
	world.n_requests_read++;
	if (world.is_unreadable_request)
		return NULL;
	return &container_of((struct job_spec *)(uintptr_t)spec, struct fake_job, spec)->request;
}

int health_load(const char *state_dir, const char *driver, int32_t id, struct device_health *ret,
		struct error *err)
{
	(void)state_dir;
	(void)driver;
	world.n_health_reads++;
	if (world.is_unreadable[id])
		return error_plain(err, "not what dvsched writes");
	*ret = world.stored[id];
	return 0;
}

int health_lock(const char *state_dir, const char *driver, int32_t id, unsigned wait_ms)
{
	(void)state_dir;
	(void)driver;
	(void)id;
	if (world.has_health_lock)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	world.lock_ms += wait_ms;
	return -1;
}

int health_store(const char *state_dir, const char *driver, int32_t id,
		 const struct device_health *h, struct error *err)
{
	(void)state_dir;
	(void)driver;
	if (world.is_unwritable[id])
		return error_plain(err, "cannot be written");
	world.stored[id] = *h;
	world.n_acts++;
	return 0;
}

/* ---- the scheduler ---- */

static struct fake_job *fake_of(const struct job *job)
{
	return container_of((struct job *)(uintptr_t)job, struct fake_job, job);
}

const char *const *sched_job_env(const struct job *job)
{
	return fake_of(job)->env;
}

struct job_needs sched_job_needs(const struct job *job)
{
	return fake_of(job)->needs;
}

void sched_job_started(const struct job *job, const char *where)
{
	struct fake_job *j = fake_of(job);

	if (j->state != FAKE_SUBMITTED)
		fail_msg("job %s is started in state %d", j->id, j->state);
	j->state = FAKE_STARTED;
	j->n_started++;
	j->started_s = world.clock.now_s;
	snprintf(j->where, sizeof(j->where), "%s", where);
	world.n_acts++;
}

void sched_job_ended(const struct job *job, const struct job_result *result)
{
	struct fake_job *j = fake_of(job);

	if (j->state != FAKE_SUBMITTED && j->state != FAKE_STARTED)
		fail_msg("job %s ends in state %d", j->id, j->state);
	if (j->state == FAKE_SUBMITTED && result->status != JOB_KILLED)
		fail_msg("job %s was never started, and its status is %d", j->id, result->status);
	if (!job_status_is_final(result->status))
		fail_msg("job %s ends without a status", j->id);
	j->state = FAKE_ENDED;
	j->n_ended++;
	j->ended_s = world.clock.now_s;
	j->result = *result;
	snprintf(j->message, sizeof(j->message), "%s", result->message ? result->message : "");
	snprintf(j->context, sizeof(j->context), "%s", result->context ? result->context : "");
	snprintf(j->details, sizeof(j->details), "%s", result->details ? result->details : "");
	world.n_acts++;
	if (world.ended)
		world.ended(j);
}

void sched_backend_capacity(struct backend *b)
{
	(void)b;
	world.n_capacity++;
}

double sched_waits_after_s(const struct sched *s)
{
	(void)s;
	return 10;
}

void sched_job_waits(const struct job *job, const char *what)
{
	struct fake_job *j = fake_of(job);

	if (j->state != FAKE_SUBMITTED)
		fail_msg("job %s is said to wait in state %d", j->id, j->state);
	snprintf(world.waits, sizeof(world.waits), "%s: %s", j->id, what);
	world.n_waits++;
}

struct fake_job *job_new(uint32_t n_devices)
{
	struct fake_job *j = &world.jobs[world.n_jobs];

	assert(world.n_jobs < MOST_JOBS);
	memset(j, 0, sizeof(*j));
	snprintf(j->id, sizeof(j->id), "j%u", world.n_jobs);
	j->job.n = world.n_jobs++;
	j->job.spec = &j->spec;
	j->spec.id = j->spec.name = j->id;
	j->spec.rules = &j->rules;
	j->rules.grace_s = -1;
	j->request = (struct chips_request){
		.n_devices = n_devices,
		.has_barrier = n_devices > 1,
		.has_join = n_devices > 1,
		.fail_fast = true,
		.open_options = "{}",
		.image_key = 1,
		.open_s = 300,
		.run_s = 60,
		.stall_s = 10,
	};
	return j;
}

enum submit job_submit(struct fake_job *j)
{
	struct error why = {0};
	enum submit answer;
	enum fake_job_state was = j->state;

	assert(was == FAKE_NONE || was == FAKE_ENDED);
	j->state = FAKE_SUBMITTED;
	j->submitted_s = world.clock.now_s;
	answer = world.backend->ops->submit(world.backend, &j->job, ++j->attempt, &why);
	error_done(&why);
	if (answer != SUBMIT_ACCEPTED) {
		j->attempt--;
		j->state = was;
	}
	return answer;
}

struct fake_job *job_submitted(uint32_t n_devices)
{
	struct fake_job *j = job_new(n_devices);

	assert_int_equal(job_submit(j), SUBMIT_ACCEPTED);
	return j;
}

void job_goes_through(struct fake_job *j)
{
	for (int k = 0; k < 100 && j->state != FAKE_ENDED; k++)
		for (uint32_t i = 0; i < world.settings.n_devices; i++)
			if (worker_on((int32_t)i))
				worker_goes_through(worker_on((int32_t)i));
	assert_int_equal(j->state, FAKE_ENDED);
}
