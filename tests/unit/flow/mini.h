/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a small configuration of flow: sim. */
#ifndef TESTS_FLOW_MINI_H
#define TESTS_FLOW_MINI_H

#define HEAD                                                                                     \
	"{ flow: \"sim\", name: \"mini\", dut: \"mini\", tb: \"tb\", tool: \"vcs\", reseed: 2\n" \
	"flow_makefile: \"{proj_root}/sim.mk\"\n"                                                \
	"scratch_base_path: \"{scratch_root}/{branch}\"\n"                                       \
	"scratch_path: \"{scratch_base_path}/{dut}-{flow}-{tool}\"\n"                            \
	"build_dir: \"{scratch_path}/{build_mode}\"\n"                                           \
	"run_dir_name: \"{index}.{test}\", run_dir: \"{scratch_path}/{run_dir_name}/latest\"\n"  \
	"sv_flist_gen_cmd: \"\", sv_flist_gen_dir: \"\", sv_flist_gen_opts: [], sw_build_cmd: "  \
	"\"\"\n"                                                                                 \
	"build_cmd: \"echo building\", build_opts: [\"+define+A\"]\n"                            \
	"pre_build_cmds: [\"true\"], post_build_cmds: [\"true\"]\n"                              \
	"pre_run_cmds: [\"true\", \"date\"], post_run_cmds: [\"true\"]\n"                        \
	"run_cmd: \"python3 {proj_root}/sim.py\", run_opts: [\"+seed={seed}\", "                 \
	"\"+sv={svseed}\"]\n"                                                                    \
	"build_pass_patterns: [], build_fail_patterns: [\"^Error-\"]\n"                          \
	"run_pass_patterns: [\"^TEST PASSED$\"], run_fail_patterns: [\"^UVM_ERROR\"]\n"          \
	"cov_db_dir: \"{scratch_path}/coverage/{build_mode}.vdb\"\n"                             \
	"cov_merge_dir: \"{scratch_path}/cov_merge\"\n"                                          \
	"cov_merge_db_dir: \"{cov_merge_dir}/merged.vdb\", cov_merge_cmd: \"merge\"\n"           \
	"cov_merge_opts: [\"{cov_db_dirs}\"], cov_report_dir: \"{scratch_path}/cov_report\"\n"   \
	"cov_report_cmd: \"report\", cov_report_opts: [], uvm_test: \"t\", uvm_test_seq: \"s\"\n"
#define MODES                                                                            \
	"{ name: \"waves_off\", is_sim_mode: 1 }, { name: \"xprop\", is_sim_mode: 1 }\n" \
	"{ name: \"cov\", is_sim_mode: True\n run_opts: [\"-cov\"] }\n"                  \
	"{ name: \"b2\", build_opts: [\"+define+B2\"] }\n"
#define TESTS                                                                           \
	"tests: [{ name: \"mini_smoke\" }, { name: \"mini_b2\", build_mode: \"b2\" }\n" \
	"        { name: \"mini_slow\", en_run_modes: [\"slow\"] }]\n"                  \
	"run_modes: [{ name: \"slow\", run_opts: [\"-slow\"] }]\n"
#define REGRESSIONS                                                 \
	"{ name: \"smoke\", tests: [\"mini_smoke\"], reseed: 1 }\n" \
	"{ name: \"all\" }, { name: \"nightly\", en_sim_modes: [\"cov\"] }\n"
#define CFG(modes, regressions) \
	HEAD TESTS "build_modes: [" MODES modes "]\nregressions: [" REGRESSIONS regressions "] }"

#endif
