# SPDX-License-Identifier: Apache-2.0
"""Clocks that jump: time limits, durations and the order of runs do not depend on the wall clock.

A library of tests/faults shifts the clocks of all processes of a run while it goes on.
"""
import json
import os
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import clocks  # noqa: E402
from clocks import HOUR  # noqa: E402
from harness import PATIENCE_S, Story, children_of, outlives, scheduler_of  # noqa: E402
from run import jobs_of  # noqa: E402



class Clocks(Story):
    def setUp(self):
        super().setUp()
        library = pathlib.Path(self.binary).resolve().parents[2] / "tests/faults/libshift.so"
        if not library.exists():
            self.skipTest(f"{library} is not there")
        self.needs_plain_calls()
        shifted = clocks.Clocks(self.path("clocks"))
        self.shift, self.env = shifted.shift, shifted.environ(library)

    def gated(self, more="", name="cfg.hjson"):
        """A job that says when it runs and waits, and another one after it."""
        self.events, self.gate = self.fifo(), self.fifo("gate")
        self.config("""{ flow: "jobs", name: "s", %s jobs: [
            { name: "a", timeout: "1h", command: "echo $$ > %s; read x < %s" }
            { name: "b", needs: ["a"], command: "test {attempt} = 2", retries: 1, timeout: "1h" } ] }"""
                    % (more, self.events.path, self.gate.path), name)

    def begin(self, *options):
        process = self.start("run", "cfg.hjson", "--view", "plain", *options, env=self.env)
        return process, int(self.events.line())

    def open_gate(self):
        os.write(self.gate.fd, b"go\n")


class StuckScheduler(Clocks):
    def test_a_scheduler_that_does_not_answer_a_signal_is_killed(self):
        """After 30 s; this one is stopped, as if its loop hung."""
        self.gated()
        process, job = self.begin()
        scheduler = scheduler_of(process)
        os.kill(scheduler, signal.SIGSTOP)
        process.terminate()
        for n in range(1, PATIENCE_S):  # the guardian may read the signal after the first jump
            self.shift(monotonic_s=31 * n)
            if not outlives(process.pid, 1):
                break
        done = self.finish(process)
        self.assertEqual(done.signal, signal.SIGTERM, done)
        self.assertIn(f"the scheduler (pid {scheduler}) does not answer the signal that ends the run: it is killed", done.err)
        self.assertEqual({job["reason"] for job in self.results()["jobs"]}, {"user"}, done)
        self.assertFalse(outlives(job, 0))


class WallClock(Clocks):
    def assert_undisturbed(self, done):
        self.assertEqual(done.code, 0, done)
        results = self.results()
        for job in jobs_of(results).values():
            self.assertEqual(job["status"], "PASSED", done)
            for attempt in job["attempts"]:
                self.assertTrue(0 <= attempt["duration_s"] < PATIENCE_S, attempt)
        self.assertTrue(0 <= results["run"]["duration_s"] < PATIENCE_S, results["run"])
        self.assertRegex(done.out, r"2 jobs: 2 passed \(1 flaky\) in \d+(\.\d+)?s\n")
        events = self.dvsched("events")
        self.assertEqual((events.code, events.out.count("\n"), events.err), (0, 8, ""), events)

    def test_a_jump_changes_no_limit_no_duration_and_no_verdict(self):
        self.gated()
        for jump in 2 * HOUR, -3 * HOUR, 400 * 24 * HOUR, -20 * 365 * 24 * HOUR:
            self.shift()
            process, _ = self.begin("--run-deadline", "1h")
            self.shift(wall_s=jump)
            self.open_gate()
            self.assert_undisturbed(self.finish(process))

    def test_a_jump_while_it_is_resumed_changes_nothing(self):
        self.gated()
        process, _ = self.begin()
        self.shift(wall_s=-HOUR)
        scheduler = scheduler_of(process)
        os.kill(scheduler, signal.SIGKILL)
        self.finish(process)
        self.shift(wall_s=-2 * HOUR)
        process = self.start("resume", "--view", "none", env=self.env)
        self.events.line()
        self.open_gate()
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.statuses(), {"a": "PASSED", "b": "PASSED"})


class OrderOfRuns(Clocks):
    def setUp(self):
        super().setUp()
        self.config('{ flow: "jobs", name: "s", jobs: [{ name: "a", command: "test -e %s" }] }' % self.path("good"))

    def run_at(self, wall_s, *options):
        self.shift(wall_s=wall_s)
        self.dvsched("run", "cfg.hjson", "--view", "none", *options, env=self.env)
        return self.run_dir().name

    def test_after_the_clock_was_set_back_the_last_run_is_the_newest(self):
        self.path("good").touch()
        self.run_at(0)
        self.path("good").unlink()
        last = self.run_at(-24 * HOUR)
        self.assertEqual(self.statuses(), {"a": "FAILED"})
        self.path("good").touch()
        done = self.dvsched("resume", "--view", "none", env=self.env)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.results()["run"]["parent"], last)

    def test_the_oldest_are_removed_first(self):
        runs = [self.run_at(wall_s, "--keep-runs", "2") for wall_s in (0, -HOUR, -2 * HOUR, -2 * HOUR)]
        kept = {p.name for p in self.path("scratch/.dvsched/runs").iterdir() if not p.is_symlink()}
        self.assertEqual(kept, set(runs[-2:]))
        self.assertEqual(runs, sorted(runs))


