# SPDX-License-Identifier: Apache-2.0
"""The oracle of scripts/faults: it accepts what a run leaves, and refuses each thing that is wrong with it."""
import atexit
import collections
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import bed as bed_module  # noqa: E402
from bed import COOKIE, Bed  # noqa: E402
from oracle import Leave, check_end, check_journal, check_resume, check_results, find_half_file, judge  # noqa: E402
from projects import Jobs  # noqa: E402

NOTHING, KILLED = Leave(nothing=True), Leave(killed=("guardian", "scheduler"))


@functools.cache
def undisturbed():
    """A run without a fault: its bed, exit code, output, and files."""
    bed = Bed(os.environ["DVSCHED"], "")
    atexit.register(bed.__exit__)
    code, out = bed.run()
    return bed, code, out, {path: path.read_bytes() for path in (bed.run_dir() / "results.json", bed.run_dir() / "journal.jsonl", bed.ran)}


class Refusals(unittest.TestCase):
    """Each test damages what the run left."""

    def setUp(self):
        self.bed, self.code, self.out, self.files = undisturbed()
        for path, content in self.files.items():
            path.write_bytes(content)

    def results(self, change):
        """Changes results.json: change(results, jobs by name)."""
        results = self.bed.results()
        change(results, {job["id"]: job for job in results["jobs"]})
        (self.bed.run_dir() / "results.json").write_text(json.dumps(results), encoding="utf-8")

    def journal(self, change):
        path = self.bed.run_dir() / "journal.jsonl"
        path.write_bytes(change(path.read_bytes()))

    def check(self, leave=NOTHING, code=None, out=None):
        code, out = self.code if code is None else code, self.out if out is None else out
        return check_end(code, out, leave) or check_results(self.bed, code, out, leave) or check_journal(self.bed, out, leave)

    def assert_refused(self, text, **how):
        self.assertIn(text, self.check(**how) or "accepted")

    def test_what_is_right_is_accepted(self):
        self.assertIsNone(self.check())
        self.assertIsNone(self.check(KILLED))
        self.assertIsNone(self.check(KILLED, code=-signal.SIGKILL))
        self.assertIsNone(find_half_file(self.bed))

    def test_a_false_pass(self):
        def passes(name):
            return lambda results, jobs: jobs[name].update(status="PASSED", reason="none", **{"class": "none"})
        for name in "exit", "pattern", "missing", "time", "needs-f":
            self.setUp()
            self.results(passes(name))
            for leave in NOTHING, KILLED, Leave(memory=True):
                self.assert_refused(f"false pass: {name}", leave=leave)

    def test_a_pass_without_work(self):
        self.bed.ran.write_text(self.bed.ran.read_text(encoding="utf-8").replace("c2\n", ""), encoding="utf-8")
        self.assert_refused("c2 has passed without having worked")

    def test_a_pass_of_a_job_that_never_began(self):
        self.results(lambda results, jobs: jobs["c2"].update(attempts=[]))
        self.assert_refused("c2 has passed, and has none as class and 0 attempts")

    def test_another_exit_code(self):
        for code in 0, 2, 3, 124:
            self.assert_refused(f"exit {code}, but results.json implies 1", code=code)
        self.assert_refused("exit 70", code=70)
        self.assert_refused("died of signal 11", code=-signal.SIGSEGV, leave=KILLED)
        self.assert_refused("died of signal 9", code=-signal.SIGKILL)
        self.assertEqual(check_end(None, "", NOTHING), "it did not end")
        self.assert_refused("nothing was printed", out="")
        self.assert_refused("a bug of ours", out="x: Assertion `y' failed")

    def test_an_exit_code_or_outcome_that_the_jobs_do_not_imply(self):
        for changed in {"exit_code": 3}, {"outcome": "infra"}, {"exit_code": 3, "outcome": "infra"}, {"exit_code": 0, "outcome": "passed"}, \
                {"outcome": "deadline", "exit_code": 124}, {"outcome": "interrupted"}:
            self.setUp()
            self.results(lambda results, jobs, changed=changed: results["run"].update(changed))
            self.assert_refused("its jobs imply 1", code=changed.get("exit_code", 1))
        self.results(lambda results, jobs: results["run"].update(outcome="lost", exit_code=3))
        self.assert_refused("a lost scheduler", code=3)
        self.assert_refused("exit 1, outcome lost", leave=KILLED)

    def test_jobs_that_are_missing_double_or_unknown(self):
        def drop(results, _):
            results["jobs"].pop(4)

        def double(results, _):
            results["jobs"].append(results["jobs"][4])

        def rename(results, _):
            results["jobs"][4]["id"] = "x"
        for change in drop, double, rename:
            self.setUp()
            self.results(change)
            self.assert_refused("results.json has other jobs", leave=KILLED)

    def test_other_counts(self):
        self.results(lambda results, jobs: results["counts"].update(passed=14))
        self.assert_refused("results.json counts")

    def test_a_job_that_has_failed_by_itself_without_reason(self):
        self.results(lambda results, jobs: jobs["p3"].update(status="FAILED", reason="exit", **{"class": "job"}))
        self.assert_refused("p3 is said to have failed by itself", leave=Leave())

    def test_a_job_that_a_passing_shortage_has_failed(self):
        self.results(lambda results, jobs: jobs["p3"].update(flaky=True))
        self.assert_refused("p3 is called flaky")
        self.assertIsNone(self.check(Leave()))

        def fail(results, jobs):
            jobs["p3"].update(status="FAILED", reason="launch", **{"class": "infra"})
            results["counts"].update(passed=14, failed=4)
        self.setUp()
        self.results(fail)
        self.assert_refused("p3 is FAILED")
        self.assert_refused("the journal has PASSED for p3", leave=Leave())

    def test_results_that_are_missing_or_torn(self):
        path = self.bed.run_dir() / "results.json"
        path.write_bytes(path.read_bytes()[:-10])
        self.assert_refused("results.json cannot be read", leave=KILLED)
        self.assertIn("results.json is not complete", find_half_file(self.bed))
        path.unlink()
        for code in 0, 1, 3:
            self.assert_refused(f"exit {code} and no results.json", leave=Leave(), code=code)
        self.assert_refused("exit 2, but jobs have run", leave=Leave(), code=2)
        self.assertIsNone(self.check(KILLED, code=-signal.SIGKILL))

    def test_a_journal_that_is_damaged_or_torn(self):
        self.journal(lambda text: text.replace(b'"id":"p1"', b'"id":"p2"', 1))
        self.assert_refused("the journal is damaged after record", leave=KILLED)
        self.setUp()
        self.journal(lambda text: b"".join(line for n, line in enumerate(text.splitlines(True)) if n != 7))
        self.assert_refused("the journal is damaged after record 7", leave=KILLED)
        for cut in 5, 40:  # a torn end is right only if somebody was killed
            self.setUp()
            self.journal(lambda text, cut=cut: text[:-cut])
            self.assert_refused("its journal does not say so", leave=Leave())
            self.assertIsNone(self.check(KILLED))
        (self.bed.run_dir() / "journal.jsonl").unlink()
        self.assert_refused("there is no journal", leave=KILLED)
        self.assertIsNone(self.check(Leave(), out="dvsched: warning: journal is off: x\n"))

    def test_a_process_that_is_left(self):
        with mock.patch.object(bed_module, "GONE_S", 0.05):
            with subprocess.Popen(["sleep", "1000"], env={COOKIE: self.bed.cookie, "PATH": os.environ["PATH"]}) as left:
                try:
                    self.assertIn("sleep 1000", judge(self.bed, self.code, self.out))
                finally:
                    left.kill()
            self.assertEqual(self.bed.left(), [])


