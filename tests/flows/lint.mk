# SPDX-License-Identifier: Apache-2.0
# The same for lint; the stand-in's findings go straight into results.hjson.
.PHONY: build

build:
	mkdir -p ${build_dir}
	cd ${build_dir} && ${build_cmd} ${build_opts}
	cd ${build_dir} && verible-verilog-lint ${build_dir} > ${build_dir}/results.hjson
