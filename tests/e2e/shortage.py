# SPDX-License-Identifier: Apache-2.0
"""Stories of a machine that is short of disk space or memory: launches wait, and continue without help."""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess

from harness import Story
from run import jobs_of


class Watermarks(Story):
    def records(self, run_dir):
        lines = run_dir.joinpath("journal.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def events(self, run_dir):
        """The holds and the ends of jobs, in their order."""
        return [r["why"] and "held" or "released" if r["ev"] == "hold" else (r["id"], r["status"])
                for r in self.records(run_dir) if r["ev"] in ("hold", "job")]

    def wait_for_line(self, process, text):
        lines = iter(process.stderr.readline, b"")
        self.assertTrue(any(text in line for line in lines))

    def test_a_full_disk_holds_launches_until_more_is_free(self):
        """A small disk in a mount namespace. The story is skipped if it cannot be made."""
        if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "x", self.dir],
                          capture_output=True, check=False).returncode:
            self.skipTest("no mount namespaces here")
        self.path("disk").mkdir()
        told, room, more, end = (self.fifo(name) for name in ("told", "room", "more", "end"))
        self.config(f"""{{ flow: "jobs", name: "full", jobs: [
          {{ name: "filler", command: "head -c 3500000 /dev/zero > disk/zeros; echo full > {told.path}; read x < {room.path}; rm disk/zeros; read x < {end.path}" }}
          {{ name: "second", command: "read x < {more.path}" }}
          {{ name: "later", command: "echo runs > {told.path}" }} ] }}""")
        binary, self.binary, options = self.binary, "unshare", ["-sr", "disk/s", "--view", "none", "-j", "2", "--min-free-space", "1M"]
        process = self.start("-rm", "sh", "-c", 'mount -t tmpfs -o size=4M x disk && "$@"; rc=$?; cp -r disk/s/.dvsched/runs .; exit $rc',
                             "sh", binary, "run", "cfg.hjson", *options)
        self.assertEqual(told.line(), "full")
        self.wait_for_line(process, b"no job starts until more is free: the file system of ")
        self.path("more").write_text("go\n")  # `second` ends, and `later` could start
        self.path("room").write_text("go\n")
        self.assertEqual(told.line(), "runs")
        self.path("end").write_text("go\n")
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)
        self.assertIn("jobs start again", done.err)
        self.assertRegex(done.out, r"(?m)^held     launches, 1 time, \d+ s in all; last: the file system of /.*disk/s has \d+ KiB free, less than "
                                   r"1024 KiB \(--min-free-space\)$")
        events = self.events(self.path("runs", "latest").resolve())
        self.assertLess(events.index("held"), events.index("released"), events)
        self.assertLess(events.index("released"), events.index(("later", "RUNNING")), events)
        self.assertLess(events.index(("second", "PASSED")), events.index(("later", "RUNNING")), events)

    def test_a_file_system_that_hangs_does_not_stop_the_run(self):
        """`hangs` ends when statvfs() has been called and does not return; then the run must start `later`, which ends that."""
        library = pathlib.Path(self.binary).resolve().parents[2] / "tests/faults/libhang.so"
        if not library.exists():
            self.skipTest(f"{library} is not there")
        self.needs_plain_calls()
        asked, end = self.path("asked"), self.path("asked.end")
        os.mkfifo(asked)
        os.mkfifo(end)
        self.config(f"""{{ flow: "jobs", name: "h", jobs: [
          {{ name: "hangs", command: "cat {asked}" }}
          {{ name: "later", needs: ["hangs"], command: "echo go > {end}" }} ] }}""")
        done = self.dvsched("run", "cfg.hjson", "--view", "none", env={"LD_PRELOAD": str(library), "DVSCHED_HANG": str(asked)})
        self.assertEqual((done.code, done.err), (0, ""), done)

    def test_a_run_that_is_held_can_be_ended(self):
        self.config('{ flow: "jobs", name: "held", jobs: [ { name: "a", command: "true" } ] }')
        process = self.start("run", "cfg.hjson", "--view", "none", "--min-free-space", "900000T")
        self.wait_for_line(process, b"(--min-free-space)")
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.signal, signal.SIGINT, done)
        self.assertEqual(jobs_of(self.results())["a"]["message"], "not started: the run was stopped")
        self.assertEqual(self.events(self.run_dir()), ["held", ("a", "KILLED")])

    def test_with_little_memory_jobs_run_one_at_a_time(self):
        self.config('{ flow: "jobs", name: "m", jobs: [ { name: "j.{n}", command: "true", sweep: { n: "1..4" } } ] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "-j", "4", "--min-free-memory", "900000T")
        self.assertEqual(done.code, 0, done)
        self.assertIn("jobs start one at a time until more memory is free: ", done.err)
        self.assertIn("of memory are available, less than 921600000.0 GiB (--min-free-memory)", done.err)
        events = self.events(self.run_dir())
        self.assertEqual(events[0], "held")
        self.assertEqual([status for _, status in events[1:]], ["RUNNING", "PASSED"] * 4)

    def test_zero_holds_nothing_and_a_rehearsal_is_never_held(self):
        self.config('{ flow: "jobs", name: "m", jobs: [ { name: "j.{n}", command: "true", sweep: { n: "1..4" } } ] }')
        off = ("--min-free-space", "0", "--min-free-inodes", "0", "--min-free-memory", "0")
        for options in (off, ("--fake", "--min-free-space", "900000T")):
            done = self.dvsched("run", "cfg.hjson", "--view", "none", *options)
            self.assertEqual(done.code, 0, done)
            self.assertNotIn("held", done.out)

    def test_a_bad_size_is_an_error(self):
        self.config('{ flow: "jobs", name: "m", jobs: [ { name: "a", command: "true" } ] }')
        done = self.dvsched("run", "cfg.hjson", "--min-free-space", "much")
        self.assertEqual(done.code, 2, done)
        self.assertIn("'--min-free-space' must be a size such as 500M or 2G, or 0, not 'much'", done.err)
        self.assert_left_nothing()


class Memory(Story):
    """Jobs run together only while the memory that they are expected to need fits."""

    def run_jobs(self, keys, *options):
        """The order of events of four jobs that may all run at a time."""
        self.config('{ flow: "jobs", name: "m", jobs: [ { name: "j.{n}", command: "true", %s sweep: { n: "1..4" } } ] }' % keys)
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "-j", "4", "--verbose", *options)
        self.assertEqual(done.code, 0, done)
        lines = self.run_dir().joinpath("journal.jsonl").read_text(encoding="utf-8").splitlines()
        return [r["status"] for r in map(json.loads, lines) if r["ev"] == "job"], done.err

    def test_of_jobs_whose_limits_do_not_fit_one_at_a_time_runs(self):
        order, err = self.run_jobs('memory: "800T",')
        self.assertEqual(order, ["RUNNING", "PASSED"] * 4)
        self.assertRegex(err, r"'j\.2' waits for memory: it is expected to need 838860800 MiB, and running jobs 838860800 MiB of \d+ MiB \(and 2 more\)")
        for options in (["--min-free-memory", "0"], []):
            order, _ = self.run_jobs('memory: "%s",' % ("800T" if options else "1M"), *options)
            self.assertEqual(order[:4], ["RUNNING"] * 4)

    def test_what_a_job_took_before_is_what_it_is_expected_to_need(self):
        order, err = self.run_jobs("")
        self.assertEqual(order[:4], ["RUNNING"] * 4)
        self.assertNotIn("memory", err)
        path = self.run_dir() / "results.json"
        results = self.results()
        self.assertGreater(results["run"]["peak_memory_kib"], 0)
        self.assertEqual(results["run"]["peak_memory_kib"], max(j["attempts"][0]["max_rss_kib"] for j in results["jobs"]))
        text = re.sub(r'_kib":\d+', '_kib":900000000', path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        order, err = self.run_jobs("")
        self.assertEqual(order, ["RUNNING", "PASSED"] * 4)
        self.assertIn("waits for memory: it is expected to need 917504 MiB", err)


class Descriptors(Story):
    def test_few_descriptors_slow_a_run_and_fail_nothing(self):
        self.config('{ flow: "jobs", name: "n", jobs: [ { name: "j.{n}", command: "true", sweep: { n: "1..40" } } ] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "-j", "40",
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
        self.assertEqual(done.code, 0, done)
        self.assertEqual({len(job["attempts"]) for job in self.results()["jobs"]}, {1})

    def test_too_few_descriptors_are_an_error_that_names_them(self):
        self.config('{ flow: "jobs", name: "f", jobs: [ { name: "a", command: "true" } ] }')
        for n in range(4, 8):
            done = self.finish(self.start("run", "cfg.hjson", "--view", "none", preexec_fn=lambda n=n: resource.setrlimit(
                resource.RLIMIT_NOFILE, (n, n))))
            self.assertEqual(done.code, 3, done)
            self.assertIn("Too many open files", done.err)

    def test_without_memory_the_end_is_70_and_a_message(self):
        with open(self.binary, "rb") as binary:
            if b"__asan_init" in binary.read():
                self.skipTest("a sanitizer takes more address space than the limit")
        self.config(json.dumps({"flow": "jobs", "jobs": [{"name": f"j{i}", "command": "true"} for i in range(20000)]}))
        for mib in (8, 12, 16, 20):  # while the text is read, and after that
            done = self.dvsched("run", "cfg.hjson", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mib << 20, mib << 20)))
            self.assertEqual(done.code, 70, done)
            self.assertRegex(done.err, r"\Advsched: out of memory( \(\d+ bytes more\))?\n\Z")
        self.assert_left_nothing()
