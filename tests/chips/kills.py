# SPDX-License-Identifier: Apache-2.0
"""Kills random processes that have devices open, and checks that nothing is left.

    kills.py DVSCHED [--kills N] [--batch N] [--seed N] [--slack S]

Gangs of three with a window and buffers run one after the other, each rank in a fresh process, with a delay in every call,
so that a kill at a random moment may happen in each phase: open, load, join, armed, run, finish, close. One rank's process gets
SIGKILL, SIGSEGV or SIGSTOP. Within the grace, the time that it takes to notice, and the slack, all devices must be free: the
process is gone, and the attempt that ran has ended in the journal. Then a gang must pass again. After each batch dvsched
must have as many descriptors as before, and there must be no new file in /dev/shm or TMPDIR, no zombie and no process. Every
other batch ends by kill -9 of dvsched itself at a random moment: no worker survives it, and its devices are free at once.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

GRACE_S = 2  # the time that peers get to end
# Time from the signal to the verdict. A death is an event; a stopped worker is detected by its heartbeat, a request or a time limit.
NOTICE_S = {signal.SIGKILL: 0, signal.SIGSEGV: 0, signal.SIGSTOP: 6}
PATIENCE_S = 120
PAUSE_S = 0.004

CONFIG = """{
  flow: jobs
  name: kills
  backends: {
    chips: {
      driver: "sim"
      n_devices: 3
      seed: %d
      pool: { max_runs: 1 }
      budgets: { open: "5s", load: "5s", join: "5s", finish: "5s", reset: "5s" }
      health: { marks: 8, window: "200ms", probation: "20ms" }
      faults: [
        { on: "open", do: "delay", ms: 50 }
        { on: "load", do: "delay", ms: 50 }
        { on: "join", do: "delay", ms: 50 }
        { on: "prepare", do: "delay", ms: 50 }
        { on: "finish", do: "delay", ms: 50 }
        { on: "close", do: "delay", ms: 50 }
      ]
    }
  }
  jobs: [
    {
      name: "g.{i}"
      sweep: { i: "1..%d" }
      backend: "chips"
      devices: 3
      gang: { window: "64K", buffers: [{ name: "in", bytes: 4096 }, { name: "out", bytes: 128 }] }
      timeout: "60s"
      program: [{ barrier: true }, { compute: "80ms" }, { barrier: true }]
    }
  ]
}
"""


class Failure(Exception):
    pass


def until(what, patience_s, text):
    end_s = time.monotonic() + patience_s
    while not (found := what()):
        if time.monotonic() > end_s:
            raise Failure(text() if callable(text) else text)
        time.sleep(PAUSE_S)
    return found


def processes(cookie):
    """pid -> (name, state) of processes that were started with the cookie in their environment, and of their zombies."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path("/proc", entry, "stat").read_text()
            environ = pathlib.Path("/proc", entry, "environ").read_bytes()
        except OSError:
            continue
        if cookie.encode() in environ:
            found[int(entry)] = (stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2])
    return found


def children(pid):
    """pid -> state of all children, zombies too."""
    found = {}
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            stat = pathlib.Path("/proc", child, "stat").read_text()
        except OSError:
            continue
        found[int(child)] = (stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2])
    return found


def is_there(pid):
    return pathlib.Path("/proc", str(pid)).exists()


def descriptors(pid):
    """Descriptors of dvsched that belong to no worker (each has a socket and a pidfd), and shared memories of gangs; None while a worker starts or ends."""
    before = {p for p, (name, _) in children(pid).items() if name.startswith("dvs")}
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass  # the listing's own, or closed by now
    if {p for p, (name, _) in children(pid).items() if name.startswith("dvs")} != before:
        return None
    gangs = sum(link.startswith("/memfd:dvs-gang") for link in links)
    return len(links) - gangs - 2 * len(before), gangs


