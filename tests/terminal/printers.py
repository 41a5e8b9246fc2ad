# SPDX-License-Identifier: Apache-2.0
"""Printers on a pseudo-terminal: their output, and that a stopped terminal never blocks them."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

from term import Screen, Terminal

DRIVE = os.environ["DRIVE"]


class Printers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dvsched-terminal-")
        self.addCleanup(folder.cleanup)
        self.report_path = pathlib.Path(folder.name, "report")

    def terminal(self, *words, report=None, **where):
        t = Terminal([DRIVE, "--report", str(report or self.report_path), *words], **where)
        self.addCleanup(t.close)
        return t

    def report(self, path=None):
        words = (path or self.report_path).read_text(encoding="utf-8").split()
        return {words[i]: int(words[i + 1]) for i in range(0, len(words), 2)}

    def piped(self, *words, env=None):
        return subprocess.run([DRIVE, "--report", str(self.report_path), *words],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env={"TERM": "xterm", **(env or {})}, timeout=60, check=True).stderr

    # ---- output

    def test_a_pipe_gets_lines(self):
        text = self.piped("--jobs", "12", "--targets", "2", "--fail-every", "4", "--mean", "0.01")
        lines = text.splitlines()
        self.assertRegex(lines[0], r"^ {10}\[   legend    \]: \[S: scheduled, Q: queued, ")
        self.assertEqual(3, sum(line.startswith("FAILED ") for line in lines))
        self.assertIn("FAILED target_1.job_3  exit status 1 (fake)  [/nowhere/target_1.job_3/log]",
                      lines)
        self.assertRegex(lines[-2], r"^00:00:00  \[    build    \]: .*P:      6, .*\] 100%$")
        self.assertRegex(lines[-1], r"^00:00:00  \[  target_1   \]: .*F:      3, .*\] 100%$")
        self.assertNotIn("\x1b", text)

    def test_an_interval_of_zero_prints_every_change(self):
        text = self.piped("--jobs", "5", "--targets", "1", "--parallel", "1", "--mean", "0.001",
                          "--interval", "0")
        rows = [line for line in text.splitlines() if "[    build    ]" in line]
        # Each of 5 jobs starts and ends; all rows once more at the end.
        self.assertEqual(11, len(rows), text)

    def test_no_printer_prints_nothing_but_messages(self):
        text = self.piped("--view", "none", "--jobs", "5", "--fail-every", "2", "--chatter", "2",
                          "--mean", "0.01")
        self.assertEqual("message 1 of 2\nmessage 2 of 2\n", text)

    def test_a_table_is_redrawn_in_place(self):
        t = self.terminal("--view", "auto", "--jobs", "60", "--targets", "3", "--fail-every", "20",
                          "--mean", "0.1", "--interval", "0", "--chatter", "2", columns=130)
        self.assertEqual(0, t.read_all())
        screen = Screen(130, 24)
        screen.feed(t.text())
        self.assertEqual([], screen.unknown)
        lines = screen.text().splitlines()
        self.assertEqual(["message 1 of 2", "message 2 of 2"], lines[:2])
        self.assertEqual(3, sum(line.startswith("FAILED ") for line in lines[2:5]), screen.text())
        table = [re.sub(r"^\d\d:\d\d:\d\d", "hh:mm:ss", line) for line in lines[5:]]
        self.assertEqual([
            "                    scheduled  queued  running  passed  failed  killed  total",
            "hh:mm:ss  build             0       0        0      19       1       0     20  100%",
            "hh:mm:ss  target_1          0       0        0      19       1       0     20  100%",
            "hh:mm:ss  target_2          0       0        0      19       1       0     20  100%",
            "hh:mm:ss  total             0       0        0      57       3       0     60  100%",
        ], table)

    def test_colours_only_where_asked_for(self):
        for words, has_color in (([], False), (["--color"], True)):
            t = self.terminal("--view", "tty", "--jobs", "6", "--mean", "0.01", *words)
            self.assertEqual(0, t.read_all())
            self.assertEqual(has_color, "\x1b[32m" in t.text())

    def test_many_targets_leave_a_row_that_counts_them(self):
        t = self.terminal("--view", "tty", "--jobs", "60", "--targets", "30", "--mean", "0.05",
                          rows=12)
        self.assertEqual(0, t.read_all())
        screen = Screen(80, 12)
        screen.feed(t.text())
        self.assertIn("\u2026 23 more", screen.text())
        self.assertEqual(1, screen.text().count(" total "))

    def test_any_size_will_do(self):
        for columns, rows in ((0, 0), (1, 1), (2, 50), (20, 3), (9, 2), (1000, 1), (500, 200)):
            for view in ("tty", "plain"):
                with self.subTest(columns=columns, rows=rows, view=view):
                    t = self.terminal("--view", view, "--jobs", "20", "--mean", "0.01",
                                      columns=columns, rows=rows)
                    self.assertEqual(0, t.read_all())

    def test_resizing_while_it_draws_leaves_one_table(self):
        t = self.terminal("--view", "tty", "--jobs", "200", "--mean", "0.1", "--interval", "0",
                          columns=100)
        for columns in (80, 60, 120, 100):
            t.read_until("total")
            t.bytes = b""
            t.resize(columns, 24)
        self.assertEqual(0, t.read_all())

    # ---- which printer

    def test_a_dumb_terminal_and_ci_get_lines(self):
        for env in ({"TERM": "dumb"}, {"TERM": ""}, {"CI": "true"}):
            with self.subTest(env=env):
                t = self.terminal("--jobs", "6", "--mean", "0.01", env=env)
                self.assertEqual(0, t.read_all())
                self.assertIn("legend", t.text())
                self.assertNotIn("\x1b[J", t.text())

    def test_a_full_screen_is_refused_where_none_can_be(self):
        for env, size in (({"TERM": "dumb"}, (80, 24)), ({"TERM": "nosuch"}, (80, 24)),
                          ({}, (19, 24)), ({}, (80, 4))):
            with self.subTest(env=env, size=size):
                t = self.terminal("--view", "curses", env=env, columns=size[0], rows=size[1])
                self.assertEqual(2, t.read_all())

    # ---- no run waits for a terminal

    def killed(self, t, path):
        """A thousand jobs are killed while no process reads the terminal. The run still ends."""
        self.assertEqual(0, t.wait())
        report = self.report(path)
        self.assertEqual(1000, report["passed"] + report["failed"] + report["killed"])
        self.assertGreater(report["killed"], 900)
        if "ASAN_OPTIONS" not in os.environ:
            self.assertLess(report["rss_kib"], 64 * 1024)

    def storms(self, views, *words):
        """A terminal and a report for each view: side by side, because each waits 5 s at its end."""
        for view in views:
            path = self.report_path.with_name(view)
            yield self.terminal("--view", view, "--jobs", "1000", "--parallel", "1000", "--mean",
                                "100", "--targets", "1", "--interval", "0", *words,
                                report=path), path

    def test_a_terminal_that_nobody_reads_stops_nothing(self):
        storms = list(self.storms(("tty", "plain", "curses", "none"), "--stop-after", "0.3",
                                  "--chatter", "100000"))
        for t, path in storms:
            self.killed(t, path)

    def test_a_terminal_stopped_by_the_user_stops_nothing(self):
        storms = list(self.storms(("tty", "plain", "curses")))
        for t, _ in storms:
            t.read_until("build")
            t.send(b"\x13")  # Ctrl-S
            os.kill(t.pid, signal.SIGTERM)
        for t, path in storms:
            self.killed(t, path)

    def test_a_slow_terminal_says_how_many_lines_it_missed(self):
        t = self.terminal("--view", "plain", "--jobs", "3", "--chatter", "200000", "--mean", "0.1")
        self.assertEqual(0, t.read_all())
        missed = int(re.search(r"(\d+) lines dropped, terminal too slow", t.text())[1])
        self.assertEqual(200000, missed + t.text().count("message "))
        self.assertIn("message 200000 of 200000", t.text())

    def test_plain_says_at_every_interval_that_something_runs(self):
        process = subprocess.Popen([DRIVE, "--view", "plain", "--jobs", "1", "--hold", "--interval", "0.05"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        rows = 0
        while rows < 5:  # nothing changes after the first
            rows += "R:       1" in process.stderr.readline()
        process.terminate()
        process.communicate()

    def test_a_reader_that_leaves_does_not_end_the_run(self):
        ours, theirs = os.pipe()
        process = subprocess.Popen([DRIVE, "--view", "plain", "--report", str(self.report_path),
                                    "--jobs", "50", "--interval", "0", "--mean", "0.02"],
                                   stdin=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        os.read(ours, 10)
        os.close(ours)
        self.assertEqual(0, process.wait(60))
        self.assertEqual((50, 1), (self.report()["passed"], self.report()["broken"]))

    def test_a_terminal_that_vanishes_does_not_end_the_run(self):
        for view in ("tty", "curses"):
            with self.subTest(view=view):
                t = self.terminal("--view", view, "--jobs", "60", "--mean", "0.1", "--interval",
                                  "0", "--ignore-hangup", "--fail-every", "5")
                t.read_until("build")
                os.close(t.fd)
                t.fd = os.open(os.devnull, os.O_RDONLY)
                self.assertEqual(0, t.wait())
                self.assertEqual((48, 1), (self.report()["passed"], self.report()["broken"]))


if __name__ == "__main__":
    unittest.main()
