# SPDX-License-Identifier: Apache-2.0
"""--interactive: one job on the user's terminal, whose modes are restored in any case."""
import json
import os
import signal

import harness
from sim_project import SimStory
from user_terminal import UserTerminal


class OnTerminal(harness.Story):
    def terminal(self, *args, size=(24, 80), env=None, **streams):
        terminal = UserTerminal([self.binary, *args], self.dir, self.environ(env), *size, **streams)
        self.addCleanup(terminal.close)
        return terminal

    def jobs(self, command, more="", name="talk"):
        self.config('{ flow: "jobs", name: "demo", jobs: [%s\n{ name: "%s", command: %s, %s } ] }'
                    % (more, name, json.dumps(command), "needs: [\"build\"]" if more else ""))

    def talk(self, command, *args, **options):
        self.jobs(command)
        return self.terminal("run", "cfg.hjson", "--interactive", *args, **options)

    def assert_restored(self, terminal):
        self.assertEqual(terminal.modes(), terminal.modes_before, terminal.screen())

    def exit_status(self):
        return self.results()["jobs"][0]["attempts"][-1]["exit_status"]

    def log(self, name="talk"):
        return self.path("scratch/demo", name, "log").read_text(encoding="utf-8")

    def shell(self):
        terminal = UserTerminal(["bash", "--norc", "--noprofile", "--noediting", "-i"], self.dir,
                                self.environ({"PS1": "$ ", "DVSCHED": self.binary}))
        self.addCleanup(terminal.close)
        terminal.see(r"\$ ")
        return terminal


