# SPDX-License-Identifier: Apache-2.0
"""Steps before and after the jobs of a simulation: coverage removed and read, times read, options written."""
import json
import os
import shutil

from sim_project import SimStory

# A simulator that prints its times as VCS does, and leaves coverage.
TALKING = """\
mkdir -p "$COV"
: > "$COV/data"
case $1 in
good) echo 'TEST PASSED' ;;
bad) echo 'UVM_ERROR something is wrong' ;;
esac
printf '%s\\n' '           V C S   S i m u l a t i o n   R e p o r t ' 'Time: 1500 ps' 'CPU Time:      0.125 seconds;'
"""

COVERED = """\
cov_db_test_dir: "{cov_db_dir}/tests/{index}.{test}.{seed}"
overrides: [{ name: "run_cmd", value: "COV={cov_db_test_dir} sh {proj_root}/sim.sh" }]
"""


class Steps(SimStory):
    def setUp(self):
        super().setUp()
        self.write("sim.sh", TALKING)
        self.leaf("one", COVERED)

    def attempts(self):
        return {job["id"]: job["attempts"][-1] for job in self.results("out")["jobs"] if job["attempts"]}

    def test_coverage_of_what_failed_is_removed(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "all", "--fixed-seed", "5", "--cov").code, 1)
        kept = os.listdir(self.path("out/main/one-sim-vcs/coverage/default.vdb/tests"))
        self.assertEqual(kept, ["0.good.5"])

    def test_a_new_build_forgets_the_old_coverage(self):
        self.write("out/main/one-sim-vcs/coverage/default.vdb/old", "x")
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        self.assertEqual(os.listdir(self.path("out/main/one-sim-vcs/coverage/default.vdb")), ["tests"])

    def test_an_empty_coverage_directory_is_none(self):
        self.leaf("one", 'cov_db_test_dir: "", overrides: [{ name: "cov_db_dir", value: "" }, { name: "run_cmd", value: "false" }]')
        self.assertEqual(self.run_sim("one.hjson", "-i", "all", "--fixed-seed", "5").code, 1)
        self.assertTrue(os.path.exists(self.path("one.hjson")))
        self.assertTrue(os.path.exists(self.path("out/main/one-sim-vcs/default/build.log")))

    def test_nothing_outside_the_scratch_root_is_removed(self):
        self.write("mine/keep", "x")
        for where in "{proj_root}/mine", "{scratch_root}", "{scratch_path}", "{scratch_root}/.dvsched":
            self.leaf("one", 'overrides: [{ name: "cov_db_dir", value: "%s" }]' % where)
            done = self.run_sim("one.hjson", "--fixed-seed", "5")
            self.assertEqual(done.code, 0, done)
            self.assertRegex(done.err, r"warning: 'cov_db_dir' (is not below|is where|holds)")
        self.assertTrue(os.path.exists(self.path("mine/keep")))
        self.assertTrue(os.path.exists(self.path("out/main/one-sim-vcs/default/build.log")))

    def test_a_dry_run_removes_nothing(self):
        self.write("out/main/one-sim-vcs/coverage/default.vdb/old", "x")
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", "--dry-run").code, 0)
        self.assertEqual(os.listdir(self.path("out/main/one-sim-vcs/coverage/default.vdb")), ["old"])

    def test_the_options_of_a_build_are_written_down(self):
        self.leaf("one", 'build_opts: ["+define+B={name}", "", "  -x "]')
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        with open(self.path("out/main/one-sim-vcs/default/build_opts.f"), encoding="utf-8") as text:
            self.assertEqual(text.read(), "+define+B=one\n-x\n+define+A\n")

    def test_the_tools_own_times_are_the_results(self):
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", "--cov").code, 0)
        attempts = self.attempts()
        self.assertEqual(attempts["one:0.good.5"]["measures"],
                         {"run_time_s": 0.125, "sim_time_us": 0.0015, "coverage_db": True})
        self.assertIsNone(attempts["one:default"]["measures"])
        self.assertEqual(attempts["one:cov_report"]["measures"]["coverage"][1], ["LINE", "91.25 %"])
        block = self.reports("one")
        test = block["stages"]["unmapped"]["testpoints"]["Unmapped"]["tests"]["good"]
        self.assertEqual((test["max_time"], test["sim_time"]), (0.125, 0.0015))
        self.assertEqual(block["coverage"]["code"]["line_statement"], 91.25)
        self.assertEqual(block["coverage"]["functional"], 88.1)
        self.assertIsNone(block["coverage"]["code"]["fsm"])

    def test_a_coverage_summary_that_is_missing_fails_its_job(self):
        self.write("report.sh", "true")
        done = self.run_sim("one.hjson", "--fixed-seed", "5", "--cov")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses("out")["one:cov_report"], "FAILED")
        attempt = self.attempts()["one:cov_report"]
        self.assertEqual(attempt["reason"], "post_step")
        self.assertRegex(attempt["message"], r"cov_report/dashboard\.txt: cannot be read: No such file")

    def test_a_coverage_summary_that_cannot_be_read_fails_its_job(self):
        self.write("report.sh", "mkdir -p ${1%/*}; echo nothing > $1")
        done = self.run_sim("one.hjson", "--fixed-seed", "5", "--cov")
        self.assertEqual(done.code, 1, done)
        self.assertIn("Coverage data not found in ", self.attempts()["one:cov_report"]["message"])

    def test_reports_name_the_version_of_the_tool(self):
        self.write("bin/vcs", "#!/bin/sh\necho 'Compiler version = VCS-MX T-2022.06-SP2_Full64'; exit 3\n", 0o755)
        path = f"{self.path('bin')}:{os.environ['PATH']}"
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", env={"PATH": path}).code, 0)
        self.assertEqual(self.reports("one")["tool"]["version"], "T-2022.06-SP2_Full64")
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        self.assertEqual(self.reports("one")["tool"]["version"], "unknown")

    def merged(self):
        """What the last merge has merged."""
        with open(self.path("out/main/one-sim-vcs/cov_merge/merged.vdb/cov_merge.log"), encoding="utf-8") as log:
            return log.read().splitlines()[-1].split()[1:]

    def test_merged_databases_are_kept_and_merged_again(self):
        for _ in range(2):
            self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", "--cov").code, 0)
        old, = [name for name in os.listdir(self.path("out/main/one-sim-vcs/cov_merge")) if name != "merged.vdb"]
        self.assertRegex(old, r"^\d{8}_\d{6}$")
        done = self.run_sim("one.hjson", "--fixed-seed", "5", "--cov", "--cov-merge-previous")
        self.assertEqual(done.code, 0, done)
        merged = self.merged()
        self.assertEqual(merged[0], str(self.path("out/main/one-sim-vcs/coverage/default.vdb")))
        self.assertEqual(len(merged), 3, merged)
        self.assertEqual([path for path in merged if not os.path.isdir(path)], [])

    def test_a_resumed_run_merges_what_its_run_has_merged(self):
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", "--cov").code, 0)
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", "--cov", "--cov-merge-previous").code, 0)
        merge = self.path("out/main/one-sim-vcs/cov_merge")
        aside = self.merged()[1:]
        for _ in range(2):
            done = self.dvsched("resume", "-sr", "out", "--view", "none")
            self.assertEqual(done.code, 0, done)
            self.assertIn("nothing to run: all 4 jobs passed", done.err)
        # The merge runs again, if a job does. Its own database of before is not merged.
        self.path("out/main/one-sim-vcs/0.good/latest/run.log").unlink()
        done = self.dvsched("resume", "-sr", "out", "--view", "none")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.merged()[1:], aside)
        self.assertEqual(len(os.listdir(merge)), 3)
        self.assertIn("nothing to run: all 4 jobs passed", self.dvsched("resume", "-sr", "out", "--view", "none").err)
        # Also elsewhere. Databases that were removed are missed.
        self.path("out").rename(self.path("moved"))
        self.assertIn("nothing to run: all 4 jobs passed", self.dvsched("resume", "-sr", "moved", "--view", "none").err)
        shutil.rmtree(self.path("moved/main/one-sim-vcs/cov_merge"))
        done = self.dvsched("resume", "-sr", "moved", "--explain", "--view", "none")
        self.assertIn("1 env changed: one:cov_merge", done.out)
        self.assertEqual(done.code, 0, done)

    def test_a_pass_without_its_coverage_database_is_not_taken_over(self):
        self.leaf("one", COVERED + 'pre_build_cmds: ["mkdir -p {cov_db_dir}"]')
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5", "--cov").code, 0)
        database = self.path("out/main/one-sim-vcs/coverage/default.vdb")
        for gone, reason, ran in ((database / "tests/0.good.5", "one:0.good.5; and 2 that need it", 3),
                                  (database, "one:default", 4)):
            shutil.rmtree(gone)
            done = self.dvsched("resume", "-sr", "out", "--explain", "--view", "none")
            self.assertEqual(done.code, 0, done)
            self.assertIn(" coverage gone: " + reason, done.out)
            self.assertEqual(sum(not job["from"] for job in self.results("out")["jobs"]), ran)
            self.assertTrue(gone.is_dir())
            self.assertIn("nothing to run", self.dvsched("resume", "-sr", "out", "--view", "none").err)

    def test_fault_simulation_gets_its_own_options(self):
        self.leaf("one", 'run_opts_fi_sim: ["-fault"], overrides: [{ name: "tool", value: "z01x" }\n'
                         '{ name: "run_cmd", value: "echo TEST PASSED; echo" }]')
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        dump, = self.path("out").glob("deploy_main_*.json")
        with open(dump, encoding="utf-8") as text:
            run, build = json.load(text)
        self.assertIn(" run_opts=-fault ", run["cmd"])
        self.assertEqual(run["exports"]["sim_run_opts"], "good 5 5")
        self.assertNotIn("sim_run_opts", build["exports"])
