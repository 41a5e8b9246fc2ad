# SPDX-License-Identifier: Apache-2.0
"""Stories of {needs}: the file about the jobs that a job needs."""

import json
import os

from harness import Story
from sim_project import SimStory

SHOW = "cat {needs}"


def lines_of(job):
    with open(os.path.join(job["odir"], "needs.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Needs(Story):
    def run_it(self, *options, code=0, cfg="cfg.hjson"):
        done = self.dvsched("run", cfg, "--view", "none", *options)
        self.assertEqual(done.code, code, done)
        return {job["id"]: job for job in self.results()["jobs"]}

    def jobs(self, *jobs):
        """Each job: its name and its other members as JSON."""
        entries = [json.dumps({"name": name, **members}) for name, members in jobs]
        self.config('{ flow: "jobs", name: "n", jobs: [ %s ] }' % ", ".join(entries))


class Jobs(Needs):
    def test_each_job_that_it_needs_is_a_line(self):
        self.jobs(("build", {"command": "true"}),
                  ("test.{seed}", {"command": "test {seed} != 2", "sweep": {"seed": "1..3"}}),
                  ("odd \"name\"", {"command": "true"}),
                  ("report", {"command": "cat \"$DVSCHED_NEEDS\"", "needs": ["build", "odd \"name\""], "needs_any": ["test.*"]}))
        jobs = self.run_it(code=1)
        lines = lines_of(jobs["report"])
        self.assertEqual([(x["id"], x["status"], x["seed"]) for x in lines],
                         [("build", "PASSED", None), ("odd \"name\"", "PASSED", None), ("test.1", "PASSED", "1"),
                          ("test.2", "FAILED", "2"), ("test.3", "PASSED", "3")])
        for line in lines:
            self.assertEqual(line, {key: jobs[line["id"]][key] for key in ("id", "status", "odir", "log", "seed")})
        # The path is the same in the command, in the environment, and in the log.
        with open(jobs["report"]["log"], encoding="utf-8") as log:
            self.assertEqual([json.loads(x) for x in log.read().splitlines() if x.startswith("{")], lines)

    def test_a_job_that_needs_nothing_has_an_empty_file(self):
        self.jobs(("a", {"command": "true"}), ("b", {"command": "true", "needs": ["a"]}))
        self.run_it()
        # One with the path in its command, one with it in env, and one that only looks at its environment.
        self.jobs(("a", {"command": "wc -l < {needs}"}),
                  ("b", {"command": "wc -l < $MINE", "env": {"MINE": "{needs}"}}),
                  ("c", {"command": "wc -l < $DVSCHED_NEEDS"}))
        for job in self.run_it().values():
            with open(job["log"], encoding="utf-8") as log:
                self.assertEqual(log.read().splitlines()[-1], "0")

    def test_a_job_that_is_needed_twice_is_one_line(self):
        self.jobs(("a.{n}", {"command": "true", "sweep": {"n": "1..3"}}),
                  ("b", {"command": SHOW, "needs": ["a.2", "a.[12]"], "needs_any": ["a.*"]}))
        self.assertEqual([x["id"] for x in lines_of(self.run_it()["b"])], ["a.2", "a.1", "a.3"])

    def test_what_is_left_of_an_earlier_run_is_not_counted(self):
        more = [("report", {"command": "grep -c PASSED {needs}", "needs_any": ["test.*"]})]
        self.jobs(("test.{n}", {"command": "true", "sweep": {"n": "1..5"}}), *more)
        self.run_it()
        # Two jobs are gone, and one does not run: its directory still has the log of the earlier run.
        self.jobs(("build", {"command": "false"}), ("test.1", {"command": "true"}), ("test.2", {"command": "true"}),
                  ("test.3", {"command": "true", "needs": ["build"]}), *more)
        jobs = self.run_it(code=1)
        self.assertEqual([(x["id"], x["status"], x["log"] is None) for x in lines_of(jobs["report"])],
                         [("test.1", "PASSED", False), ("test.2", "PASSED", False), ("test.3", "KILLED", True)])
        with open(jobs["report"]["log"], encoding="utf-8") as log:
            self.assertEqual(log.read().splitlines()[-1], "2")

    def test_with_failed_the_jobs_of_the_earlier_run_are_lines(self):
        self.jobs(("t.{n}", {"command": "test {n} != 2 -o -e {cfg_dir}/mended", "sweep": {"n": "1..4"}, "seed": "7{n}"}),
                  ("report", {"command": "grep -c PASSED {needs} && test -e {cfg_dir}/mended", "needs_any": ["t.*"]}))
        first = self.run_it(code=1)
        self.write("mended", "")
        jobs = self.run_it("--failed")
        self.assertEqual(set(jobs), {"t.2", "report"})
        lines = {x["id"]: x for x in lines_of(jobs["report"])}
        self.assertEqual(set(lines), {"t.1", "t.2", "t.3", "t.4"})
        for name, line in lines.items():
            then = jobs.get(name, first[name])
            self.assertEqual(line, {key: then[key] for key in ("id", "status", "odir", "log", "seed")})
        with open(jobs["report"]["log"], encoding="utf-8") as log:
            self.assertEqual(log.read().splitlines()[-1], "4")

    def test_each_attempt_gets_a_new_file(self):
        for settings in ({}, {"renew": True}, {"retries": {"max": 1, "reuse": True}}):
            self.jobs(("a", {"command": "true"}),
                      ("b", {"command": "cat {needs}; echo gone > {needs}; test {attempt} = 2", "needs": ["a"],
                             "retries": 1, **settings}))
            job = self.run_it()["b"]
            for attempt in job["attempts"]:
                with open(attempt["log"], encoding="utf-8") as log:
                    self.assertIn('{"id":"a","status":"PASSED"', log.read())

    def test_whatever_stands_in_its_place_is_replaced(self):
        self.jobs(("a", {"command": "true"}), ("b", {"command": SHOW, "needs": ["a"]}))
        self.path("scratch/n/b").mkdir(parents=True)
        precious = self.write("precious", "precious")
        for make in (lambda path: os.symlink(precious, path), os.mkfifo, lambda path: os.link(precious, path)):
            self.path("scratch/n/b/needs.jsonl").unlink(missing_ok=True)
            make(self.path("scratch/n/b/needs.jsonl"))
            self.assertEqual([x["id"] for x in lines_of(self.run_it()["b"])], ["a"])
            self.assertEqual(precious.read_text(encoding="utf-8"), "precious")

    def test_a_job_below_a_job_has_its_own(self):
        self.jobs(("a", {"command": "true"}), ("b", {"command": "echo $DVSCHED_NEEDS $DVSCHED_JOB", "needs": ["a"]}))
        outer = {"DVSCHED_NEEDS": "/outer", "DVSCHED_JOB": "outer", "DVSCHED_ODIR": "/outer", "DVSCHED_ATTEMPT": "7"}
        done = self.dvsched("run", "cfg.hjson", "--view", "none", env=outer)
        self.assertEqual(done.code, 0, done)
        with open(self.path("scratch/n/b/log"), encoding="utf-8") as log:
            self.assertEqual(log.read().splitlines()[-1], f"{self.path('scratch/n/b/needs.jsonl')} b")

    def test_thousands_are_reported_as_well(self):
        self.jobs(("t.{n}", {"command": "true", "sweep": {"n": "1..20000"}, "backend": "fake"}),
                  ("report", {"command": SHOW, "needs": ["t.*"]}))
        lines = lines_of(self.run_it()["report"])
        self.assertEqual(sorted(int(x["id"][2:]) for x in lines), list(range(1, 20001)))
        self.assertEqual({x["status"] for x in lines}, {"PASSED"})
        self.assertEqual({x["log"] for x in lines}, {None})  # nothing wrote one


class Devices(Needs):
    def test_jobs_on_devices_and_those_that_borrow_them_are_reported_too(self):
        self.config("""{
          flow: jobs
          name: n
          backends: { npu: { type: "chips", driver: "sim", devices: "0-1", options: { n_devices: 2 } } }
          jobs: [
            { name: "a", command: "true" }
            { name: "gang", needs: ["a"], backend: "npu", devices: 2, gang: { window: "64K", buffers: [] }, program: ["print hello"] }
            { name: "borrows", needs: ["a", "gang"], backend: "npu", devices: 1, command: "cat {needs}" }
          ]
        }""")
        jobs = self.run_it()
        self.assertEqual([x["id"] for x in lines_of(jobs["gang"])], ["a"])
        self.assertEqual([x["id"] for x in lines_of(jobs["borrows"])], ["a", "gang"])
        with open(jobs["borrows"]["log"], encoding="utf-8") as log:
            self.assertIn(f'"log":"{jobs["gang"]["log"]}"', log.read())


class Simulations(SimStory):
    def test_a_coverage_merge_knows_its_runs(self):
        done = self.run_sim("one.hjson", "-i", "all", "--cov", "-rx", "2")
        self.assertEqual(done.code, 1, done)
        jobs = {job["id"]: job for job in self.results(self.path("out"))["jobs"]}
        merge = next(job for job in jobs.values() if job["target"] == "cov_merge")
        lines = {x["id"]: x for x in lines_of(merge)}
        runs = {i: job for i, job in jobs.items() if job["target"] == "run"}
        self.assertGreater(len(runs), 2)
        self.assertEqual({i: x["status"] for i, x in lines.items()}, {i: job["status"] for i, job in runs.items()})
        self.assertEqual({i: x["seed"] for i, x in lines.items()}, {i: job["seed"] for i, job in runs.items()})