class Talking(OnTerminal):
    def test_what_is_typed_reaches_the_job_and_all_is_in_the_log(self):
        self.jobs('tty; echo "name?"; read x; echo "hello $x $RUN_INTERACTIVE$DVSIM_RUN_INTERACTIVE"; exit 3',
                  '{ name: "build", command: "echo built; env" }')
        terminal = self.terminal("run", "cfg.hjson", "-i", "talk", "--interactive")
        terminal.see(r"name\?\r\n")
        self.assertTrue(terminal.is_raw())
        terminal.type("bob\r")
        terminal.see(r"^bob\r\nhello bob 11\r\n")
        self.assertEqual(terminal.end(), 1)
        self.assert_restored(terminal)
        self.assertRegex(self.log(), r"\A\[Executing\]:\n.*\n\n/dev/pts/\d+\nname\?\nbob\nhello bob 11\n\Z")
        self.assertIn("non-zero exit code: 3", terminal.screen())
        self.assertEqual(self.statuses(), {"build": "PASSED", "talk": "FAILED"})
        self.assertNotIn("RUN_INTERACTIVE", self.log("build"))

    def test_a_job_may_take_as_long_as_its_user_wants(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [{ name: "talk", timeout: "1ms", retries: 3, '
                    'command: "echo ready; read x; exit 1" }] }')
        terminal = self.terminal("run", "cfg.hjson", "--interactive")
        terminal.see("ready")
        terminal.type("x\r")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("exit code: 1", terminal.screen())
        self.assertEqual(len(self.results()["jobs"][0]["attempts"]), 1)

    def test_much_output_is_whole_on_the_screen_and_in_the_log(self):
        terminal = self.talk("seq 1 50000")
        terminal.see(r"^50000\r\n")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(self.log().endswith("\n" + "\n".join(map(str, range(1, 50001))) + "\n"))

    def test_the_screen_may_be_a_file(self):
        with open(self.path("screen"), "wb") as screen:
            terminal = self.talk("echo shown; read x", stdout=screen)
        terminal.type("y\r")
        self.assertEqual(terminal.end(), 0)
        self.assertRegex(self.path("screen").read_bytes(), rb"\A(y\r\n)?shown\r\n(y\r\n)?\n?1 job: 1 passed")
        self.assert_restored(terminal)

    def test_a_command_without_a_configuration(self):
        terminal = self.terminal("run", "--interactive", "--", "sh", "-c", "echo hi $DVSIM_RUN_INTERACTIVE; read x; exit 4")
        terminal.see("hi 1")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 1)
        self.assert_restored(terminal)

    def test_the_size_follows(self):
        terminal = self.talk("trap 'stty size; exit 0' WINCH; stty size; echo ready; while :; do sleep 60 & wait; done",
                             size=(33, 101))
        terminal.see(r"^33 101\r\n")
        terminal.see("ready")
        terminal.resize(40, 120)
        os.kill(terminal.process.pid, signal.SIGWINCH)
        terminal.see(r"^40 120\r\n")
        self.assertEqual(terminal.end(), 0)

    def test_a_line_of_ours_begins_a_line(self):
        terminal = self.talk("printf '\\033[31mno end'")
        terminal.see(r"no end\r\n")
        self.assertEqual(terminal.end(), 0)


class Signals(OnTerminal):
    def test_ctrl_c_goes_to_the_job_and_not_to_the_run(self):
        terminal = self.talk("trap 'echo got INT; exit 7' INT; echo ready; while :; do sleep 60; done")
        terminal.see("ready")
        terminal.type("\x03")
        terminal.see("got INT")
        self.assertEqual(terminal.end(), 1)
        self.assertIn("exit code: 7", terminal.screen())
        self.assert_restored(terminal)

    def test_a_job_that_ctrl_c_ends_has_failed(self):
        terminal = self.talk("echo ready; exec sleep 60")
        terminal.see("ready")
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 1)
        self.assertEqual(self.results()["jobs"][0]["reason"], "signal")

    def test_term_ends_the_run_and_its_job(self):
        terminal = self.talk("stty raw -echo; echo ready; exec sleep 60")
        terminal.see("ready")
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.end(), 128 + signal.SIGTERM)
        self.assert_restored(terminal)
        self.assertEqual(self.statuses(), {"talk": "KILLED"})

    def test_a_killed_slot_loses_the_job_only(self):
        terminal = self.talk("echo slot=$PPID.; exec sleep 60")
        slot = int(terminal.see(r"slot=(\d+)\.")[1])
        os.kill(slot, signal.SIGKILL)
        self.assertEqual(terminal.end(), 3)
        self.assert_restored(terminal)
        self.assertEqual(self.results()["jobs"][0]["reason"], "lost")

    def test_a_killed_scheduler_leaves_the_terminal_as_it_was(self):
        terminal = self.talk("echo slot=$PPID.; exec sleep 60")
        slot = int(terminal.see(r"slot=(\d+)\.")[1])
        self.assertTrue(terminal.is_raw())
        terminal.process.kill()
        self.assertFalse(harness.outlives(slot, harness.PATIENCE_S))
        self.assert_restored(terminal)

    def test_a_scheduler_killed_with_its_slot_leaves_the_terminal_as_it_was(self):
        terminal = self.talk("echo slot=$PPID.; exec sleep 60")
        slot = int(terminal.see(r"slot=(\d+)\.")[1])
        self.assertTrue(terminal.is_raw())
        harness.send_to_all([slot, harness.scheduler_of(terminal.process)], signal.SIGKILL)
        self.assertFalse(harness.outlives(terminal.process.pid, harness.PATIENCE_S))
        self.assert_restored(terminal)

    def test_the_death_of_another_slot_is_nothing_to_it(self):
        fifo = self.fifo()
        both = "; ".join(("echo $PPID >> slots", "echo x > events", "read go < go$0"))
        self.jobs("echo slot=$PPID.; read x", '{ name: "build", command: "true", needs: ["b-1", "b-2"] }\n' + "".join(
            '{ name: "b-%d", command: %s }\n' % (n, json.dumps(both.replace("$0", str(n)))) for n in (1, 2)))
        for n in (1, 2):
            os.mkfifo(self.path(f"go{n}"))
        terminal = self.terminal("run", "cfg.hjson", "-i", "talk", "--interactive", "-j", "2")
        fifo.line()
        fifo.line()
        for n in (1, 2):
            self.path(f"go{n}").write_text("go\n", encoding="utf-8")
        own = int(terminal.see(r"slot=(\d+)\.")[1])
        other, = set(map(int, self.path("slots").read_text(encoding="utf-8").split())) - {own}
        os.kill(other, signal.SIGKILL)
        self.assertFalse(harness.outlives(other, harness.PATIENCE_S))
        terminal.type("x\r")
        self.assertEqual(terminal.end(), 0)

    def test_ctrl_z_where_no_shell_could_go_on_is_nothing(self):
        terminal = self.talk("trap 'echo on again' CONT; echo ready; until read x; do :; done; echo got $x")
        terminal.see("ready")
        terminal.type("\x1a")
        terminal.type("it\r")
        terminal.see(r"got it\r\n")
        self.assertEqual(terminal.end(), 0)
        self.assert_restored(terminal)

    def test_a_run_deadline_counts_here_too(self):
        terminal = self.talk("trap '' TERM; stty -echo; echo ready; while :; do sleep 60; done", "--run-deadline", "1s",
                             "--grace", "0s")
        self.assertEqual(terminal.end(), 124)
        self.assert_restored(terminal)

    def test_the_third_signal_leaves_at_once(self):
        terminal = self.talk("trap '' TERM; echo ready; while :; do sleep 60; done", "--grace", "60s")
        terminal.see("ready")
        os.kill(terminal.process.pid, signal.SIGTERM)
        os.kill(terminal.process.pid, signal.SIGINT)
        os.kill(terminal.process.pid, signal.SIGQUIT)
        self.assertIn(terminal.end(), (128 + s for s in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)))
        self.assert_restored(terminal)

    def test_what_a_job_leaves_running_is_ended(self):
        terminal = self.talk("trap '' HUP; sleep 60 & echo left")
        terminal.see("left")
        self.assertEqual(terminal.end(), 0)
        self.assert_restored(terminal)