class Quick(Jobs):
    ends, exit_code, says, fails_first = {"a": "PASSED", "b": "PASSED"}, 0, {"a": "work"}, ()

    @staticmethod
    def write(folder):
        jobs = [{"name": name, "command": f"echo work; echo {name} >> $RAN"} for name in "ab"]
        (folder / "cfg.hjson").write_text(json.dumps({"flow": "jobs", "name": "n", "jobs": jobs}), encoding="utf-8")


class Resumes(unittest.TestCase):
    def resume(self, **change):
        lost = collections.Counter()
        with Bed(os.environ["DVSCHED"], "", Quick) as bed:
            bed.run()
            bed.project = type("Changed", (Quick,), change)
            return check_resume(bed, lost), lost

    def test_the_verdicts_and_the_exit_code_after_it_are_compared(self):
        self.assertEqual(self.resume(), (None, {"results": 0}))
        self.assertIn("other verdicts: b PASSED", self.resume(ends={"a": "PASSED", "b": "FAILED"})[0])
        self.assertIn("other verdicts: b PASSED", self.resume(ends={"a": "PASSED"})[0])
        self.assertIn("resume: exit 0", self.resume(exit_code=1)[0])
        self.assertIn("does not have its output", self.resume(says={"a": "something else"})[0])

    def test_what_was_lost_is_counted(self):
        lost = collections.Counter()
        with Bed(os.environ["DVSCHED"], "", Jobs) as bed:
            code, out = bed.run()
            journal = bed.run_dir() / "journal.jsonl"
            journal.write_bytes(b"".join(journal.read_bytes().splitlines(True)[:3]))  # p0 and c1 have begun
            (bed.run_dir() / "results.json").unlink()
            self.assertEqual((code, check_resume(bed, lost)), (1, None), out)
        self.assertEqual(lost, {"results": 1, "again": 2, "not started": 17})


# System calls of dvsched that fail for no shortage and no disk, or whose failure is no business of a run.
HARMLESS = """bind clock_gettime connect exit geteuid getpgid getpgrp getpid getppid getrlimit getrusage getsid getsockname getuid getxattr ioctl
    kill listen lseek madvise munmap pause prctl sched_getaffinity sched_setaffinity setpgid setrlimit setsid setsockopt shutdown sigaltstack
    time timer_settime timerfd_settime uname"""


class Calls(unittest.TestCase):
    def test_each_call_that_a_shortage_or_a_disk_makes_fail_can_be_made_to_fail(self):
        """All functions of the C library that the program calls and that are called like a system call are wrapped, or on the list."""
        headers = list(pathlib.Path("/usr/include").glob("*/asm/unistd_64.h"))
        library = pathlib.Path(os.environ["DVSCHED"]).resolve().parents[2] / "tests/faults/libinject.so"
        if not headers or not shutil.which("nm") or not library.exists():
            self.skipTest("no nm, no list of system calls, or no library")
        if b"__asan_init" in pathlib.Path(os.environ["DVSCHED"]).read_bytes():
            self.skipTest("sanitizers have functions of their own")

        def symbols(what, path):
            lines = subprocess.run(["nm", "-D", what, path], capture_output=True, text=True, check=True).stdout.splitlines()
            return {re.sub("64$", "", line.split()[-1].partition("@")[0]) for line in lines}
        known = set(re.findall(r"#define __NR_(\w+)", headers[0].read_text(encoding="ascii")))
        called = known & symbols("--undefined-only", os.environ["DVSCHED"])
        self.assertGreater(len(called), 80)
        self.assertEqual(sorted(called - symbols("--defined-only", library) - set(HARMLESS.split())), [])


if __name__ == "__main__":
    unittest.main()
