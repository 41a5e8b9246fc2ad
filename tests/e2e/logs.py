# SPDX-License-Identifier: Apache-2.0
"""Bad logs: floods, endless lines, binary data, logs that change under the scan, patterns that never end.

Each has the right verdict, in bounded memory (of the slot, which scans) and time, and no other job is affected.
"""
import json
import os
import pathlib
import random
import unittest

from harness import PATIENCE_S, Story, outlives
from run import jobs_of

MIB = 1 << 20
SLOT_MOST_KIB = 64 * 1024  # peak of a slot; an idle one has about 3 MiB, the stack of a deep pattern has 32


def is_sanitized(binary):
    return b"__asan_init" in pathlib.Path(binary).read_bytes()


class Logs(Story):
    def run_jobs(self, jobs):
        """With one slot. The last job prints the peak of the slot that has scanned the logs before."""
        last = {"name": "peak", "command": "grep VmHWM /proc/$PPID/status", "finally": True}
        self.config(json.dumps({"flow": "jobs", "name": "l", "jobs": [*jobs, last]}))
        done = self.dvsched("run", "cfg.hjson", "-j1", "--view", "none")
        self.assertNotIn("\x1b", done.out + done.err)
        self.assertNotIn("\0", done.out + done.err)
        jobs = jobs_of(self.results())
        self.assertEqual(done.code, 1 if any(job["status"] != "PASSED" for job in jobs.values()) else 0, done)
        peak = int(pathlib.Path(jobs.pop("peak")["log"]).read_text().split()[-2])
        if not is_sanitized(self.binary):
            self.assertLess(peak, SLOT_MOST_KIB, done)
        return jobs

    def verdicts(self, jobs):
        return {name: (job["status"], job["reason"]) for name, job in jobs.items()}


class Size(Logs):
    def test_a_flood_is_stopped_at_its_limit(self):
        jobs = self.run_jobs([{"name": "flood", "command": "yes", "max_log": "4M"}, {"name": "other", "command": "true"},
                              {"name": "quick", "command": "head -c 9000000 /dev/zero", "max_log": "4M"}])
        self.assertEqual(self.verdicts(jobs), {"flood": ("KILLED", "log_flood"), "quick": ("KILLED", "log_flood"),
                                               "other": ("PASSED", "none")})
        for name in "flood", "quick":
            self.assertEqual(os.stat(jobs[name]["log"]).st_size, 4 * MIB)

    def test_an_endless_line_hides_no_error_and_makes_no_pass(self):
        line = f"head -c {64 * MIB} /dev/zero | tr '\\0' a"
        holes = f"truncate -s +{64 * MIB} $(readlink /proc/$$/fd/1)"  # as many NUL bytes
        error = {"fail_patterns": ["^UVM_ERROR"], "pass_patterns": ["^TEST PASSED$"]}
        jobs = self.run_jobs([{"name": "error", "command": f"echo TEST PASSED; {line}; echo; echo UVM_ERROR x", **error},
                              {"name": "inside", "command": f"{line}; echo TEST PASSED", **error},
                              {"name": "good", "command": f"{line}; echo; echo TEST PASSED", **error},
                              {"name": "holes", "command": f"{holes}; echo; echo UVM_ERROR", **error}])
        self.assertEqual(self.verdicts(jobs), {"error": ("FAILED", "fail_pattern"), "inside": ("FAILED", "missing_pattern"),
                                               "good": ("PASSED", "none"), "holes": ("FAILED", "fail_pattern")})
        self.assertLess(self.run_dir().joinpath("results.json").stat().st_size, 100_000)


