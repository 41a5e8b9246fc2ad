# SPDX-License-Identifier: Apache-2.0
"""Running failed jobs again: --failed."""
import json
import os

from harness import Story, scheduler_of

# A job passes once a file of its name is there; each run of it adds a line to `ran`.
JOB = '{ name: "%s", command: "echo %s >> {cfg_dir}/ran; test -e {cfg_dir}/%s.fixed"%s }'


class Again(Story):
    def jobs(self, *names, cfg="cfg.hjson", more=""):
        self.config('{ flow: "jobs", name: "demo", jobs: [ %s %s ] }'
                    % (" ".join(JOB % (name, name, name, "") for name in names), more), cfg)

    def fix(self, *names):
        for name in names:
            self.write(f"{name}.fixed", "")

    def ran(self):
        path = self.path("ran")
        words = path.read_text(encoding="utf-8").split() if path.exists() else []
        path.unlink(missing_ok=True)
        return sorted(words)

    def again(self, *words, cfg="cfg.hjson", code=0):
        """The jobs that --failed runs."""
        self.ran()
        done = self.dvsched("run", cfg, "--view", "none", "--failed", *words)
        self.assertEqual(done.code, code, done)
        self.said = done.out
        return self.ran()

    def listed(self, *words, cfg="cfg.hjson"):
        done = self.dvsched("list", cfg, "--failed", *words)
        self.assertEqual(done.code, 0, done)
        return done.out.split()

    def first_run(self, *words, code=1, cfg="cfg.hjson", **options):
        done = self.dvsched("run", cfg, "--view", "none", *words, **options)
        self.assertEqual(done.code, code, done)
        return done

    def run_id(self, scratch="scratch"):
        return self.run_dir(scratch).name


class Failed(Again):
    def test_only_what_did_not_pass_runs_again(self):
        self.jobs("good", "bad")
        self.fix("good")
        self.first_run()
        self.fix("bad")
        self.assertEqual(self.again(), ["bad"])
        self.assertEqual(self.statuses(), {"bad": "PASSED"})

    def test_nothing_failed_is_no_error(self):
        self.jobs("good")
        self.fix("good")
        self.first_run(code=0)
        done = self.dvsched("run", "cfg.hjson", "--failed")
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"every job passed in the run {self.run_id()}", done.err)
        self.assertEqual((self.listed(), json.loads(self.dvsched("list", "cfg.hjson", "--failed", "--json").out)), ([], []))
        self.assertEqual(self.dvsched("plan", "cfg.hjson", "--failed").code, 0)
        self.assertEqual(len(os.listdir(self.run_dir().parent)), 2)  # the run, and latest

    def test_what_it_needs_and_finally_jobs_come_along(self):
        self.jobs("build", "other", more=JOB % ("test", "test", "test", ', needs: ["build"]')
                  + JOB % ("clean", "clean", "clean", ", finally: true"))
        self.fix("build", "other", "clean")
        self.first_run()
        self.assertEqual(self.again(code=1), ["build", "clean", "test"])

    def test_a_run_says_which_run_it_was_made_from(self):
        self.jobs("bad")
        self.first_run()
        first = self.results()["run"]
        self.assertEqual((first["parent"], first["nested"], first["rehearsal"]), (None, False, False))
        self.again(code=1)
        self.assertEqual(self.results()["run"]["parent"], first["id"])
        plan = json.loads(self.run_dir().joinpath("plan.json").read_text(encoding="utf-8"))
        self.assertEqual(plan["parent"], first["id"])

    def test_rehearsals_and_nested_runs_say_what_they_are(self):
        self.config('{ flow: "jobs", jobs: [{ name: "fine", command: "true" }] }')
        self.dvsched("run", "cfg.hjson", "--fake")
        self.assertTrue(self.results()["run"]["rehearsal"])
        self.config('{ flow: "jobs", jobs: [{ name: "outer", argv: ["%s", "run", "cfg.hjson", "-sr", "in"] }] }'
                    % os.path.abspath(self.binary), "outer.hjson")
        self.first_run(cfg="outer.hjson", code=0)
        self.assertTrue(self.results("in")["run"]["nested"])
        self.assertFalse(self.results()["run"]["nested"])

    def test_it_goes_with_a_configuration_only(self):
        done = self.dvsched("run", "--failed", "latest", "--", "true")
        self.assertEqual(done.code, 2, done)
        self.assertIn("--failed is for a configuration", done.err)
        done = self.dvsched("run", "--failed", "cfg.hjson")
        self.assertEqual(done.code, 2, done)
        self.assertIn("put the configuration first", done.err)


