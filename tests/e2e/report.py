# SPDX-License-Identifier: Apache-2.0
"""Metrics of a run, and `dvsched report`: pages of existing results, also as dvsim-admin."""
import json
import os
import re

from sim_project import SimStory


class Reports(SimStory):
    def run_all(self, *words):
        done = self.run_sim("one.hjson", "-i", "all", *words)
        self.assertEqual(done.code, 1, done)
        return self.path("out/main/reports")

    def text(self, *names):
        return self.path(*names).read_text(encoding="utf-8")

    def as_admin(self):
        os.symlink(os.path.abspath(self.binary), self.path("dvsim-admin"))
        self.binary = str(self.path("dvsim-admin"))

    def test_metrics_and_their_page(self):
        reports = self.run_all("--instrument", "all", "--seed-base", "x")
        metrics = json.loads(reports.joinpath("metrics.json").read_text())
        jobs = metrics["jobs"]
        self.assertEqual(sorted(job["meta"]["name"] for job in jobs.values()), ["bad", "default", "good", "silent"])
        self.assertEqual(jobs["one:default"]["meta"]["job_type"], "CompileSim")
        for job in jobs.values():
            times = job["timing"]
            self.assertAlmostEqual(times["duration"], times["end_time"] - times["start_time"], 6)
            self.assertGreater(job["compute"]["max_rss_bytes"], 100000)  # of the job's own processes
        page = reports.joinpath("metrics.html").read_text(encoding="utf-8")
        self.assertIn("4: 2 passed, 2 failed, 0 killed", page)
        self.assertNotIn("<script", page)
        self.assertIn('href="metrics.html"', reports.joinpath("index.html").read_text(encoding="utf-8"))

    def test_dvsim_admin_helps_with_its_own_commands(self):
        self.as_admin()
        done = self.dvsched("--help")
        self.assertEqual(done.code, 0, done)
        for line in ("dvsim-admin report gen", "dvsim-admin report instrumentation", "dvsim-admin dashboard gen"):
            self.assertIn(line, done.out)
        self.assertNotIn("chips", done.out)
        self.assertTrue(self.dvsched("report", "--help").out.startswith("usage: dvsim-admin report "))
        self.assertIn("hint: dvsim-admin report ", self.dvsched("report", "gen").err)

    def test_without_the_option_there_are_no_metrics(self):
        reports = self.run_all()
        self.assertFalse(reports.joinpath("metrics.json").exists())
        self.assertNotIn("metrics.html", reports.joinpath("index.html").read_text(encoding="utf-8"))

    def test_metrics_of_a_native_run_are_in_its_directory(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [{ name: "a", command: "true" }] }')
        self.assertEqual(self.dvsched("run", "cfg.hjson", "--view", "none", "--instrument", "timing", "meta").code, 0)
        metrics = json.loads(self.run_dir().joinpath("metrics.json").read_text())
        self.assertEqual(set(metrics["jobs"]["a"]), {"meta", "timing"})
        self.assertTrue(self.run_dir().joinpath("metrics.html").exists())

    def test_an_unknown_kind_is_refused(self):
        done = self.run_sim("one.hjson", "--instrument", "tming")
        self.assertEqual(done.code, 2, done)
        self.assertIn("not 'tming'", done.err)

    def test_pages_are_made_again(self):
        reports = self.run_all("--cov", "--instrument", "meta")
        self.as_admin()
        done = self.dvsched("report", "gen", reports / "index.json", "again")
        self.assertEqual(done.code, 0, done)
        for name in ("index.json", "one.json", "one.html"):
            self.assertEqual(self.text("again", name), reports.joinpath(name).read_text(encoding="utf-8"), name)
        self.assertEqual(self.text("again/index.html"),
                         re.sub("<dt>Scheduling</dt>\n.*\n", "", reports.joinpath("index.html").read_text(encoding="utf-8")))

    def test_metrics_are_drawn_again(self):
        reports = self.run_all("--instrument", "timing")
        done = self.dvsched("report", "instrumentation", reports / "metrics.json", "again", "--profile", "full")
        self.assertEqual(done.code, 0, done)
        self.assertIn("Parallelism", self.text("again/metrics.html"))

    def test_a_dashboard_has_badges(self):
        reports = self.run_all("--cov")
        done = self.dvsched("report", "dashboard", reports / "index.json", "board", "--base-url", "https://example.com/r/")
        self.assertEqual(done.code, 0, done)
        self.assertIn('href="https://example.com/r/one.html"', self.text("board/dashboard.html"))
        self.assertEqual(self.text("board/dashboard.json"), reports.joinpath("index.json").read_text(encoding="utf-8"))
        self.assertIn("Tests Passing: 33.3%", self.text("board/badge/one/passing.svg"))
        self.assertEqual(len(list(self.path("board/badge/one").iterdir())), 5)
        self.as_admin()
        self.assertEqual(self.dvsched("dashboard", "gen", reports / "index.json", "two").code, 0)
        self.assertEqual(self.text("two/badge/one/code.svg"), self.text("board/badge/one/code.svg"))

    def test_faults_are_one_message_with_a_place(self):
        self.write("index.json", '{\n "top": null,\n "version": 7 }')
        for words, code in (([], 2), (["gen"], 2), (["gen", "none.json", "out"], 2), (["gen", ".", "out"], 2),
                            (["gen", "index.json", "index.json"], 2), (["made", "index.json", "out"], 2)):
            done = self.dvsched("report", *words)
            self.assertEqual(done.code, code, done)
            self.assertEqual(done.err.count("error:"), 1, done)
        done = self.dvsched("report", "gen", "index.json", "out")
        self.assertEqual(done.code, 2, done)
        self.assertRegex(done.err, r"^index\.json:3:13: error: 'version' must be a string, not (a )?whole number\n.*hint: ")
        self.assertFalse(self.path("out").exists())
        self.as_admin()
        self.assertEqual(self.dvsched("report", "gen", "index.json", "out").code, 1)
        self.assertEqual(self.dvsched("report", "gen", "none.json", "out").code, 2)
        self.assertEqual(self.dvsched("run", "one.hjson").code, 2)
