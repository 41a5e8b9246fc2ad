# SPDX-License-Identifier: Apache-2.0
"""Failed writes: standard output that is full or closed, files that may not grow."""
import json
import os
import pty
import resource
import subprocess

from harness import Done, Story
from sim_project import SimStory

CONFIG = """{
  flow: jobs
  name: o
  jobs: [ { name: "t.{n}", argv: ["true"], sweep: { n: "1..400" } } ]
}"""
FULL = "dvsched: error: standard output: No space left on device\n"
CLOSED = "dvsched: error: standard output: it is closed\n"

PRINTING = (
    ("--help",), ("--version",), ("help", "run"), ("run", "--help"), ("list", "--help"),
    ("list", "cfg.hjson"), ("list", "cfg.hjson", "--json"), ("list", "cfg.hjson", "-0"),
    ("plan", "cfg.hjson"), ("plan", "cfg.hjson", "--json"), ("plan", "cfg.hjson", "--format", "dot"),
    ("config", "show", "cfg.hjson"), ("config", "show", "cfg.hjson", "--json"),
    ("config", "dump", "cfg.hjson"), ("config", "keys"), ("run", "cfg.hjson", "-n"),
    ("run", "-n", "--", "true"), ("chips",), ("chips", "--json"), ("chips", "drivers"),
    ("chips", "drivers", "--json"), ("chips", "check", "--driver", "sim"),
    ("chips", "probe", "sim/0"), ("chips", "probe", "sim/0", "--json"),
)


def limit_files(kib):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, kib << 10))


class StandardOutput(Story):
    def setUp(self):
        super().setUp()
        self.config(CONFIG)

    def onto(self, out, *words, **options):
        """dvsched with standard output on `out`."""
        done = subprocess.run([self.binary, *words], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.PIPE, env=self.environ(), text=True, check=False, **options)
        return Done(words, done.returncode, "", done.stderr)

    def test_no_room_is_an_error_of_every_command_that_prints(self):
        with open("/dev/full", "wb") as full:
            for words in PRINTING:
                done = self.onto(full, *words)
                self.assertEqual((done.code, done.err), (3, FULL), done)

    def test_closed_output_is_an_error_of_every_command_that_prints(self):
        for words in PRINTING:
            done = self.onto(None, *words, preexec_fn=lambda: os.close(1))
            self.assertEqual((done.code, done.err), (3, CLOSED), done)

    def test_a_reader_that_left_is_no_error(self):
        for words in PRINTING:
            ours, theirs = os.pipe()
            os.close(ours)
            done = self.onto(theirs, *words)
            os.close(theirs)
            self.assertEqual((done.code, done.err), (0, ""), done)

    def test_what_a_reader_took_is_whole(self):
        whole = self.dvsched("plan", "cfg.hjson", "--json")
        self.assertEqual(whole.code, 0, whole)
        self.assertEqual(len(json.loads(whole.out)["jobs"]), 400)

    def test_a_terminal_that_stands_still_loses_nothing(self):
        self.config(CONFIG.replace("1..400", "1..20000"))
        ours, theirs = pty.openpty()
        process = subprocess.Popen([self.binary, "list", "cfg.hjson"], cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=theirs, env=self.environ())
        os.close(theirs)
        with self.assertRaises(subprocess.TimeoutExpired):  # Ctrl-S, for longer than an ending is waited for
            process.wait(6)
        text = b""
        while text.count(b"\n") < 20000:
            text += os.read(ours, 65536)
        self.assertEqual(process.wait(), 0)
        os.close(ours)

    def peak_of(self, *words):
        """KiB."""
        process = subprocess.Popen([self.binary, *words], cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, env=self.environ())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return used.ru_maxrss

    def test_no_plan_is_held_in_memory_as_text(self):
        self.config(CONFIG.replace("1..400", "1..50000"))
        names = self.peak_of("list", "cfg.hjson")
        for words in ((), ("--json",), ("--format", "dot")):
            self.assertLess(self.peak_of("plan", "cfg.hjson", *words), 1.2 * names, words)

    def test_other_errors_keep_their_exit_codes(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(self.onto(full, "list", "nowhere.hjson").code, 2)
            self.assertEqual(self.onto(full).code, 2)
            self.config('{ flow: "jobs", name: "o", jobs: [{ name: "a", command: "false" }] }')
            self.assertEqual(self.onto(full, "run", "cfg.hjson", "--view", "none").code, 1)

    def test_the_ending_of_a_run_is_printed_like_the_rest(self):
        self.config('{ flow: "jobs", name: "o", jobs: [{ name: "a", command: "true" }] }')
        with open("/dev/full", "wb") as full:
            done = self.onto(full, "run", "cfg.hjson", "--view", "none")
        self.assertEqual((done.code, done.err), (3, FULL), done)
        self.assertEqual(self.statuses(), {"a": "PASSED"})

    def test_who_closes_it_wants_no_ending(self):
        self.config('{ flow: "jobs", name: "o", jobs: [{ name: "a", command: "true" }] }')
        done = self.onto(None, "run", "cfg.hjson", "--view", "none", preexec_fn=lambda: os.close(1))
        self.assertEqual((done.code, done.err), (0, ""), done)
        self.assertEqual(self.statuses(), {"a": "PASSED"})

    def test_with_nothing_to_say_it_on_the_exit_code_does(self):
        done = self.onto(None, "list", "cfg.hjson", preexec_fn=lambda: os.closerange(0, 3))
        self.assertEqual(done.code, 3, done)


class OfDvsim(SimStory):
    def named(self, name):
        os.symlink(os.path.abspath(self.binary), self.path(name))
        self.binary = str(self.path(name))

    def full(self, stream, *words):
        with open("/dev/full", "wb") as full:
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: full}
            return subprocess.run([self.binary, *map(str, words)], cwd=self.dir, stdin=subprocess.DEVNULL,
                                  env=self.environ(), check=False, **streams)

    def test_dvsims_names_end_with_1(self):
        self.named("dvsim")
        self.assertEqual(self.full("stdout", "--help").returncode, 1)
        self.assertEqual(self.full("stdout", "--version").returncode, 1)
        self.assertEqual(self.full("stderr", "one.hjson", "--list", "-pr", ".", "-sr", "out").returncode, 1)
        self.assertEqual(self.dvsched("one.hjson", "--list", "-pr", ".", "-sr", "out").code, 0)
        self.named("dvsim-admin")
        self.assertEqual(self.full("stdout", "--help").returncode, 1)

    def test_a_table_of_reports_that_is_lost(self):
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/one.hjson"] }')
        self.assertEqual(self.run_sim("list.hjson").code, 0)
        index, pages = self.path("out/reports/index.json"), self.path("again")
        self.assertEqual(self.full("stdout", "report", "gen", index, pages).returncode, 3)

    def test_reports_that_cannot_be_written_are_reported_and_not_linked_to(self):
        words = ("list.hjson", "-pr", ".", "-sr", "out", "--view", "none")
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/one.hjson"] }')
        self.named("dvsim")
        self.assertIn("(out/reports/one.html)", self.dvsched(*words).out)
        os.rename(self.path("out/reports"), self.path("before"))
        self.write("out/reports", "a file in their place")
        done = self.dvsched(*words)
        self.assertEqual(done.code, 1, done)
        self.assertIn(f"the reports could not be written: {self.path('out/reports')}: Not a directory\n", done.err)
        self.assertNotIn("one.html", done.out)


