# SPDX-License-Identifier: Apache-2.0
"""-x and -i '!…', --timeout and --retries: the command line overrides the configuration of jobs."""
import os

from harness import Story
from sim_project import SimStory


class LeftOut(Story):
    def setUp(self):
        super().setUp()
        self.config('''{ flow: "jobs", jobs: [
            { name: "build", command: "true" }
            { name: "q.{i}", command: "true", needs: ["build"], sweep: { i: "1..3" }, tags: ["t{i}"] }
            { name: "slow", command: "true", tags: ["slow", "night"] }
            { name: "sum", command: "true", needs_any: ["q.*", "slow"] }
            { name: "end", command: "true", finally: true } ] }''')

    def left(self, *words):
        done = self.dvsched("list", "cfg.hjson", *words)
        self.assertEqual(done.code, 0, done)
        return done.out.split()

    def test_by_name_glob_target_tag_and_in_both_spellings(self):
        every = self.left()
        for word, gone in (("slow", ["slow"]), ("q.[23]", ["q.2", "q.3"]), ("q", ["q.1", "q.2", "q.3"]), ("@slow", ["slow"]),
                           ("@t*", ["q.1", "q.2", "q.3"]), ("end", ["end"])):
            want = [name for name in every if name not in gone]
            for words in (("-x", word), ("--exclude", word), ("-i", "!" + word), ("-i", "*", "!" + word)):
                self.assertEqual(self.left(*words), want, words)
        self.assertEqual(self.left("-i", "q", "-x", "q.2", "@t3"), ["build", "q.1", "end"])

    def test_in_a_plan_and_in_a_run_and_in_the_line_that_runs_it_again(self):
        self.write("cfg.hjson", self.path("cfg.hjson").read_text().replace('"slow", command: "true"', '"slow", command: "false"'))
        done = self.dvsched("plan", "cfg.hjson", "-x", "q.*")
        self.assertNotIn("q.1", done.out)
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "-x", "q.*", "end")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses(), {"build": "PASSED", "slow": "FAILED", "sum": "KILLED"})
        self.assertIn("-x 'q.*' end", done.out)

    def test_what_others_need_runs_all_the_same_and_is_said(self):
        done = self.dvsched("list", "cfg.hjson", "-i", "q.1", "-x", "build")
        self.assertEqual((done.code, done.out.split()), (0, ["build", "q.1", "end"]), done)
        self.assertIn("'build' is excluded, but 'q.1' needs it: it runs all the same", done.err)
        self.assertNotIn("needs it", self.dvsched("list", "cfg.hjson", "-x", "q", "slow").err)

    def test_what_matches_nothing_and_what_leaves_nothing_are_errors(self):
        for words, text in ((("-x", "q.7"), "cannot leave out q.7: no job or target matches"),
                            (("-i", "!@nigth"), "cannot leave out @nigth: no job has such a tag"),
                            (("-i", "q.*", "-x", "q"), "no job is left to run"), (("-x", "*"), "no job is left to run"),
                            (("-i", "!"), "names no job to leave out")):
            done = self.dvsched("run", "cfg.hjson", *words)
            self.assertEqual(done.code, 2, done)
            self.assertIn(text, done.err)
        done = self.dvsched("run", "-x", "slow", "cfg.hjson")
        self.assertIn("-x took 'cfg.hjson' as one of its words", done.err)
        self.assert_left_nothing()


