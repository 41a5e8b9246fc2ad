# SPDX-License-Identifier: Apache-2.0
"""Kills of the clerk; and a few random ones of device workers and of dvsched, each of which checks itself (tests/chips/kills.py; scripts/long-chips
has many)."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from harness import SOURCE, Story, children_of, scheduler_of

KILLS = SOURCE / "tests" / "chips" / "kills.py"


# Each job reports that it runs, and waits until its gate is opened. The first two stay long enough in running/ to get a link there.
GATES = """{ flow: "jobs", name: "k", passed_links: true, jobs: [
  { name: "a", command: "echo a > events; read line < gate-a" }
  { name: "b", command: "echo b > events; read line < gate-b; exit 1" }
  { name: "c", command: "true", needs: ["a"] }
] }"""


class Clerk(Story):
    def setUp(self):
        super().setUp()
        self.config(GATES)
        self.gates = {name: self.fifo(f"gate-{name}") for name in "ab"}
        events = self.fifo()
        self.run_of = self.start("run", "cfg.hjson", "--view", "none", "-j2")
        self.assertEqual({events.line(), events.line()}, {"a", "b"})
        self.pid = self.clerk()
        self.follower = self.start("events", "--follow")

    def open_gate(self, name):
        os.write(self.gates[name].fd, b"on\n")

    def clerk(self):
        pid, = (p for p in children_of(scheduler_of(self.run_of)) if b"__clerk" in pathlib.Path(f"/proc/{p}/cmdline").read_bytes())
        return pid

    def record(self, which):
        """The next record of the run that is so."""
        for line in self.follower.stdout:
            if which(record := json.loads(line)):
                return record
        raise AssertionError("the records have ended")

    def kill_clerk(self):
        """Kills it, and returns its pid. The record about that names the one that follows it."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        record = self.record(lambda r: r["ev"] == "clerk")
        self.assertEqual((record["pid"], record["message"]), (pid, "died: signal 9"))
        self.pid = record.get("next_pid")
        return pid

    def end(self):
        for name in self.gates:
            self.open_gate(name)
        done = self.finish(self.run_of)
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses(), {"a": "PASSED", "b": "FAILED", "c": "PASSED"})
        self.record(lambda r: r["ev"] == "end")
        return done

    def links(self):
        return {f"{p.parent.name}/{p.name}" for group in ("running", "passed", "failed", "killed") for p in self.path("scratch/k", group).glob("*")}

    def test_a_clerk_that_is_killed_is_replaced(self):
        first, second = self.kill_clerk(), self.kill_clerk()
        done = self.end()
        self.assertEqual(self.links(), {"passed/a", "failed/b", "passed/c"})
        self.assertEqual(done.err.count("died: signal 9; another one (pid "), 2, done)
        self.assertIn(f"the clerk (pid {first}) died: signal 9; another one (pid {second}) goes on with its work", done.err)
        # The journal is whole, and resume reads it.
        self.open_gate("b")
        done = self.dvsched("resume", "--explain", "--view", "none")
        self.assertEqual((done.code, self.statuses()), (1, {"a": "PASSED", "b": "FAILED", "c": "PASSED"}), done)

    def test_a_run_whose_clerks_die_at_once_goes_on_without_one(self):
        while self.pid:
            self.kill_clerk()
        done = self.end()
        self.assertIn("the run goes on without it. No status links are made", done.err)


class Kills(unittest.TestCase):
    def kill(self, seed, n):
        # Much slack: only the end is tested, when all devices must be free and no process or file may be left.
        done = subprocess.run([sys.executable, str(KILLS), os.environ["DVSCHED"], "--kills", str(n), "--batch", str(n),
                               "--seed", str(seed), "--slack", "60"], capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("phases: ", done.stdout)

    def test_workers_that_are_killed_leave_their_devices_free_and_nothing_behind(self):
        self.kill(2, 8)

    def test_so_does_dvsched(self):
        self.kill(3, 6)


if __name__ == "__main__":
    unittest.main()
