# SPDX-License-Identifier: Apache-2.0
"""Surroundings and jobs that turn on what runs them: no hang, and no pass that is none."""

import os
import signal
import subprocess
import sys
import unittest

from harness import Story


class Surroundings(Story):
    def test_a_parent_that_ignores_the_end_of_children_changes_nothing(self):
        self.config('{ flow: "jobs", name: "c", jobs: [{ name: "a", command: "exit 3" }, { name: "b", command: "true" }] }')
        for options in ([], ["--run-deadline", "1h"]):
            process = self.start("run", "cfg.hjson", "--view", "none", *options,
                                 preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
            done = self.finish(process)
            self.assertEqual(done.code, 1, done)
            self.assertEqual(self.statuses(), {"a": "FAILED", "b": "PASSED"})


# A job's program: what it tries on process PID, by the word in front of it. Exits with 0 if it may.
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
        """What start() needs to run as no root, which may do all of this."""
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


if __name__ == "__main__":
    unittest.main()
