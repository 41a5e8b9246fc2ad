# SPDX-License-Identifier: Apache-2.0
"""DVSim's simulation flow on a small project: planned, run by make, and its errors reported."""
import json
import os
import re
import signal
import subprocess

from sim_project import COMMON, SimStory

PLAN = """\
{
  name: "one"
  testpoints: [
    { name: "wrong", desc: "d", stage: "V2", tests: ["bad"] }
    { name: "right", desc: "d", stage: "V1", tests: ["{kind}"] }
    { name: "later", desc: "d", stage: "V2", tests: [] }
  ]
  kind: "good"
}
"""

HUGE = str(2**256 - 1)


class Simulations(SimStory):
    def test_a_smoke_run_passes_where_dvsim_puts_it(self):
        done = self.run_sim("one.hjson", "--seeds", HUGE)
        self.assertEqual(done.code, 0, done)
        with open(self.path("out/main/one-sim-vcs/0.good/latest/run.log"), encoding="utf-8") as log:
            self.assertIn("svseed 4294967295", log.read())
        link = self.path(f"out/main/one-sim-vcs/passed/0.good.{HUGE}")
        self.assertTrue(os.readlink(link).endswith("/0.good/latest"), os.readlink(link))
        self.assertTrue(os.path.islink(self.path("out/main/one-sim-vcs/passed/default")))

    def test_limits_of_processes_and_logs_are_options(self):
        done = self.run_sim("one.hjson", "--limit", "max_log=10")
        self.assertEqual(done.code, 1, done)
        self.assertIn("the log went over its limit of 10 bytes", done.out)
        done = self.run_sim("one.hjson", "--limit", "max_log=1M", "--limit", "stall=1h")
        self.assertEqual(done.code, 0, done)

    def test_settings_of_backends_take_words_and_d_changes_them(self):
        self.leaf("one", 'n: 1, d: "1s", backends: { fake: { duration: "{d}" }, local: { parallel: "{n}" } }')
        self.write("list.hjson", '{ name: "list", flow: "sim", rel_path: "x", use_cfgs: ["{proj_root}/two.hjson"]\n'
                                 'd: "9s", backends: { fake: { duration: "{d}" } } }')
        self.assertEqual(self.run_sim("one.hjson").code, 0)
        for cfg, text, *options in (("one", "in 2.00s"), ("one", "in 6.00s", "-D", "d=3s"), ("list", "in 18.0s"),
                                    ("list", "in 10.0s", "-D", "d=5s")):
            done = self.run_sim(f"{cfg}.hjson", "--fake", *options)
            self.assertIn(text, done.out, (cfg, options, done))
        done = self.run_sim("list.hjson", "--fake", "-D", "d=soon")
        self.assertIn("list.hjson:2:40: error: 'duration' must be a duration", done.err)
        self.assertIn('note: {d} is "soon"', done.err)
        done = self.run_sim("one.hjson", "-D", "nn=1")
        self.assertEqual(done.code, 2, done)
        self.assertIn("-D nn: no configuration has a key of that name", done.err)

    def test_the_ending_names_the_report(self):
        done = self.run_sim("one.hjson", "--color", "always", "--log-file", "log")
        self.assertIn(f"\nreport   {self.path('out/main/reports/index.html')}\n", done.out)
        with open(self.path("log"), encoding="utf-8") as text:
            log = text.read()
        self.assertIn(f"2 jobs: 2 passed in ", log)
        self.assertIn("## ONE Simulation Results\n", log)
        self.assertNotIn("\033", log)

    def test_patterns_decide_and_coverage_needs_one_pass(self):
        done = self.run_sim("one.hjson", "-i", "all", "--fixed-seed", "5", "--cov")
        self.assertEqual(done.code, 1, done)
        self.assertIn("UVM_ERROR something is wrong", done.err + done.out)
        self.assertIn("Some pass patterns missing", done.err + done.out)
        passed = os.listdir(self.path("out/main/one-sim-vcs/passed"))
        self.assertEqual(sorted(passed), ["0.good.5", "cov_merge", "cov_report", "default"])
        failed = os.listdir(self.path("out/main/one-sim-vcs/failed"))
        self.assertEqual(sorted(failed), ["0.bad.5", "0.silent.5"])

    def test_latest_is_rotated_to_its_time(self):
        for _ in range(2):
            self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        names = sorted(os.listdir(self.path("out/main/one-sim-vcs/0.good")))
        self.assertEqual(len(names), 2)
        self.assertRegex(names[0], r"^\d{8}_\d{6}$")
        self.assertEqual(names[1], "latest")

    def test_there_is_no_limit_to_the_build_modes_of_the_command_line(self):
        names = [f"m{n}" for n in range(80)]
        self.leaf("one", "build_modes: [%s]" % " ".join(
            '{ name: "%s", is_sim_mode: 1, build_opts: ["+define+%s"] }' % (n, n) for n in names))
        done = self.run_sim("one.hjson", "-bm", *names)
        self.assertEqual(done.code, 0, done)
        options = json.loads((self.run_dir("out") / "plan.json").read_text())
        self.assertIn("+define+m79", json.dumps(options))
        self.assertIn("+define+m49", json.dumps(options))

    def test_output_goes_to_the_project_without_sr(self):
        subprocess.run(["git", "init", "-q", self.path("")], check=True)
        done = self.dvsched("run", "one.hjson", "-br", "main", "--view", "none", "--fixed-seed", "5")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(os.path.isdir(self.path("scratch/main/one-sim-vcs")))

    def test_every_job_is_dumped_as_dvsim_does(self):
        self.assertEqual(self.run_sim("one.hjson", "--seeds", HUGE).code, 0)
        self.assertTrue(os.path.exists(self.path("out/FUSESOC_IGNORE")))
        dump, = self.path("out").glob("deploy_main_*.json")
        with open(dump, encoding="utf-8") as text:
            run, build = json.load(text)
        self.assertEqual((run["seed"], run["job_type"], run["dependencies"]), (2**256 - 1, "RunTest", ["one:default"]))
        self.assertEqual((build["seed"], build["weight"], build["timeout_mins"]), (None, 5, 60.0))
        self.assertEqual(build["resources"], {"VCS": 1})

    def test_seeds_are_numbers_in_the_dump_however_they_are_written(self):
        self.assertEqual(self.run_sim("one.hjson", "-r", " 0_3 ", "--seeds", "007", "+8", "0_9").code, 0)
        dump, = self.path("out").glob("deploy_main_*.json")
        with open(dump, encoding="utf-8") as text:
            jobs = {job["full_name"]: job["seed"] for job in json.load(text)}
        self.assertEqual(jobs, {"one:default": None, "one:0.good.007": 7, "one:1.good.+8": 8, "one:2.good.0_9": 9})
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", " 0_09").code, 0)
        self.assertIn("one:0.good.9", self.statuses("out"))

    def test_a_configuration_without_a_name_has_an_empty_one(self):
        self.write("none.hjson", '{ import_cfgs: ["{proj_root}/common.hjson"], overrides: [\n'
                   '{ name: "run_opts", value: ["good{name}{variant_name}{results_dir}"] }, { name: "dut", value: "none" }] }')
        done = self.run_sim("none.hjson", "--fixed-seed", "5")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(sorted(self.statuses("out")), [":0.good.5", ":default"])
        self.assertEqual(self.reports("")["block"]["name"], "")

    def test_sources_of_another_form_are_the_configurations_own(self):
        for value in '["a"]', '{ generated: "b" }', '{ generated: ["c"], rtl: ["d"] }', '{ generated: ["e"] }':
            self.leaf("one", f"sources: {value}")
            done = self.run_sim("one.hjson", "-i", "good")
            self.assertEqual((done.code, done.err.count("sources")), (0, 0), done)

    def test_the_base_of_random_seeds_is_recorded_and_repeats_them(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "good", "-r", "3").code, 0)
        ids = set(self.statuses("out"))
        base = self.results("out")["run"]["seed_base"]
        with open(self.run_dir("out") / "plan.json", encoding="utf-8") as plan:
            self.assertEqual(json.load(plan)["seed_base"], base)
        self.assertEqual(self.run_sim("one.hjson", "-i", "good", "-r", "3").code, 0)
        self.assertNotEqual(set(self.statuses("out")), ids)
        self.assertEqual(self.run_sim("one.hjson", "-i", "silent", "good", "-r", "3", "--seed-base", base).code, 1)
        self.assertLess(ids, set(self.statuses("out")))

    def test_options_may_stand_in_a_configuration(self):
        self.leaf("one", "build_only: true")
        self.assertEqual(self.run_sim("one.hjson").code, 0)
        self.assertEqual(list(self.statuses("out")), ["one:default"])
        self.leaf("one", "run_only: true, build_seed: 7")
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        self.assertEqual(list(self.statuses("out")), ["one:0.good.5"])
        self.leaf("one", 'overrides: [{ name: "build_unique", value: true }], build_seed: 7')
        self.assertEqual(self.run_sim("one.hjson").code, 0)
        self.assertRegex(self.path("out/main/one-sim-vcs/passed/default").readlink().name, r"^default_\d{8}_\d{6}$")
        self.assertEqual(self.reports("one")["build_seed"], 7)
        self.write("plan.hjson", PLAN)
        self.leaf("one", 'map_full_testplan: true, testplan: "{proj_root}/plan.hjson", run_opts: ["{max_waves}", "{flow_cfg_file}"]')
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 1)
        self.assertIn("V2", self.reports("one")["stages"])
        log = self.path("out/main/one-sim-vcs/0.good/latest/run.log").read_text(encoding="utf-8")
        self.assertIn(f"run_opts='5 {self.path('one.hjson')} good 5 5'", log)

    def test_reports_of_a_list_never_go_to_a_directory_with_a_name_of_its_members(self):
        common = self.path("common.hjson").read_text(encoding="utf-8")
        self.write("common.hjson", common.replace('scratch_base_path: "{scratch_root}/{branch}"',
                                                  'scratch_base_path: "{scratch_root}/{ip}.{flow}.{tool}"'))
        self.leaf("one", 'ip: "x"')
        self.write("all.hjson", '{ name: "all", import_cfgs: ["{proj_root}/common.hjson"]\n'
                                'use_cfgs: ["{proj_root}/one.hjson"] }')
        done = self.run_sim("all.hjson", "--fixed-seed", "5")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.err, r"common.hjson:\d+:\d+: warning: 'scratch_base_path' has \{ip\}, which is not known")
        self.assertTrue(self.path("out", "reports", "index.html").exists())
        self.assertEqual([p for p in self.path("out").rglob("*") if "{" in p.name], [])

    def test_reports_go_where_an_override_says(self):
        there = 'overrides: [{ name: "scratch_base_path", value: "{scratch_root}/%s" }]'
        self.leaf("one", there % "leaf")
        self.assertEqual(self.run_sim("one.hjson", "--fixed-seed", "5").code, 0)
        self.assertTrue(self.path("out/leaf/reports/one.json").exists())
        self.write("all.hjson", '{ flow: "sim", name: "all", scratch_base_path: "x", %s\nuse_cfgs: ["{proj_root}/one.hjson"] }' % (there % "list"))
        self.assertEqual(self.run_sim("all.hjson", "--fixed-seed", "5").code, 0)
        self.assertTrue(self.path("out/list/reports/index.json").exists())

    def test_patterns_are_those_of_each_run(self):
        self.leaf("one", 'run_pass_patterns: ["seed {seed} of {index}"], run_fail_patterns: ["no {index}"]')
        self.run_sim("one.hjson", "-i", "good", "--reseed", "4", "--seeds", "5", "6", "7", "8", "--fake")
        dump, = self.path("out").glob("deploy_main_*.json")
        jobs = [j for j in json.loads(dump.read_text(encoding="utf-8")) if j["target"] == "run"]
        self.assertEqual([j["pass_patterns"] for j in jobs],
                         [[f"seed {5 + i} of {i}", "^TEST PASSED$"] for i in range(4)])
        self.assertEqual([j["fail_patterns"][0] for j in jobs], [f"no {i}" for i in range(4)])

    def test_exports_are_those_of_each_job(self):
        self.leaf("one", 'build_modes: [{ name: "fast", build_opts: ["-f"] }], tests: [{ name: "quick", build_mode: "fast" }]\n'
                  'exports: [{ B: "{build_mode}", Q: true, N: 7 }, { N: 8, D: "{build_dir}" }]')
        self.assertEqual(self.run_sim("one.hjson", "-i", "good", "quick", "--fixed-seed", "5").code, 1)
        dump, = self.path("out").glob("deploy_main_*.json")
        with open(dump, encoding="utf-8") as text:
            exports = {job["qual_name"]: job["exports"] for job in json.load(text)}
        for job, build in ("default", "default"), ("0.good.5", "default"), ("fast", "fast"), ("0.quick.5", "fast"):
            self.assertEqual(exports[job], {"B": build, "Q": "True", "N": "8", "D": str(self.path("out/main/one-sim-vcs", build))})
        self.leaf("one", 'exports: [{ L: ["a"] }]')
        done = self.run_sim("one.hjson", "--fixed-seed", "5")
        self.assertRegex(done.err, r"one\.hjson:2:16: error: an export is a string, a number or a bool")

    def test_reports_of_a_run_that_was_stopped_have_dvsims_words(self):
        events = self.fifo()
        self.write("sim.sh", f"echo started > {events.path}; exec sleep 100")
        run = self.start("run", "one.hjson", "-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none",
                         "-i", "all", "--cov", "-j", "1", "--fixed-seed", "5")
        events.line()
        run.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(run).code, 128 + signal.SIGINT)
        buckets = self.reports("one")["failed_jobs"]["buckets"]
        self.assertEqual({message: sorted(job["qual_name"] for job in jobs) for message, jobs in buckets.items()}, {
            "Job killed by a SIGINT signal to the scheduler whilst executing.": ["0.bad.5"],
            "Job killed whilst waiting to begin execution.": ["0.good.5", "0.silent.5"],
            "Job cancelled because one of its dependencies was killed.": ["cov_merge", "cov_report"],
        })

    def test_reports_have_dvsims_schema(self):
        self.leaf("one", 'testplan: "{proj_root}/plan.hjson"')
        self.write("plan.hjson", PLAN)
        self.assertEqual(self.run_sim("one.hjson", "-i", "all", "--seeds", HUGE, "6", "7").code, 1)
        block = self.reports("one")
        self.assertEqual((block["passed"], block["total"]), (1, 3))
        self.assertEqual(list(block["stages"]), ["V1", "V2", "unmapped"])
        self.assertEqual(list(block["stages"]["V2"]["testpoints"]), ["wrong"])
        self.assertEqual(block["stages"]["V1"]["testpoints"]["right"]["tests"]["good"]["passed"], 1)
        buckets = block["failed_jobs"]["buckets"]
        self.assertIn("UVM_ERROR something is wrong", buckets)
        self.assertEqual(buckets["UVM_ERROR something is wrong"][0]["seed"], 6)
        self.assertEqual(block["tool"]["name"], "vcs")
        self.assertIsNone(block["coverage"]["functional"])
        page = self.path("out/main/reports/one.html").read_text(encoding="utf-8")
        self.assertIn("<code>UVM_ERROR something is wrong</code>", page)
        self.assertIn('href="./one.html"', self.path("out/main/reports/index.html").read_text(encoding="utf-8"))
        index = self.reports("index")
        self.assertIsNone(index["top"])
        self.assertEqual(index["flow_results"]["one"]["total"], 3)

    def test_the_whole_plan_is_mapped_if_asked_for(self):
        self.leaf("one", 'testplan: "{proj_root}/plan.hjson"')
        self.write("plan.hjson", PLAN)
        self.assertEqual(self.run_sim("one.hjson", "-i", "V1", "--fixed-seed", "5", "--map-full-testplan").code, 0)
        points = self.reports("one")["stages"]["V2"]["testpoints"]
        self.assertEqual(points["wrong"]["tests"]["bad"]["total"], 0)
        self.assertEqual(points["later"]["tests"]["later"]["total"], 0)

    def test_a_gui_shows_one_run_without_limits(self):
        common = self.path("common.hjson").read_text(encoding="utf-8")
        self.write("common.hjson", common.replace("build_modes: [", 'build_modes: [{ name: "gui", is_sim_mode: 1 }'))
        done = self.run_sim("one.hjson", "-i", "silent", "bad", "--gui", "--fixed-seed", "7")
        self.assertEqual(done.code, 0, done)
        self.assertIn("warning: --gui shows one run: of the 2 that are selected it is 'silent'", done.err)
        dump = next(self.path("out").glob("deploy_main_*.json"))
        jobs = {job["full_name"]: job for job in json.loads(dump.read_text(encoding="utf-8"))}
        self.assertEqual(jobs.keys(), {"one:default", "one:0.silent.7"})
        run, build = jobs["one:0.silent.7"], jobs["one:default"]
        self.assertEqual((run["timeout_mins"], run["pass_patterns"], run["fail_patterns"]), (None, [], []))
        self.assertEqual((build["timeout_mins"], build["fail_patterns"]), (60, ["^Error-"]))

    def test_gui_debug_is_for_one_tool(self):
        done = self.run_sim("one.hjson", "--gui-debug")
        self.assertEqual(done.code, 2, done)
        self.assertIn("the tool 'vcs' has no --gui-debug", done.err)

    def test_no_dump_is_written_when_the_environment_says_so(self):
        done = self.run_sim("one.hjson", "--fixed-seed", "5", env={"DVSIM_DEPLOY_DUMP": ""})
        self.assertEqual(done.code, 0, done)
        self.assertEqual(list(self.path("out").glob("deploy_*")), [])

    def test_a_list_of_configurations(self):
        self.write("all.hjson", '{ flow: "sim", name: "all", use_cfgs: ["{proj_root}/one.hjson"\n"{proj_root}/two.hjson"] }')
        done = self.run_sim("all.hjson", "--fixed-seed", "5")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.statuses("out")), 4)
        self.leaf("one", 'variant: "big"')
        for word in "one", "one/big":
            self.assertEqual(self.run_sim("all.hjson", "--fixed-seed", "5", "--select-cfgs", word).code, 0)
            self.assertEqual(sorted(self.statuses("out")), ["one_big:0.good.5", "one_big:default"])
        done = self.run_sim("all.hjson", "--fixed-seed", "5", "--select-cfgs", "two", "one/bg")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.err, r"all\.hjson:1:\d+: warning: --select-cfgs: there is no configuration 'one/bg' in here")
        self.assertIn("did you mean 'one/big'?", done.err)
        self.assertEqual(sorted(self.statuses("out")), ["two:0.good.5", "two:default"])

    def test_an_error_in_one_configuration_does_not_hide_that_of_another(self):
        self.leaf("one", 'tests: [{ name: "good", bulid_mode: "x" }]')
        self.leaf("two", 'regressions: [{ name: "r", regressions: ["gone"] }]')
        self.write("all.hjson", '{ flow: "sim", name: "all", use_cfgs: ["{proj_root}/one.hjson"\n"{proj_root}/two.hjson"] }')
        done = self.run_sim("all.hjson")
        self.assertEqual(done.code, 2, done)
        self.assertRegex(done.err, r"one\.hjson:2:\d+: error: a test has no key 'bulid_mode'")
        self.assertIn("did you mean 'build_mode'?", done.err)
        self.assertRegex(done.err, r"two\.hjson:2:\d+: error: regression 'r' includes 'gone'")
        self.assertFalse(os.path.exists(self.path("out/main")))

    def test_only_what_is_selected_warns(self):
        self.write("common.hjson", COMMON.replace("regressions: [", 'regressions: [{ name: "shared", tests: ["gone"] }, ', 1))
        for name in "one", "two", "three":
            self.leaf(name, 'regressions: [{ name: "own_%s", tests: ["gone_%s"] }], tests: [{ name: "t_%s", run_opts: ["good"] }]\n'
                      'overrides: [{ name: "run_cmd", value: "sh {proj_root}/sim.sh good" }]' % (name, name, name))
        self.write("all.hjson", '{ flow: "sim", name: "all", use_cfgs: ["{proj_root}/one.hjson"\n"{proj_root}/two.hjson"\n'
                   '"{proj_root}/three.hjson"] }')
        done = self.run_sim("all.hjson", "-i", "t_one", "t_two", "t_nine", "--fake")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.err.count("warning: regression 'shared' has the test 'gone'"), 1, done)
        self.assertEqual(done.err.count("has the test 'gone_one'"), 1, done)
        self.assertNotIn("gone_three", done.err)
        self.assertEqual(done.err.count("is no test and no regression"), 1, done)
        self.assertIn("'t_nine' is no test and no regression in any of these configurations", done.err)
        self.assertIn("warning: no test was selected in 'three', which is left out\n", done.err)
        done = self.run_sim("all.hjson", "--select-cfgs", "two", "-i", "t_two", "--fake")
        self.assertEqual(done.code, 0, done)
        self.assertNotIn("gone_one", done.err)
        done = self.run_sim("all.hjson", "-i", "t_on")
        self.assertEqual(done.code, 2, done)
        self.assertIn("error: nothing to do: nothing was selected in any configuration\n", done.err)
        self.assertIn("hint: did you mean 't_one'?\n", done.err)

    def test_what_cannot_be_selected_is_reported(self):
        done = self.run_sim("one.hjson", "-i", "nosuch")
        self.assertEqual(done.code, 2, done)
        self.assertIn("'nosuch' is no test and no regression here", done.err)
        self.assertNotIn("did you mean", done.err)
        self.assertIn("did you mean 'silent'?", self.run_sim("one.hjson", "-i", "silnt").err)
        done = self.run_sim("one.hjson", "-bm", "nowhere")
        self.assertIn("one.hjson:1:1: error: the build mode 'nowhere' is enabled, but not defined\n", done.err)
        self.assertNotIn("hint", done.err)
        done = self.run_sim("one.hjson", "--select-cfgs", "one")
        self.assertIn("--select-cfgs is for a list of configurations", done.err)
        done = self.run_sim("one.hjson", "--fixed-seed", "5x")
        self.assertIn("'--fixed-seed' must be digits, not '5x'", done.err)


