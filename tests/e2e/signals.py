# SPDX-License-Identifier: Apache-2.0
"""Stories of signals: those of a shell, of a terminal that closes, of batch systems and service managers."""

import os
import pathlib
import select
import signal
import subprocess
import time

import harness
from chips import Chips
from harness import PATIENCE_S, Story, send_to_all
from interactive import OnTerminal
from run import jobs_of
from sim_project import SimStory
from user_terminal import UserTerminal


def tree_of(pid):
    """pid and all processes below it, parents first."""
    found = [pid]
    for parent in found:
        try:
            children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        except OSError:
            continue
        found += map(int, children.split())
    return found


class ToEverybody(Story):
    def begin(self, *args):
        """One job that cleans up at TERM, and one that dies at once."""
        self.config("""{ flow: "jobs", name: "s", jobs: [
          { name: "neat", command: "trap 'touch cleaned; exit 0' TERM HUP INT; echo up > events; while :; do read x < never; done" }
          { name: "plain", command: "echo up > events; exec sleep 1000" }
        ] }""")
        events = self.fifo()
        self.fifo("never")
        process = self.start("run", "cfg.hjson", "-j", "2", "--grace", "60s", *args)
        self.assertEqual([events.line(), events.line()], ["up", "up"])
        return process

    def ends_by(self, process, signum):
        pids = tree_of(process.pid)
        self.assertGreaterEqual(len(pids), 6)  # dvsched, its clerk, two slots, two jobs
        send_to_all(pids, signum)
        done = self.finish(process)
        self.assertEqual(done.code, 128 + signum, done)
        jobs = jobs_of(self.results())
        self.assertEqual({j["reason"] for j in jobs.values() if j["id"] == "plain"}, {"user"}, done)
        self.assertNotIn("lost", [j["reason"] for j in jobs.values()])
        self.assertTrue(self.path("cleaned").exists())
        self.assertNotIn("clerk", done.err)

    def test_jobs_get_their_grace_and_are_the_user_s(self):
        self.ends_by(self.begin(), signal.SIGTERM)

    def test_also_when_a_session_ends(self):
        self.ends_by(self.begin(), signal.SIGHUP)

    def test_a_clock_above_it_makes_no_difference(self):
        self.ends_by(self.begin("--run-deadline", "1h"), signal.SIGTERM)

    def test_a_job_may_be_the_first_to_hear(self):
        process = self.begin()
        pids = tree_of(process.pid)
        slots = [p for p in pids if pathlib.Path(f"/proc/{p}/comm").read_text(encoding="ascii") == "dvs-slot\n"]
        self.assertEqual(len(slots), 2)
        send_to_all(slots + [p for p in pids if p not in slots and p != process.pid], signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        self.finish(process)
        self.assertEqual(jobs_of(self.results())["plain"]["reason"], "user")


class ToDeviceWorkers(Chips):
    def test_a_gang_ends_as_the_user_s_and_its_devices_stay_good(self):
        self.pool('{ name: "g", backend: "chips", devices: 3, grace: "60s",'
                  ' program: [{ barrier: true }, { write: "up" }, { idle: "600s" }] }', n=3)
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.until_there("scratch", "demo", "g", "up")
        send_to_all(tree_of(process.pid), signal.SIGTERM)
        done = self.finish(process)
        self.assertEqual(done.code, 143, done)
        self.assertEqual((self.job("g")["status"], self.job("g")["reason"]), ("KILLED", "user"))
        self.assertLessEqual({d["health"] for d in self.devices()}, {"good", "unknown"})


class StoppedWithDevices(Chips):
    def begin(self):
        self.pool('{ name: "g", backend: "chips", devices: 2, program: [{ barrier: true }, { write: "up" }, { idle: "1s" }] }', n=2)
        process = self.start("run", "cfg.hjson", "--view", "none", start_new_session=True)
        self.until_there("scratch", "demo", "g", "up")
        return process

    def ends_well(self, process):
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.job("g")["attempts"]), 1)

    def test_a_stop_of_everything_is_no_silence_of_a_worker(self):
        process = self.begin()
        pids = tree_of(process.pid)
        send_to_all(pids, signal.SIGSTOP)
        select.select([], [], [], 3.5)  # longer than a worker may be without a heartbeat
        process.send_signal(signal.SIGCONT)
        select.select([], [], [], 0.5)  # the workers continue later than dvsched
        send_to_all(pids, signal.SIGCONT)
        self.ends_well(process)

    def test_workers_go_on_when_the_run_is_suspended(self):
        process = self.begin()
        process.send_signal(signal.SIGTSTP)
        select.select([], [], [], 3.5)
        process.send_signal(signal.SIGCONT)
        self.ends_well(process)


