# SPDX-License-Identifier: Apache-2.0
"""Stories of `dvsched ls`, `show` and `log`: the jobs of a run, while it goes on and afterwards."""

import json
import shlex
import signal
import subprocess

from harness import PATIENCE_S, Story, outlives, send_to_all
from signals import tree_of

CFG = """{ flow: "jobs", name: "p", jobs: [
  { name: "build", command: "echo building" }
  { name: "t.{i}", command: "echo run {i}; test {i} -ne 2 || { echo 'ERROR: it broke'; exit 3; }",
    needs: ["build"], sweep: { i: "1..3" }, env: { MODE: "fast mode" }, fail_patterns: ["^ERROR"] }
  { name: "flaky", command: "echo try {attempt}; test {attempt} -gt 1", retries: 2 }
  { name: "last", command: "true", needs: ["t.2"] }
] }"""

LIVE = """{ flow: "jobs", name: "live", jobs: [
  { name: "first", command: "echo one; echo up > events; read line < gate; echo two" }
  { name: "second", command: "true", needs: ["first"] }
] }"""


class Past(Story):
    def run_once(self, text=CFG):
        self.config(text)
        return self.dvsched("run", "cfg.hjson", "--view", "none")

    def rows(self, *words):
        done = self.dvsched("ls", *words)
        self.assertEqual(done.code, 0, done)
        return [line.split() for line in done.out.splitlines()[1:]]

    def line(self, what, *words):
        """The text of one line of `show`."""
        done = self.dvsched("show", *words)
        self.assertEqual(done.code, 0, done)
        [text] = [s[12:] for s in done.out.splitlines() if s.startswith(f"  {what} ")]
        return text


class Ended(Past):
    def test_jobs_are_listed_with_numbers(self):
        self.run_once()
        self.assertEqual([(r[0], r[1]) for r in self.rows()],
                         [("%1", "PASSED"), ("%2", "PASSED"), ("%3", "FAILED"), ("%4", "PASSED"), ("%5", "PASSED"), ("%6", "KILLED")])
        failed = self.rows("--failed")
        self.assertEqual([r[3] for r in failed], ["t.2", "last"])
        self.assertEqual([r[4] for r in self.rows("--flaky")], ["flaky"])
        self.assertEqual([r[3] for r in self.rows("--bucket", "1")], ["t.2"])
        self.assertEqual(self.rows("--running"), [])
        self.assertIn("the run has 1 kind of failure", self.dvsched("ls", "--bucket", "2").err)
        # Numbers are those of the last list that was printed, also after another run.
        self.rows("--failed")
        first = self.run_dir().name
        self.run_once()
        self.assertEqual(self.line("run", "%1"), first)
        self.assertIn("t.2  FAILED", self.dvsched("show", "%1").out)

    def test_all_that_is_known_of_a_job(self):
        self.run_once()
        out = self.dvsched("show", "t.2").out
        self.assertTrue(out.startswith("t.2  FAILED  fail_pattern, class job\n  why       ERROR: it broke (log:5)\n"), out)
        self.assertIn("\n  needs     build PASSED ", out)
        self.assertRegex(out, r"\n  attempts  1 FAILED fail_pattern \S+s from 20\S+Z on local/\d\n")
        self.assertRegex(out, r"\n  cost      CPU \S+s, memory \S+ MiB\n")
        self.assertEqual(self.line("cause", "last"), "t.2")
        attempts = self.dvsched("show", "flaky").out
        self.assertRegex(attempts, r"(?s)1 FAILED exit 1 .*log \S+/flaky\.attempt-1/log\n +2 PASSED ")

    def test_the_command_is_one_that_works(self):
        self.run_once()
        for job, code, out in ("t.2", 3, "run 2\nERROR: it broke\n"), ("flaky", 0, "try 2\n"):
            done = subprocess.run(["sh", "-c", self.line("command", job)], stdout=subprocess.PIPE, text=True,
                                  check=False, cwd="/", env=self.environ())
            self.assertEqual((done.returncode, done.stdout), (code, out), job)
        self.assertIn("env MODE='fast mode' ", self.line("command", "t.1"))

    def test_the_same_as_json(self):
        self.run_once()
        shown = json.loads(self.dvsched("show", "t.2", "--json").out)
        self.assertEqual(shown["needs"], [{"id": "build", "status": "PASSED"}])
        self.assertEqual(shown["env"], ["MODE=fast mode"])
        in_results = {j["id"]: j for j in self.results()["jobs"]}
        self.assertEqual(shown["job"], in_results["t.2"])
        listed = json.loads(self.dvsched("ls", "--json").out)
        listed[5]["backend"] = "local"  # the journal does not say where a job that never ran would have run
        self.assertEqual(listed, self.results()["jobs"])

    def test_logs_of_attempts(self):
        self.run_once()
        self.assertTrue(self.dvsched("log", "flaky").out.endswith("\ntry 2\n"))
        self.assertTrue(self.dvsched("log", "flaky", "--attempt", "1").out.endswith("\ntry 1\n"))
        self.assertIn("has no attempt 3: its last one is 2", self.dvsched("log", "flaky", "--attempt", "3").err)
        around = self.dvsched("log", "t.2", "--around").out.splitlines()
        self.assertEqual((around[0].split()[0], around[-1]), ("1", ">      5  ERROR: it broke"))
        self.assertIn("no line of this log decided", self.dvsched("log", "t.1", "--around").err)
        self.assertIn("'last' has no log: it did not run", self.dvsched("log", "last").err)
        self.assertEqual(self.dvsched("log", "build", "--follow").out, self.dvsched("log", "build").out)

    def test_a_log_of_a_later_run_is_no_log_of_this_one(self):
        self.run_once()
        first = self.run_dir().name
        self.assertEqual(self.dvsched("log", "t.1").err, "")
        self.run_once()
        self.assertIn("was changed after this attempt", self.dvsched("log", first, "t.1").err)
        self.assertEqual(self.dvsched("log", "t.1").err, "")

    def test_without_a_whole_journal_no_job_is_called_killed(self):
        self.run_once()
        journal = self.run_dir() / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join([*lines[:5], b"nonsense\n", *lines[5:]]))
        self.dvsched("run", "cfg.hjson", "--view", "none", "--without", "journal")
        for words in ("ls", str(journal.parent)), ("ls",), ("show", "t.1"):
            done = self.dvsched(*words)
            self.assertEqual((done.code, done.out), (2, ""), done)
            self.assertRegex(done.err, r"what became of the jobs is not known: .*journal\.jsonl(?s:.*)hint: \S+/results.json may have it")

    def test_wrong_words(self):
        self.assertEqual(self.dvsched("ls").code, 2)
        self.run_once()
        for words, text in ((("show", "t."), "'t.' is a part of the ids of 3 jobs"), (("show", "t.9"), "did you mean"),
                            (("show",), "'show' takes a job: [RUN] JOB"), (("log", "a", "b", "c"), "takes a job"),
                            (("show", "1999", "t.1"), "there is no run '1999'"), (("show", "%7"), "no list of jobs was printed"),
                            (("ls", "a", "b"), "'ls' takes one run"), (("ls", "--bucket", "x"), "--bucket")):
            done = self.dvsched(*words)
            self.assertEqual(done.code, 2, done)
            self.assertIn(text, done.err)

    def test_a_hostile_log_on_a_terminal(self):
        self.run_once(r"""{ flow: "jobs", jobs: [{ name: "h", command: "printf '\\033[2J\\033[31mred\\033[0m\\n'" }] }""")
        self.assertIn("\033[2J", self.dvsched("log", "h").out)
        done = subprocess.run(["script", "-qec", shlex.join([self.binary, "log", "h"]), "/dev/null"], cwd=self.dir, text=True,
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True, env=self.environ())
        self.assertIn("\\x1b[2J\033[31mred\033[0m", done.stdout)


