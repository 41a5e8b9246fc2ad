# SPDX-License-Identifier: Apache-2.0
"""Hostile environments and jobs: no run hangs, and no failed job passes."""

import os
import shutil
import signal
import subprocess
import sys
import unittest

from harness import Done, Story, outlives, pids_with, scheduler_of, send_to_all


class Surroundings(Story):
    def test_a_parent_that_ignores_the_end_of_children_changes_nothing(self):
        self.config('{ flow: "jobs", name: "c", jobs: [{ name: "a", command: "exit 3" }, { name: "b", command: "true" }] }')
        for options in ([], ["--run-deadline", "1h"]):
            process = self.start("run", "cfg.hjson", "--view", "none", *options,
                                 preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
            done = self.finish(process)
            self.assertEqual(done.code, 1, done)
            self.assertEqual(self.statuses(), {"a": "FAILED", "b": "PASSED"})


# A job's program: tries an operation on process PID. The operation is the word before PID. Exits with 0 if it is allowed.
REACH = r"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[2])
def socket():
    fd = libc.syscall(438, os.pidfd_open(pid), 3, 0)  # pidfd_getfd
    return fd >= 0 and os.write(fd, b"\0" * 9)
def descriptors():
    return os.listdir(f"/proc/{pid}/fd")
def memory():
    return os.open(f"/proc/{pid}/mem", os.O_RDWR)
def trace():
    return libc.ptrace(16, pid, None, None) == 0  # PTRACE_ATTACH
def write():
    class Part(ctypes.Structure):
        _fields_ = [("at", ctypes.c_void_p), ("n", ctypes.c_size_t)]
    here = ctypes.create_string_buffer(8)
    start = int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
    ours, theirs = Part(ctypes.addressof(here), 8), Part(start, 8)
    return libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) > 0
try:
    sys.exit(0 if globals()[sys.argv[1]]() else 1)
except OSError as e:
    print(e)
    sys.exit(1)