class Ignored(Story):
    """Signals that are ignored at the start stay ignored, for dvsched and for its jobs."""

    def run_in(self, shell, script):
        self.config("""{ flow: "jobs", name: "s", jobs: [
          { name: "a", command: "grep SigIgn /proc/self/status > ignored; echo up > up; read x < gate" }
        ] }""")
        for name in "up", "gate":
            self.fifo(name)
        self.write("script", script)
        process = subprocess.Popen([shell, "script"], cwd=self.dir, env=self.environ({"DVSCHED": self.binary}),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        self.addCleanup(self._end, process)
        return self.finish(process)

    def ignored_by_the_job(self):
        bits = int(self.path("ignored").read_text(encoding="ascii").split()[1], 16)
        return {s for s in signal.Signals if bits & 1 << (s - 1)}

    def test_hup_under_nohup(self):
        for shell in "bash", "sh":
            with self.subTest(shell):
                done = self.run_in(shell, 'nohup "$DVSCHED" run cfg.hjson & read x < up; kill -HUP $!; echo go > gate\n'
                                          'wait $!; echo rc=$?\n')
                self.assertIn("rc=0\n", done.out, done)
                self.assertEqual(self.statuses(), {"a": "PASSED"})
                self.assertIn(signal.SIGHUP, self.ignored_by_the_job())
                for name in "up", "gate":
                    self.path(name).unlink()

    def test_int_and_quit_in_the_background_of_a_script(self):
        done = self.run_in("sh", '"$DVSCHED" run cfg.hjson & read x < up; kill -INT $!; kill -QUIT $!; echo go > gate\n'
                                 'wait $!; echo rc=$?\n')
        self.assertIn("rc=0\n", done.out, done)
        self.assertEqual(self.ignored_by_the_job(), {signal.SIGINT, signal.SIGQUIT})

    def test_term_ends_it_all_the_same(self):
        done = self.run_in("sh", 'trap "" PIPE; nohup "$DVSCHED" run cfg.hjson & read x < up; kill $!\nwait $!; echo rc=$?\n')
        self.assertIn("rc=143\n", done.out, done)
        self.assertNotIn(signal.SIGPIPE, self.ignored_by_the_job())

    def test_ignored_while_the_configuration_is_read(self):
        self.write("part.hjson", '{ description: "p" }')
        self.config("""{ flow: "jobs", name: "s", jobs: [ { name: "a", command: "true" } ]
          import_cfgs: ["{eval_cmd} echo reading > events; read x < gate; echo {self_dir}/part.hjson"] }""")
        events, gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.assertEqual(events.line(), "reading")
        process.send_signal(signal.SIGHUP)
        os.write(gate.fd, b"go\n")
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)


