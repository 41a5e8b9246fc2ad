# SPDX-License-Identifier: Apache-2.0
"""Kinds of faults: calls that fail, and kills. disk.py, clocks.py, images.py and soak.py have others."""
import errno
import os
import pathlib
import signal
import sys
import time

from oracle import Leave, judge
from projects import Jobs

DISK = ("ENOSPC", "EIO", "EDQUOT", "EROFS")
SHORT = ("EMFILE", "ENFILE", "ENOMEM")
# By call of inject.c.
ERRORS = {
    "open": (*SHORT, "ENOSPC", "EIO", "EINTR", "EACCES", "ESTALE"), "read": ("EINTR", "EIO"), "pread": ("EIO",),
    "write": ("EINTR", *DISK), "pwrite": DISK, "send": ("EINTR", "ENOBUFS", "ENOMEM", "EAGAIN"),
    "sendmsg": ("EINTR", "ENOBUFS", "ENOMEM", "EAGAIN"), "recv": ("EINTR",), "recvmsg": ("EINTR", "ENOMEM"),
    "fsync": ("EIO", "ENOSPC", "EINTR"), "fdatasync": ("EIO", "ENOSPC", "EINTR"), "ftruncate": ("EIO",),
    "fallocate": ("ENOSPC", "EOPNOTSUPP"), "rename": DISK, "link": ("EPERM", "ENOSPC"), "symlink": DISK,
    "unlink": ("EIO", "EROFS", "ESTALE"), "mkdir": DISK, "stat": ("EIO", "ESTALE", "ENOMEM"), "opendir": SHORT,
    "readdir": ("EIO", "ESTALE", "ENOMEM"), "readlink": ("EIO", "ESTALE", "ENOMEM"), "realpath": ("EIO", "ESTALE"), "access": ("EIO", "ESTALE", "ENOMEM"),
    "statvfs": ("EIO", "ESTALE", "ENOMEM", "EINTR"), "chdir": ("EIO", "ESTALE", "ENOMEM"), "fopen": (*SHORT, "EIO", "EINTR"),
    "pidfd": SHORT, "exec": ("EIO", "ENOMEM", "EAGAIN", "ENFILE"), "mmap": ("ENOMEM",), "inotify": SHORT, "sleep": ("EINTR",),
    "chmod": ("EIO", "EROFS", "EPERM"), "utimens": ("EIO", "EROFS"),
    "fork": ("EAGAIN", "ENOMEM"), "clone": ("EAGAIN", "ENOMEM"), "spawn": ("EAGAIN", "ENOMEM"), "pipe": SHORT,
    "socketpair": SHORT, "socket": SHORT, "eventfd": SHORT, "signalfd": SHORT, "timer": ("EAGAIN", "ENOMEM"), "memfd": SHORT, "dup": ("EMFILE",),
    "flock": ("EINTR", "ENOLCK"), "poll": ("EINTR", "ENOMEM"), "epoll_create": SHORT, "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "epoll_wait": ("EINTR",), "wait": ("EINTR",), "getrandom": ("EINTR",), "malloc": ("ENOMEM",),
}
# A shortage of the kernel, or an interruption. If it passes, it changes nothing.
PASSING = ("EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "ENOBUFS", "EINTR")
# Known not to be survived each time. A sample leaves them out; --long and --fault do not.
VICTIMS = ("scheduler", "guardian", "slots", "both", "machine")


LAST_MS = 1000  # a shortage that lasts
DEADLINE_S = 3  # of a run during which a shortage does not end


def spans(call, error):
    """Once, for a second, and from then on; interruptions do not come for ever."""
    if error == "EINTR":
        return [""]
    is_passing = error in PASSING and call != "malloc"
    return ["", f"~{LAST_MS}", "+"] if is_passing else ["", "+"]


class Kind:
    """The words of its faults (all(), sample()), how one is caused (cause()), and what it may change (leave())."""

    def __init__(self, make_bed):
        self.make_bed = make_bed

    def project(self, _):
        return Jobs

    def judge(self, bed, code, out, words):  # pylint: disable=unused-argument
        """What is wrong beside what the oracle sees, before the run is resumed."""
        return None

    def sample(self, n, rng):
        """Of each as many as of another, in any order."""
        found = list(self.all())
        while n > 0:
            yield from rng.sample(found, min(n, len(found)))
            n -= len(found)

    def attempt(self, words, lost):
        """Causes the fault. Returns what is wrong, or None, and the output; adds what was lost."""
        with self.make_bed(self.project(words)) as bed:
            return self.attempt_in(bed, words, lost)

    def attempt_in(self, bed, words, lost):
        code, out = self.cause(bed, words)
        wrong = self.judge(bed, code, out, words) if code is not None else None
        return wrong or judge(bed, code, out, self.leave(words), lost), out


class Calls(Kind):
    """`calls ROLE CALL ERROR N[+]`"""

    name, n_short = "calls", 60

    def __init__(self, make_bed):
        super().__init__(make_bed)
        self.counts = None

    def count(self):
        if self.counts is None:
            with self.make_bed() as bed:
                code, out = bed.run(is_counted=True)
                if code != bed.project.exit_code:
                    sys.exit(f"faults: the run without a fault ended with {code}:\n{out}")
                self.counts = bed.counts.read()
        return self.counts

    def all(self):
        for (role, call), n in self.count().items():
            for error in ERRORS.get(call, ()):
                for i in range(1, n + 1):
                    for span in spans(call, error):
                        yield f"calls {role} {call} {error} {i}{span}"

    def sample(self, n, rng):
        """Each kind of call of each process as often as another, however many there are of it."""
        kinds = [(role, call, error) for (role, call), count in self.count().items() if count for error in ERRORS.get(call, ())]
        for _ in range(n):
            role, call, error = rng.choice(kinds)
            yield f"calls {role} {call} {error} {rng.randint(1, self.counts[role, call])}{rng.choice(spans(call, error))}"

    def leave(self, words):
        role, call, error, n = words
        is_for_ever, is_passing = n.endswith("+"), error in PASSING and call != "malloc"
        return Leave(nothing=not is_for_ever and is_passing, memory=call == "malloc", deadline=is_for_ever and is_passing,
                     mute=(role, call) == ("scheduler", "write") and is_for_ever)

    def cause(self, bed, words):
        role, call, error, n = words
        if self.leave(words).deadline:  # dvsched waits until it is over
            bed.options += ["--run-deadline", f"{DEADLINE_S}s"]
        return bed.run(fault=f"{role}:{call}:{getattr(errno, error)}:{n}")


def is_victim(command, is_first, victims):
    is_scheduler = command[1:2] == [b"run"] and not is_first
    return {"scheduler": is_scheduler, "guardian": is_first, "slots": is_scheduler or command[1:2] == [b"__slot"],
            "both": is_scheduler or is_first, "machine": True}[victims]


def kill(bed, process, victims):
    """What was started meanwhile is found by the next look."""
    while kill_some(bed, process, victims) and victims == "machine":
        pass


def kill_some(bed, process, victims):
    n = 0
    for pid in bed.pids():
        try:
            command = pathlib.Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
            if command[0] and is_victim(command, pid == process.pid, victims):
                os.kill(pid, signal.SIGKILL)
                n += 1
        except OSError:
            continue
    return n


TORN = -1009  # of inject.c: half a write, then SIGKILL


class Records(Kind):
    """`records VICTIMS N`: SIGKILL when the journal has N records; `records torn N`: of the scheduler, in the middle of the N-th."""

    name, n_short = "records", 100
    most = 45

    def all(self):
        for victims in (*VICTIMS, "torn"):
            for n in range(1, self.most + 1):
                yield f"records {victims} {n}"

    def leave(self, words):
        who = {"scheduler": ("scheduler",), "guardian": ("guardian",), "slots": ("scheduler",), "torn": ("scheduler",)}
        return Leave(killed=who.get(words[0], ("guardian", "scheduler")))

    def wait(self, bed, process, n):
        while process.poll() is None and bed.journal().count(b"\n") < n:
            time.sleep(0.001)

    def cause(self, bed, words):
        if words[0] == "torn":
            return bed.run(fault=f"scheduler:write:{TORN}:{words[1]}:journal.jsonl")
        process = bed.start_run()
        self.wait(bed, process, int(words[1]))
        kill(bed, process, words[0])
        ended = bed.finish(process)
        if words[0] == "machine":
            bed.kill_all()  # what was just starting when everything else was killed
        return ended


class Moments(Records):
    """`moments VICTIMS MS`: SIGKILL so long after the start."""

    name = "moments"
    most_ms = 500  # the run without a fault takes 350

    def all(self):
        for ms in range(self.most_ms):
            for victims in VICTIMS:
                yield f"moments {victims} {ms}"

    def wait(self, bed, process, n):
        time.sleep(n / 1000)