class Batch:
    """One dvsched, and some kills of its workers."""

    def __init__(self, dvsched, seed, n_kills):
        self.dvsched, self.random = dvsched, random.Random(seed)
        self.cookie = "DVSCHED_TEST_ID=" + uuid.uuid4().hex
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-kills-"))
        self.place.joinpath("tmp").mkdir()
        self.place.joinpath("cfg.hjson").write_text(CONFIG % (seed, 40 * n_kills + 100), encoding="utf-8")
        # A sanitizer would start programs of its own to describe what is killed here on purpose.
        quiet = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:symbolize=0"
        self.env = dict(os.environ, ASAN_OPTIONS=quiet, DVSCHED_LOCK_DIR=str(self.place), DVSCHED_STATE_DIR=str(self.place / "state"),
                        TMPDIR=str(self.place / "tmp"), DVSCHED_TEST_ID=self.cookie.partition("=")[2])
        self.shm = set(os.listdir("/dev/shm"))
        self.journal, self.events, self.running = None, [], {}
        self.n_passed = 0
        self.pid = None
        self.child = self.start("cfg.hjson", "scratch")

    def start(self, cfg, scratch):
        return subprocess.Popen([self.dvsched, "run", cfg, "--view", "none", "-sr", scratch], cwd=self.place, env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # ---- the journal

    def read(self):
        """New events; keeps which attempts run."""
        if not self.journal:
            path = self.place / "scratch" / ".dvsched" / "runs" / "latest" / "journal.jsonl"
            if not path.exists():
                return False
            self.journal = path.open("r", encoding="utf-8")
        new = False
        while True:
            at = self.journal.tell()
            line = self.journal.readline()
            if not line.endswith("\n"):
                self.journal.seek(at)
                return new
            self.take(json.loads(line))
            new = True

    def take(self, event):
        if event["ev"] == "run":
            self.pid = event["pid"]
        if event["ev"] != "job":
            return
        self.events.append(event)
        if event["status"] == "RUNNING":
            self.running[event["id"]] = event
        else:
            self.running.pop(event["id"], None)
            self.n_passed += event["status"] == "PASSED"

    def pass_some(self, n):
        goal = self.n_passed + n
        until(lambda: (self.read(), self.n_passed >= goal)[1] or self.child.poll() is not None, PATIENCE_S,
              "no gang passes any more")
        if self.child.poll() is not None:
            raise Failure(f"dvsched has ended: {self.child.returncode}")

    def end_of(self, job):
        self.read()
        for event in reversed(self.events):
            if event["id"] == job["id"] and event["seq"] > job["seq"]:
                return event
        return None

    # ---- kills

    def workers(self):
        return [p for p, (name, state) in children(self.pid).items() if name.startswith("dvs-device") and state not in "ZT"]

    def kill_one(self, slack_s):
        """Seconds until all devices were free, the signal, and the phase of the rank."""
        time.sleep(self.random.uniform(0, 0.6))
        victims = until(self.workers, PATIENCE_S, "there are no workers")
        victim = self.random.choice(sorted(victims))
        sig = self.random.choice(list(NOTICE_S))
        self.read()
        attempt = next(iter(self.running.values()), None)
        at_s, at_wall_s = time.monotonic(), time.time()
        try:
            os.kill(victim, sig)
        except ProcessLookupError:
            return None
        limit_s = NOTICE_S[sig] + GRACE_S + slack_s
        until(lambda: not is_there(victim), limit_s, lambda: f"{victim} is still there {limit_s}s after {sig.name}")
        took_s = time.monotonic() - at_s
        if not attempt:
            return took_s, sig, "between gangs"
        end = until(lambda: self.end_of(attempt), limit_s, f"{attempt['id']} has not ended {limit_s}s after {sig.name}")
        return max(took_s, end["t"] - at_wall_s), sig, self.what_it_found(end)

    @staticmethod
    def what_it_found(end):
        details = (end.get("result") or {}).get("details") or {}
        return details["ranks"][details["cause"]]["phase"] if "cause" in details else "a rank that was over"

    def watch_gang(self):
        """The result of descriptors() while a gang ran."""
        found, goal, end_s = [], self.n_passed + 1, time.monotonic() + PATIENCE_S
        while self.n_passed < goal and time.monotonic() < end_s:
            if seen := descriptors(self.pid):
                found.append(seen)
            self.read()
            time.sleep(PAUSE_S)
        return found

    def usual_descriptors(self):
        """The largest number over some gangs: a starting worker is a process before dvsched has both descriptors for it."""
        found = [seen for _ in range(3) for seen in self.watch_gang()]
        return tuple(statistics.mode(column) for column in zip(*found))

    def fewest_descriptors(self, at_most):
        """Over some gangs; over more of them while there are too many."""
        found = []
        for k in range(12):
            found += self.watch_gang()
            least = tuple(map(min, zip(*found)))
            if k >= 2 and all(a <= b for a, b in zip(least, at_most)):
                break
        return least

    # ---- the end

    def check_left(self):
        until(lambda: not processes(self.cookie), 10, lambda: f"left behind: {processes(self.cookie)}")
        if left := os.listdir(self.place / "tmp"):
            raise Failure(f"left in TMPDIR: {left}")
        until(lambda: not {n for n in set(os.listdir("/dev/shm")) - self.shm if "dvs" in n}, 1, "left in /dev/shm")

    def stop(self):
        self.child.send_signal(signal.SIGINT)
        if self.child.wait(PATIENCE_S) != -signal.SIGINT:
            raise Failure(f"dvsched ended with {self.child.returncode}")
        results = json.loads((self.place / "scratch/.dvsched/runs/latest/results.json").read_text())
        for job in results["jobs"]:
            if job["status"] not in ("PASSED", "FAILED", "KILLED"):
                raise Failure(f"{job['id']} has no end: {job['status']}")

    def kill_scheduler(self):
        """The end of dvsched itself: no process survives it, and the next dvsched gets the devices."""
        time.sleep(self.random.uniform(0, 0.6))
        os.kill(self.pid, signal.SIGKILL)
        self.child.wait(PATIENCE_S)
        self.place.joinpath("next.hjson").write_text(
            '{ flow: "jobs", name: "next", backends: { chips: { driver: "sim", n_devices: 3 } }\n'
            '  jobs: [{ name: "g", backend: "chips", devices: 3, queue_timeout: "10s", program: [{ barrier: true }] }] }')
        code = self.start("next.hjson", "next").wait(PATIENCE_S)
        if code != 0:
            raise Failure(f"after kill -9 of dvsched the devices are not free: exit {code}")

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        if self.journal:
            self.journal.close()
        for pid in processes(self.cookie):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.place, ignore_errors=True)


