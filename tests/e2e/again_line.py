# SPDX-License-Identifier: Apache-2.0
"""The `rerun` line at the end of a run: it works when pasted into a shell, and does not grow from run to run."""
import os
import shlex
import subprocess

from again import Again
from harness import PATIENCE_S, Done
from sim_project import SimStory


class Line(Again):
    def line(self, done):
        found = [line for line in done.out.splitlines() if line.startswith("rerun ")]
        self.assertEqual(len(found), 1, done)
        return found[0].removeprefix("rerun").strip()

    def paste(self, line, shell="sh", cwd=None, env=None):
        done = subprocess.run([shell, "-c", line], cwd=cwd or self.dir, env=self.environ(env), capture_output=True,
                              text=True, errors="replace", timeout=PATIENCE_S, check=False)
        return Done(line, done.returncode, done.stdout, done.stderr)

    def again_and_again(self, line, code=1, **options):
        done = self.paste(line, **options)
        self.assertEqual(done.code, code, done)
        following = self.line(done)
        self.assertEqual(following, line)
        return done

    def test_it_runs_what_failed_and_stays_as_it_is(self):
        self.jobs("good", "bad")
        self.fix("good")
        self.again_and_again(self.line(self.first_run()))
        self.assertEqual(self.ran(), ["bad", "bad", "good"])

    def test_blanks_quotes_and_line_breaks_survive(self):
        where = self.path("it's a \"place\" $HOME")
        where.mkdir()
        self.write(where.name + "/my cfg.hjson", '{ flow: "jobs", vars: { v: "" }, jobs: [{ name: "a", argv: ["false", "{v}"] }] }')
        first = self.first_run("-sr", "its s", "-D", "v=a 'b' \"c\" `d` \\e", "-i", "a", cfg=where.name + "/my cfg.hjson")
        self.again_and_again(self.line(first))

    def test_what_a_terminal_does_not_show_survives(self):
        self.jobs("a")
        name = "a\nb\t'\\c' \x1b7"
        first = self.first_run("--log-file", name)
        self.assertNotIn("\x1b", first.out)
        self.again_and_again(self.line(first), shell="bash")
        self.assertIn(name, self.results()["run"]["command_line"])
        self.assertTrue(self.path(name).exists())

    def test_options_that_take_many_words_do_not_take_the_configuration(self):
        self.jobs("a", "b")
        self.first_run()
        first = self.dvsched("run", "--view", "none", "-i", "a", "--failed", "latest", "cfg.hjson")
        self.assertEqual(first.code, 1, first)
        line = self.line(first)
        self.assertEqual(shlex.split(line)[1:], ["run", "cfg.hjson", "--view", "none", "-i", "a", "--failed"])
        self.again_and_again(line)
        self.assertEqual(self.statuses(), {"a": "FAILED"})

    def test_the_environment_is_not_needed(self):
        self.jobs("a")
        first = self.first_run(env={"SCRATCH_ROOT": str(self.path("there"))})
        self.again_and_again(self.line(first))
        self.assertEqual(self.statuses("there"), {"a": "FAILED"})

    def test_of_a_rehearsal_it_names_that_one(self):
        self.config('{ flow: "jobs", jobs: [{ name: "a", command: "true" }], backends: { fake: { outcomes: { a: "fail" } } } }')
        line = self.line(self.first_run("--fake"))
        done = self.paste(line)
        self.assertEqual(done.code, 1, done)
        self.assertEqual(line.replace(shlex.split(line)[-1], self.run_id()), self.line(done))

    def test_nothing_that_passed_is_purged(self):
        self.jobs("a")
        self.assertNotIn("--purge", self.line(self.first_run("--purge")))

    def test_a_configuration_that_cannot_be_read_again_has_none(self):
        self.jobs("a")
        with open(self.path("cfg.hjson"), encoding="utf-8") as text:
            done = self.finish(self.start("run", "/dev/stdin", "-sr", "scratch", "--view", "none", stdin=text))
        self.assertEqual(done.code, 1, done)
        self.assertNotIn("rerun", done.out)

    def test_of_a_command_it_is_that_command(self):
        done = self.dvsched("run", "--view", "none", "--", "sh", "-c", "exit 3")
        self.again_and_again(self.line(done))


class LineOfSimulations(SimStory):
    line, paste, again_and_again = Line.line, Line.paste, Line.again_and_again

    def test_it_works_as_pasted(self):
        for words in (("-i", "bad"), ("-i", "all", "-r", "2"), ("-i", "bad", "--seeds", "17")):
            first = self.run_sim("one.hjson", *words)
            failed = {i for i, status in self.statuses("out").items() if status == "FAILED"}
            self.again_and_again(self.line(first))
            self.assertEqual({i for i, status in self.statuses("out").items() if status == "FAILED"}, failed)

    def test_it_works_as_pasted_under_the_name_dvsim(self):
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        self.binary = str(self.path("dvsim"))
        for words in (("-i", "bad", "--", "one.hjson"), ("one.hjson", "-i", "all"), ("one.hjson", "-i", "bad", "--fixed-seed", "5")):
            first = self.dvsched("-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none", *words)
            self.assertEqual(first.code, 1, first)
            failed = {i for i, status in self.statuses("out").items() if status == "FAILED"}
            self.assertTrue(failed)
            self.again_and_again(self.line(first))
            self.assertEqual({i for i, status in self.statuses("out").items() if status == "FAILED"}, failed)
        done = self.dvsched("one.hjson", "-pr", ".", "-sr", self.path("out"), "-br", "main", "-i", "good")
        self.assertEqual(done.code, 0, done)
        self.assertNotIn("rerun", done.out)
        done = self.dvsched("one.hjson", "-pr", ".", "-sr", self.path("out"), "-br", "main", "--failed")
        self.assertEqual(done.code, 0, done)
        self.assertIn("every job passed", done.err)
