# SPDX-License-Identifier: Apache-2.0
"""Stories of a run in a cgroup that is delegated to it. They make one where they may, which takes root and a mounted cgroup2."""

import contextlib
import errno
import os
import pathlib
import signal
import subprocess
import sys
import time

from harness import Story, pids_with
from run import jobs_of

FOREVER = "import signal; signal.pause()"
# Takes 400 MiB at once, faster than any look at it.
HOG = "bytearray(400 << 20); print('alive')"


def words(path):
    return path.read_text().split()


def own_cgroup():
    """The directory of this process's v2 cgroup, or None."""
    own = next((line[3:].strip() for line in open("/proc/self/cgroup") if line.startswith("0::/")), None)
    for line in open("/proc/self/mountinfo"):
        if " - cgroup2 " in line and own is not None:
            root, mount = line.split()[3:5]
            return pathlib.Path(mount + "/" + os.path.relpath(own, root))
    return None


class Cgroup(Story):
    may_leave_processes = False

    def setUp(self):
        super().setUp()
        above = own_cgroup()
        if not above:
            self.skipTest("no cgroup2 is mounted")
        self.home = above.resolve() / f"dvsched-test-{self.cookie}"
        try:
            self.home.mkdir()
            os.setxattr(self.home, "user.delegate", b"1")
        except OSError as e:
            if self.home.exists():
                self.home.rmdir()
            self.skipTest(f"no cgroup can be made and delegated: {e}")
        self.addCleanup(self.remove, self.home)
        self.has_limits = {"memory", "pids"} <= set(words(self.home / "cgroup.controllers"))

    def remove(self, group):
        for below in [p for p in group.iterdir() if p.is_dir()]:
            self.remove(below)
        for _ in range(1000):  # what was killed may still be ending
            try:
                return group.rmdir()
            except OSError as e:
                if e.errno != errno.EBUSY:
                    raise
                time.sleep(0.002)
        raise AssertionError(f"{group} has processes: {words(group / 'cgroup.procs')}")

    def enter(self):
        (self.home / "cgroup.procs").write_text("0")

    def begin(self, *args):
        return self.start(*args, preexec_fn=self.enter)

    def run_in(self, text, *args):
        self.config(text)
        self.done = self.finish(self.begin("run", "cfg.hjson", "--view", "none", *args))
        return jobs_of(self.results())

    def need_limits(self):
        if not self.has_limits:
            self.skipTest("the controllers memory and pids are not on cgroup2")

    def groups(self):
        return sorted(p.name for p in self.home.iterdir() if p.is_dir())

    def assert_clean(self):
        self.assertEqual(self.groups(), [])
        self.assertEqual(words(self.home / "cgroup.subtree_control"), [])

    def test_each_job_has_a_cgroup_and_nothing_is_left(self):
        jobs = self.run_in('{ flow: "jobs", name: "c", jobs: ['
                           '{ name: "a", command: "grep ^0:: /proc/self/cgroup" }, { name: "b", command: "grep ^0:: /proc/self/cgroup" } ] }', "-j", "1", "--verbose")
        self.assertEqual(self.done.code, 0, self.done)
        self.assertIn(f"each job has a cgroup below {self.home}/dvsched-", self.done.err)
        seen = {pathlib.Path(j["log"]).read_text().splitlines()[-1].rsplit("/", 1)[-1] for j in jobs.values()}
        self.assertEqual(len(seen), 2, seen)
        self.assertTrue(all(name.startswith("job-") for name in seen), seen)
        self.assert_clean()

    def test_what_is_in_the_cgroup_of_a_job_ends_with_it(self):
        """Also what the job has not started."""
        events = self.fifo()
        os.mkfifo(self.path("go"))
        os.mkfifo(self.path("end"))
        self.config(f'''{{ flow: "jobs", name: "c", jobs: [
            {{ name: "a", command: "grep ^0:: /proc/self/cgroup > {events.path}; read line < go" }},
            {{ name: "b", needs: "a", command: "read line < end" }} ] }}''')
        run = self.begin("run", "cfg.hjson", "--view", "none")
        name = events.line().rsplit("/", 1)[-1]
        other = subprocess.Popen([sys.executable, "-c", FOREVER], env=self.environ())
        self.addCleanup(self._end, other)
        (self.home / self.groups()[0] / name / "cgroup.procs").write_text(str(other.pid))
        self.path("go").write_text("on\n")
        self.assertEqual(other.wait(60), -signal.SIGKILL)  # while the run goes on
        self.path("end").write_text("on\n")
        self.assertEqual(self.finish(run).code, 0)
        self.assert_clean()

    def test_without_a_delegated_cgroup_the_log_says_why(self):
        os.removexattr(self.home, "user.delegate")
        jobs = self.run_in('{ flow: "jobs", name: "c", jobs: [ { name: "a", command: "true" } ] }', "--verbose")
        self.assertEqual(jobs["a"]["status"], "PASSED")
        self.assertIn(f"no cgroups are used: {self.home} is not delegated", self.done.err)
        self.assert_clean()

    def test_a_run_of_a_job_makes_none(self):
        self.write("in.hjson", '{ flow: "jobs", name: "in", jobs: [ { name: "a", command: "true" } ] }')
        jobs = self.run_in(f'{{ flow: "jobs", name: "c", jobs: [ {{ name: "a", argv: ["{self.binary}", "run", "in.hjson", "--view", "none", "--verbose", "-sr", "s2"] }} ] }}')
        self.assertEqual(jobs["a"]["status"], "PASSED")
        self.assertNotIn("cgroup", pathlib.Path(jobs["a"]["log"]).read_text())
        self.assert_clean()

    def test_daemons_that_are_kept_are_not_killed_with_the_job(self):
        """The second job reads what the daemon of the first one wrote after that job's end."""
        events = self.fifo()
        self.write("d.py", f"import os, signal\nif os.fork() == 0:\n    os.setsid()\n    signal.signal(10, lambda *a: open('{events.path}', 'w').write('alive\\n'))\n"
                           "    open('pid', 'w').write(str(os.getpid()))\n    os.close(1); os.close(2)\n    os.rename('pid', 'daemon')\n    while True: signal.pause()\n")
        daemon = f'{{ name: "a", keep: "{os.path.basename(os.path.realpath(sys.executable))}", command: "{sys.executable} d.py; while [ ! -e daemon ]; do :; done" }}'
        jobs = self.run_in(f'{{ flow: "jobs", name: "c", jobs: [ {daemon}, {{ name: "b", needs: "a", command: "kill -10 $(cat daemon) && read line < {events.path} && [ $line = alive ]" }} ] }}', "-j", "1")
        self.assertEqual({j["status"] for j in jobs.values()}, {"PASSED"}, self.done)
        self.assert_clean()

    def test_what_a_killed_run_left_is_ended_by_the_next(self):
        self.write("d.py", "import os, signal\nif os.fork() == 0:\n    os.setsid()\n    open('pid', 'w').write(str(os.getpid())); os.rename('pid', 'daemon')\nsignal.pause()\n")
        events = self.fifo()
        self.config(f'{{ flow: "jobs", name: "c", jobs: [ {{ name: "a", command: "{sys.executable} d.py & while [ ! -e daemon ]; do :; done; echo up > {events.path}; wait" }} ] }}')
        run = self.begin("run", "cfg.hjson", "--view", "none")
        self.assertEqual(events.line(), "up")
        daemon = int(self.path("daemon").read_text())
        ours = [p for p in pids_with(self.cookie) if os.path.basename(os.readlink(f"/proc/{p}/exe")) == "dvsched"]
        for pid in ours:
            os.kill(pid, signal.SIGSTOP)
        for pid in ours:
            with contextlib.suppress(ProcessLookupError):  # the kernel kills some with their parent
                os.kill(pid, signal.SIGKILL)
        run.wait()
        self.assertTrue(os.path.exists(f"/proc/{daemon}"))
        left = self.groups()
        self.assertEqual(len(left), 1)
        with open("/proc/sys/kernel/osrelease") as release:
            if tuple(map(int, release.read().split("-")[0].split(".")[:2])) < (5, 14):
                self.skipTest("the kernel has no cgroup.kill")
        self.write("true.hjson", '{ flow: "jobs", name: "t", jobs: [ { name: "a", command: "true" } ] }')
        enter = self.home
        if words(self.home / "cgroup.subtree_control"):  # no process may enter
            for word in ("memory", "pids"):
                (self.home / left[0] / "cgroup.subtree_control").write_text("-" + word)
                (self.home / "cgroup.subtree_control").write_text("-" + word)
        done = self.finish(self.start("run", "true.hjson", "--view", "none", "-sr", "other", preexec_fn=lambda: (enter / "cgroup.procs").write_text("0")))
        self.assertEqual(done.code, 0, done)
        self.assertFalse(os.path.exists(f"/proc/{daemon}") and "Z" not in open(f"/proc/{daemon}/stat").read().split(")")[1])
        self.assert_clean()

    def test_with_others_in_it_there_are_no_limits(self):
        self.need_limits()
        self.config('{ flow: "jobs", name: "c", jobs: [ { name: "a", memory: "100M", command: "true" } ] }')
        script = f'{self.binary} run cfg.hjson --view none --verbose; exit $?'
        done = self.finish(self.start_shell(script))
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"without limits: of {self.home}, other processes are in it", done.err)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["a"]["status"], "PASSED")
        self.assert_clean()

    def start_shell(self, script):
        binary, self.binary = self.binary, "/bin/sh"
        try:
            return self.start("-c", script, preexec_fn=self.enter)
        finally:
            self.binary = binary

    def test_the_kernel_holds_a_job_to_its_memory(self):
        self.need_limits()
        self.write("hog.py", HOG)
        jobs = self.run_in(f'{{ flow: "jobs", name: "c", jobs: [ {{ name: "a", memory: "100M", command: "{sys.executable} hog.py" }}, {{ name: "b", command: "true" }} ] }}')
        a = jobs["a"]
        self.assertEqual((a["status"], a["reason"], a["class"]), ("KILLED", "memory_limit", "job"), a)
        self.assertIn("memory limit of 100 MiB", a["message"])  # a look at it may have come first
        self.assertLessEqual(a["attempts"][0]["cgroup_peak_kib"], 100 << 10)
        self.assertGreater(a["attempts"][0]["cgroup_peak_kib"], 50 << 10)
        self.assertGreater(jobs["b"]["attempts"][0]["cgroup_peak_kib"], 0)
        self.assert_clean()

    def test_a_kill_by_hand_is_no_lack_of_memory(self):
        """Although meanwhile another job was killed for lack of it."""
        self.need_limits()
        events = self.fifo()
        self.write("hog.py", HOG)
        os.mkfifo(self.path("go"))
        jobs = self.run_in(f'''{{ flow: "jobs", name: "c", jobs: [
            {{ name: "hand", command: "echo up > {events.path}; read line < go; kill -9 $$" }},
            {{ name: "hog", memory: "100M", command: "read up < {events.path}; {sys.executable} hog.py" }}, {{ name: "quick", command: "true" }},
            {{ name: "after", needs_any: ["hog", "quick"], command: "echo go > go" }} ] }}''', "-j", "4")
        self.assertEqual(jobs["hog"]["reason"], "memory_limit", jobs["hog"])
        self.assertEqual(jobs["hand"]["reason"], "signal", jobs["hand"])

    def test_a_machine_out_of_memory_is_not_the_job(self):
        self.need_limits()
        (self.home / "memory.max").write_text(str(200 << 20))
        self.write("hog.py", HOG)
        jobs = self.run_in(f'{{ flow: "jobs", name: "c", jobs: [ {{ name: "a", memory: "1G", command: "exec {sys.executable} hog.py" }} ] }}', "--min-free-memory", "0")
        self.assertEqual((jobs["a"]["reason"], jobs["a"]["class"]), ("memory", "infra"), jobs["a"])

    def test_cpu_time_that_nobody_waited_for_counts(self):
        self.write("spin.py", "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nif os.fork() == 0:\n    while time.process_time() < 0.5: pass\n"
                              "    os._exit(0)\ntry:\n    os.wait()\nexcept ChildProcessError:\n    pass\n")
        jobs = self.run_in(f'{{ flow: "jobs", name: "c", jobs: [ {{ name: "a", command: "{sys.executable} spin.py" }} ] }}')
        attempt, = jobs["a"]["attempts"]
        self.assertGreaterEqual(attempt["user_s"] + attempt["system_s"], 0.5)

    def test_a_fork_bomb_is_gone_with_its_job(self):
        self.need_limits()
        self.write("bomb.py", "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n")
        jobs = self.run_in(f'{{ flow: "jobs", name: "c", jobs: [ {{ name: "a", max_processes: 5, command: "{sys.executable} bomb.py" }} ] }}')
        self.assertEqual(jobs["a"]["reason"], "process_limit", jobs["a"])
        self.assert_clean()
