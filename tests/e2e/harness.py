# SPDX-License-Identifier: Apache-2.0
"""Common code of all stories: the real binary in a directory of its own, and no processes left afterwards.

    class Sweeps(Story):
        def test_each_row_runs_once(self):
            self.config('{ flow: jobs, name: demo, jobs: […] }')
            done = self.dvsched("run", "cfg.hjson", "--view", "none")
            self.assertEqual(done.code, 0, done)
            self.assertEqual(self.statuses(), {"demo:a": "PASSED"})

Stories wait for events (a line in a FIFO, the end of a process), never for time.
"""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

SOURCE = pathlib.Path(__file__).resolve().parents[2]
COOKIE = "DVSCHED_TEST_ID"
# As on a terminal: a shell ignores these signals for commands that a script starts with `&`.
for _signum in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_signum) == signal.SIG_IGN:
        signal.signal(_signum, signal.SIG_DFL)
PATIENCE_S = 60  # the limit for immediate events: only a broken program makes a story wait so long


class Done:
    """How a run of the binary ended. As text: all of it, for messages of assertions."""

    def __init__(self, args, status, out, err):
        self.args, self.out, self.err = args, out, err
        self.signal = -status if status < 0 else 0  # the signal that ended it
        self.code = 128 - status if status < 0 else status  # the exit status of a shell

    def __str__(self):
        return f"{self.args}\nexit {self.code}{' by a signal' * bool(self.signal)}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Fifo:
    """A named pipe through which a job tells the story something: `echo started > FIFO`."""

    def __init__(self, path):
        self.path = str(path)
        os.mkfifo(path)
        self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.buffer = b""

    def line(self, patience_s=PATIENCE_S):
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.fd], [], [], patience_s)
            if not ready:
                raise AssertionError(f"nobody wrote a line to {self.path}")
            self.buffer += os.read(self.fd, 65536)
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode()

    def close(self):
        os.close(self.fd)


def pids_with(cookie):
    """Processes that were started with the cookie in their environment."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            environ = pathlib.Path("/proc", entry, "environ").read_bytes()
        except OSError:
            continue  # gone, or of another user
        if f"{COOKIE}={cookie}".encode() in environ.split(b"\0"):
            found.append(int(entry))
    return found


def outlives(pid, patience_s):
    """False if pid has ended, or ends within the patience."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        return not select.select([fd], [], [], patience_s)[0]
    finally:
        os.close(fd)


def describe(pid):
    try:
        words = pathlib.Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"{pid} (gone)"
    return f"{pid} {b' '.join(words).decode(errors='replace')}"


def send_to_all(pids, signum):
    for pid in pids:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            pass


def children_of(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def scheduler_of(process):
    """The pid of the scheduler, once it exists: the only child of the guardian, which is the process that was started."""
    end = time.monotonic() + PATIENCE_S
    while not (found := children_of(process.pid)):
        if time.monotonic() > end or not outlives(process.pid, 0.01):
            raise AssertionError("the guardian has no child")
    pid, = found
    return pid


class Story(unittest.TestCase):
    # True in a story whose processes stay intentionally.
    may_leave_processes = False

    def setUp(self):
        self.binary = os.environ["DVSCHED"]
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-e2e-")).resolve()
        self.cookie = uuid.uuid4().hex
        self.fifos = []
        self.addCleanup(self._leave)

    def _leave(self):
        for fifo in self.fifos:
            fifo.close()
        left = [p for p in pids_with(self.cookie) if outlives(p, 2)]
        text = "; ".join(describe(p) for p in left)
        for pid in left:
            os.kill(pid, 9)
        shutil.rmtree(self.dir, ignore_errors=True)
        if left and not self.may_leave_processes:
            self.fail(f"processes were left behind: {text}")

    def path(self, *names):
        return self.dir.joinpath(*names)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def config(self, text, name="cfg.hjson"):
        return self.write(name, text)

    def example(self, name):
        """A configuration of hjson-cfgs/, copied beside the story."""
        return pathlib.Path(shutil.copy(SOURCE / "hjson-cfgs" / name, self.dir))

    def fifo(self, name="events"):
        fifo = Fifo(self.path(name))
        self.fifos.append(fifo)
        return fifo

    def environ(self, extra=None):
        env = {k: v for k, v in os.environ.items()
               if k in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")}
        # The directories of device health and locks belong to the machine: a story has its own.
        env.update({"HOME": str(self.dir), "TERM": "dumb", COOKIE: self.cookie,
                    "DVSCHED_LOCK_DIR": str(self.dir / "locks"), "DVSCHED_STATE_DIR": str(self.dir / "state"),
                    **(extra or {})})
        return env

    def start(self, *args, env=None, stdin=subprocess.DEVNULL, **options):
        """The binary in the background; finish() ends it. For signals and the like."""
        process = subprocess.Popen([self.binary, *map(str, args)], cwd=self.dir, stdin=stdin,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environ(env), **options)
        self.addCleanup(self._end, process)
        return process

    def _end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def finish(self, process, text=None, patience_s=PATIENCE_S):
        try:
            out, err = process.communicate(text, patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"did not end: {process.args}\n{err.decode(errors='replace')}")
        return Done(process.args, process.returncode, out.decode(errors="replace"),
                    err.decode(errors="replace"))

    def dvsched(self, *args, env=None, stdin=None, patience_s=PATIENCE_S, **options):
        """Runs the binary in the story's directory until it ends."""
        feed = subprocess.DEVNULL if stdin is None else subprocess.PIPE
        process = self.start(*args, env=env, stdin=feed, **options)
        return self.finish(process, None if stdin is None else stdin.encode(), patience_s)

    def run_dir(self, scratch="scratch"):
        return self.path(scratch, ".dvsched", "runs", "latest").resolve()

    def results(self, scratch="scratch"):
        text = self.run_dir(scratch).joinpath("results.json").read_text(encoding="utf-8")
        return json.loads(text)

    def statuses(self, scratch="scratch"):
        return {job["id"]: job["status"] for job in self.results(scratch)["jobs"]}

    def needs_plain_calls(self):
        """Skips the story if a preloaded library cannot stand between the binary and all calls of libc."""
        if b"__asan_init" in pathlib.Path(self.binary).resolve().read_bytes():
            self.skipTest("calls of this program cannot be made to fail: sanitizers have functions of their own")

    def needs_command(self, name):
        """Skips the story while the binary has no such command."""
        done = self.dvsched(name, "--help")
        if done.code != 0 or name not in done.out:
            self.skipTest(f"this binary has no `{name}` yet")

    def assert_left_nothing(self):
        """No file exists that the story itself did not write."""
        self.assertFalse(self.path("scratch").exists(), sorted(self.dir.rglob("*")))


if __name__ == "__main__":
    sys.exit("harness.py is imported by the stories; run them with tap.py")