def run_batch(dvsched, seed, n_kills, slack_s):
    """[(seconds, signal, phase)]"""
    batch = Batch(dvsched, seed, n_kills)
    taken = []
    try:
        batch.pass_some(1)
        before = batch.usual_descriptors()
        while len(taken) < n_kills:
            if one := batch.kill_one(slack_s):
                taken.append(one)
            batch.pass_some(1)
        after = batch.fewest_descriptors(before)
        if any(a > b for a, b in zip(after, before)):
            raise Failure(f"descriptors of dvsched and memories of gangs: {after}, {before} before the kills")
        if zombies := {p: c for p, c in children(batch.pid).items() if c[1] == "Z"}:
            until(lambda: not [p for p in zombies if is_there(p)], 1, f"zombies: {zombies}")
        if seed % 2:
            batch.kill_scheduler()
        else:
            batch.stop()
        batch.check_left()
    except Failure as e:
        raise Failure(f"seed {seed}, after {len(taken)} kills: {e}") from None
    finally:
        batch.close()
    return taken


def show(taken):
    by_signal = collections.defaultdict(list)
    for took_s, sig, _ in taken:
        by_signal[sig].append(took_s)
    for sig, times in sorted(by_signal.items()):
        print(f"{sig.name}: {len(times)} kills, free after {sorted(times)[len(times) // 2]:.3f} s (median), "
              f"{max(times):.3f} s (longest)")
    phases = collections.Counter(phase for _, _, phase in taken)
    print("phases: " + ", ".join(f"{phase} {n}" for phase, n in phases.most_common()), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dvsched")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slack", type=float, default=1)
    args = parser.parse_args()
    taken, seed = [], args.seed
    while len(taken) < args.kills:
        try:
            taken += run_batch(os.path.abspath(args.dvsched), seed, min(args.batch, args.kills - len(taken)), args.slack)
        except Failure as e:
            sys.exit(f"kills.py: {e}")
        seed += 1
        print(f"{len(taken)} of {args.kills} kills", file=sys.stderr, flush=True)
    show(taken)


if __name__ == "__main__":
    main()