class WhichRun(Again):
    def setUp(self):
        super().setUp()
        self.jobs("bad")
        self.first_run()
        self.bad = self.run_id()

    def test_other_runs_in_the_scratch_root_do_not_hide_it(self):
        self.jobs("bad", "fine", cfg="other.hjson")
        self.fix("fine")
        self.first_run("-i", "fine", cfg="other.hjson", code=0)
        self.dvsched("run", "--view", "none", "--", "true")
        self.first_run("--fake", code=0)
        self.assertNotEqual(self.run_id(), self.bad)
        self.assertEqual(self.listed(), ["bad"])

    def test_a_nested_run_does_not_hide_it(self):
        self.fix("bad")
        self.first_run(code=0, env={"DVSCHED_JOB": "outer"})
        self.assertEqual(self.listed(), ["bad"])
        self.assertEqual(self.again(), ["bad"])

    def test_a_rehearsal_will_do_where_nothing_ran(self):
        self.config('{ flow: "jobs", jobs: [{ name: "a", command: "true" }], backends: { fake: { outcomes: { a: "fail" } } } }',
                    "new.hjson")
        self.first_run("--fake", cfg="new.hjson")
        done = self.dvsched("list", "new.hjson", "--failed")
        self.assertEqual((done.code, done.out), (0, "a\n"), done)
        self.assertIn(f"{self.run_id()} was a rehearsal", done.err)

    def test_the_newest_counts_even_within_a_second(self):
        for _ in range(4):
            self.fix("bad")
            self.first_run(code=0)
            self.assertEqual(self.listed(), [])
            self.path("bad.fixed").unlink()
            self.first_run()
            self.assertEqual(self.listed(), ["bad"])

    def test_a_run_of_another_configuration_is_refused(self):
        self.jobs("bad", cfg="other.hjson")
        done = self.dvsched("run", "other.hjson", "--failed", self.bad)
        self.assertEqual(done.code, 2, done)
        self.assertIn(f"the run {self.bad} is one of {self.path('cfg.hjson')}, not of {self.path('other.hjson')}", done.err)
        self.dvsched("run", "--view", "none", "--", "true")
        done = self.dvsched("run", "cfg.hjson", "--failed", self.run_id())
        self.assertEqual(done.code, 2, done)
        self.assertIn("ran a command", done.err)
        done = self.dvsched("run", "other.hjson", "--failed")
        self.assertEqual(done.code, 2, done)
        self.assertIn("there is no run of", done.err)

    def test_a_run_is_named_by_id_prefix_and_path(self):
        self.fix("bad")
        self.first_run(code=0)
        for which in (self.bad, self.path("scratch/.dvsched/runs", self.bad)):
            self.assertEqual(self.listed(which), ["bad"])

    def test_another_scratch_root_has_other_runs(self):
        self.assertEqual(self.dvsched("list", "cfg.hjson", "--failed", "-sr", "elsewhere").code, 2)
        self.assertEqual(self.listed("-sr", "scratch"), ["bad"])


class PartByPart(Again):
    def test_what_was_not_run_again_still_counts_as_failed(self):
        self.jobs("a", "b", "good")
        self.fix("good")
        self.first_run()
        self.fix("a")
        first = self.run_dir().name
        self.assertEqual(self.again("-i", "a"), ["a"])
        self.assertIn(f"left     1 job that did not pass in the run {first};", self.said)
        self.assertEqual(self.again(code=1), ["b"])
        self.assertNotIn("left ", self.said)
        self.fix("b")
        self.assertEqual(self.again(), ["b"])
        self.assertEqual(self.again(), [])

    def test_what_fails_again_is_no_pass(self):
        self.jobs("a", "b")
        self.first_run()
        self.again("-i", "a", code=1)
        self.assertEqual(self.listed(), ["a", "b"])

    def test_a_parent_that_is_gone_is_said(self):
        self.jobs("a", "b")
        self.first_run()
        first = self.run_dir()
        self.fix("a")
        self.again("-i", "a")
        first.rename(self.path("away"))
        done = self.dvsched("list", "cfg.hjson", "--failed")
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"continues {first.name}", done.err)

    def test_values_that_differ_from_then_are_named(self):
        self.config('{ flow: "jobs", vars: { mode: "fast", n: "1" }, jobs: [{ name: "a", command: "false {mode} {n}" }] }')
        self.first_run("-D", "mode=slow", "-Dn=2")
        self.assertNotIn("warning", self.dvsched("list", "cfg.hjson", "--failed", "-D", "n=2", "-D", "mode=slow").err)
        done = self.dvsched("list", "cfg.hjson", "--failed", "-D", "mode=fast")
        self.assertEqual(done.code, 0, done)
        self.assertIn("mode ('slow' then, 'fast' now), n ('2' then, not given now)", done.err)