class InAShell(OnTerminal):
    def test_ctrl_z_gives_the_shell_the_terminal_and_fg_takes_it_back(self):
        self.jobs("echo ready; read x; echo got $x; exit 5")
        shell = self.shell()
        before = shell.modes()
        shell.type('"$DVSCHED" run cfg.hjson --interactive; echo rc=$?\r')
        shell.see(r"^ready\r\n")
        shell.type("\x1a")
        shell.see("Stopped")
        shell.see(r"rc=\d+")
        self.assertEqual(shell.modes(), before)
        shell.type("bg; wait; jobs\r")
        shell.see("Stopped")
        shell.see(r"\$ ")
        shell.type("fg\r")
        shell.see(r"interactive")
        shell.type("you\r")
        shell.see(r"^got you\r\n")
        shell.see(r"\$ ")
        self.assertEqual(shell.modes(), before)
        self.assertEqual(self.exit_status(), 5)
        shell.type("exit\r")
        shell.end()

    def test_in_the_background_it_waits_for_fg(self):
        self.jobs("echo read""y; read x; echo got $x")
        shell = self.shell()
        shell.type('"$DVSCHED" run cfg.hjson --interactive --view none &\r')
        shell.see(r"\$ ")
        shell.type("wait; jobs\r")
        shell.see("Stopped")
        shell.type("fg\r")
        shell.see(r"^ready\r\n")
        shell.type("me\r")
        shell.see(r"^got me\r\n")
        shell.see(r"\$ ")
        shell.type("exit\r")
        shell.end()

    def test_a_shell_has_job_control_in_it(self):
        # A program that only waits: a shell that has just forked might never be stopped.
        self.jobs("exec bash --norc --noprofile --noediting -i")
        terminal = self.terminal("run", "cfg.hjson", "--interactive", env={"PS1": "inner> "})
        terminal.see("inner> ")
        terminal.type("cat\rone\r")
        terminal.see(r"one\r\n(.*\r\n)*one\r\n")
        terminal.type("\x1a")
        terminal.see("Stopped")
        terminal.see("inner> ")
        terminal.type("fg\rtwo\r")
        terminal.see(r"two\r\n(.*\r\n)*two\r\n")
        terminal.type("\x03")
        terminal.see("inner> ")
        terminal.type("exit 9\r")
        self.assertEqual(terminal.end(), 1)
        self.assertEqual(self.exit_status(), 9)
        self.assert_restored(terminal)


