# SPDX-License-Identifier: Apache-2.0
"""Called as dvsim: DVSim's command line, exit codes, and settings."""
import os
import re
import shutil

import harness
from sim_project import COMMON, MAKEFILE, SIMULATOR


# Copies the files that a smoke run needs, and prints its arguments.
FAKE_RSYNC = """#!/bin/sh
printf '%s\\n' "$@" > words
for word; do from=$to; to=$word; done
cp "$from"one.hjson "$from"common.hjson "$from"sim.mk "$from"sim.sh "$to"
"""


class Project(harness.Story):
    def setUp(self):
        super().setUp()
        self.write("sim.mk", MAKEFILE)
        self.write("sim.sh", SIMULATOR)
        self.write("common.hjson", COMMON)
        self.leaf("one")

    def leaf(self, name, more=""):
        self.write(f"{name}.hjson", '{ name: "%s", import_cfgs: ["{proj_root}/common.hjson"]\n%s}\n' % (name, more))


class CalledAsDvsim(Project):
    def setUp(self):
        super().setUp()
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        self.binary = str(self.path("dvsim"))

    def run_sim(self, *words, env=None):
        return self.dvsched(*words, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none", env=env)

    def test_a_run_has_dvsims_exit_codes(self):
        self.assertEqual(self.run_sim("one.hjson").code, 0)
        self.assertEqual(self.run_sim("one.hjson", "-i", "bad").code, 1)
        self.assertEqual(self.run_sim("one.hjson", "-i", "nowhere").code, 1)
        self.assertEqual(self.run_sim("nofile.hjson").code, 1)
        self.assertEqual(self.run_sim("one.hjson", "--reseed", "x").code, 2)
        self.assertEqual(self.run_sim().code, 2)

    def test_no_builds_and_no_runs_are_nothing_to_run(self):
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/one.hjson"] }')
        for cfg in "one.hjson", "list.hjson":
            done = self.run_sim(cfg, "-i", "good", "-bu", "-ru")
            self.assertEqual(done.code, 1, done)
            self.assertIn("error: nothing to do: neither builds nor runs are wanted\n", done.err)
            self.assertFalse(self.path("out").exists())

    def test_an_eval_cmd_ends_it_with_its_own_status(self):
        self.leaf("five", 'build_opts: ["{eval_cmd}sh -c \'exit 5\'"]')
        self.assertEqual(self.run_sim("five.hjson").code, 5)
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/five.hjson"] }')
        self.assertEqual(self.run_sim("list.hjson").code, 5)

    def test_interactive_and_remote_are_an_error_that_exits_0(self):
        done = self.dvsched("one.hjson", "--interactive", "--remote")
        self.assertEqual(done.code, 0, done)
        self.assertIn("--interactive", done.err)

    def test_usage_errors_look_as_argparse_has_them(self):
        done = self.dvsched("one.hjson", "--waves", "gif")
        self.assertEqual(done.code, 2, done)
        self.assertIn("usage: dvsim <cfg-hjson-file>", done.err)
        self.assertIn("dvsim: error: argument --waves/-w: invalid choice: 'gif'", done.err)

    def test_it_takes_every_name_that_its_help_shows(self):
        shown = re.findall(r"^  (-[^ ,].*?)(?:  |$)", self.dvsched("--help").out, re.M)
        names = [name for line in shown for name in re.findall(r"(?<!\S)--?[a-zA-Z][-\w]*", line)]
        self.assertGreater(len(names), 80)
        for name in names:
            if name not in ("-h", "--help", "--version"):
                self.assertNotIn("unrecognized", self.dvsched("nowhere.hjson", name).err, name)

    def test_a_branch_is_one_directory(self):
        done = self.dvsched("one.hjson", "-pr", ".", "-sr", self.path("out"), "--branch", "a/b", "--view", "none")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(self.path("out/a-b/one-sim-vcs").exists())

    def test_messages_go_to_a_file_too_at_dvsims_levels(self):
        done = self.run_sim("one.hjson", "-i", "good", "--log-level", "CRITICAL", "--log-file", "log",
                            env={"DVSIM_MAX_PARALLEL": "many"})
        self.assertEqual(done.code, 0, done)
        self.assertTrue(self.path("log").exists())

    def test_the_log_file_has_what_the_screen_has(self):
        done = self.run_sim("one.hjson", "-i", "good", "bad", "nosuch", "--fixed-seed", "5", "--log-file", "log")
        self.assertEqual(done.code, 1, done)
        with open(self.path("log"), encoding="utf-8") as text:
            log = text.read()
        for part in ("warning: 'nosuch' is no test", "[   legend    ]: [S: scheduled", "[     run     ]: [S: ", "FAILED one:0.bad.5",
                     "## ONE Simulation Results\n", "## Failure Buckets\n* `UVM_ERROR something is wrong` has 1 failure:\n",
                     f"dvsched: scratch path: {self.path('out/main/one-sim-vcs')}\n",
                     f"dvsched: report: {self.path('out/main/reports/index.html')}\n",
                     "error: Errors were encountered in this run.\n"):
            self.assertIn(part, log)
        self.assertIn(f"dvsched: report: {self.path('out/main/reports/index.html')}\n", done.err)
        self.assertTrue(self.path("out/main/reports/index.html").exists())
        self.assertEqual(self.run_sim("one.hjson", "-i", "good", "--log-level", "ERROR", "--log-file", "quiet").code, 0)
        self.assertEqual(self.path("quiet").read_text(encoding="utf-8"), "")

    def test_the_environment_has_a_say(self):
        done = self.run_sim("one.hjson", env={"DVSIM_MAX_PARALLEL": "many"})
        self.assertEqual(done.code, 0, done)
        self.assertIn("DVSIM_MAX_PARALLEL", done.err)

    def test_a_backend_of_the_environment_that_is_not_there_is_an_error(self):
        for variable in "DVSIM_BACKEND", "DVSIM_LAUNCHER":
            done = self.run_sim("one.hjson", env={variable: "lsf"})
            self.assertEqual(done.code, 1, done)
            self.assertIn(f"error: ${variable} is 'lsf': there is no such backend\n"
                          "  hint: there are: local, chips, slurm, batch, fake; --local runs the jobs here\n", done.err)
        self.binary = os.environ["DVSCHED"]
        done = self.dvsched("run", "one.hjson", "-pr", ".", "-sr", self.path("out"), "--view", "none", env={"DVSIM_BACKEND": "lsf"})
        self.assertEqual(done.code, 2, done)
        self.assertFalse(self.path("out").exists(), "something was made")

    def test_local_and_fake_win_over_the_environment(self):
        for word in "--local", "--fake":
            done = self.run_sim("one.hjson", word, env={"DVSIM_BACKEND": "lsf"})
            self.assertEqual(done.code, 0, done)
            self.assertNotIn("lsf", done.err)
        done = self.run_sim("one.hjson", "--list", "tests", env={"DVSIM_BACKEND": "lsf"})
        self.assertEqual(done.code, 0, done)

    def test_each_variable_of_the_environment_counts(self):
        here = {"SCRATCH_ROOT": str(self.path("there")), "DVSIM_LAUNCHER": "fake", "DVSIM_MAX_PARALLEL": "1", "DVSIM_DEPLOY_DUMP": ""}
        done = self.dvsched("one.hjson", "-pr", ".", "-br", "main", "--view", "none", env=here)
        self.assertEqual(self.backends(), {"fake"}, done)
        self.assertEqual(list(self.path("there").glob("deploy_*")), [])
        done = self.dvsched("one.hjson", "-pr", ".", "-br", "main", "--view", "none", env={**here, "DVSIM_BACKEND": "local"})
        self.assertEqual(self.backends(), {"local"}, done)
        done = self.dvsched("one.hjson", "-pr", ".", "-br", "main", "--view", "none", "--fake", env={**here, "DVSIM_BACKEND": "local"})
        self.assertEqual(self.backends(), {"fake"}, done)

    def backends(self):
        return {job["backend"] for job in self.results("there")["jobs"]}

    def test_no_runs_and_no_directories_are_one_of_each(self):
        for _ in range(2):
            self.assertEqual(self.run_sim("one.hjson", "-i", "good", "-r", "0", "-mo", "0").code, 0)
        self.assertEqual(sum(":0." in job or ":1." in job for job in self.statuses("out")), 1)
        self.assertEqual(os.listdir(self.path("out/main/one-sim-vcs/0.good")), ["latest"])

    def test_list_says_what_there_is_on_standard_error(self):
        done = self.run_sim("one.hjson", "--list")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.out, "")
        self.assertEqual(done.err.split("\n"), [
            "---- List of build_modes in one ----", "default", "waves_off", "xprop", "cov",
            "---- List of run_modes in one ----",
            "---- List of tests in one ----", "good", "bad", "silent",
            "---- List of regressions in one ----", "smoke", "all", ""])
        done = self.run_sim("one.hjson", "-l", "tests")
        self.assertEqual(done.err, "---- List of tests in one ----\ngood\nbad\nsilent\n")
        self.assertFalse(self.path("out").exists())

    def test_an_unknown_category_is_refused_under_both_names(self):
        self.assertEqual(self.run_sim("one.hjson", "-l", "jobs").code, 2)
        self.binary = os.environ["DVSCHED"]
        done = self.dvsched("run", "one.hjson", "-pr", ".", "--list", "jobs")
        self.assertEqual(done.code, 2, done)
        self.assertIn("not 'jobs'", done.err)

    def test_purge_empties_the_scratch_path_first(self):
        self.assertEqual(self.run_sim("one.hjson").code, 0)
        self.write("out/main/one-sim-vcs/old/file", "")
        self.write("out/main/other/file", "")
        self.assertEqual(self.run_sim("one.hjson", "--purge").code, 0)
        self.assertFalse(self.path("out/main/one-sim-vcs/old").exists())
        self.assertTrue(self.path("out/main/other/file").exists())
        self.assertTrue(self.path("out/main/one-sim-vcs/0.good/latest/run.log").exists())

    def test_a_dry_run_passes_what_make_would_do(self):
        done = self.run_sim("one.hjson", "-i", "all", "-n")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(set(self.statuses("out").values()), {"PASSED"})
        log = self.path("out/main/one-sim-vcs/0.good/latest/run.log").read_text(encoding="utf-8")
        self.assertIn("&& sh ", log.partition("\n\n")[2])
        self.assertNotIn("TEST PASSED", log)

    def remote(self, *words, env=None):
        return self.dvsched("one.hjson", "-pr", ".", "-sr", self.path("out"), "-br", "main", "--remote",
                            "--view", "none", *words, env=env)

    def test_a_copy_of_the_project_is_run_with_remote(self):
        if not shutil.which("rsync"):
            self.skipTest("there is no rsync here")
        self.write(".gitignore", "*.tmp\n")
        self.write("note.tmp", "")
        done = self.remote()
        self.assertEqual(done.code, 0, done)
        self.assertTrue(self.path("out/main/repo_top/sim.sh").exists())
        self.assertFalse(self.path("out/main/repo_top/note.tmp").exists())
        self.assertFalse(self.path("out/main/repo_top/out").exists())

    def test_remote_asks_rsync_to_leave_out_what_git_ignores_and_the_output(self):
        self.write("bin/rsync", FAKE_RSYNC, mode=0o755)
        path = f"{self.path('bin')}:{os.environ['PATH']}"
        self.write("out/main/repo_top/old", "")
        done = self.remote("--purge", env={"PATH": path})
        self.assertEqual(done.code, 0, done)
        words = self.path("words").read_text(encoding="utf-8").splitlines()
        self.assertIn("--exclude=/out", words)
        self.assertIn("--exclude=/.git", words)
        self.assertIn("--filter=:- .gitignore", words)
        self.assertEqual(words[-2:], [f"{self.dir}/", f"{self.path('out/main/repo_top')}/"])
        self.assertFalse(self.path("out/main/repo_top/old").exists())
        log = self.path("out/main/one-sim-vcs/0.good/latest/run.log").read_text(encoding="utf-8")
        self.assertIn("out/main/repo_top/sim.sh", log)

    def test_remote_ends_with_one_error_when_rsync_fails(self):
        self.write("bin/rsync", "#!/bin/sh\nexit 23\n", mode=0o755)
        done = self.remote(env={"PATH": f"{self.path('bin')}:{os.environ['PATH']}"})
        self.assertEqual(done.code, 1, done)
        self.assertIn("rsync failed with status 23", done.err)

    def test_without_rsync_remote_is_one_clear_error(self):
        done = self.run_sim("one.hjson", "--remote", env={"PATH": str(self.path("nowhere"))})
        self.assertEqual(done.code, 1, done)
        self.assertIn("needs rsync", done.err)