class Warnings(Story):
    """Signals that batch systems send some time before a limit."""

    def test_warnings_of_a_limit_are_nothing(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [
          { name: "a", command: "echo up > up; read x < gate" }
          { name: "b", command: "grep SigIgn /proc/self/status", needs: ["a"] }
        ] }""")
        up, gate = self.fifo("up"), self.fifo("gate")
        for args in [], ["--run-deadline", "1h"]:
            with self.subTest(args):
                process = self.start("run", "cfg.hjson", *args)
                self.assertEqual(up.line(), "up")
                for signum in signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGXCPU:
                    send_to_all([p for p in tree_of(process.pid)
                                 if pathlib.Path(f"/proc/{p}/exe").resolve() == pathlib.Path(self.binary).resolve()], signum)
                os.write(gate.fd, b"go\n")
                done = self.finish(process)
                self.assertEqual(done.code, 0, done)
                log = self.path("scratch/s/b/log").read_text(encoding="utf-8")
                self.assertRegex(log, r"SigIgn:\t0+\n")

    def test_usr1_is_nothing_before_the_run_either(self):
        self.write("part.hjson", '{ description: "p" }')
        self.config("""{ flow: "jobs", name: "s", jobs: [ { name: "a", command: "true" } ]
          import_cfgs: ["{eval_cmd} echo reading > events; read x < gate; echo {self_dir}/part.hjson"] }""")
        events, gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson")
        self.assertEqual(events.line(), "reading")
        process.send_signal(signal.SIGUSR1)
        os.write(gate.fd, b"go\n")
        self.assertEqual(self.finish(process).code, 0)


class ClosedTerminal(OnTerminal):
    CONFIG = """{ flow: "jobs", name: "s", jobs: [
      { name: "neat", command: "trap 'sleep 0.1; touch cleaned; exit' TERM; echo $PPID > events; while :; do read x < never; done" }
      { name: "last", command: "touch last", finally: true }
    ] }"""

    def begin_in_a_shell(self, command):
        """The pid of dvsched, its shell, once the job is up."""
        self.config(self.CONFIG)
        events = self.fifo()
        self.fifo("never")
        shell = self.shell()
        shell.type(command + "\r")
        slot = int(events.line())
        pid = int(pathlib.Path(f"/proc/{slot}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
        return pid, shell

    def close(self, shell):
        os.close(shell.slave)
        os.close(shell.master)
        shell.master, shell.slave = os.openpty()  # for the story's end

    def test_jobs_have_their_grace_and_finally_jobs_run(self):
        pid, shell = self.begin_in_a_shell('"$DVSCHED" run cfg.hjson --grace 60s')
        self.close(shell)  # HUP comes from the kernel, and from the shell
        self.assertFalse(harness.outlives(pid, PATIENCE_S))
        self.assertTrue(self.path("cleaned").exists())
        self.assertTrue(self.path("last").exists())
        self.assertEqual(self.results()["run"]["exit_code"], 129)
        self.assertEqual(jobs_of(self.results())["neat"]["reason"], "user")

    def test_in_the_background_too(self):
        pid, shell = self.begin_in_a_shell('"$DVSCHED" run cfg.hjson --grace 60s &')
        self.close(shell)
        self.assertFalse(harness.outlives(pid, PATIENCE_S))
        self.assertTrue(self.path("cleaned").exists())
        self.assertEqual(self.results()["run"]["exit_code"], 129)

    def closes_after_ctrl_z(self, *args):
        pid, shell = self.begin_in_a_shell(f'"$DVSCHED" run cfg.hjson --grace 60s {" ".join(args)}')
        shell.type("\x1a")
        shell.see("Stopped")
        self.close(shell)  # TERM comes from bash, too
        self.assertFalse(harness.outlives(pid, PATIENCE_S))
        self.assertTrue(self.path("cleaned").exists())
        self.assertTrue(self.path("last").exists())
        self.assertEqual(self.results()["run"]["exit_code"], 129)

    def test_after_ctrl_z_too(self):
        self.closes_after_ctrl_z()

    def test_after_ctrl_z_with_a_clock_above_it(self):
        self.closes_after_ctrl_z("--run-deadline", "1h")

    def test_under_nohup_the_run_goes_on(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [ { name: "a", command: "echo $PPID > events; read x < gate" } ] }""")
        events, gate = self.fifo(), self.fifo("gate")
        shell = self.shell()
        shell.type('nohup "$DVSCHED" run cfg.hjson &\r')
        slot = int(events.line())
        pid = int(pathlib.Path(f"/proc/{slot}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
        self.close(shell)
        self.assertFalse(harness.outlives(shell.process.pid, PATIENCE_S))
        os.write(gate.fd, b"go\n")
        self.assertFalse(harness.outlives(pid, PATIENCE_S))
        self.assertEqual(self.results()["run"]["exit_code"], 0)
        self.assertIn("1 job: 1 passed", self.path("nohup.out").read_text(encoding="utf-8"))


class Loops(Story):
    """Ctrl-C in a shell's loop ends the loop, too."""

    def stops(self, shell, job_is_up):
        self.write("loop.sh", 'for i in 1 2 3; do echo "<iter $i>"; "$DVSCHED" run cfg.hjson --view none; echo "<rc $?>"; done\n')
        terminal = UserTerminal([shell, self.path("loop.sh")], self.dir, self.environ({"DVSCHED": self.binary}))
        self.addCleanup(terminal.close)
        self.assertEqual(job_is_up(), "up")
        terminal.type("\x03")
        code = terminal.end()
        self.assertNotIn("<iter 2>", terminal.screen())
        self.assertIn("results ", terminal.screen())
        return code

    def test_of_bash_and_sh(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [ { name: "a", command: "echo up > events; exec sleep 1000" } ] }""")
        events = self.fifo()
        for shell in "bash", "sh":
            with self.subTest(shell):
                self.assertEqual(self.stops(shell, events.line), 130)

    def test_of_make(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [ { name: "a", command: "echo up > events; exec sleep 1000" } ] }""")
        events = self.fifo()
        self.write("Makefile", 'all:\n\t@"$$DVSCHED" run cfg.hjson --view none\n\t@echo went on\n')
        terminal = UserTerminal(["make"], self.dir, self.environ({"DVSCHED": self.binary}))
        self.addCleanup(terminal.close)
        self.assertEqual(events.line(), "up")
        terminal.type("\x03")
        terminal.end()
        self.assertNotIn("went on", terminal.screen())
        self.assertIn("results ", terminal.screen())

    def test_of_a_shell_with_a_clock_between(self):
        self.config("""{ flow: "jobs", name: "s", jobs: [ { name: "a", command: "echo up > events; exec sleep 1000" } ] }""")
        events = self.fifo()
        process = self.start("run", "cfg.hjson", "--run-deadline", "1h", start_new_session=True)
        self.assertEqual(events.line(), "up")
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(self.finish(process).signal, signal.SIGINT)


class Suspended(OnTerminal):
    """Ctrl-Z stops dvsched, its jobs and their clocks; fg continues them all."""

    JOBS = """{ flow: "jobs", name: "s", jobs: [
      { name: "a.{n}", sweep: { n: "1..2" }, timeout: "60s",
        command: "echo $$ > events; read x < gate" }
      { name: "b", command: "true", needs: ["a.*"] }
    ] }"""

    def state_of(self, pid):
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]

    def until_state(self, pid, states):
        end = time.monotonic() + PATIENCE_S
        while self.state_of(pid) not in states:
            self.assertLess(time.monotonic(), end, (pid, self.state_of(pid)))
            select.select([], [], [], 0.01)

    def begin_in(self, shell, *args):
        self.config(self.JOBS)
        events, self.gate = self.fifo(), self.fifo("gate")
        shell.type(f'"$DVSCHED" run cfg.hjson -j 2 {" ".join(args)}; echo rc=$?\r')
        return [int(events.line()) for _ in range(2)]

    def goes_through(self, view, *args):
        shell = self.shell()
        before = shell.modes()
        jobs = self.begin_in(shell, "--view", view, *args)
        shell.type("\x1a")
        shell.see("Stopped")
        for pid in jobs:
            self.until_state(pid, "T")
        self.assertEqual(shell.modes(), before)
        os.write(self.gate.fd, b"go\ngo\n")
        shell.type("fg\r")
        for pid in jobs:
            self.assertFalse(harness.outlives(pid, PATIENCE_S))
        shell.see(r"3 jobs: 3 passed")
        shell.type("exit\r")
        shell.end()

    def test_with_each_view(self):
        for view in "tty", "plain":
            with self.subTest(view):
                self.goes_through(view)
                self.path("gate").unlink()
                self.path("events").unlink()

    def test_with_the_full_screen(self):
        self.goes_through("curses")

    def test_with_a_clock_above_it(self):
        self.goes_through("plain", "--run-deadline", "1h")

    def test_more_than_once(self):
        shell = self.shell()
        jobs = self.begin_in(shell, "--view plain")
        for _ in range(3):
            shell.type("\x1a")
            shell.see("Stopped")
            for pid in jobs:
                self.until_state(pid, "T")
            shell.type("fg\r")
            for pid in jobs:
                self.until_state(pid, "SR")
        os.write(self.gate.fd, b"go\ngo\n")
        shell.see(r"3 jobs: 3 passed")
        shell.type("exit\r")
        shell.end()

    def test_ctrl_c_after_fg_ends_it(self):
        shell = self.shell()
        jobs = self.begin_in(shell, "--view plain")
        shell.type("\x1a")
        shell.see("Stopped")
        for pid in jobs:
            self.until_state(pid, "T")
        shell.type("fg\r")
        for pid in jobs:
            self.until_state(pid, "SR")
        shell.type("\x03")
        shell.see(r"3 jobs: 0 passed, 3 stopped")
        shell.type("exit\r")
        shell.end()

    def test_kill_of_a_stopped_one_leaves_no_process(self):
        shell = self.shell()
        jobs = self.begin_in(shell, "--view plain")
        shell.type("\x1a")
        shell.see("Stopped")
        shell.type("kill -9 %1\r")
        for pid in jobs:
            self.assertFalse(harness.outlives(pid, PATIENCE_S))
        shell.type("exit\rexit\r")  # the first one may find that there were stopped jobs
        shell.end()

    def test_by_a_batch_system_without_a_terminal(self):
        self.config(self.JOBS)
        events, self.gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", "-j", "2", start_new_session=True)
        jobs = [int(events.line()) for _ in range(2)]
        send_to_all(tree_of(process.pid), signal.SIGTSTP)
        for pid in [process.pid, *jobs]:
            self.until_state(pid, "T")
        pids = tree_of(process.pid)
        send_to_all(pids, signal.SIGSTOP)
        os.write(self.gate.fd, b"go\ngo\n")
        send_to_all(pids, signal.SIGCONT)
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)

    def test_a_clock_that_alone_is_reported(self):
        self.config(self.JOBS)
        events, self.gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", "-j", "2", "--run-deadline", "1h", start_new_session=True)
        jobs = [int(events.line()) for _ in range(2)]
        process.send_signal(signal.SIGTSTP)
        for pid in [process.pid, *jobs]:
            self.until_state(pid, "T")
        os.write(self.gate.fd, b"go\ngo\n")
        process.send_signal(signal.SIGCONT)
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)

    def test_a_job_that_is_another_dvsched(self):
        self.config(f"""{{ flow: "jobs", name: "o", jobs: [
          {{ name: "outer", command: "{self.binary} run inner.hjson -sr inner" }} ] }}""")
        self.write("inner.hjson", """{ flow: "jobs", name: "i", jobs: [
          { name: "inner", timeout: "3s", command: "echo $$ > events; read x < gate" } ] }""")
        events, gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", start_new_session=True)
        inner = int(events.line())
        process.send_signal(signal.SIGTSTP)
        for pid in process.pid, inner:
            self.until_state(pid, "T")
        select.select([], [], [], 3.2)  # longer than the time limit of the inner job
        process.send_signal(signal.SIGCONT)
        self.until_state(inner, "SR")
        os.write(gate.fd, b"go\n")
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)


class UnderTheNameOfDvsim(SimStory):
    def ends_by(self, signum):
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        events = self.fifo()
        self.write("sim.sh", f"echo started > {events.path}; exec sleep 1000")
        process = subprocess.Popen([self.path("dvsim"), "one.hjson", "-i", "good", "-pr", ".", "-sr", self.path("out"), "-br",
                                    "main", "--fixed-seed", "7"], cwd=self.dir, env=self.environ(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        events.line()
        process.send_signal(signum)
        return self.finish(process)

    def test_int_and_term_are_exit_code_1_as_dvsims(self):
        for signum in signal.SIGINT, signal.SIGTERM:
            with self.subTest(signum):
                done = self.ends_by(signum)
                self.assertEqual((done.code, done.signal), (1, 0), done)
                for name in "dvsim", "events":
                    self.path(name).unlink()

    def test_hup_is_not(self):
        done = self.ends_by(signal.SIGHUP)
        self.assertEqual((done.code, done.signal), (129, signal.SIGHUP), done)
