# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, read-only or failing: no false pass, no half file, one message, and exit 3.

scripts/faults --only disk has many more; its library makes calls fail here, too.
"""
import json
import os
import pathlib
import subprocess
import unittest

from harness import SOURCE, Story

ERRORS = {28: "No space left on device", 30: "Read-only file system", 5: "Input/output error", 122: "Disk quota exceeded"}
LOG = 3000  # bytes that each job writes


class Disk(Story):
    def setUp(self):
        super().setUp()
        self.config("""{ flow: "jobs", name: "d", passed_links: true, jobs: [
            { name: "j{n}", sweep: { n: "1..4" }, command: "head -c %d /dev/zero | tr '\\\\0' x; echo; echo end" } ] }""" % LOG)

    def assert_right(self, done, scratch="scratch"):
        """Conditions after each of these runs, with any lost file."""
        root = self.path(scratch)
        for path in root.rglob("*.json") if root.exists() else []:
            if not any(part.startswith(".2") for part in path.parts):
                json.loads(path.read_text(encoding="utf-8"))
        runs = root / ".dvsched/runs"
        found = sorted(runs.glob("[0-9]*/results.json"))
        statuses = {}
        for path in found:
            for job in json.loads(path.read_text(encoding="utf-8"))["jobs"]:
                statuses[job["id"]] = job["status"]
                if job["status"] == "PASSED":
                    self.assertTrue(pathlib.Path(job["log"]).read_text().endswith("x" * LOG + "\nend\n"), done)
        for line in done.out.splitlines():
            word, _, path = line.partition(" ")
            if word in ("results", "run", "logs") or line.startswith("    /"):
                self.assertTrue(os.path.exists(path.strip()), done)
        self.assertIn(done.code, (0, 3), done)
        if done.code == 0:
            self.assertLessEqual(set(statuses.values()), {"PASSED"}, done)
        return statuses


class FailingCalls(Disk):
    """Calls of dvsched's processes, by the path of the file that they change."""

    def setUp(self):
        super().setUp()
        self.n = 0
        self.inject = pathlib.Path(self.binary).resolve().parents[2] / "tests/faults/libinject.so"
        if not self.inject.exists():
            self.skipTest(f"{self.inject} is not there")
        self.needs_plain_calls()

    def cause(self, who, call, errnum, when, part):
        """A run with that fault in a new scratch root: its end, the statuses of jobs, the messages about the fault."""
        self.n += 1
        self.path(f"counts{self.n}").write_bytes(bytes(8192))
        env = {"LD_PRELOAD": str(self.inject), "DVSCHED_FAULT_COUNTS": str(self.path(f"counts{self.n}")),
               "DVSCHED_FAULT": f"{who}:{call}:{errnum}:{when}:{part}"}
        done = self.dvsched("run", "cfg.hjson", "-j2", "--view", "none", "-sr", f"scratch{self.n}", env=env)
        statuses = self.assert_right(done, f"scratch{self.n}")
        text = ERRORS[abs(errnum)]
        lines = [line for line in done.err.splitlines() if text in line]
        self.assertEqual(len(lines), len(set(lines)), done)
        return done, statuses, lines

    def test_results_that_cannot_be_written_are_an_error_with_exit_3(self):
        for call, errnum in (("open", 30), ("write", 28), ("fsync", 5), ("close", 122), ("rename", 28)):
            done, statuses, lines = self.cause("scheduler", call, errnum, "1", "/.results.json")
            if call == "rename":  # by its new name
                done, statuses, lines = self.cause("scheduler", call, errnum, "1", "/results.json")
            self.assertEqual((done.code, len(lines), statuses), (3, 1, {}), done)
            self.assertRegex(lines[0], rf"^dvsched: error: \S+/results.json cannot be written: {ERRORS[errnum]}$")
            self.assertNotIn("results ", done.out)
            self.assertIn("4 jobs: 4 passed", done.out)

    def test_a_short_write_changes_nothing(self):
        for part in "/.results.json", "journal.jsonl", "plan.json", "/log":
            done, statuses, lines = self.cause("any", "write", -28, "1", part)
            self.assertEqual((done.code, len(statuses), lines, done.err), (0, 4, [], ""), done)

    def test_without_a_journal_the_run_goes_on_with_one_warning(self):
        for call, errnum, when in (("open", 28, "1"), ("write", -28, "3+"), ("write", 5, "1+"), ("fdatasync", 5, "1")):
            done, statuses, lines = self.cause("scheduler", call, errnum, when, "journal.jsonl")
            self.assertEqual((done.code, len(statuses), len(lines)), (0, 4, 1), done)
            self.assertIn("journal", lines[0])

    def test_a_run_without_its_first_record_is_run_again(self):
        for call, when in ("open", "1"), ("write", "1+"):
            done, _, lines = self.cause("scheduler", call, 28, when, "journal.jsonl")
            if call == "write":
                self.assertIn("this run cannot be resumed. Should dvsched be killed, its results are lost", lines[0])
            scratch = ("-sr", f"scratch{self.n}", "--view", "none")
            done = self.dvsched("resume", "cfg.hjson", *scratch)
            self.assertEqual(done.code, 2, done)
            self.assertRegex(done.err, r"^dvsched: error: the run \S+ cannot be resumed: its journal has no first record, which has the command line")
            self.assertIn("hint: `dvsched run CONFIG --failed` runs what has not passed in it", done.err)
            done = self.dvsched("run", "cfg.hjson", "--failed", *scratch)
            self.assertIn("passed", done.out + done.err)

    def test_nothing_runs_without_a_plan(self):
        for call, errnum in (("open", 122), ("write", -28), ("fdatasync", 5), ("close", 5)):
            done, statuses, lines = self.cause("scheduler", call, errnum, "1+", "plan.json")
            self.assertEqual((done.code, len(lines), statuses, done.out), (3, 1, {}, ""), done)
            self.assertIn("/plan.json cannot be written", lines[0])
            self.assertEqual([p for p in self.path(f"scratch{self.n}/.dvsched/runs").iterdir() if p.name != "latest"], [], done)

    def test_a_job_without_directory_or_log_does_not_pass(self):
        for call, errnum, part in (("mkdir", 28, "/d/j"), ("open", 30, "/log"), ("write", 122, "/log")):
            done, statuses, _ = self.cause("slot", call, errnum, "1+", part)
            self.assertEqual((done.code, set(statuses.values())), (3, {"FAILED"}), done)
            self.assertRegex(done.out, rf"(?m)^4 jobs failed \(launch\): .*{ERRORS[errnum]}")
            self.assertNotIn("/log\n", done.out)

    def test_links_that_cannot_be_made_are_a_warning(self):
        done, statuses, lines = self.cause("clerk", "symlink", 28, "1+", "/passed/")
        self.assertEqual((done.code, len(statuses), len(lines)), (0, 4, 1), done)

    def test_a_full_disk_is_reported_once_for_all_directories_of_links(self):
        done, statuses, lines = self.cause("clerk", "mkdir", 28, "1+", "/")
        self.assertEqual((done.code, len(statuses), len(lines)), (0, 4, 1), done)
        self.assertRegex(lines[0], r"^dvsched: warning: cannot make the directory \S+: No space left on device$")

    def test_a_full_disk_at_the_start_is_reported_once(self):
        done, statuses, lines = self.cause("any", "disk", 28, "1+", "/.sources|/sources.json|journal.jsonl|latest|/running|/passed|/failed|/killed")
        self.assertEqual((done.code, len(statuses), len(lines)), (0, 4, 1), done)
        self.assertIn("warning: journal is off: ", lines[0])
        done, statuses, lines = self.cause("any", "disk", 28, "1+", "/.sources|/sources.json")
        self.assertEqual((done.code, len(statuses), len(lines)), (0, 4, 1), done)
        self.assertIn("warning: cannot record the sources of this run for resume: ", lines[0])

    def test_a_run_that_cannot_be_renamed_keeps_its_results(self):
        done, statuses, lines = self.cause("scheduler", "rename", 5, "1+", "/.dvsched/runs/2")
        self.assertEqual((done.code, len(lines), statuses), (0, 1, {}), done)
        hidden, = self.path(f"scratch{self.n}/.dvsched/runs").glob(".2*")
        self.assertEqual(len(json.loads((hidden / "results.json").read_text())["jobs"]), 4)
        self.assertEqual((hidden / "journal.jsonl").read_bytes().count(b"\n"), 10)  # 4 starts, 4 ends, begin and end


class SmallFileSystem(Disk):
    """A real file system of so many pages, which is full at another step each time."""

    def mount(self, pages):
        at = self.path("small")
        at.mkdir(exist_ok=True)
        try:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={pages * 4}k", "none", at], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as e:
            self.skipTest(f"no file system can be mounted here: {e}")
        self.addCleanup(subprocess.run, ["umount", "-l", at], check=False, capture_output=True)

    def test_wherever_it_is_full_no_job_passes_without_its_log(self):
        codes = []
        for pages in (*range(1, 13), 40):
            self.mount(pages)
            done = self.dvsched("run", "cfg.hjson", "-j2", "--view", "none", "-sr", "small", "--min-free-space", "0")
            codes.append(done.code)
            self.assert_right(done, "small")
            if done.code == 3:
                self.assertRegex(done.out + done.err, "No space left|full", done)
            subprocess.run(["umount", self.path("small")], check=True)
        self.assertEqual((codes[0], codes[-1]), (3, 0), codes)


if __name__ == "__main__":
    unittest.main()
