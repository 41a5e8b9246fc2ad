# SPDX-License-Identifier: Apache-2.0
"""Faults of the system around a run, each caused once; tests/faults/ROWS.md says which story is about which fault."""
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import unittest

from harness import PATIENCE_S, Story, scheduler_of
from run import jobs_of

SIX = '{ flow: "jobs", name: "f", passed_links: true, jobs: [{ name: "a{n}", sweep: { n: "1..6" }, command: "echo {n}; exit {n}", fail_patterns: ["^6$"] }] }'


class FailingCalls(Story):
    """tests/faults/inject.c is preloaded."""

    def setUp(self):
        super().setUp()
        self.inject = pathlib.Path(self.binary).resolve().parents[2] / "tests/faults/libinject.so"
        if not self.inject.exists():
            self.skipTest(f"{self.inject} is not there")
        self.needs_plain_calls()
        self.config(SIX.replace("exit {n}", "true"))

    def cause(self, fault, *words):
        self.path("counts").write_bytes(bytes(8192))
        env = {"LD_PRELOAD": str(self.inject), "DVSCHED_FAULT_COUNTS": str(self.path("counts")), "DVSCHED_FAULT": fault}
        return self.dvsched(*(words or ("run", "cfg.hjson", "-j2", "--view", "none")), env=env)

    def test_interrupted_calls_change_nothing(self):
        for call in "open", "read", "write", "send", "recv", "sendmsg", "recvmsg", "fsync", "fdatasync", "flock", "poll", "epoll_wait", "wait", \
                "getrandom", "fopen", "statvfs", "sleep":
            for nth in ("1", "4", "2%3") if call == "wait" else ("1", "2%3"):
                done = self.cause(f"any:{call}:4:{nth}")
                self.assertEqual((done.code, done.err), (1, ""), (call, nth, done))
                self.assertEqual(self.statuses(), {**{f"a{n}": "PASSED" for n in range(1, 6)}, "a6": "FAILED"}, (call, nth, done))

    def test_a_poll_that_fails_again_and_again_does_not_stop_the_run(self):
        for fault in "clerk:poll:12:2+", "scheduler:poll:12:1+":
            done = self.cause(fault)
            self.assertEqual((done.code, done.err), (1, ""), (fault, done))
            self.assertEqual(self.statuses()["a1"], "PASSED")

    def test_a_shortage_that_passes_costs_no_file_of_the_record(self):
        for part in "/.dvsched.lock", "/plan.json", "journal.jsonl", "results.json":
            done = self.cause(f"scheduler:open:23:1~100:{part}")
            self.assertEqual((done.code, done.err), (1, ""), (part, done))
            self.assertEqual(sorted(p.name for p in self.run_dir().iterdir() if p.suffix in (".json", ".jsonl")),
                             ["journal.jsonl", "plan.json", "results.json", "sources.json"], part)

    def test_a_shortage_of_memory_that_passes_refuses_no_run(self):
        for call in "access", "stat":
            for n in (1, 2) if call == "access" else (1, 4, 7):
                done = self.cause(f"scheduler:{call}:12:{n}~60")
                self.assertEqual((done.code, done.err), (1, ""), (call, n, done))
                self.assertEqual(self.statuses()["a1"], "PASSED")

    def test_without_memory_it_ends_with_70_and_leaves_nothing(self):
        for n in 5, 20, 100, 300:  # in libhjson, PCRE2, and while jobs run
            done = self.cause(f"scheduler:malloc:12:{n}+")
            self.assertEqual(done.code, 70, done)
            self.assertRegex(done.err, r"^dvsched: out of memory")

    def test_a_stale_log_makes_no_pass(self):
        for call in "open", "pread":
            part = "/a6/log" if call == "open" else ""
            done = self.cause(f"slot:{call}:116:1+{':' * bool(part)}{part}")
            self.assertEqual(done.code, 3, done)
            for name, status in self.statuses().items():
                self.assertEqual(status == "PASSED", bool(part) and name != "a6", (call, done))

    def test_a_path_that_is_stale_once_is_looked_up_again(self):
        """On a network file system, another host has replaced a directory or a file."""
        for words in [], ["events"], ["log", "a6"], ["show", "a6"], ["resume", "--view", "none"]:
            expected = self.dvsched(*words) if words and words[0] != "resume" else None
            done = self.cause("any:open:116:1%2", *words)
            self.assertEqual(done.code, 0 if expected else 1, (words, done))
            self.assertNotIn("Stale", done.out + done.err, words)
            if expected:
                self.assertEqual(done.out, expected.out)
            self.assertEqual(self.statuses(), {**{f"a{n}": "PASSED" for n in range(1, 6)}, "a6": "FAILED"}, (words, done))

    def test_a_passing_shortage_changes_no_verdict(self):
        enomem, enfile = 12, 23
        for fault in ("slot:pread:{0}:1", "slot:pread:{0}:2", "slot:clone:{0}:1", "slot:mkdir:{0}:2", "slot:stat:{0}:5", "slot:dup:{1}:2",
                      "slot:open:{1}:9", "slot:write:{0}:3", "guardian:read:{0}:3", "scheduler:stat:{0}:20",
                      "scheduler:open:{1}:1:/.dvsched.lock", "scheduler:open:{1}:1:/plan.json", "scheduler:open:{1}:1:/journal.jsonl",
                      "scheduler:open:{1}:1:/results.json", "scheduler:spawn:11:1", "scheduler:socketpair:{1}:1"):
            done = self.cause(fault.format(enomem, enfile))
            self.assertEqual(done.code, 1, f"{fault} {done}")
            self.assertEqual(self.statuses(), {**{f"a{n}": "PASSED" for n in range(1, 6)}, "a6": "FAILED"}, f"{fault} {done}")
            self.assertNotIn(" is off", done.err, fault)
            self.assertTrue(self.path("scratch", "f", "passed", "a5").is_symlink(), fault)
            self.assertEqual({job["reason"] for job in self.results()["jobs"]}, {"none", "fail_pattern"}, fault)
            self.assertEqual({len(job["attempts"]) for job in self.results()["jobs"]}, {1}, fault)

    def test_a_directory_of_the_trash_that_does_not_become_empty_is_reported_once(self):
        self.assertEqual(self.dvsched("run", "cfg.hjson", "--view", "none").code, 1)
        done = self.cause("clerk:unlink:39:1+:/trash/")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses()["a1"], "PASSED")
        self.assertRegex(done.err, r"^dvsched: warning: \S+/trash/\S+ cannot be removed \(Directory not empty\)[^\n]+\n$")

    def test_where_flock_does_not_work_a_file_is_the_lock(self):
        done = self.cause("scheduler:flock:37:1+")
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.err, r"^dvsched: warning: \S+ has no flock\(\), so the file \S+ is used as its lock\n$")
        self.assertEqual(self.statuses()["a1"], "PASSED")