class ManyRuns(SimStory):
    """Later runs of a test are made from the first one: each must be equal to a run that is planned alone."""

    def commands(self, more, n=4):
        self.leaf("many", f'tests: [{{ name: "good", reseed: {n} }}]\n{more}')
        done = self.run_sim("many.hjson", "-i", "good", "--seeds", *(str(7 + k) for k in range(n)), "--fake")
        self.assertEqual(done.code, 0, done)
        name, = [n for n in os.listdir(self.path("out")) if n.startswith("deploy_")]
        with open(self.path("out", name), encoding="utf-8") as text:
            jobs = {job["qual_name"]: job for job in json.load(text)}
        return [jobs[f"{k}.good.{7 + k}"] for k in range(n)]

    def test_each_has_its_own_index_and_seed_everywhere(self):
        for k, job in enumerate(self.commands('cov_db_test_dir: "{cov_db_dir}/{run_dir_name}.{svseed}"')):
            self.assertIn(f" run_opts='good {7 + k} {7 + k}' seed={7 + k} ", job["cmd"])
            self.assertEqual(job["odir"], str(self.path(f"out/main/many-sim-vcs/{k}.good/latest")))
            self.assertEqual(job["log_path"], job["odir"] + "/run.log")
            self.assertEqual((job["seed"], job["full_name"]), (7 + k, f"many:{k}.good.{7 + k}"))

    def test_names_may_be_computed_of_an_index(self):
        jobs = self.commands('opt_0: "none", opt_1: "one", opt_2: "two", opt_3: "three"\n run_opts: ["{opt_{index}}"]')
        for job, word in zip(jobs, ("none", "one", "two", "three")):
            self.assertIn(f" run_opts='{word} good ", job["cmd"])

    def test_commands_of_a_seed_run_once_each_and_for_no_other(self):
        jobs = self.commands('run_opts: ["{eval_cmd} echo {seed} >> %s; expr {seed} + 1"]' % self.path("ran"))
        for k, job in enumerate(jobs):
            self.assertIn(f" run_opts='{8 + k} good ", job["cmd"])
        with open(self.path("ran"), encoding="utf-8") as ran:
            self.assertEqual(sorted(ran.read().split(), key=int), [str(7 + k) for k in range(4)])

    def talk(self):
        # Each waits for the other: one after the other they would never end.
        for k in range(2):
            os.mkfifo(self.path(f"to_{k}"))
        return ("{eval_cmd} cd %s; case {index} in 0) echo a >to_0; cat to_1;; 1) cat to_0; echo b >to_1;; esac"
                % self.path(""))

    def test_commands_of_runs_run_side_by_side(self):
        jobs = self.commands(f'run_opts: ["{self.talk()}"]', 2)
        self.assertIn(" run_opts='b good ", jobs[0]["cmd"])
        self.assertIn(" run_opts='a good ", jobs[1]["cmd"])

    def test_commands_of_a_mode_run_side_by_side(self):
        jobs = self.commands(f'run_modes: [{{ name: "talk", run_opts: ["{self.talk()}"] }}], en_run_modes: ["talk"]', 2)
        self.assertIn(" run_opts='good 7 7 b'", jobs[0]["cmd"])
        self.assertIn(" run_opts='good 8 8 a'", jobs[1]["cmd"])


