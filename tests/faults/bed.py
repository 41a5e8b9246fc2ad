# SPDX-License-Identifier: Apache-2.0
"""A directory in which dvsched runs with a fault: its processes, and what it left. scripts/faults uses it."""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from projects import Jobs

ROOT = pathlib.Path(__file__).resolve().parents[2]
COOKIE = "DVSCHED_TEST_ID"
ROLES = ["guardian", "scheduler", "slot", "clerk"]
ENDING = ["--view", "none", "--grace", "1s"]
RUN_S = 30  # a run may take so long
GONE_S = 2  # so long after its end the last process must be gone
NORMAL_S = 1  # the run without a fault takes a third of it; where it takes longer than this, all limits are so many times as long


def call_names():
    text = (ROOT / "tests/faults/inject.c").read_text(encoding="utf-8")
    return re.findall(r"X\((\w+)\)", text.split("#define CALLS(X)")[1].split("enum call")[0])


class Counts:
    """How often each kind of process made each call: shared with the preloaded library."""

    def __init__(self, path):
        self.path, self.names = path, call_names()
        self.format = f"{len(ROLES) * len(self.names) + 2}L"
        path.write_bytes(bytes(struct.calcsize(self.format)))

    def read(self):
        numbers = struct.unpack(self.format, self.path.read_bytes())
        n = len(self.names)
        return {(role, name): numbers[r * n + i] for r, role in enumerate(ROLES) for i, name in enumerate(self.names)}


class Pace:
    """How slow the machine is: limits are longer on one that has no time for us."""

    def __init__(self, binary, inject):
        self.make, self.factor = lambda: Bed(binary, inject, Jobs), 1.0

    def measure(self):
        """Runs without a fault, beside whatever runs now. Returns the factor of the limits."""
        with self.make() as bed:
            began = time.monotonic()
            bed.run()
            self.factor = max(self.factor, (time.monotonic() - began) / NORMAL_S)
        return self.factor


class Bed:
    """A directory with the configuration of a project. Use it in a with statement."""

    def __init__(self, binary, inject, project=Jobs, pace=None):
        self.binary, self.inject, self.project, self.pace = str(binary), str(inject), project, pace
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-faults-"))
        self.cookie = self.dir.name
        project.write(self.dir)
        self.ran, self.trace, self.out = self.dir / "ran", self.dir / "trace", self.dir / "out"
        self.counts = Counts(self.dir / "counts")
        self.scratch = self.dir / "scratch"
        self.preload = {}  # environment of each call
        self.options = []  # of the run with the fault
        self.place = []  # options of each call that finds a run

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill_all()
        shutil.rmtree(self.dir, ignore_errors=True)

    def environ(self, fault=None, is_counted=False, is_traced=False):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), COOKIE: self.cookie, "RAN": str(self.ran), "TERM": "dumb", **self.preload}
        if fault or is_counted:
            env.update(LD_PRELOAD=self.inject, DVSCHED_FAULT_COUNTS=str(self.counts.path))
        if fault:
            env["DVSCHED_FAULT"] = fault
        if is_traced:
            env["DVSCHED_FAULT_TRACE"] = str(self.trace)
        return env

    def start(self, *args, **environ):
        """Its output goes to a file, so that the end of the process does not depend on who else has its end of a pipe."""
        end = time.monotonic() + RUN_S
        with open(self.out, "wb") as out:
            while True:
                try:
                    return subprocess.Popen([self.binary, *map(str, args)], cwd=self.dir, env=self.environ(**environ), stdout=out,
                                            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True)
                except BlockingIOError:  # the machine has no process left for us
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.1)

    def start_run(self, **environ):
        return self.start(*self.project.words, *self.options, *self.place, *ENDING, **environ)

    def limit(self, seconds, is_over):
        """seconds, or more on a slow machine: that is measured again before something took too long."""
        if is_over and self.pace:
            self.pace.measure()
        return seconds * (self.pace.factor if self.pace else 1)

    def finish(self, process):
        """Its exit code, or None if it did not end in time, and its output."""
        began, is_over = time.monotonic(), False
        while True:
            try:
                code = process.wait(max(0, self.limit(RUN_S, is_over) - (time.monotonic() - began)))
                break
            except subprocess.TimeoutExpired:
                if is_over:
                    self.kill_all()
                    process.wait()
                    code = None
                    break
                is_over = True
        return code, self.out.read_text(encoding="utf-8", errors="replace")

    def run(self, **environ):
        return self.finish(self.start_run(**environ))

    def call(self, *args):
        return self.finish(self.start(*args))

    def pids(self):
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                environ = pathlib.Path("/proc", entry, "environ").read_bytes()
            except OSError:
                continue
            if f"{COOKIE}={self.cookie}".encode() in environ.split(b"\0"):
                found.append(int(entry))
        return found

    def left(self):
        """Processes that are there longer than GONE_S after the end, described."""
        began, is_over = time.monotonic(), False
        while left := self.pids():
            if time.monotonic() - began > self.limit(GONE_S, is_over):
                if is_over:
                    return [describe(pid) for pid in left]
                is_over = True
                continue
            wait_for_ends(left)
        return []

    def run_dir(self):
        """The directory of the newest run, also if the link `latest` could not be made."""
        runs = self.scratch / ".dvsched/runs"
        if (runs / "latest").exists():
            return (runs / "latest").resolve()
        names = sorted(p.name for p in runs.iterdir() if p.name[0] != "." and p.name != "latest") if runs.exists() else []
        return runs / names[-1] if names else None

    def kill_all(self):
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def results(self):
        path = self.run_dir() and self.run_dir() / "results.json"
        return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else None

    def journal(self):
        path = self.run_dir() and self.run_dir() / "journal.jsonl"
        return path.read_bytes() if path and path.exists() else b""

    def has_worked(self):
        return set(self.ran.read_text(encoding="utf-8").split()) if self.ran.exists() else set()


def wait_for_ends(pids):
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            continue
        with os.fdopen(fd) as file:
            select.select([file], [], [], 0.1)


def describe(pid):
    try:
        status = pathlib.Path("/proc", str(pid), "status").read_text(encoding="ascii", errors="replace")
        command = pathlib.Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return f"{pid} (gone)"
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return f"{pid} {command.strip() or fields['Name']} (state {fields['State'][0]}, parent {fields['PPid']})"
