# SPDX-License-Identifier: Apache-2.0
"""Stories of a run's processes that are killed together: no process is left, and recorded results are kept."""

import os
import pathlib
import select
import signal

from harness import Story, send_to_all
from run import jobs_of
from signals import tree_of

# Daemons in sessions of their own, without the test's cookie, that ignore TERM; each holds the gate open for reading.
DAEMONS = """
for i in 1 2 3; do
    setsid env -i PATH="$PATH" sh -c 'trap "" TERM HUP; exec 9< gate; echo up > events; while :; do sleep 1; done' &
done
wait
"""

SCAN = """{ flow: "jobs", name: "s", jobs: [ {
  name: "scan"
  command: "cat line; echo up > events"
  fail_patterns: ["error.*x.*fatal"]
} ] }"""


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


class Killed(Story):
    def begin(self, *args):
        """A run whose first job has passed and whose second has three daemons. Returns it with its processes by name."""
        self.write("daemons.sh", DAEMONS)
        self.config("""{ flow: "jobs", name: "s", jobs: [
          { name: "first", command: "true" }
          { name: "second", command: "sh daemons.sh", needs: ["first"] }
        ] }""")
        events = self.fifo()
        self.gate = self.fifo("gate")
        process = self.start("run", "cfg.hjson", *args)
        for _ in range(3):
            self.assertEqual(events.line(), "up")
        by_name = {}
        for pid in tree_of(process.pid):
            by_name.setdefault(name_of(pid), []).append(pid)
        self.daemons = [os.pidfd_open(p) for p in by_name["sh"] if p != by_name["sh"][0]]
        self.assertEqual(len(by_name["dvsched"]), 2)
        return process, by_name

    def assert_daemons_are_gone(self):
        for fd in self.daemons:
            self.assertTrue(select.select([fd], [], [], 20)[0], "a daemon is left")
            os.close(fd)

    def test_the_scheduler_and_a_slot(self):
        process, by_name = self.begin()
        send_to_all([by_name["dvsched"][1], *by_name["dvs-slot"]], signal.SIGKILL)
        done = self.finish(process)
        self.assert_daemons_are_gone()
        self.assertEqual(done.code, 3, done)
        self.assertIn("was ended by signal 9", done.err)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["first"]["status"], "PASSED")
        self.assertEqual((jobs["second"]["status"], jobs["second"]["reason"]), ("KILLED", "lost"))

    def test_the_guardian_and_a_slot(self):
        process, by_name = self.begin()
        send_to_all([by_name["dvsched"][0], *by_name["dvs-slot"]], signal.SIGKILL)
        self.finish(process)  # without a message, if the death of the slot, which ends the last job, is seen first
        self.assert_daemons_are_gone()

    def test_the_guardian_alone(self):
        process, by_name = self.begin()
        process.kill()
        done = self.finish(process)
        self.assert_daemons_are_gone()
        self.assertIn(f"(pid {by_name['dvsched'][0]}) was killed: the run ends", done.err)

    def test_the_guardian_of_a_stopped_scheduler(self):
        process, by_name = self.begin()
        os.kill(by_name["dvsched"][1], signal.SIGSTOP)
        process.kill()
        self.finish(process)
        self.assert_daemons_are_gone()

    def test_the_scheduler_and_the_clerk_of_a_run_with_a_deadline(self):
        process, by_name = self.begin("--run-deadline", "1h")
        send_to_all([by_name["dvsched"][1], *by_name["dvs-clerk"]], signal.SIGKILL)
        self.assertEqual(self.finish(process).code, 3)
        self.assert_daemons_are_gone()

    def test_two_requests_to_the_guardian_kill_at_once(self):
        process, by_name = self.begin("--grace", "1h")
        process.send_signal(signal.SIGTERM)
        os.kill(by_name["dvsched"][1], signal.SIGTERM)  # the same request, not another one
        process.send_signal(signal.SIGINT)
        # Of two signals that are pending at the same time the kernel delivers the lower number first.
        self.assertIn(self.finish(process).signal, (signal.SIGTERM, signal.SIGINT))
        self.assert_daemons_are_gone()

    def test_a_scan_that_takes_for_ever(self):
        self.write("line", '{"error": 1, "x": 2}, ' * 45000 + "\n")
        self.config(SCAN)
        events = self.fifo()
        process = self.start("run", "cfg.hjson")
        self.assertEqual(events.line(), "up")
        os.kill(tree_of(process.pid)[1], signal.SIGKILL)
        self.assertEqual(self.finish(process).code, 3)

    def test_what_starts_nothing_has_no_guardian(self):
        self.config('{ flow: "jobs", name: "s", jobs: [{ name: "a", command: "true" }] }')
        self.assertEqual(self.dvsched("run", "cfg.hjson", "-n").code, 0)
        self.assertFalse(self.path("scratch").exists())