class WhereTheTimeGoes(SimStory):
    def told(self, more):
        self.leaf("one", more)
        done = self.run_sim("one.hjson", "-i", "good", "--fixed-seed", "5", "--fake", "--log-level", "verbose")
        self.assertEqual(done.code, 0, done)
        return [line for line in done.err.splitlines() if re.search(r": \d+\.\d\d s", line)]

    def test_the_log_says_how_long_each_step_took(self):
        steps = self.told('run_opts: ["{eval_cmd} echo {test}", "{eval_cmd} echo two"]')
        expected = (r"planning 2 jobs: \d+\.\d\d s, of which \d+\.\d\d s waiting for 2 commands of {eval_cmd}",
                    r"writing the plan: \d+\.\d\d s", r"running the jobs: \d+\.\d\d s",
                    r"writing results and reports: \d+\.\d\d s")
        self.assertEqual(len(steps), len(expected), steps)
        for line, text in zip(steps, expected):
            self.assertRegex(line, f"^dvsched: {text}$")

    def test_a_plan_without_commands_waits_for_none(self):
        self.assertRegex(self.told("")[0], r"^dvsched: planning 2 jobs: \d+\.\d\d s$")


class CommandsOfChildren(SimStory):
    def test_they_run_side_by_side(self):
        # Each waits for the other's: when it is read, and when its runs are made.
        for name, other in ("one", "two"), ("two", "one"):
            for step in "read", "made":
                os.mkfifo(self.path(f"{step}_{name}"))
            talk = "{eval_cmd} cd %s; echo {name} of {flow} >%%s_%s & cat %%s_%s" % (self.path(""), other, name)
            self.leaf(name, f'post_run_cmds: ["{talk % ("read", "read")}"], '
                            f'run_opts: ["{talk % ("made", "made")} | sed s/$/{{seed}}/"]')
        self.write("all.hjson", '{ flow: "sim", name: "all", rel_path: "x", use_cfgs: ["one.hjson", "two.hjson"] }\n')
        done = self.run_sim("all.hjson", "-i", "good", "--fixed-seed", "5", "--fake")
        self.assertEqual(done.code, 0, done)
        name, = [n for n in os.listdir(self.path("out")) if n.startswith("deploy_")]
        with open(self.path("out", name), encoding="utf-8") as text:
            commands = {job["full_name"]: job["cmd"] for job in json.load(text)}
        self.assertIn(" post_run_cmds='two of sim && true' ", commands["one:0.good.5"])
        self.assertIn(" run_opts='one of sim5 good 5 5' ", commands["two:0.good.5"])