class Together(Again):
    def setUp(self):
        super().setUp()
        self.jobs("a", "b", "ok")
        self.fix("ok")
        self.first_run()

    def test_items_choose_among_what_failed(self):
        self.assertEqual(self.listed("-i", "a", "ok"), ["a"])
        self.assertEqual(self.listed("-x", "a"), ["b"])
        self.assertEqual(self.again("-i", "[ab]", code=1), ["a", "b"])

    def test_items_that_choose_nothing_of_it_are_an_error(self):
        done = self.dvsched("run", "cfg.hjson", "--failed", "-i", "ok")
        self.assertEqual(done.code, 2, done)
        self.assertIn("-i selects none of the jobs that did not pass", done.err)
        self.assertEqual(self.ran(), ["a", "b", "ok"])

    def test_jobs_that_are_gone_are_named_and_the_rest_runs(self):
        self.jobs("b", "ok")
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--failed")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses(), {"b": "FAILED"})
        self.assertIn("not part of the plan any more: a\n", done.err)
        self.assertNotIn("-i", done.err)

    def test_if_all_are_gone_it_is_an_error(self):
        self.jobs("ok")
        done = self.dvsched("run", "cfg.hjson", "--failed")
        self.assertEqual(done.code, 2, done)
        self.assertIn("a, b", done.err)
        self.assertNotIn("-i", done.err)


class Damaged(Again):
    def killed(self):
        """A run whose scheduler was killed while one of its jobs ran."""
        events = self.fifo()
        self.fix("done")
        self.jobs("done", more='{ name: "busy", command: "echo > %s; sleep 600", needs: ["done"] }' % events.path
                  + JOB % ("late", "late", "late", ', needs: ["busy"]'))
        process = self.start("run", "cfg.hjson", "--view", "none")
        events.line()
        return process

    def test_a_killed_run_is_completed_from_its_journal(self):
        process = self.killed()
        process.kill()
        self.finish(process)
        self.assertEqual(self.listed(), ["done", "busy", "late"])
        self.assertEqual(self.statuses(), {"done": "PASSED", "busy": "KILLED", "late": "KILLED"})
        self.assertEqual(self.results()["run"]["outcome"], "lost")
        self.assertEqual(sorted(os.listdir(self.run_dir())), ["journal.jsonl", "plan.json", "results.json", "sources.json"])

    def test_a_run_that_is_still_going_is_refused(self):
        process = self.killed()
        done = self.dvsched("list", "cfg.hjson", "--failed")
        self.assertEqual(done.code, 2, done)
        self.assertIn(f"the run {self.run_id()} is still going: pid {scheduler_of(process)} on", done.err)
        self.assertIn("hint: wait until it has ended: `dvsched ls` shows its jobs", done.err)
        self.assertFalse(self.run_dir().joinpath("results.json").exists())

    def test_what_is_no_results_file_is_named(self):
        self.jobs("bad")
        self.first_run()
        path = self.run_dir().joinpath("results.json")
        for text in ("{}", "[1, 2]", "{", None):
            path.unlink()
            if text is None:
                os.mkfifo(path)
            else:
                path.write_text(text, encoding="utf-8")
            done = self.dvsched("run", "cfg.hjson", "--failed")
            self.assertEqual(done.code, 2, done)
            self.assertIn(f"{path}", done.err)
            self.assertIn("hint: --failed RUN uses another run; without the option all jobs run", done.err)
