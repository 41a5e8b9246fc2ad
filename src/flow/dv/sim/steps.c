/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps around a job, as in DVSim: remove the coverage of a build or of a failed run, write the
 * options of a build to a file, read summaries. DVSim removes and writes at any path of the
 * configuration, dvsched only below the scratch root.
 */
#include <string.h>

#include "base/fs.h"
#include "flow/dv/job/standing.h"
#include "flow/dv/readers.h"
#include "flow/dv/sim/jobs.h"
#include "job/job_paths.h"

/* A path of the configuration; NULL: none. */
static const char *path_of(struct job_maker *m, const char *key)
{
	const char *text = job_names_value(&m->names, key) ? key_text(&m->texts, key) : "";

	return *text ? path_absolute(m->mem, text) : NULL;
}

/* Is path below root? Sets m->differs if values of standing names could change the answer. */
static bool is_below(struct job_maker *m, const char *path, const char *root)
{
	m->differs |= m->is_standing && standing_may_agree(path, root);
	return path_is_below(path, root);
}

static bool is_strictly_below(struct job_maker *m, const char *path, const char *root)
{
	return is_below(m, path, root) && strcmp(path, root) != 0;
}

/* Why path must not be removed or written: it is outside of the scratch root, or other jobs use it,
 * too. NULL: it may be removed and written. */
static const char *fault_of(struct job_maker *m, const char *path)
{
	const char *root = m->plan->scratch_root;

	if (!is_strictly_below(m, path, root))
		return "is not below the scratch root";
	if (is_below(m, path, path_join(m->cfg->reader.mem, root, ".dvsched")))
		return "is where dvsched keeps its runs";
	if (is_below(m, m->block->scratch_path, path))
		return "holds the whole scratch path";
	return NULL;
}

/* path, or NULL if it must not be touched: a warning, reported once per key. */
static const char *allowed_path(struct job_maker *m, const char *key, const char *path,
				const char *what)
{
	const char *fault = path ? fault_of(m, path) : NULL;
	const struct hjson_node *n;
	struct diag *e;

	if (!fault)
		return path;
	if (map_has(&m->warned, key))
		return NULL;
	if (!m->is_attempt)
		map_set(&m->warned, key, m);
	n = job_names_value(&m->names, key);
	e = cfg_warning(m->cfg->reader.cfg, m->texts.diags, n && n->pos ? n : NULL,
			"'%s' %s (%s): it is not %s", key, fault, path, what);
	diag_hint(e, "use a path below %s", m->plan->scratch_root);
	return NULL;
}

/* job->steps stays NULL if there is nothing to do. */
static void set_steps(struct job_maker *m, struct job_spec *job, struct job_steps steps)
{
	static const struct job_steps none;

	if (memcmp(&steps, &none, sizeof(none)) == 0)
		return;
	job->steps = arena_memdup(m->mem, &steps, sizeof(steps));
}

void sim_add_build_steps(struct job_maker *m, struct job_spec *job)
{
	struct job_steps steps = {0};

	steps.remove_before = allowed_path(m, "cov_db_dir", path_of(m, "cov_db_dir"), "removed");
	steps.write_path = allowed_path(m, "build_opts_file", path_of(m, "build_opts_file"),
					"written");
	if (steps.write_path)
		steps.write_text = arena_strdup(m->mem, key_text_lines(&m->texts, "build_opts"));
	set_steps(m, job, steps);
}

void sim_add_run_steps(struct job_maker *m, struct job_spec *job)
{
	const char *path = path_of(m, "cov_db_test_dir");
	_cleanup_(str_done) struct str room = {0};
	struct job_steps steps = {0};

	if (path && is_below(m, job_odir(job, &room), path))
		return; /* the log is in it */
	steps.remove_unless_passed = allowed_path(m, "cov_db_test_dir", path, "removed");
	set_steps(m, job, steps);
}

void sim_add_report_steps(struct job_maker *m, struct job_spec *job)
{
	struct job_steps steps = {.read_path = path_of(m, "cov_report_txt")};

	if (steps.read_path)
		steps.reader = DV_READS_COVERAGE;
	set_steps(m, job, steps);
}

void sim_add_vplan_steps(struct job_maker *m, struct job_spec *job)
{
	_cleanup_(str_done) struct str room = {0};
	const char *odir = job_odir(job, &room);

	set_steps(m, job,
		  (struct job_steps){
			  .reader = DV_READS_VPLAN,
			  .read_path = path_join(m->plan->mem, odir, "vplan_annotated.hjson"),
		  });
}
