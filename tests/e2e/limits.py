# SPDX-License-Identifier: Apache-2.0
"""Stories of jobs that exceed a limit: memory, processes, CPU time, open files, and time without progress."""

import sys

from harness import Story
from run import jobs_of

# Takes that many MiB, and keeps them: a resident page each 4 KiB.
HOG = """
import signal, sys
memory = bytearray(int(sys.argv[1]) << 20)
memory[::1024] = b"x" * len(memory[::1024])
signal.pause()
"""
CHAIN = """
[ $1 -gt 0 ] && sh chain.sh $(($1 - 1)) &
wait
sleep 1000
"""
# Takes 40 MiB, and makes three children that share them and take 20 MiB each. Ends when its slot has slept twice: it has looked at them.
FAMILY = """
import os, signal
def take(mib):
    memory = bytearray(mib << 20)
    memory[::1024] = b"x" * len(memory[::1024])
    return memory
def slept():
    return int(open(f"/proc/{os.getppid()}/status").read().split("\\nvoluntary_ctxt_switches:")[1].split()[0])
shared, (ready, told), children = take(40), os.pipe(), []
for _ in range(3):
    pid = os.fork()
    if not pid:
        own = take(20)
        os.write(told, b"x")
        signal.pause()
    children.append(pid)
for _ in children:
    os.read(ready, 1)
enough = slept() + 2
while slept() < enough:
    pass
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.wait()
"""