CORE = """
  overrides: [{ name: "build_cmd", value: "x/fusesoc" }
              { name: "build_opts", value: ["--cores-root {proj_root} run", "--mapping=a:b:c", "m"] }]
"""


class SettingsOfTheWorkPlace(Project):
    """dvsim.hjson and arguments of FuseSoC."""

    def setUp(self):
        super().setUp()
        self.leaf("core", CORE)

    def plan(self, *words):
        return self.dvsched("plan", "core.hjson", "-sr", self.path("out"), "-br", "main", *words)

    def test_mappings_and_roots_go_where_fusesoc_wants_them(self):
        done = self.plan("-pr", ".", "--fusesoc-mapping", "a:b:c=d:e:f", "--fusesoc-mapping", "g:h:i",
                         "--fusesoc-extra-cores-root", "/cores")
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"--cores-root {self.dir} --cores-root /cores run --mapping=g:h:i --mapping=d:e:f m", done.out)
        self.assertIn("a:b:c replaced in core build_opts", done.err)

    def test_the_file_is_found_above_and_speaks_first(self):
        self.write("dvsim.hjson", '{ proj_root: ".", fusesoc: { mapping: "f:i:l", extra_cores_root: ["lib"] } }')
        done = self.plan("--fusesoc-mapping", "c:l:i")
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"[dvsim_config]: {self.path('dvsim.hjson')}", done.err)
        self.assertIn(f"--cores-root {self.path('lib')} run --mapping=f:i:l --mapping=c:l:i --mapping=a:b:c", done.out)

    def test_its_mistakes_have_a_place(self):
        self.write("dvsim.hjson", '{\n  proj_rot: "."\n  fusesoc: { mapping: 7 }\n}')
        done = self.plan("-pr", ".")
        self.assertEqual(done.code, 2, done)
        self.assertIn("dvsim.hjson:2:3: error: unknown key 'proj_rot'", done.err)
        self.assertIn("did you mean 'proj_root'", done.err)
        self.assertIn("dvsim.hjson:3:23: error: 'mapping' must be a string", done.err)
        done = self.plan("-pr", ".", "--dvsim-config", "nowhere.hjson")
        self.assertIn("nowhere.hjson", done.err)

    def test_an_old_mapping_that_is_not_there_is_a_warning(self):
        done = self.plan("-pr", ".", "--fusesoc-mapping", "no:such:one=x")
        self.assertEqual(done.code, 0, done)
        self.assertIn("no such mapping", done.err)
