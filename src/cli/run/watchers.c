/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/watchers.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/run/guard.h"
#include "observers/observers.h"

void watchers_warn(struct watchers *w, int errnum, const char *text)
{
	if (errnum && errnum == w->warned_errnum)
		log_verbose("%s", text);
	else
		log_warning("%s", text);
	if (!w->warned_errnum)
		w->warned_errnum = errnum;
}

/* The text ends with the reason. */
static void on_clerk_problem(void *ctx, const char *text)
{
	struct watchers *w = ctx;
	const char *reason = w->warned_errnum ? strerror(w->warned_errnum) : NULL;

	watchers_warn(w, reason && str_ends(text, reason) ? w->warned_errnum : 0, text);
}

static void to_printer(void *printer, enum log_level level, const char *text, size_t len)
{
	(void)level;
	printer_log(printer, text, len);
}

static bool is_without(const struct run_options *options, const char *name)
{
	for (const char *const *w = options->without; w && *w; w++)
		if (strcmp(*w, name) == 0)
			return true;
	return false;
}

static void watchers_add(struct watchers *w, struct observer *o, const char *name,
			 struct error *err)
{
	if (o && w->n < WATCHERS_MOST) {
		w->at[w->n++] = o;
		return;
	}
	if (error_is_set(err)) {
		_cleanup_(freep) char *text = xasprintf("%s is off: %s", name, err->msg);

		watchers_warn(w, err->errnum, text);
	}
	error_done(err);
}

static void make_observers(struct watchers *w, const struct watchers_options *options)
{
	const struct observer_env env = {
		.loop = options->loop,
		.clerk = w->clerk,
		.run = options->dir,
		.argv = options->argv,
		.timestamp = options->timestamp,
		.branch = options->branch,
		.instrument = options->run->instrument,
	};

	for (const struct observer_type *const *t = observer_types; *t; t++) {
		struct error err = {0};

		if (!(*t)->is_default || is_without(options->run, (*t)->name))
			continue;
		watchers_add(w, (*t)->create(&env, &err), (*t)->name, &err);
	}
}

/* With an interactive job the view is plain, so that the job's output stays on the terminal. If all
 * jobs are interactive, there is none. */
static const char *view_of(const struct watchers_options *options)
{
	if (!options->is_interactive || strcmp(options->run->view, "none") == 0)
		return options->run->view;
	return options->is_all_interactive ? "none" : "plain";
}

static void make_printer(struct watchers *w, const struct watchers_options *options)
{
	struct printer_env env = {
		.loop = options->loop,
		.fd = STDERR_FILENO,
		.color = options->color,
		.interval_s = options->run->interval_s,
	};
	const struct printer_type *type = printer_type_choose(view_of(options), &env);
	struct error err = {0};

	if (!type)
		return;
	if (type->can && !type->can(&env)) {
		log_warning("--view %s cannot be used here (no terminal that it can draw on): "
			    "plain instead",
			    type->name);
		type = printer_type_choose("plain", &env);
	}
	if (!type->create)
		return;
	w->printer = type->create(&env, &err);
	watchers_add(w, w->printer, type->name, &err);
	if (w->printer)
		log_set_sink(to_printer, w->printer);
}

static void on_clerk_wait(void *ctx)
{
	const struct watchers *w = ctx;

	guard_show_life(w->guard_fd);
}

/* As in DVSim, the log file gets the rows of the plain view, whatever the view is. */
static void make_log_printer(struct watchers *w, const struct watchers_options *options)
{
	const struct printer_env env = {
		.loop = options->loop,
		.fd = log_file_fd(),
		.what = "the log file",
		.interval_s = options->run->interval_s,
	};
	struct error err = {0};

	if (env.fd >= 0)
		watchers_add(w, printer_type_choose("plain", &env)->create(&env, &err), env.what,
			     &err);
}

void watchers_make(struct watchers *w, const struct watchers_options *options)
{
	struct error err = {0};

	*w = (struct watchers){.guard_fd = options->guard_fd};
	w->clerk = clerk_new(options->loop, options->scratch_root, on_clerk_problem, w, &err);
	if (!w->clerk)
		watchers_add(w, NULL, "the clerk", &err);
	make_observers(w, options);
	make_printer(w, options);
	make_log_printer(w, options);
}

static void on_job_waits(struct observer *o, const struct job *job, const char *what)
{
	(void)o;
	if (log_level() >= LOG_VERBOSE)
		log_verbose("'%s' waits for %s", job->spec->id, what);
	else
		log_info("'%s' waits for %s", job->spec->id, what);
}

static const struct observer_ops waits_ops = {.name = "waits", .job_waits = on_job_waits};

/* Other views always show queued jobs. */
static bool wants_waits(const struct watchers *w)
{
	return log_level() >= LOG_VERBOSE || (w->printer && printer_is_plain(w->printer));
}

void watchers_subscribe(struct watchers *w, struct sched *s)
{
	for (unsigned i = 0; i < w->n; i++)
		sched_subscribe(s, w->at[i]);
	w->waits.ops = &waits_ops;
	if (wants_waits(w))
		sched_subscribe(s, &w->waits);
}

static void free_observer(struct observer *o)
{
	if (o->is_broken && o->broken_why)
		log_warning("%s", o->broken_why);
	o->ops->destroy(o);
}

void watchers_finish(struct watchers *w)
{
	log_set_sink(NULL, NULL);
	/* The printer is first, so that messages of the others are ordinary lines. */
	if (w->printer)
		free_observer(w->printer);
	for (unsigned i = 0; i < w->n; i++)
		if (w->at[i] != w->printer)
			free_observer(w->at[i]);
	w->n = 0;
	w->printer = NULL;
	if (!w->clerk)
		return;
	clerk_set_tick(w->clerk, on_clerk_wait, w);
	clerk_finish(w->clerk);
}

void watchers_free(struct watchers *w)
{
	watchers_finish(w);
	clerk_free(w->clerk);
	*w = (struct watchers){0};
}