class Limits(Story):
    def run_job(self, keys, options=(), code=1):
        """The job `j` with these keys, and its row of the results."""
        self.config(f'{{ flow: "jobs", name: "l", jobs: [ {{ name: "j", {keys} }} ] }}')
        self.done = self.dvsched("run", "cfg.hjson", "--view", "none", "--grace", "1000s", *options)
        self.assertEqual(self.done.code, code, self.done)
        return jobs_of(self.results())["j"]

    def assert_over(self, job, reason, message):
        self.assertEqual((job["status"], job["reason"], job["class"]), ("KILLED", reason, "job"), job)
        self.assertIn(message, job["message"])
        self.assertIn(message, self.done.out)  # so does the ending
        self.assertEqual({a["reason"] for a in job["attempts"]}, {reason})

    def test_memory_of_two_children_is_added_up(self):
        self.write("hog.py", HOG)
        job = self.run_job(f'memory: "200M", command: "{sys.executable} hog.py 150 & {sys.executable} hog.py 150 & wait"')
        self.assert_over(job, "memory_limit", "the job went over its memory limit of 200 MiB: its processes had ")
        attempt, = job["attempts"]
        self.assertGreater(attempt["peak_memory_kib"], 200 * 1024)
        self.assertGreaterEqual(attempt["peak_memory_kib"], attempt["max_rss_kib"])

    def test_memory_of_all_processes_is_measured_without_a_limit(self):
        self.write("family.py", FAMILY)
        attempt, = self.run_job(f'argv: ["{sys.executable}", "family.py"]', code=0)["attempts"]
        self.assertGreater(attempt["peak_memory_kib"], 100 * 1024)
        self.assertLess(attempt["peak_memory_kib"], 200 * 1024)  # else the 40 MiB count four times
        self.assertLess(attempt["max_rss_kib"], 100 * 1024)

    def test_a_chain_of_forks_is_counted(self):
        self.write("chain.sh", CHAIN)
        job = self.run_job('max_processes: 10, command: "sh chain.sh 30"')
        self.assert_over(job, "process_limit", "the job went over its limit of 10 processes: it had ")

    def test_cpu_time_of_two_children_is_added_up(self):
        job = self.run_job('max_cpu_time: "1s", command: "(while :; do :; done) & (while :; do :; done) & wait"')
        self.assert_over(job, "cpu_limit", "the job went over its CPU time limit of 1.00s: its processes used ")
        attempt, = job["attempts"]
        self.assertGreater(attempt["user_s"] + attempt["system_s"], 1)

    def test_open_files_are_limited(self):
        job = self.run_job('max_files: 32, command: "ulimit -Hn; ulimit -n; exec %s -c \'[open(\\"/dev/null\\") for i in range(99)].sort()\'"'
                           % sys.executable)
        self.assertEqual((job["status"], job["reason"]), ("FAILED", "exit"), job)
        with open(job["log"]) as log:
            text = log.read()
        self.assertIn("\n32\n32\n", text)
        self.assertIn("Too many open files", text)

    def test_a_job_that_sleeps_has_stalled(self):
        job = self.run_job('stall: "1s", command: "echo first; sleep 1000"')
        self.assert_over(job, "stall", "the job stalled: it wrote nothing to its log and used no CPU time for 1.00s")
        self.assertEqual(job["attempts"][0]["context"], "first\n")

    def test_a_silent_job_that_computes_has_not_stalled(self):
        program = "import time\nwhile time.process_time() < 3: pass\n"
        self.write("compute.py", program)
        job = self.run_job(f'stall: "1s", command: "{sys.executable} compute.py"', code=0)
        self.assertEqual(job["status"], "PASSED")
        self.assertGreater(job["attempts"][0]["peak_memory_kib"], 0)

    def test_a_limit_is_a_failure_of_the_job_and_retried(self):
        self.write("hog.py", HOG)
        job = self.run_job(f'memory: "100M", retries: {{ max: 1, on: "job" }}, argv: ["{sys.executable}", "hog.py", "150"]')
        self.assert_over(job, "memory_limit", "memory limit of 100 MiB")
        self.assertEqual(len(job["attempts"]), 2)
        job = self.run_job('stall: "1s", retries: { max: 1, on: "job" }, command: "[ {attempt} = 2 ] || sleep 1000"', code=0)
        self.assertEqual([a["reason"] for a in job["attempts"]], ["stall", "none"])
        self.assertTrue(job["flaky"])

    def test_the_first_limit_decides(self):
        limits = 'memory: "1T", max_processes: 9999, max_cpu_time: "9h"'
        job = self.run_job(f'{limits}, stall: "1h", timeout: "200ms", command: "sleep 1000"')
        self.assertEqual(job["reason"], "timeout")
        job = self.run_job(f'{limits}, stall: "1s", timeout: "1h", command: "sleep 1000"')
        self.assertEqual(job["reason"], "stall")

    def test_zero_lifts_a_limit_of_defaults(self):
        self.config("""{ flow: "jobs", name: "l", defaults: { max_processes: 1, max_files: 64 }, jobs: [
            { name: "all", command: "ulimit -n; sleep 1000 & wait" }
            { name: "none", command: "ulimit -n", max_processes: 0, max_files: 0 } ] }""")
        self.assertEqual(self.dvsched("run", "cfg.hjson", "--view", "none").code, 1)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["all"]["reason"], "process_limit")
        self.assertEqual(jobs["none"]["status"], "PASSED")
        texts = {}
        for name, job in jobs.items():
            with open(job["log"]) as log:
                texts[name] = log.read().splitlines()[-1]
        self.assertEqual(texts["all"], "64")
        self.assertNotEqual(texts["none"], "64")

    def test_a_bad_value_is_an_error_with_its_place(self):
        self.config("""{ flow: "jobs", jobs: [ { name: "j", argv: ["true"]
            memory: 4
            stall: "10"
            max_processes: -1 } ] }""")
        done = self.dvsched("run", "cfg.hjson")
        self.assertEqual(done.code, 2, done)
        for place, text in (("2:21", "'memory' must be at least 1M, or 0 for no limit"), ("3:20", "'stall' must be a duration such as"),
                            ("4:28", "'max_processes' must be a whole number from 0 to 4194304, not -1")):
            self.assertIn(f"cfg.hjson:{place}: error: {text}", done.err)
        self.assert_left_nothing()

    def test_a_pass_is_taken_over_while_it_is_within_the_limits(self):
        command = f'command: "{sys.executable} -c pass", max_files: '
        self.run_job(f'{command} 100', code=0)
        for limit, is_within in ('memory: "100G"', True), ('max_cpu_time: "1h"', True), ('memory: "1M"', False), ('max_cpu_time: "0.001s"', False):
            self.config(f'{{ flow: "jobs", name: "l", jobs: [ {{ name: "j", {command} 99, {limit} }} ] }}')
            done = self.dvsched("resume", "--explain", "-n")
            text = f"limit: its pass used more than the current {limit.partition(':')[0]}"
            self.assertEqual(text not in done.out + done.err, is_within, done)

    def test_an_option_limits_all_jobs(self):
        for keys, limit, reason in (('memory: "1G", command: "sleep 1000"', "stall=1s", "stall"), ('command: "yes"', "max_log=64K", "log_flood"),
                                    ('max_cpu_time: "1h", command: "while :; do :; done"', "max_cpu_time=0.5", "cpu_limit")):
            job = self.run_job(keys, ["--limit", limit])
            self.assertEqual((job["status"], job["reason"]), ("KILLED", reason), job)
        job = self.run_job('max_files: 5, stall: "1s", command: "ulimit -n; exit 3"', ["--limit", "max_files=77", "--limit", "stall=0"])
        self.assertEqual(job["attempts"][0]["peak_memory_kib"], None)  # nobody looked
        with open(job["log"]) as log:
            self.assertEqual(log.read().splitlines()[-1], "77")
        done = self.dvsched("run", "--view", "none", "--limit", "max_files=55", "--", "sh", "-c", "ulimit -n; exit 3")
        self.assertEqual(done.code, 1, done)
        with open(self.results()["jobs"][0]["log"]) as log:
            self.assertEqual(log.read().splitlines()[-1], "55")

    def test_bad_limits_are_refused_together(self):
        self.config('{ flow: "jobs", name: "l", jobs: [ { name: "j", command: "true" } ] }')
        done = self.dvsched("run", "cfg.hjson", *[w for text in ("memory=4", "memory", "max_processes=-1", "stall=0.1", "max_cpu_time=x", "max_files=1.5",
                                                                "max_log=", "cpu=1") for w in ("--limit", text)])
        self.assertEqual(done.code, 2, done)
        errors = [line for line in done.err.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 8, done)
        self.assertIn("'--limit memory' must be a size of at least 1M, as 4G, or 0, not '4'", errors[0])
        self.assertIn("'--limit' must be NAME=VALUE, not 'cpu=1'", errors[-1])
        self.assertIn("NAME is one of: memory, max_processes, max_cpu_time, max_files, stall, max_log", done.err)
        self.assert_left_nothing()



if __name__ == "__main__":
    sys.exit("run with tap.py")
