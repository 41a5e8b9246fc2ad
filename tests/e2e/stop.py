# SPDX-License-Identifier: Apache-2.0
"""Stories of runs that end early: signals, deadlines, a killed scheduler."""

import os
import re
import resource
import select
import signal

from harness import Story, scheduler_of
from run import jobs_of


class Stopping(Story):
    # "told" starts only once "quick" has passed, so its line says both.
    CONFIG = """{
      flow: jobs
      name: s
      jobs: [
        { name: "long.{n}", command: "echo up > events; sleep 1000", sweep: { n: "1..2" } }
        { name: "after", argv: ["true"], needs: ["long.*"] }
        { name: "merge", command: "touch merged", needs_any: ["quick", "long.*"] }
        { name: "quick", argv: ["true"] }
        { name: "told", command: "echo quick passed > events", needs: ["quick"] }
        { name: "clean", command: "touch cleaned", finally: true }
      ]
    }"""

    def begin(self, *args):
        """A run of CONFIG, both long jobs up and the quick one passed."""
        self.config(self.CONFIG)
        events = self.fifo()
        process = self.start("run", "cfg.hjson", "-j", "4", *args)
        lines = sorted(events.line() for _ in range(3))
        self.assertEqual(lines, ["quick passed", "up", "up"])
        return process

    def ends_by(self, signum, code):
        process = self.begin()
        process.send_signal(signum)
        done = self.finish(process)
        self.assertEqual(done.code, code, done)
        self.assertEqual(done.signal, signum, done)  # so that loops of shells stop
        self.assertIn("results ", done.out)
        # Only the ending reports it.
        self.assertEqual((done.out + done.err).count("the run was"), 1, done)
        self.assertNotIn("cancelled:", done.err)
        jobs = jobs_of(self.results())
        self.assertEqual((jobs["long.1"]["status"], jobs["long.1"]["reason"]), ("KILLED", "user"))
        self.assertEqual(jobs["after"]["status"], "KILLED")
        self.assertEqual(jobs["quick"]["status"], "PASSED")
        self.assertEqual(jobs["clean"]["status"], "PASSED")
        self.assertFalse(self.path("merged").exists())
        self.assertEqual(self.results()["run"]["outcome"], "interrupted")
        self.assertEqual(self.results()["run"]["exit_code"], code)

    def test_ctrl_c_ends_the_run_with_results_and_130(self):
        self.ends_by(signal.SIGINT, 130)

    def test_term_ends_the_run_with_results_and_143(self):
        self.ends_by(signal.SIGTERM, 143)

    def test_a_lost_terminal_ends_the_run_with_results_and_129(self):
        self.ends_by(signal.SIGHUP, 129)

    def test_quit_ends_the_run_with_results_and_131_and_no_core(self):
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        self.ends_by(signal.SIGQUIT, 131)
        self.assertEqual(list(self.dir.glob("core*")), [])

    def test_a_second_signal_does_not_wait_for_the_grace(self):
        self.config("""{
          flow: jobs
          name: s
          jobs: [ { name: "deaf", command: "trap 'echo term > events' TERM; echo up > events; while :; do read x < never; done" } ]
        }""")
        events = self.fifo()
        self.fifo("never")
        process = self.start("run", "cfg.hjson", "--grace", "1000s")
        self.assertEqual(events.line(), "up")
        process.send_signal(signal.SIGINT)
        self.assertEqual(events.line(), "term")
        process.send_signal(signal.SIGTERM)  # of another kind: once more, however soon it comes
        self.assertEqual(self.finish(process).code, 130)
        self.assertEqual(self.statuses(), {"deaf": "KILLED"})

    def test_a_terminal_that_closes_asks_once(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [
          { name: "neat", command: "trap 'echo term > events; read x < gate; touch cleaned; exit' TERM; echo up > events; while :; do read x < never; done" }
          { name: "last", command: "touch last", finally: true }
        ] }""")
        events, gate = self.fifo(), self.fifo("gate")
        self.fifo("never")
        process = self.start("run", "cfg.hjson", "--grace", "1000s")
        self.assertEqual(events.line(), "up")
        process.send_signal(signal.SIGHUP)  # by its shell
        process.send_signal(signal.SIGHUP)  # by the kernel
        self.assertEqual(events.line(), "term")
        os.write(gate.fd, b"go\n")
        self.assertEqual(self.finish(process).code, 129)
        self.assertTrue(self.path("cleaned").exists())
        self.assertTrue(self.path("last").exists())

    def test_the_view_goes_on_while_jobs_use_their_grace(self):
        self.config("""{
          flow: jobs
          name: s
          jobs: [
            { name: "deaf", command: "trap 'echo term > events' TERM; echo up > events; while :; do read x < never; done" }
            { name: "after", argv: ["true"], needs: ["deaf"] }
          ]
        }""")
        events = self.fifo()
        self.fifo("never")
        process = self.start("run", "cfg.hjson", "--view", "plain", "-pi", "0", "--grace", "1000s")
        self.assertEqual(events.line(), "up")
        process.send_signal(signal.SIGINT)
        seen = b""
        while not re.search(rb"\[ +after +\].*K: +1", seen):
            self.assertTrue(select.select([process.stderr], [], [], 20)[0], seen)
            seen += os.read(process.stderr.fileno(), 65536)
        self.assertEqual(events.line(), "term")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process).code, 130)

    def test_the_grace_ends_a_job_that_is_deaf_to_term(self):
        self.config("""{
          flow: jobs
          name: s
          jobs: [ { name: "deaf", command: "trap '' TERM; echo up > events; while :; do read x < never; done" } ]
        }""")
        events = self.fifo()
        self.fifo("never")
        process = self.start("run", "cfg.hjson", "--grace", "0.1s")
        self.assertEqual(events.line(), "up")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process).code, 143)
        self.assertEqual(self.statuses(), {"deaf": "KILLED"})

    def test_the_run_deadline_merges_what_there_is_and_exits_124(self):
        self.config(self.CONFIG)
        self.fifo()
        done = self.dvsched("run", "cfg.hjson", "-j", "4", "--run-deadline", "2s")
        self.assertEqual(done.code, 124, done)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["long.1"]["reason"], "run_deadline")
        self.assertEqual(jobs["after"]["status"], "KILLED")
        self.assertEqual(jobs["clean"]["status"], "PASSED")
        # If a machine needs two seconds to get this far, there is nothing to merge.
        if jobs["quick"]["status"] == "PASSED":
            self.assertEqual(jobs["merge"]["status"], "PASSED")
        self.assertEqual(self.results()["run"]["outcome"], "deadline")

    def test_a_deadline_that_passes_while_the_configuration_is_read_counts(self):
        self.write("part.hjson", '{ description: "p" }')
        self.config("""{
          flow: jobs
          name: s
          import_cfgs: ["{eval_cmd} echo reading > events; read x < gate; echo {self_dir}/part.hjson"]
          jobs: [ { name: "long", argv: ["sleep", "1000"] } ]
        }""")
        events, gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", "--run-deadline", "0.1s")
        self.assertEqual(events.line(), "reading")
        # The message of the clock is in a socket, where the test cannot see it. The story also holds without the pause.
        select.select([], [], [], 0.5)
        os.write(gate.fd, b"go\n")
        done = self.finish(process)
        self.assertEqual(done.code, 124, done)
        self.assertEqual(self.results()["jobs"][0]["reason"], "run_deadline")

    def test_a_stuck_scheduler_still_ends_at_the_deadline(self):
        process = self.begin("--grace", "0", "--run-deadline", "5s")
        os.kill(scheduler_of(process), signal.SIGSTOP)
        done = self.finish(process)
        self.assertEqual(done.code, 124, done)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["quick"]["status"], "PASSED")
        self.assertEqual((jobs["long.1"]["status"], jobs["long.1"]["reason"]),
                         ("KILLED", "run_deadline"))

    def test_a_stopped_slot_is_no_way_to_outlive_the_deadline(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [
          { name: "stop", command: "kill -STOP $PPID; sleep 1000" }
        ] }""")
        done = self.dvsched("run", "cfg.hjson", "--grace", "0", "--run-deadline", "1s")
        self.assertEqual(done.code, 124, done)
        self.assertEqual(self.statuses(), {"stop": "KILLED"})

    def test_a_clock_completes_the_results_of_a_killed_scheduler(self):
        process = self.begin("--run-deadline", "1h")
        os.kill(scheduler_of(process), signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.code, 3, done)
        self.assertIn("was ended by signal 9", done.err)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["quick"]["status"], "PASSED")
        self.assertEqual((jobs["long.1"]["status"], jobs["long.1"]["reason"]), ("KILLED", "lost"))
        self.assertEqual(self.results()["run"]["outcome"], "lost")

    def test_a_killed_clock_takes_the_run_with_it(self):
        process = self.begin("--run-deadline", "1h")
        process.kill()
        self.finish(process)  # the output ends when all of the run's processes have

    def test_a_signal_to_the_clock_reaches_the_scheduler(self):
        process = self.begin("--run-deadline", "1h")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process).signal, signal.SIGTERM)
        self.assertEqual(self.results()["run"]["exit_code"], 143)

    def test_ctrl_c_while_the_configuration_is_read_is_no_bug_of_the_scheduler(self):
        self.config("""{ flow: jobs, name: s, jobs: [ { name: "a", command: "true" } ]
          import_cfgs: ["{eval_cmd} echo reading > events; read x < never"] }""")
        events = self.fifo()
        self.fifo("never")
        process = self.start("run", "cfg.hjson", "--run-deadline", "1h")
        self.assertEqual(events.line(), "reading")
        os.kill(scheduler_of(process), signal.SIGINT)
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual((done.signal, done.err), (signal.SIGINT, ""))

    def test_max_failures_stops_launching(self):
        self.config("""{
          flow: jobs
          name: m
          jobs: [
            { name: "bad.{n}", argv: ["false"], sweep: { n: "1..50" } }
            { name: "clean", command: "touch cleaned", finally: true }
          ]
        }""")
        done = self.dvsched("run", "cfg.hjson", "-j", "1", "--max-failures", "3")
        self.assertEqual(done.code, 1, done)
        counts = self.results()["counts"]
        self.assertEqual((counts["failed"], counts["killed"]), (3, 47))
        self.assertTrue(self.path("cleaned").exists())

    def test_killing_the_scheduler_leaves_no_process(self):
        process = self.begin()
        os.kill(scheduler_of(process), signal.SIGKILL)
        self.assertEqual(self.finish(process).code, 3)

    def test_killing_the_guardian_leaves_no_process(self):
        process = self.begin()
        process.kill()
        process.wait()

    def test_killing_a_slot_loses_one_job_only(self):
        self.config("""{
          flow: jobs
          name: k
          jobs: [
            { name: "victim", command: "setsid sleep 1000 & echo $PPID > events; sleep 1000" }
            { name: "other", argv: ["true"], needs_any: ["victim", "ok"] }
            { name: "ok", argv: ["true"] }
          ]
        }""")
        events = self.fifo()
        process = self.start("run", "cfg.hjson", "-j", "2")
        os.kill(int(events.line()), signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.code, 3, done)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["victim"]["reason"], "lost")
        self.assertEqual(jobs["other"]["status"], "PASSED")
