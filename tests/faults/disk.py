# SPDX-License-Identifier: Apache-2.0
"""Disks that fail: the kinds of files of a run, how changes of them fail, and what must hold afterwards beside the oracle."""
import collections
import errno
import json
import os
import re
import sys

from kinds import Kind
from oracle import Leave, find_half_file
from projects import PROJECTS

_FULL = ("ENOSPC", "EDQUOT", "EROFS", "EIO")
# By call of tests/faults/inject.c.
CHANGES = {"disk": _FULL, "open": _FULL, "write": (*_FULL, "SHORT"), "pwrite": _FULL, "fsync": ("EIO", "ENOSPC", "EDQUOT"),
           "fdatasync": ("EIO", "ENOSPC", "EDQUOT"), "ftruncate": ("EIO", "EROFS"), "fallocate": ("ENOSPC", "EDQUOT"),
           "close": ("EIO", "EDQUOT", "ENOSPC"), "rename": _FULL, "link": _FULL, "symlink": _FULL, "mkdir": _FULL,
           "unlink": ("EROFS", "EIO"), "chmod": ("EROFS", "EIO"), "utimens": ("EROFS", "EIO")}
# Parts of the paths of each kind. "any" is the whole scratch root.
KINDS = {"journal": ["journal.jsonl"], "results": ["results.json", ".reserve"], "plan": ["plan.json"],
         "links": ["/running", "/passed", "/failed", "/killed", "runs/latest"], "reports": ["/reports/", "metrics"],
         "logs": ["/log", ".log"], "any": ["/scratch"]}


def kinds_of(path):
    return [kind for kind, parts in KINDS.items() if any(part in path for part in parts)]


def find_missing_file(bed, out):
    """A file that a message names as written and that does not exist."""
    for what, path in re.findall(r"(?m)^(results|report|logs|run|  ) +(/\S+?)(?::\d+)?$", out):
        if not os.path.exists(bed.dir / path):
            return f"{what.strip()} {path} was printed, and is not there"
    return None


def find_repeated_line(out, text):
    lines = [line for line in out.splitlines() if text in line]
    return next((line for line in lines if lines.count(line) > 1), None)


def has_failed_itself(bed):
    """A job has failed by itself before its next attempt could not begin."""
    return any(a["class"] == "job" for job in (bed.results() or {"jobs": []})["jobs"] if job["status"] != "PASSED" for a in job["attempts"])


def judge_disk(bed, code, out, words):
    """The error, or None. Call it before judge(), which resumes the run."""
    error = words[3]
    text = os.strerror(errno.ENOSPC if error == "SHORT" else getattr(errno, error))
    wrong = find_half_file(bed) or find_missing_file(bed, out)
    if wrong:
        return wrong
    if bed.project.exit_code == 0 and code not in (0, 3) and not has_failed_itself(bed):
        return f"exit {code} of a run without a failing job: {out.strip()[-400:]}"
    if code == 3 and text not in out:
        return f"exit 3, and '{text}' was not said: {out.strip()[-400:]}"
    repeated = find_repeated_line(out, text)
    return f"said twice: {repeated}" if repeated else None


class Disk(Kind):
    """`disk PROJECT ROLE CALL ERROR KIND N[+]`: of all calls of that role that change a file of that kind, the N-th fails."""

    name, n_short = "disk", 40

    def __init__(self, make_bed):
        super().__init__(make_bed)
        self.counts = None

    def count(self):
        """(project, role, call, kind) -> how often."""
        if self.counts is not None:
            return self.counts
        self.counts = collections.Counter()
        for project in PROJECTS.values():
            with self.make_bed(project) as bed:
                code, out = bed.run(is_counted=True, is_traced=True)
                if code != project.exit_code:
                    sys.exit(f"faults: the run without a fault ended with {code}:\n{out}")
                for line in bed.trace.read_text(encoding="utf-8").splitlines():
                    role, call, path = line.split(" ", 2)
                    for kind in kinds_of(path):
                        for r, c in (role, call), (role, "disk"), ("any", "disk"):
                            self.counts[project.name, r, c, kind] += 1
        return self.counts

    def all(self):
        for (project, role, call, kind), n in sorted(self.count().items()):
            for error in CHANGES[call]:
                for i in range(1, n + 1):
                    for span in ("", "+"):
                        yield f"disk {project} {role} {call} {error} {kind} {i}{span}"

    def sample(self, n, rng):
        keys = sorted((key, error) for key in self.count() for error in CHANGES[key[2]])
        for _ in range(n):
            key, error = rng.choice(keys)
            yield f"disk {' '.join(key[:3])} {error} {key[3]} {rng.randint(1, self.count()[key])}{rng.choice(['', '+'])}"

    def project(self, words):
        return PROJECTS[words[0]]

    def leave(self, _):
        return Leave()

    def cause(self, bed, words):
        role, call, error, kind, n = words[1:]
        errnum = -errno.ENOSPC if error == "SHORT" else getattr(errno, error)
        return bed.run(fault=f"{role}:{call}:{errnum}:{n}:{'|'.join(KINDS[kind])}")

    def judge(self, bed, code, out, words):
        return judge_disk(bed, code, out, words)
