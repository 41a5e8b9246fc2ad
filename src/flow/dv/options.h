/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the command line that only DVSim's flows have. */
#ifndef FLOW_DV_OPTIONS_H
#define FLOW_DV_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/map.h"

/* NULL, 0 or false: the option is not given. Lists end in NULL. */
struct dv_options {
	const char *const *build_opts, *const *run_opts, *const *build_modes, *const *run_modes;
	const char *const *seeds, *const *select_cfgs;
	const char *build_seed, *fixed_seed, *seed_base, *waves, *profile, *verbosity;
	const char *job_prefix, *dump_script, *branch, *tool;
	const char *timestamp, *timestamp_long;
	const char *build_timeout_mins, *run_timeout_mins; /* whole numbers */
	double reseed_multiplier, run_timeout_multiplier;  /* 0: none */
	uint32_t reseed, max_odirs, max_waves;		   /* max_waves: the value of {max_waves} */
	bool cov, xprop_off, build_only, run_only, build_unique, gui, gui_debug;
	bool is_dry_run, cov_merge_previous, cov_unr, cov_analyze, map_full_testplan;
	time_t when; /* the time of both timestamps */
	/* Of a run that is resumed: name of a block -> environment entry of its merge of coverage,
	 * which lists the databases. NULL: no run is resumed. */
	const struct map *cov_merges;
	const char *const *fusesoc_mappings, *const *fusesoc_roots; /* flow/dv/fusesoc.h */
	void (*say)(const char *text); /* shows a message of level info; or NULL */
};

/* --gui-debug implies --gui. */
static inline bool dv_has_gui(const struct dv_options *dv)
{
	return dv->gui || dv->gui_debug;
}

#endif