class Processes(Story):
    def test_jobs_that_end_at_one_moment_keep_their_ends(self):
        self.config(json.dumps({"flow": "jobs", "name": "f", "jobs": [
            {"name": "a{n}", "sweep": {"n": "1..60"}, "command": "echo up > up; read x < gate; exit $(( {n} % 3 ))"}]}
        ).replace("> up", f"> {self.path('up')}").replace("< gate", f"< {self.path('gate')}"))
        up = self.fifo("up")
        os.mkfifo(self.path("gate"))
        process = self.start("run", "cfg.hjson", "-j60", "--view", "none")
        for _ in range(60):
            self.assertEqual(up.line(), "up")
        gate = os.open(self.path("gate"), os.O_RDWR)  # stays open for jobs that start to use it later
        self.addCleanup(os.close, gate)
        os.write(gate, b"\n" * 60)
        done = self.finish(process)
        self.assertEqual(done.code, 1, done)
        self.assertEqual([job["attempts"][0]["exit_status"] for job in self.results()["jobs"]], [n % 3 for n in range(1, 61)])

    def test_no_job_is_lost_by_many_stops_while_jobs_start(self):
        self.config('{ flow: "jobs", name: "f", jobs: [{ name: "a{n}", sweep: { n: "1..40" }, command: "true", timeout: "1h" }] }')
        process = self.start("run", "cfg.hjson", "-j4", "--view", "none", start_new_session=True)
        n = 0
        while process.poll() is None:
            os.kill(process.pid, signal.SIGTSTP)
            os.kill(process.pid, signal.SIGCONT)
            n += 1
            try:
                process.wait(0.002)
            except subprocess.TimeoutExpired:
                pass
        done = self.finish(process)
        self.assertEqual((done.code, set(self.statuses().values())), (0, {"PASSED"}), done)
        self.assertGreater(n, 3)

    def test_nobody_who_has_the_number_of_an_ended_process_is_killed(self):
        """In a small pid namespace pids are reused soon. Unrelated processes must not be killed."""
        if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (6, 14):
            self.skipTest("before Linux 6.14 pid_max is that of the whole machine")
        self.write("ns.sh", """
            echo 360 > /proc/sys/kernel/pid_max || exit 77
            "$DVSCHED" run cfg.hjson -j4 --view none > out 2>&1 &
            run=$!
            n=0
            while kill -0 $run 2>/dev/null; do
                sh -c 'read x < /dev/null; exit 5' &
                wait $! ; [ $? = 5 ] || echo "bystander was killed"
                n=$((n + 1))
            done
            wait $run; echo "run $?"
            [ $n -gt 50 ] && echo many
            """)
        self.config('{ flow: "jobs", name: "f", jobs: [{ name: "a{n}", sweep: { n: "1..150" }, command: "sleep 1000 & exit 0" }] }')
        done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "sh", "ns.sh"], cwd=self.dir, capture_output=True, text=True,
                              env=self.environ({"DVSCHED": self.binary}), timeout=PATIENCE_S, check=False)
        if done.returncode == 77 or "unshare" in done.stderr:
            self.skipTest(f"no pid namespace with a limit of its own: {done.stderr}")
        self.assertEqual(done.stdout.splitlines(), ["run 0", "many"], (done, self.path("out").read_text()))

    def test_a_standard_input_that_is_at_its_end_costs_no_cpu_time(self):
        self.config('{ flow: "jobs", name: "f", jobs: [{ name: "a", command: "exec sleep 1" }] }')
        for stdin in "/dev/null", "cfg.hjson":
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            with open(self.path(stdin), "rb") as file:
                done = self.finish(self.start("run", "cfg.hjson", stdin=file))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.assertEqual(done.code, 0, done)
            self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0.8)


