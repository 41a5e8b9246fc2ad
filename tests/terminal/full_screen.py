# SPDX-License-Identifier: Apache-2.0
"""The full screen view under tmux, in several sizes, and the state of the terminal after it."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

DRIVE = os.environ["DRIVE"]
PATIENCE_S = int(os.environ.get("PATIENCE_S", "60"))


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class FullScreen(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dvsched-tmux-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.socket = str(self.dir / "tmux")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *words], text=True,
                              stdout=subprocess.PIPE, check=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}).stdout

    def shell(self, columns, rows, lang="C.UTF-8"):
        """A shell with job control in a window of that size."""
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"env LC_ALL={lang} PS1='$ ' bash --norc --noprofile -i")
        self.addCleanup(self.tmux, "kill-server")
        self.wait_for(r"^\$ ?$")

    def type(self, *keys):
        self.tmux("send-keys", *keys)

    def drive(self, *words):
        self.type(" ".join([DRIVE, "--view", "curses", "--report", str(self.dir / "report"),
                            *words]) + "; echo rc=$?", "Enter")

    def seen(self):
        return self.tmux("capture-pane", "-p")

    def wait_for(self, pattern, state=r""):
        """Until the screen holds the pattern, and tmux says the state of the terminal."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            text = self.seen()
            if re.search(pattern, text, re.M) and re.search(state, self.state()):
                return text
            self.tmux("run-shell", "-d", "0.05")
        self.fail(f"never seen: {pattern} {state}\n{self.state()}\n{text}")

    def state(self):
        return self.tmux("display", "-p", "alternate=#{alternate_on} cursor=#{cursor_flag}").strip()

    def assert_restored(self):
        self.wait_for(r"^rc=\d", "alternate=0 cursor=1")
        self.type("stty -a | grep -o ' -*icanon\\| -*echo '", "Enter")
        self.wait_for(r"^ icanon *\n echo *$")

    def fills(self, columns, rows):
        self.shell(columns, rows)
        self.drive("--jobs", "41", "--parallel", "41", "--targets", "1", "--fail-every", "2",
                   "--mean", "0.1", "--hold")
        text = self.wait_for(r"\u2593.* 97%(.*\n)*.*q leave view", "alternate=1 cursor=0")
        lines = text.splitlines()
        self.assertTrue(lines[0].startswith(" dvsched  demo"), text)
        self.assertIn("\u2593", lines[1], text)
        self.assertIn("q leave view", lines[rows - 1], text)

    def test_80_by_24_is_filled(self):
        self.fills(80, 24)

    def test_20_by_5_is_filled(self):
        self.fills(20, 5)

    def test_200_by_60_is_filled(self):
        self.fills(200, 60)

    def test_a_terminal_without_utf8_gets_ascii(self):
        self.shell(80, 24, lang="C")
        self.drive("--jobs", "40", "--targets", "1", "--mean", "5")
        text = self.wait_for(r"Targets")
        self.assertTrue(text.isascii(), text)

    def test_the_end_of_the_run_gives_the_terminal_back(self):
        self.shell(110, 24)
        self.drive("--jobs", "10", "--targets", "1", "--fail-every", "5", "--mean", "0.1")
        self.assert_restored()
        self.assertRegex(self.tmux("capture-pane", "-p", "-S", "-100"), r"FAILED build\.job_4 ")

    def test_q_goes_on_with_lines(self):
        self.shell(110, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "1")
        self.wait_for(r"Running  8")
        self.type("q")
        self.wait_for(r"\[   legend ", "alternate=0 cursor=1")
        self.type("C-c")
        self.assert_restored()

    def test_keys_move_through_the_lists(self):
        self.shell(80, 24)
        self.drive("--jobs", "40", "--parallel", "2", "--targets", "1", "--fail-every", "1",
                   "--mean", "0.01", "--hold")
        self.wait_for(r"Failures  39(.*\n)*.*FAILED build.job_38 ")
        for keys, first in ((("Home",), 0), (("NPage", "Down"), None), (("G",), None), (("g",), 0)):
            before = self.seen()
            self.type(*keys)
            if first is None:
                self.wait_for(r"\A(?![\s\S]*FAILED build\.job_0 )[\s\S]*Failures  39")
            else:
                self.wait_for(r"Failures  39.*\n.*FAILED build.job_0 ")
            self.assertNotEqual(before, self.seen())

    def test_tab_gives_the_focus_to_the_next_list(self):
        self.shell(80, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "5")
        self.wait_for("^\u25b8Failures")
        self.type("Tab")
        self.wait_for("^\u25b8Targets")
        self.type("Tab")
        self.wait_for("^\u25b8Running")
        self.type("BTab")
        self.wait_for("^\u25b8Targets")

    def test_a_resized_window_is_filled_again(self):
        self.shell(80, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "5")
        self.wait_for(r"Tab next list")
        for columns, rows in ((60, 12), (120, 40), (20, 5), (10, 2), (80, 24)):
            self.tmux("resize-window", "-x", str(columns), "-y", str(rows))
            if rows >= 5:
                self.wait_for(r"dvsched  demo(.*\n){%d}.*q leave view" % (rows - 1))
        self.type("C-c")
        self.assert_restored()

    def test_ctrl_c_ends_the_run_and_gives_the_terminal_back(self):
        self.shell(110, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "100")
        self.wait_for(r"Running  8")
        self.type("C-c")
        self.assert_restored()
        self.assertIn("killed 100", (self.dir / "report").read_text(encoding="utf-8"))

    def test_a_crash_gives_the_terminal_back(self):
        self.shell(110, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "100")
        self.wait_for(r"Running  8")
        shell = int(self.tmux("display", "-p", "#{pane_pid}"))
        children = pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="utf-8")
        os.kill(int(children.split()[-1]), signal.SIGUSR1)
        self.assert_restored()
        self.assertIn("rc=134", self.seen())

    def test_ctrl_z_gives_the_terminal_back_and_fg_redraws(self):
        self.shell(110, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "100")
        self.wait_for(r"Running  8")
        self.type("C-z")
        self.wait_for(r"Stopped", "alternate=0 cursor=1")
        self.type("fg", "Enter")
        self.wait_for(r"Running  8", "alternate=1 cursor=0")
        self.type("C-c")
        self.assert_restored()

    def test_in_the_background_it_goes_on_with_lines(self):
        self.shell(110, 24)
        self.drive("--jobs", "100", "--targets", "1", "--mean", "100")
        self.wait_for(r"Running  8")
        self.type("C-z")
        self.wait_for(r"Stopped", "alternate=0 cursor=1")
        self.type("bg", "Enter")
        self.wait_for(r"\[   legend ", "alternate=0 cursor=1")
        self.type("jobs", "Enter")
        self.wait_for(r"Running +.*drive")

    def test_started_in_the_background_it_is_not_stopped(self):
        self.shell(110, 24)
        self.type(f"{DRIVE} --jobs 8 --targets 1 --mean 0.1 & wait; echo rc=$?", "Enter")
        self.wait_for(r"legend(.*\n)*rc=0")


if __name__ == "__main__":
    unittest.main()