class Mistakes(SimStory):
    """An error with its position for each traceback and incomplete error of DVSim."""

    def refused(self, name, *lines, **options):
        done = self.run_sim(name, "-i", "good", **options)
        self.assertEqual(done.code, 2, done)
        told = [line for line in done.err.splitlines() if ": error: " in line or ": note: " in line or ": warning: " in line]
        self.assertEqual(told, list(lines), done)
        self.assertFalse(os.path.exists(self.path("out/main")))
        return done

    def test_a_conflict_has_both_places(self):
        self.leaf("wrong", 'build_cmd: "other"')
        self.refused("wrong.hjson", "common.hjson:8:14: error: 'build_cmd' is set to \"echo building\", but it is \"other\" already",
                     "wrong.hjson:2:12: note: first set here")

    def test_a_circle_shows_its_chain(self):
        self.leaf("wrong", 'a: "x{b}", b: "{c}"\nc: "y {a}"')
        self.refused("wrong.hjson", "wrong.hjson:2:6: error: circular expansion of wildcard '{b}': b -> c -> a -> b")

    def test_the_mode_that_lacks_a_mode_is_named(self):
        self.leaf("wrong", 'build_modes: [{ name: "fast", en_build_modes: ["gone"] }]\nrun_modes: [{ name: "r", en_run_modes: ["lost"] }]\n'
                  'tests: [{ name: "t", en_run_modes: ["away"] }]')
        self.refused("wrong.hjson", "wrong.hjson:2:48: error: build mode 'fast' enables 'gone', which is no build mode",
                     "wrong.hjson:3:41: error: run mode 'r' enables 'lost', which is no run mode",
                     "wrong.hjson:4:37: error: the run mode 'away' is enabled, but not defined")

    def test_modes_and_regressions_nest_only_so_deep(self):
        modes = ", ".join(f'{{ name: "m{i}", en_run_modes: ["m{i + 1}"] }}' for i in range(2000))
        self.leaf("one", f'run_modes: [{modes}, {{ name: "m2000" }}]')
        done = self.run_sim("one.hjson", "-i", "good")
        self.assertEqual(done.code, 2, done)
        self.assertIn("run modes enable one another more than 500 deep", done.err)
        rows = ", ".join(f'{{ name: "r{i}", regressions: ["r{i + 1}"] }}' for i in range(2000))
        self.leaf("one", f'regressions: [{rows}, {{ name: "r2000", tests: ["good"] }}]')
        done = self.run_sim("one.hjson", "-i", "good")
        self.assertEqual(done.code, 2, done)
        self.assertIn("regressions include one another more than 500 deep", done.err)

    def test_the_test_that_a_regression_names_in_vain(self):
        self.leaf("wrong", 'regressions: [{ name: "nightly", tests: ["good", "godo"] }]')
        done = self.run_sim("wrong.hjson", "-i", "nightly", "--fixed-seed", "5", "--fake")
        self.assertEqual(done.code, 0, done)  # as with DVSim, the others run
        self.assertIn("wrong.hjson:2:50: warning: regression 'nightly' has the test 'godo', which is not defined\n", done.err)

    def test_an_error_in_a_shared_file_names_the_configuration_that_it_breaks(self):
        self.write("shared.hjson", '{ run_opts: ["{mine} {index}"] }')
        for name, mine in ("has", 'mine: "x"'), ("lacks", ""):
            self.write(f"{name}.hjson", '{ name: "%s", import_cfgs: ["common.hjson", "shared.hjson"]\n%s}\n' % (name, mine))
        self.leaf("other", 'run_opts: ["{unknown}"]')
        self.write("all.hjson", '{ flow: "sim", name: "all", rel_path: "x"\n  use_cfgs: ["lacks.hjson", "has.hjson", "nofile.hjson", "other.hjson"] }\n')
        self.refused("all.hjson", "shared.hjson:1:15: error: unknown wildcard, '{mine}'",
                     "all.hjson:2:14: note: in 'lacks.hjson', which is listed here",
                     "nofile.hjson: error: cannot be read: No such file or directory",
                     "all.hjson:2:42: note: in 'nofile.hjson', which is listed here",
                     "other.hjson:2:13: error: unknown wildcard, '{unknown}'")

    def test_errors_stand_in_the_order_of_the_list_however_late_they_are_found(self):
        self.leaf("late", 'run_opts: ["{eval_cmd} exit 7 # {test}"]')
        self.leaf("early", 'run_opts: ["{unknown}"]')
        self.write("all.hjson", '{ flow: "sim", name: "all", rel_path: "x", use_cfgs: ["late.hjson", "early.hjson"] }\n')
        self.refused("all.hjson", "late.hjson:2:12: error: {eval_cmd} exited with status 7:  exit 7 # good",
                     "early.hjson:2:13: error: unknown wildcard, '{unknown}'")

    def test_a_command_of_a_job_that_fails_is_shown_with_its_last_lines(self):
        self.leaf("wrong", 'run_opts: ["{eval_cmd} seq 1 30; echo {seed}; exit 9"]')
        done = self.run_sim("wrong.hjson", "-i", "good", "--fixed-seed", "5")
        self.assertEqual(done.code, 2, done)
        self.assertIn("wrong.hjson:2:12: error: {eval_cmd} exited with status 9:  seq 1 30; echo 5; exit 9\n", done.err)
        self.assertIn("  hint: the last lines of its output:\n    12\n    13\n", done.err)
        self.assertIn("    30\n    5\n", done.err)