class LimitedFiles(Story):
    """`ulimit -f`: a write beyond the limit fails with EFBIG, and SIGXFSZ ends no process."""

    def setUp(self):
        super().setUp()
        self.config(CONFIG)

    def limited(self, kib, *words):
        return self.dvsched("run", "cfg.hjson", "--view", "none", *words, preexec_fn=limit_files(kib))

    def test_a_run_goes_on_without_its_journal_and_results_and_says_so(self):
        done = self.limited(100)
        self.assertEqual(done.code, 3, done)
        self.assertRegex(done.err, r"results.json cannot be written: File too large\n")
        self.assertRegex(done.err, r"the journal \S+ cannot be written \(File too large\)")
        self.assertIn("400 jobs: 400 passed", done.out)
        self.assertNotIn("\nresults ", done.out)
        self.assertFalse(self.run_dir().joinpath("results.json").exists())

    def test_a_log_file_ends_with_a_warning(self):
        self.write("messages", "x" * (100 << 10))
        done = self.limited(100, "--log-file", "messages")
        self.assertIn("the log file cannot be written (File too large)", done.err)

    def test_jobs_have_the_default_signal(self):
        self.config('{ flow: "jobs", name: "o", jobs: [{ name: "a", command: "head -c 1000000 /dev/zero > {odir}/big" }] }')
        self.assertEqual(self.limited(100).code, 1)
        job = self.results()["jobs"][0]
        self.assertEqual((job["status"], job["attempts"][-1]["exit_status"]), ("FAILED", 128 + 25), job)