class Bytes(Logs):
    def test_binary_data_is_scanned_and_shown_as_text(self):
        noise = random.Random(7).randbytes(2 * MIB).replace(b"UVM", b"")
        self.path("noise").write_bytes(noise + b"\n\xff\xfe\0\x1b[2J\r\nUVM_ERROR \xc3\x28 \x1b]0;x\x07\0 at 0x\x80\n\xef\xbb\xbfend\n")
        self.path("quiet").write_bytes(noise + b"\n\xffUVM_ERROR is in the line\n")
        patterns = {"fail_patterns": ["^UVM_ERROR.*$"]}
        here = self.dir
        jobs = self.run_jobs([{"name": "bad", "command": f"cat {here}/noise", **patterns},
                              {"name": "good", "command": f"cat {here}/quiet", **patterns},
                              {"name": "exit", "command": f"cat {here}/noise; exit 3"}])
        self.assertEqual(self.verdicts(jobs), {"bad": ("FAILED", "fail_pattern"), "good": ("PASSED", "none"), "exit": ("FAILED", "exit")})
        self.assertIn("UVM_ERROR", jobs["bad"]["message"])

    def test_lines_may_end_as_they_like(self):
        jobs = self.run_jobs([{"name": name, "command": f"printf '{text}'", "fail_patterns": ["^ERROR$"]} for name, text in
                              (("crlf", "a\\r\\nERROR\\r\\n"), ("cr", "10%\\r20%\\rERROR\\r"), ("none", "a\\nERROR"), ("other", "ERRORS\\n"))])
        self.assertEqual({name: job["status"] for name, job in jobs.items()},
                         {"crlf": "FAILED", "cr": "FAILED", "none": "FAILED", "other": "PASSED"})


class Changing(Logs):
    def test_a_log_that_is_cut_under_the_scan_makes_no_pass(self):
        events = self.fifo()
        self.config(json.dumps({"flow": "jobs", "name": "l", "jobs": [
            {"name": "a", "command": f"yes 0123456789abcdef | head -c {32 * MIB}; echo; echo UVM_ERROR; echo $$ > {events.path}",
             "fail_patterns": ["^UVM_ERROR", "(x+x+)+y", "z.*z.*z"]}]}))
        process = self.start("run", "cfg.hjson", "--view", "none")
        pid = int(events.line())
        self.assertFalse(outlives(pid, PATIENCE_S))
        log = self.path("scratch/l/a/log")
        while process.poll() is None and log.exists():
            os.truncate(log, 20 * MIB)
            os.truncate(log, 10 * MIB)
        done = self.finish(process)
        self.assertEqual(done.code in (1, 3), True, done)
        self.assertEqual(self.statuses(), {"a": "FAILED"}, done)

    def test_what_a_child_writes_after_its_leader_has_ended_counts(self):
        """The job may write more before it is killed. The verdict is that of the whole log."""
        child = "(read x < leader; while :; do echo UVM_ERROR too late; done) & exec 3> leader; echo leader ends"
        job = self.run_jobs([{"name": "a", "command": f"mkfifo leader; {child}", "fail_patterns": ["^UVM_ERROR"], "max_log": "0"}])["a"]
        self.assertEqual("\nUVM_ERROR" in pathlib.Path(job["log"]).read_text(), job["reason"] == "fail_pattern", job)
        self.assertTrue(job["leaky"], job)


class Patterns(Logs):
    def test_a_pattern_that_never_ends_is_no_pass_and_stops_nobody(self):
        endless = ["^(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"]
        quick = ["^(a*)*b", "(.*)*x", "b$"]  # a byte that they need is missing
        text = "head -c 100000 /dev/zero | tr '\\0' a; echo '!'"
        jobs = self.run_jobs([{"name": f"p{i}", "command": text, "fail_patterns": [pattern]} for i, pattern in enumerate(endless + quick)])
        self.assertEqual(self.verdicts(jobs), {**{f"p{i}": ("FAILED", "pattern_error") for i in range(3)},
                                               **{f"p{i}": ("PASSED", "none") for i in range(3, 6)}})
        for job in jobs.values():
            self.assertLess(job["attempts"][0]["duration_s"], 30)


if __name__ == "__main__":
    unittest.main()
