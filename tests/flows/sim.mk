# SPDX-License-Identifier: Apache-2.0
# What OpenTitan's simulation jobs ask of make, for the stand-ins in bin/: stands at hw/dv/tools/dvsim/sim.mk of a copy.
.PHONY: build run cov_merge cov_report

build:
	mkdir -p ${sv_flist_gen_dir}
	cd ${sv_flist_gen_dir} && ${sv_flist_gen_cmd} ${sv_flist_gen_opts}
	cd ${sv_flist_gen_dir} && ${build_cmd} ${build_opts}

run:
	mkdir -p ${run_dir}
	cd ${run_dir} && ${run_cmd} ${run_opts}

cov_merge:
	${cov_merge_cmd} ${cov_merge_opts}

cov_report:
	${cov_report_cmd} ${cov_report_opts}