class LeftOutOfSimulations(SimStory):
    def planned(self, *words, cfg="one.hjson"):
        done = self.dvsched("list", cfg, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--fixed-seed", "5", *words)
        self.assertEqual(done.code, 0, done)
        return sorted(done.out.split())

    def test_tests_and_regressions_are_left_out_with_builds_that_nobody_needs(self):
        self.leaf("one", 'build_modes: [{ name: "b2", build_opts: ["+define+B2"] }], tests: [{ name: "other", build_mode: "b2" }]')
        self.assertEqual(self.planned("-i", "all", "-x", "bad"),
                         ["one:0.good.5", "one:0.other.5", "one:0.silent.5", "one:b2", "one:default"])
        self.assertEqual(self.planned("-i", "all", "!smoke", "!oth*"), ["one:0.bad.5", "one:0.silent.5", "one:default"])

    def test_a_word_needs_a_meaning_in_one_configuration_of_a_list(self):
        self.leaf("two", 'tests: [{ name: "other" }]')
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/one.hjson", "{proj_root}/two.hjson"] }')
        names = self.planned("-i", "all", "-x", "other", "bad", "silent", cfg="list.hjson")
        self.assertEqual([name for name in names if "default" not in name], ["one:0.good.5", "two:0.good.5"])
        done = self.run_sim("list.hjson", "-x", "odher")
        self.assertEqual(done.code, 2, done)
        self.assertIn("cannot leave out odher: no test or regression matches", done.err)


class Limits(Story):
    def limits(self, *words):
        done = self.dvsched("plan", "cfg.hjson", *words)
        self.assertEqual(done.code, 0, done)
        return [line.strip() for line in done.out.splitlines() if line.startswith("    ") and "$" not in line]

    def test_they_replace_those_of_all_jobs(self):
        self.config('''{ flow: "jobs", defaults: { timeout: "9m" }, jobs: [
            { name: "a", command: "true", retries: 5 }, { name: "b", command: "true", timeout: "1m" } ] }''')
        self.assertEqual(self.limits(), ["a, timeout 9m00s, 5 retries", "b, timeout 1m00s"])
        self.assertEqual(self.limits("--timeout", "30s"), ["a, timeout 30.0s, 5 retries", "b, timeout 30.0s"])
        self.assertEqual(self.limits("--timeout", "0", "--retries", "2"), ["a, 2 retries", "b, 2 retries"])
        self.assertEqual(self.limits("--timeout", "0", "--retries", "1"), ["a, 1 retry", "b, 1 retry"])
        self.assertEqual(self.limits("--retries", "0"), ["a, timeout 9m00s", "b, timeout 1m00s"])
        self.assertEqual(self.dvsched("run", "cfg.hjson", "--retries", "many").code, 2)
        for words in (("cfg.hjson",), ("--", "true")):
            self.assertIn("'--retries' must be a whole number from 0 to 1000, not '1001'",
                          self.dvsched("run", "--retries", "1001", *words).err)

    def test_a_run_keeps_to_them(self):
        self.config('''{ flow: "jobs", jobs: [
            { name: "flaky", command: "test $DVSCHED_ATTEMPT = 2" }
            { name: "hangs", command: "test $DVSCHED_ATTEMPT = 1 && sleep 1000", timeout: "9m" } ] }''')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--retries", "1", "--timeout", "200ms")
        self.assertEqual(self.statuses(), {"flaky": "PASSED", "hangs": "FAILED"}, done)
        attempts = {job["id"]: [a["reason"] for a in job["attempts"]] for job in self.results()["jobs"]}
        self.assertEqual(attempts, {"flaky": ["exit", "none"], "hangs": ["timeout", "exit"]})
        done = self.dvsched("run", "--retries", "1", "--view", "none", "--", "sh", "-c", "test $DVSCHED_ATTEMPT = 2")
        self.assertEqual(done.code, 0, done)

    def test_stages_of_a_fallback_have_them_too(self):
        self.write("here/r/a/case.hjson", '{ command: "test -f {lib}/state" }')
        self.config('''{ flow: "cases", name: "demo", runtimes: { r: { dir: "here" } }, cases: [ { root: "here" } ]
            pins: { lib: { head: "true", pin: "touch {odir}/state" } } }''')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--retries", "1")
        self.assertEqual(done.code, 0, done)
        case = [job for job in self.results()["jobs"] if job["id"] == "r.a"][0]
        self.assertEqual([a["stage"] for a in case["attempts"]], [None, None, "pin"])


class LimitsOfSimulations(SimStory):
    def limits(self, *words):
        done = self.dvsched("plan", "one.hjson", "-pr", ".", "-sr", self.path("out"), "-br", "main", "--cov", *words)
        self.assertEqual(done.code, 0, done)
        rows = [line.strip().split(", ") for line in done.out.splitlines()]
        return {row[0]: row[1] for row in rows if row[0] in ("build", "run", "cov_merge", "cov_report") and len(row) > 1}

    def test_dvsims_own_options_win_over_them(self):
        self.assertEqual(self.limits("--timeout", "5m"), dict.fromkeys(("build", "run", "cov_merge", "cov_report"), "timeout 5m00s"))
        own = self.limits("--timeout", "5m", "--run-timeout-mins", "7")
        self.assertEqual((own["run"], own["build"]), ("timeout 7m00s", "timeout 5m00s"))
        own = self.limits("--timeout", "5m", "--build-timeout-mins", "7")
        self.assertEqual((own["run"], own["build"]), ("timeout 5m00s", "timeout 7m00s"))


class UnderTheNameDvsim(SimStory):
    def test_words_of_i_and_options_of_tools_are_what_they_were(self):
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        self.binary = str(self.path("dvsim"))
        place = ("-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none")
        done = self.dvsched("one.hjson", *place, "-i", "!good")
        self.assertEqual(done.code, 1, done)
        self.assertIn("'!good' is no test and no regression here", done.err)
        done = self.dvsched("one.hjson", *place, "-bo", "-xlrm uniq_prior_final")
        self.assertEqual(done.code, 0, done)
        self.assertIn("-xlrm uniq_prior_final", self.run_dir("out").joinpath("plan.json").read_text())
