# SPDX-License-Identifier: Apache-2.0
"""--failed in DVSim's flows: runs by id, with their seeds."""
import os
import subprocess

from sim_project import SimStory


class Simulations(SimStory):
    """The tests of the project; `bad` and `silent` fail until there is a file `fixed`."""

    def setUp(self):
        super().setUp()
        self.write("sim.sh", 'test ! -e %s || echo "TEST PASSED"\n' % self.path("fixed")
                   + self.path("sim.sh").read_text(encoding="utf-8").replace("bad)", "bad) test -e %s ||" % self.path("fixed")))

    def failed(self, scratch="out"):
        return sorted(i for i, status in self.statuses(scratch).items() if status != "PASSED")

    def listed(self, cfg, *words):
        done = self.dvsched("list", cfg, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--failed", *words)
        self.assertEqual(done.code, 0, done)
        return done.out.split()

    def test_runs_are_chosen_by_id_with_their_seeds(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "all", "-r", "2", "--seeds", "11", "007").code, 1)
        failed = self.failed()
        self.assertEqual(len(failed), 4)
        self.assertIn("one:0.bad", " ".join(failed))
        done = self.run_sim("one.hjson", "--failed")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.failed(), failed)
        self.assertEqual(sorted(self.statuses("out")), sorted([*failed, "one:default"]))
        self.write("fixed", "")
        # Seeds of the command line are for new runs.
        self.assertEqual(self.run_sim("one.hjson", "--failed", "-r", "1", "--seeds", "5").code, 0)
        self.assertEqual(sorted(self.statuses("out")), sorted([*failed, "one:default"]))
        self.assertEqual(self.run_sim("one.hjson", "--failed").code, 0)

    def test_a_seed_as_it_was_typed_is_found_again(self):
        self.run_sim("one.hjson", "-i", "bad", "--seeds", "007")
        self.assertEqual(self.listed("one.hjson"), ["one:default", "one:0.bad.007"])

    def test_items_choose_tests_and_regressions_among_them(self):
        self.run_sim("one.hjson", "-i", "all")
        self.assertEqual([i.split(".")[1] for i in self.listed("one.hjson", "-i", "bad", "good")[1:]], ["bad"])
        self.assertEqual(len(self.listed("one.hjson", "-i", "all")), 3)
        self.assertEqual([i.split(".")[1] for i in self.listed("one.hjson", "-x", "silent")[1:]], ["bad"])
        done = self.run_sim("one.hjson", "--failed", "-i", "good")
        self.assertEqual(done.code, 2, done)
        self.assertIn("-i selects none", done.err)

    def test_a_test_keeps_the_options_of_its_regression(self):
        self.leaf("one", 'regressions: [{ name: "nightly", tests: ["bad"], run_opts: ["+night"] }]')
        self.run_sim("one.hjson", "-i", "nightly")
        for words in ((), ("-i", "bad"), ("-i", "nightly")):
            done = self.run_sim("one.hjson", "--failed", *words, "-n")
            self.assertEqual(done.code, 0, done)
            self.assertIn("+night", done.out)
        self.run_sim("one.hjson", "--failed", "-i", "bad")
        self.assertIn("+night", self.run_sim("one.hjson", "--failed", "-n").out)

    def test_a_failed_build_runs_again_with_its_runs(self):
        self.leaf("one", 'pre_build_cmds: ["test -e %s"]' % self.path("fixed"))
        self.run_sim("one.hjson", "-i", "good")
        failed = self.failed()
        self.assertEqual([i.split(".")[0] for i in failed], ["one:0", "one:default"])
        self.assertEqual(sorted(self.listed("one.hjson")), failed)
        self.assertEqual(self.listed("one.hjson", "-bu"), ["one:default"])
        self.write("fixed", "")
        done = self.run_sim("one.hjson", "--failed")
        self.assertEqual(done.code, 0, done)

    def test_of_a_list_of_configurations_only_what_failed(self):
        self.leaf("two", 'regressions: [{ name: "all", tests: ["good"] }]')
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/one.hjson", "{proj_root}/two.hjson"] }')
        self.assertEqual(self.run_sim("list.hjson", "-i", "all").code, 1)
        self.assertEqual(len(self.listed("list.hjson")), 3)
        done = self.run_sim("list.hjson", "--failed", "--select-cfgs", "two")
        self.assertEqual(done.code, 2, done)
        self.assertNotIn("any more", done.err)

    def test_coverage_that_failed_is_merged_of_all_runs(self):
        self.write("report.sh", "test -e %s || exit 1\n" % self.path("fixed") + self.path("report.sh").read_text(encoding="utf-8"))
        self.run_sim("one.hjson", "-i", "good", "--cov")
        self.assertEqual(self.failed(), ["one:cov_report"])
        self.write("fixed", "")
        done = self.run_sim("one.hjson", "-i", "good", "--cov", "--failed")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(sorted(self.statuses("out")), ["one:cov_merge", "one:cov_report"])
        log = next(self.path("out").rglob("cov_merge.log")).read_text(encoding="utf-8")
        self.assertIn("coverage/default.vdb", log)

    def test_a_test_that_is_gone_is_named(self):
        self.run_sim("one.hjson", "-i", "all")
        common = self.path("common.hjson").read_text(encoding="utf-8")
        self.write("common.hjson", common.replace('{ name: "silent" }', ""))
        done = self.run_sim("one.hjson", "--failed", "-n")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.err, r"not part of the plan any more: one:0\.silent\.\d+\n")

    def test_fewer_runs_of_a_test_do_not_lose_those_that_failed(self):
        self.run_sim("one.hjson", "-i", "bad", "-r", "3")
        self.assertEqual(len(self.listed("one.hjson", "-r", "1")), 4)

    def test_a_gui_shows_a_run_that_failed(self):
        self.run_sim("one.hjson", "-i", "all")
        self.leaf("one", 'build_modes: [{ name: "gui", is_sim_mode: 1 }]')
        done = self.run_sim("one.hjson", "--failed", "-i", "silent", "--gui", "-n")
        self.assertEqual(done.code, 0, done)
        self.assertIn("one:0.silent.", done.out)

    def test_a_dry_run_as_dvsim_does_not_hide_what_failed(self):
        self.run_sim("one.hjson", "-i", "all")
        failed = self.failed()
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        subprocess.run([self.path("dvsim"), "one.hjson", "-pr", ".", "-sr", "out", "-br", "main", "-i", "all", "-n"],
                       cwd=self.dir, env=self.environ(), capture_output=True, check=True)
        self.assertTrue(self.results("out")["run"]["rehearsal"])
        self.assertEqual(sorted(self.listed("one.hjson")[1:]), failed)