class Refused(OnTerminal):
    def test_without_a_terminal(self):
        self.jobs("true")
        done = self.dvsched("run", "cfg.hjson", "--interactive")
        self.assertEqual(done.code, 2, done)
        self.assertIn("--interactive needs a terminal, and standard input is not one", done.err)
        self.assert_left_nothing()

    def test_by_a_backend_that_cannot(self):
        self.jobs("true")
        done = self.dvsched("run", "cfg.hjson", "--interactive", "--fake")
        self.assertEqual(done.code, 2, done)
        self.assertRegex(done.err, r"cfg\.hjson:\d+:\d+: error: 'talk' is interactive, which the backend "
                                   r"'fake' does not support\n(.*\n)*  hint: backends that support it: local\n")
        self.assert_left_nothing()

    def test_for_more_than_one_job(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [{ name: "a", command: "true" }, '
                    '{ name: "b", command: "true" }, { name: "end", command: "true", finally: true }] }')
        for words, what in ([], "there are 'a', 'b'"), (["-i", "?"], "-i selects 'a', 'b'"):
            done = self.dvsched("run", "cfg.hjson", "--interactive", *words)
            self.assertEqual(done.code, 2, done)
            self.assertIn("--interactive is for one job, but " + what, done.err)

    def test_with_what_it_excludes(self):
        self.jobs("true")
        done = self.dvsched("run", "--interactive", "--timeout", "5s", "--", "true")
        self.assertEqual(done.code, 2, done)
        self.assertIn("--timeout and --interactive do not go together", done.err)
        done = self.dvsched("run", "cfg.hjson", "--interactive", "--remote")
        self.assertEqual(done.code, 2, done)
        self.assertIn("--interactive and --remote do not go together", done.err)


class Simulations(SimStory):
    def simulate(self, binary, *words):
        words = [*words, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--interactive", "--fixed-seed", "7"]
        terminal = UserTerminal([binary, *words], self.dir, self.environ())
        self.addCleanup(terminal.close)
        return terminal

    def test_builds_and_runs_have_the_terminal_in_turn(self):
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        self.write("sim.sh", 'echo "ask $RUN_INTERACTIVE?"; read x; echo "TEST $x"\n')
        terminal = self.simulate(self.path("dvsim"), "one.hjson", "-i", "good", "silent", "--reseed", "5")
        terminal.see(r"^building .*A\r\n")
        for answer in "PASSED", "UNDECIDED":
            terminal.see(r"^ask 1\?\r\n")
            terminal.type(answer + "\r")
            terminal.see(rf"^TEST {answer}\r\n")
        self.assertEqual(terminal.end(), 1)
        self.assertEqual(terminal.modes(), terminal.modes_before)
        self.assertNotIn("[   legend", terminal.screen())
        dump, = self.path("out").glob("deploy_main_*.json")
        jobs = json.loads(dump.read_text(encoding="utf-8"))
        self.assertEqual([(j["interactive"], j["timeout_mins"]) for j in jobs], [(True, 60)] * 3)
        log = self.path("out/main/one-sim-vcs/0.good/latest/run.log").read_text(encoding="utf-8")
        self.assertIn("ask 1?\nPASSED\nTEST PASSED\n", log)
        self.assertEqual(self.statuses("out"), {"one:default": "PASSED", "one:0.good.7": "PASSED",
                                                "one:0.silent.7": "FAILED"})

    def test_the_fake_backend_is_refused(self):
        done = self.run_sim("one.hjson", "--interactive", "--fake")
        self.assertEqual(done.code, 2, done)
        self.assertIn("'one:default' is interactive", done.err)