class MonotonicClock(Clocks):
    def stop_all(self, process):
        """The processes of dvsched, without those of jobs; parents first."""
        found = [process.pid, scheduler_of(process)]
        found += children_of(found[1])
        for pid in found:
            os.kill(pid, signal.SIGSTOP)
        return found

    def test_a_job_that_ended_while_all_was_stopped_has_not_timed_out(self):
        self.gated()
        process, job = self.begin()
        stopped = self.stop_all(process)
        self.open_gate()
        end = time.monotonic() + PATIENCE_S
        while pathlib.Path(f"/proc/{job}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            self.assertLess(time.monotonic(), end)
        self.shift(monotonic_s=2 * HOUR)
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.statuses(), {"a": "PASSED", "b": "PASSED"})

    def test_a_limit_that_passes_while_the_loop_is_late_counts(self):
        """The scheduler alone is late, or its slots, too."""
        for is_slot_late in False, True:
            self.gated(name="cfg.hjson")
            self.shift()
            process, job = self.begin()
            stopped = self.stop_all(process) if is_slot_late else [scheduler_of(process)]
            os.kill(stopped[0], signal.SIGSTOP)
            self.shift(monotonic_s=2 * HOUR)
            if not is_slot_late:
                self.assertFalse(outlives(job, PATIENCE_S))  # its slot is in time
            for pid in reversed(stopped):
                os.kill(pid, signal.SIGCONT)
            done = self.finish(process)
            self.assertEqual(done.code, 1, done)
            self.assertEqual({n: (j["status"], j["reason"]) for n, j in jobs_of(self.results()).items()},
                             {"a": ("KILLED", "timeout"), "b": ("KILLED", "dependency")}, done)
            os.unlink(self.events.path)
            os.unlink(self.gate.path)

    def test_a_job_that_starts_after_the_loop_was_late_has_its_whole_time(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [
            { name: "a", command: "echo $$ > events; read x < gate" } { name: "b", needs: ["a"], timeout: "1h", command: "sleep 0.05" } ] }"""
                    .replace("> events", f"> {self.path('events')}").replace("< gate", f"< {self.path('gate')}"))
        self.events, self.gate = self.fifo(), self.fifo("gate")
        process, job = self.begin()
        scheduler = scheduler_of(process)
        os.kill(scheduler, signal.SIGSTOP)
        self.open_gate()
        self.assertFalse(outlives(job, PATIENCE_S))  # the message about its end waits
        self.shift(monotonic_s=2 * HOUR)
        os.kill(scheduler, signal.SIGCONT)
        done = self.finish(process)
        self.assertEqual((done.code, self.statuses()), (0, {"a": "PASSED", "b": "PASSED"}), done)

    def test_a_limit_counts_from_any_beginning(self):
        """After 47 days and after centuries: no clock is a 32-bit number of milliseconds."""
        for uptime_s in 4_294_960, 10**10:
            self.shift(monotonic_s=uptime_s)
            self.config('{ flow: "jobs", name: "s", jobs: [{ name: "long", command: "exec sleep 1000", timeout: "0.2s" }, '
                        '{ name: "good", command: "true", timeout: "1h" }] }')
            done = self.dvsched("run", "cfg.hjson", "--view", "none", "--run-deadline", "1h", env=self.env)
            self.assertEqual(self.statuses(), {"long": "KILLED", "good": "PASSED"}, done)
            self.assertEqual(jobs_of(self.results())["long"]["reason"], "timeout", done)


class Surroundings(Story):
    def test_zones_and_locales_change_no_output(self):
        self.config('{ flow: "jobs", name: "s", jobs: [{ name: "I{n}", sweep: { n: "1..3" }, command: "echo 1,5 {n}" }] }')
        seen = set()
        for zone, locale in ((None, None), ("Europe/Berlin", "de_DE.UTF-8"), ("nonsense", "tr_TR"), (":/etc/passwd", "bogus"), ("", "C.UTF-8")):
            env = {k: v for k, v in (("TZ", zone), ("LC_ALL", locale)) if v is not None}
            done = self.dvsched("plan", "cfg.hjson", "--json", env=env)
            self.assertEqual((done.code, done.err), (0, ""), done)
            run = self.dvsched("run", "cfg.hjson", "--view", "none", env=env)
            self.assertEqual((run.code, run.err), (0, ""), run)
            self.assertRegex(self.results()["run"]["start"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertLess(abs(time.time() - self.run_dir().stat().st_mtime), 3600)
            seen.add(done.out)
        self.assertEqual(len(seen), 1)


if __name__ == "__main__":
    unittest.main()
