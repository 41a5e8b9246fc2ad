# SPDX-License-Identifier: Apache-2.0
# What the jobs of fifo_sim_cfg.hjson run. Every variable comes from the command line.
.PHONY: build run cov_merge cov_report

build:
	mkdir -p ${build_dir}
	cd ${build_dir} && ${pre_build_cmds} && ${build_cmd} ${build_opts} && ${post_build_cmds}

run:
	mkdir -p ${run_dir}
	cd ${run_dir} && ${pre_run_cmds} && ${run_cmd} ${run_opts} && ${post_run_cmds}

cov_merge:
	${cov_merge_cmd} ${cov_merge_opts}

cov_report:
	${cov_report_cmd} ${cov_report_opts}
