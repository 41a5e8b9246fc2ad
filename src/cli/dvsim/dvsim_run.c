/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dvsim/dvsim_run.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/dvsim/dvsim_env.h"
#include "cli/output/final_out.h"
#include "dvsim/dv_block.h"
#include "dvsim/dv_files.h"
#include "report/ending/ending.h"

struct dvsim_run_facts dvsim_run_facts(const struct plan *plan)
{
	const struct dv_plan *dv = plan->dv;

	if (!dv)
		return (struct dvsim_run_facts){0};
	return (struct dvsim_run_facts){
		.proj_root = dv->proj_root,
		.timestamp = dv->timestamp,
		.branch = dv->n_blocks ? dv->blocks[0]->revision.branch : NULL,
		.is_formal = dv->kind == DV_FORMAL,
	};
}

/* DVSim writes these files as early. Nothing depends on them, so a failure is a warning. */
void dvsim_run_write_files(const struct plan *plan)
{
	struct error err = {0};

	if (dv_files_write(plan, dvsim_env_wants_dump(), &err) < 0) {
		log_warning("%s", err.msg);
		error_done(&err);
	}
}

/* DVSim's tables of blocks are messages of level info. */
static void dvsim_run_show_blocks(const struct str *blocks)
{
	if (blocks->len && log_level() >= LOG_INFO)
		fwrite(blocks->s, 1, blocks->len, stderr);
}

void dvsim_run_show_ending(const struct dvsim_run_ending *e)
{
	_cleanup_(str_done) struct str line = {0};

	fflush(stdout);
	dvsim_run_show_blocks(e->blocks);
	final_write_ending(e->summary->s ? e->summary->s : "", e->summary->len);
	log_info("scratch path: %s", ending_logs_path(e->plan)); /* the tables contain no path */
	if (e->report_path)
		log_info("report: %s", e->report_path);
	if (e->has_errors)
		log_error("Errors were encountered in this run.");
	if (!e->rerun_command)
		return;
	ending_add_line(&line, "rerun", e->rerun_command);
	final_write_ending(line.s, line.len);
}