"""

# The slot that runs it, the clerk, dvsched and its clock, in this order.
FIND = r"""
slot=$PPID
run=$(cut -d' ' -f4 /proc/$slot/stat)
for p in $(cat /proc/$run/task/*/children); do grep -qx dvs-clerk /proc/$p/comm && clerk=$p; done
clock=$(cut -d' ' -f4 /proc/$run/stat)
reached=""
for p in slot:$slot clerk:$clerk dvsched:$run clock:$clock; do
	for how in socket descriptors memory trace write; do
		PYTHON reach.py $how ${p#*:} && reached="$reached ${p%:*}:$how"
	done
done
echo "reached:$reached"
exit 3
"""

NOBODY = 65534


class OtherProcesses(Story):
    def as_user(self):
        """Arguments of start() for a user other than root, because root may do all of this."""
        if os.getuid() != 0:
            return {}
        os.chmod(self.dir, 0o777)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def python_of(self, user):
        for python in (sys.executable, "/usr/bin/python3"):
            try:
                subprocess.run([self.binary, "--version"], check=True, capture_output=True, **user)
                subprocess.run([python, "--version"], check=True, capture_output=True, **user)
            except (OSError, subprocess.CalledProcessError):
                continue
            return python
        return self.skipTest("another user than root may not run dvsched, or has no python")

    def test_a_job_cannot_reach_into_the_processes_that_judge_it(self):
        user = self.as_user()
        self.write("reach.py", REACH)
        self.write("job.sh", FIND.replace("PYTHON", self.python_of(user)))
        self.config('{ flow: "jobs", name: "c", jobs: [{ name: "a", command: "sh job.sh" }] }')
        done = self.finish(self.start("run", "cfg.hjson", "--view", "none", "--run-deadline", "1h", **user))
        log = self.path("scratch", "c", "a", "log").read_text()
        self.assertEqual(log.splitlines()[-1], "reached:", log)
        self.assertEqual(self.statuses(), {"a": "FAILED"}, log)
        self.assertEqual(done.code, 1, done)


# Puts a link to somewhere else in the place of the directory of all jobs, once, also if the clerk makes that directory again.
REPLACE = """
[ -e scratch/was1 ] && exit 0
ln -s "$PWD/elsewhere" scratch/link
until mv -T scratch/link scratch/c; do
	mv -T scratch/c scratch/was$((n += 1))
done
exit 1
"""


class Links(Story):
    def test_a_job_that_replaces_its_parent_by_a_link_makes_dvsched_write_nowhere_else(self):
        self.write("replace.sh", REPLACE)
        for reuse in ("true", "false"):
            for there in (False, True):
                shutil.rmtree(self.path("scratch"), ignore_errors=True)
                shutil.rmtree(self.path("elsewhere"), ignore_errors=True)
                self.path("elsewhere", "a" if there else "").mkdir(parents=True)
                if there:
                    self.write("elsewhere/a/log", "precious")
                self.config(f'{{ flow: "jobs", name: "c", jobs: [{{ name: "a", command: "sh replace.sh", retries: {{ max: 1, reuse: {reuse} }} }}] }}')
                done = self.dvsched("run", "cfg.hjson", "--view", "none")
                self.assertIn("outside the scratch root", done.out, done)
                found = sorted(str(p.relative_to(self.path("elsewhere"))) for p in self.path("elsewhere").rglob("*"))
                self.assertEqual(found, ["a", "a/log"] if there else [], done)
                if there:
                    self.assertEqual(self.path("elsewhere", "a", "log").read_text(), "precious")

    def test_no_results_are_named_that_a_job_has_moved_away(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [ { name: "a",'
                    ' command: "mv {scratch}/.dvsched {scratch}/moved; ln -s %s {scratch}/.dvsched" } ] }' % self.path("out"))
        self.path("out").mkdir()
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 3, done)
        self.assertIn("is not the directory of this run any more", done.err)
        self.assertNotIn("results.json\n", done.out)
        self.assertEqual(list(self.path("out").iterdir()), [])


# Leaves processes in all ways, some below others, and none of them ends by itself.
LEAVE = """
sleep 9999 &
setsid sh -c 'sleep 9999 & setsid sleep 9999' &
(trap '' TERM; setsid setsid sh -c 'sleep 9999; sleep 9999' &)
"""


class CoveredProc(Story):
    """A job mounts something over /proc, in a mount namespace of the run."""

    def in_namespace(self, *options):
        probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/proc"], capture_output=True, check=False)
        if probe.returncode:
            self.skipTest("nothing can be mounted over /proc here")
        self.write("leave.sh", LEAVE)
        binary, self.binary = self.binary, "unshare"
        # In a sanitized program the search for leaks reads /proc, and its failure is an exit code of 1.
        env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        return self.start("-rm", binary, "run", "cfg.hjson", "--view", "none", *options, env=env)

    def test_processes_of_jobs_are_killed_although_proc_is_covered(self):
        self.config("""{ flow: "jobs", name: "c", jobs: [
          { name: "cover", command: "mount -t tmpfs none /proc && ! ls -d /proc/self" }
          { name: "leaves", needs: ["cover"], command: "sh leave.sh" }
          { name: "waits", needs: ["cover"], command: ". ./leave.sh; wait", timeout: "0.2s", grace: "0s" }
          { name: "ends_its_slot", needs: ["leaves"], command: ". ./leave.sh; kill -9 $PPID; wait" }
          { name: "later", needs: ["leaves"], command: "sh leave.sh" } ] }""")
        done = self.finish(self.in_namespace("-j", "1"))
        self.assertEqual(self.statuses(), {"cover": "PASSED", "leaves": "PASSED", "waits": "KILLED", "ends_its_slot": "KILLED",
                                           "later": "PASSED"}, done)
        self.assertEqual({job["id"] for job in self.results()["jobs"] if job["leaky"]}, {"leaves", "later"}, done)

    def test_nothing_is_left_of_a_run_that_is_killed_after_proc_was_covered(self):
        told = self.fifo()
        self.config(f"""{{ flow: "jobs", name: "c", jobs: [
          {{ name: "cover", command: "mount -t tmpfs none /proc" }}
          {{ name: "waits", needs: ["cover"], command: ". ./leave.sh; echo $PPID > {told.path}; wait" }} ] }}""")
        for kills_slot in (False, True):
            process = self.in_namespace()
            slot = int(told.line())
            send_to_all([scheduler_of(process), *[slot] * kills_slot], signal.SIGKILL)
            self.assertEqual(self.finish(process).code, 3)
            self.assertEqual([p for p in pids_with(self.cookie) if outlives(p, 2)], [])
            self.binary = os.environ["DVSCHED"]


class StoppedProcesses(Story):
    def test_a_slot_that_its_job_stops_is_continued_and_reported(self):
        self.config('{ flow: "jobs", name: "c", jobs: [{ name: "a", command: "kill -STOP $PPID; exit 3" }, '
                    '{ name: "b", command: "true" }] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "-j2")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses(), {"a": "FAILED", "b": "PASSED"})
        self.assertRegex(done.err, r"warning: the slot that runs 'a' \(pid \d+\) was stopped: it was continued")

    def test_idle_slots_and_a_clerk_that_are_stopped_do_not_outlive_the_run(self):
        self.write("stop.sh", """
            run=$(cut -d' ' -f4 /proc/$PPID/stat)
            for p in $(cat /proc/$run/task/*/children); do
                [ $p = $PPID ] || kill -STOP $p
            done
            """)
        self.config('{ flow: "jobs", name: "c", passed_links: true, '
                    'jobs: [{ name: "a", command: "true" }, { name: "b", command: "true" }, { name: "last", command: "sh stop.sh", needs: ["a", "b"] }] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "-j3")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(set(self.statuses().values()), {"PASSED"})
        self.assertTrue(self.path("scratch", "c", "passed", "last").is_symlink(), done)


class FailingCalls(Story):
    """Calls of dvsched itself, one after the other. For its slots and the loop see tests/unit/io and tests/unit/exec."""

    def inject(self, call, error, whens):
        if not shutil.which("strace"):
            self.skipTest("strace is not there")
        self.config('{ flow: "jobs", name: "c", jobs: [{ name: "a{n}", command: "true", sweep: { n: "1..8" } }] }')
        for when in whens:
            process = subprocess.Popen(
                ["strace", "-q", "-o", str(self.path("trace")), "-e", f"trace={call}", "-e",
                 f"inject={call}:error={error}:when={when}", self.binary, "run", "cfg.hjson", "--view", "none", "-j2"],
                cwd=self.dir, env=self.environ(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            done = self.finish(process)
            if "ptrace" in done.err.lower() and done.code:
                self.skipTest("strace may not trace here")
            self.assertEqual(done.code, 0, f"when={when}: {done}")
            self.assertEqual(set(self.statuses().values()), {"PASSED"})

    def test_no_memory_for_a_frame_ends_no_job(self):
        self.inject("sendto", "ENOBUFS", range(1, 14))

    def test_a_watch_that_the_kernel_refuses_ends_no_job(self):
        self.inject("epoll_ctl", "ENOSPC", range(1, 10))


class HungFileSystems(Story):
    """A frozen file system, as of a server that is gone: a process that uses it sleeps in the kernel, and SIGKILL does not end it."""

    def mount(self, where):
        """A file system of its own, or a skip."""
        image, at = self.path("image"), self.path("mount")
        at.mkdir()
        where.mkdir(parents=True)
        with open(image, "wb") as f:
            f.truncate(32 << 20)
        try:
            for command in (["mkfs.ext4", "-q", "-F", image], ["mount", "-o", "loop", image, at],
                            ["mount", "--bind", at, where]):
                subprocess.run(command, check=True, capture_output=True)
                if command[0] == "mount":
                    self.addCleanup(subprocess.run, ["umount", "-l", command[-1]], check=False)
            self.freeze(at)
            self.thaw(at)
        except (OSError, subprocess.CalledProcessError) as e:
            self.skipTest(f"no file system can be mounted and frozen here: {e}")
        self.addCleanup(self.thaw, at, check=False)
        return at

    def freeze(self, at):
        subprocess.run(["fsfreeze", "-f", at], check=True, capture_output=True)

    def thaw(self, at, check=True):
        subprocess.run(["fsfreeze", "-u", at], check=check, capture_output=True)

    def run_on(self, at):
        events = self.fifo()
        self.config('{ flow: "jobs", name: "c", jobs: [{ name: "a", command: "echo up > events; exec sleep 1000" }, '
                    '{ name: "b{n}", command: "true", sweep: { n: "1..40" } }] }')
        # Output goes to files: a process that hangs in the kernel would keep a pipe open.
        with open(self.path("out"), "w") as out, open(self.path("err"), "w") as err:
            process = subprocess.Popen([self.binary, "run", "cfg.hjson", "--view", "none", "-j2", "--grace", "1s",
                                        "--run-deadline", "4s"], cwd=self.dir, env=self.environ(),
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            self.assertEqual(events.line(), "up")
            self.freeze(at)
            code = process.wait(120)
        finally:
            self.thaw(at, check=False)
            process.kill()
        return Done(process.args, code, self.path("out").read_text(), self.path("err").read_text())

    def test_the_deadline_ends_a_run_whose_slots_hang(self):
        at = self.mount(self.path("scratch", "c"))
        done = self.run_on(at)
        self.assertEqual(done.code, 124, done)
        hung = [j for j in self.results()["jobs"] if "is still there after SIGKILL (state D)" in (j["message"] or "")]
        self.assertTrue(hung, done)
        self.assertEqual({j["status"] for j in hung}, {"KILLED"})
        self.assertIn("did not finish, and was killed: status links may be missing", done.err)
        self.assertNotIn("does not answer after the run deadline", done.err)

    def test_the_deadline_ends_a_run_whose_scheduler_hangs(self):
        at = self.mount(self.path("scratch", ".dvsched"))
        done = self.run_on(at)
        self.assertEqual(done.code, 124, done)
        self.assertIn("is still there after SIGKILL: the file system of the run hangs", done.err)
        self.assertIn("could not be completed: its file system hangs", done.err)


if __name__ == "__main__":
    unittest.main()