class Live(Past):
    def begin(self):
        self.config(LIVE)
        events, self.gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.assertEqual(events.line(), "up")
        return process

    def test_a_run_that_goes_on(self):
        process = self.begin()
        self.assertEqual([r[1] for r in self.rows()], ["RUNNING", "SCHEDULED"])
        self.assertEqual([r[3] for r in self.rows("--running")], ["first"])
        self.assertIn("has no log: it has not started", self.dvsched("log", "second").err)
        follow = self.start("log", "first", "--follow")
        while follow.stdout.readline() != b"one\n":
            pass
        with open(self.gate.path, "w", encoding="ascii") as gate:
            gate.write("on\n")
        self.assertEqual((self.finish(follow).out, self.finish(process).code), ("two\n", 0))

    def test_a_damaged_journal_ends_following(self):
        process = self.begin()
        follow = self.start("log", "first", "--follow")
        while follow.stdout.readline() != b"one\n":
            pass
        with open(self.run_dir() / "journal.jsonl", "ab") as journal:
            journal.write(b"nonsense\n" * 2)
        done = self.finish(follow)
        self.assertEqual(done.code, 3, done)
        self.assertIn("journal.jsonl is damaged", done.err)
        with open(self.gate.path, "w", encoding="ascii") as gate:
            gate.write("on\n")
        self.finish(process)

    def test_a_run_that_was_killed(self):
        process = self.begin()
        send_to_all(tree_of(process.pid), signal.SIGKILL)
        self.assertFalse(outlives(process.pid, PATIENCE_S))
        self.assertEqual([r[1] for r in self.rows()], ["KILLED", "KILLED"])
        self.assertTrue(self.dvsched("show", "first").out.startswith("first  KILLED  lost, class infra\n"))

