# SPDX-License-Identifier: Apache-2.0
"""A small project of DVSim's simulation flow: made by make, simulated by a shell script."""
import json

from harness import Story

MAKEFILE = """\
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
"""

COMMON = """\
{
  flow: "sim", dut: "{name}", tb: "tb", tool: "vcs", reseed: 1
  flow_makefile: "{proj_root}/sim.mk"
  scratch_base_path: "{scratch_root}/{branch}", scratch_path: "{scratch_base_path}/{name}-{flow}-{tool}"
  build_dir: "{scratch_path}/{build_mode}"
  run_dir_name: "{index}.{test}", run_dir: "{scratch_path}/{run_dir_name}/latest"
  sv_flist_gen_cmd: "", sv_flist_gen_dir: "", sv_flist_gen_opts: [], sw_build_cmd: ""
  build_cmd: "echo building", build_opts: ["+define+A"]
  pre_build_cmds: ["true"], post_build_cmds: ["true"], pre_run_cmds: ["true"], post_run_cmds: ["true"]
  run_cmd: "sh {proj_root}/sim.sh", run_opts: ["{test}", "{seed}", "{svseed}"]
  build_pass_patterns: [], build_fail_patterns: ["^Error-"]
  run_pass_patterns: ["^TEST PASSED$"], run_fail_patterns: ["^UVM_ERROR"]
  cov_db_dir: "{scratch_path}/coverage/{build_mode}.vdb"
  cov_merge_dir: "{scratch_path}/cov_merge", cov_merge_db_dir: "{cov_merge_dir}/merged.vdb"
  cov_merge_cmd: "echo merging", cov_merge_opts: ["{cov_db_dirs}"]
  cov_report_dir: "{scratch_path}/cov_report", cov_report_cmd: "sh {proj_root}/report.sh", cov_report_opts: ["{cov_report_txt}"]
  cov_report_txt: "{cov_report_dir}/dashboard.txt"
  build_modes: [{ name: "waves_off", is_sim_mode: 1 }, { name: "xprop", is_sim_mode: 1 }
                { name: "cov", is_sim_mode: 1 }]
  run_modes: []
  tests: [{ name: "good" }, { name: "bad" }, { name: "silent" }]
  regressions: [{ name: "smoke", tests: ["good"] }, { name: "all" }]
}
"""

SIMULATOR = """\
echo "svseed $3"
case $1 in
good) echo 'TEST PASSED' ;;
bad) echo 'UVM_ERROR something is wrong'; echo 'TEST PASSED' ;;
esac
"""

REPORT = """\
mkdir -p ${1%/*}
printf '%s\\n' 'Dashboard' '' 'Total Coverage Summary ' \
    'SCORE  LINE   COND   TOGGLE FSM    BRANCH ASSERT GROUP' \
    ' 90.00  91.25  80.50  70.00 --      65.00  99.00  88.10' > "$1"
"""


class SimStory(Story):
    """A project in the story's directory, run into out/."""

    def setUp(self):
        super().setUp()
        self.write("sim.mk", MAKEFILE)
        self.write("sim.sh", SIMULATOR)
        self.write("common.hjson", COMMON)
        self.write("report.sh", REPORT)
        self.leaf("one")
        self.leaf("two")

    def leaf(self, name, more=""):
        self.write(f"{name}.hjson", '{ name: "%s", import_cfgs: ["{proj_root}/common.hjson"]\n%s}\n' % (name, more))

    def run_sim(self, *words, **options):
        return self.dvsched("run", *words, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none", **options)

    def reports(self, name):
        with open(self.path(f"out/main/reports/{name}.json"), encoding="utf-8") as text:
            return json.load(text)