class Depth(Story):
    def small_stack(self):
        resource.setrlimit(resource.RLIMIT_STACK, (256 * 1024, resource.RLIM_INFINITY))

    def test_deep_and_long_inputs_need_no_stack(self):
        self.config("{ flow: 'jobs', x: " + "[" * 100000)
        done = self.dvsched("run", "cfg.hjson", preexec_fn=self.small_stack)
        self.assertEqual((done.code, done.signal), (2, 0), done.err[:500])
        jobs = [{"name": f"j{i}", "command": "true", **({"needs": [f"j{i - 1}"]} if i else {})} for i in range(20000)]
        self.config(json.dumps({"flow": "jobs", "name": "f", "jobs": jobs}))
        done = self.dvsched("run", "cfg.hjson", "--fake", "--view", "none", preexec_fn=self.small_stack)
        self.assertEqual(done.code, 0, done.err[:500])
        self.assertIn("20000 jobs: 20000 passed", done.out)


class Size(Story):
    def cost_of(self, n):
        """Of a run of n jobs in three layers and one that needs them all: its CPU time, and the most memory of a process, in KiB."""
        self.config("""{ flow: "jobs", name: "f", jobs: [
            { name: "a.{i}", sweep: { i: "1..%d" }, command: "true" }, { name: "b.{i}", sweep: { i: "1..%d" }, command: "true", needs: ["a.{i}"] },
            { name: "c.{i}", sweep: { i: "1..%d" }, command: "true", needs: ["b.{i}"] }, { name: "all", command: "true", needs: ["c.*"] } ] }"""
                    % (n // 3, n // 3, n // 3))
        process = self.start("run", "cfg.hjson", "--fake", "--view", "none")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.results()["counts"]["passed"], n + 1)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss

    def test_time_and_memory_of_100000_jobs_are_in_proportion(self):
        """To those of 24,999: four times as many jobs."""
        self.needs_plain_calls()  # a sanitizer takes memory and time of its own
        few_s, few_kib = self.cost_of(24_999)
        many_s, many_kib = self.cost_of(99_999)
        self.assertLess(many_kib, 4 * 1.25 * few_kib)
        self.assertLess(many_s, 4 * 4 * few_s)  # a square would be 16 times as much, and a busy machine's caches are small


class Signals(Story):
    def test_a_job_that_dies_of_a_signal_says_which(self):
        self.config('{ flow: "jobs", name: "f", jobs: [{ name: "a", command: "ulimit -c 0; kill -SEGV $$" }] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        job = jobs_of(self.results())["a"]
        self.assertEqual((done.code, job["status"], job["reason"], job["attempts"][0]["signal"]), (1, "FAILED", "signal", 11))
        self.assertIn("SIGSEGV", job["message"])

    def test_a_crash_of_the_scheduler_is_as_good_as_a_kill(self):
        events = self.fifo()
        self.config('{ flow: "jobs", name: "f", jobs: [{ name: "a", command: "echo up > %s; exec sleep 1000" }] }' % events.path)
        quiet = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"
        process = self.start("run", "cfg.hjson", "--view", "none", env={"ASAN_OPTIONS": quiet})
        self.assertEqual(events.line(), "up")
        os.kill(scheduler_of(process), signal.SIGSEGV)
        done = self.finish(process)
        self.assertEqual(done.signal or done.code, 11 if done.signal else done.code)
        self.assertNotIn(done.code, (0, 1), done)
        self.assertEqual(self.dvsched("events").code, 0)


if __name__ == "__main__":
    unittest.main()
