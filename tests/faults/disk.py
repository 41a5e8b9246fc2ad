# SPDX-License-Identifier: Apache-2.0
"""Disks that fail: the kinds of files of a run, how changes of them fail, and what must hold afterwards beside bed.judge()."""
import errno
import json
import os
import re

_FULL = ("ENOSPC", "EDQUOT", "EROFS", "EIO")
# By call of tests/faults/inject.c.
CHANGES = {"disk": _FULL, "open": _FULL, "write": (*_FULL, "SHORT"), "pwrite": _FULL, "fsync": ("EIO", "ENOSPC", "EDQUOT"),
           "fdatasync": ("EIO", "ENOSPC", "EDQUOT"), "ftruncate": ("EIO", "EROFS"), "fallocate": ("ENOSPC", "EDQUOT"),
           "close": ("EIO", "EDQUOT", "ENOSPC"), "rename": _FULL, "link": _FULL, "symlink": _FULL, "mkdir": _FULL,
           "unlink": ("EROFS", "EIO")}
# Parts of the paths of each kind. "any" is the whole scratch root.
KINDS = {"journal": ["journal.jsonl"], "results": ["results.json", ".reserve"], "plan": ["plan.json"],
         "links": ["/running", "/passed", "/failed", "/killed", "runs/latest"], "reports": ["/reports/", "metrics"],
         "logs": ["/log", ".log"], "any": ["/scratch"]}


def kinds_of(path):
    return [kind for kind, parts in KINDS.items() if any(part in path for part in parts)]


def find_half_file(bed):
    """A file under its final name that is not complete, or None."""
    for path in sorted(bed.dir.rglob("*")):
        hidden = [part for part in path.parts if part.startswith(".") and part != ".dvsched"]
        if not path.is_file() or hidden or ".tmp-" in path.name:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            if path.suffix == ".json":
                json.loads(text)
        except ValueError as e:
            return f"{path.name} is not complete: {e}"
        if path.suffix in (".html", ".svg") and not text.rstrip().endswith((f"</{path.suffix[1:]}>")):
            return f"{path.name} is not complete"
    return None


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
    """The error, or None. Call it before bed.judge(), which resumes the run."""
    _, _, role, call, error, kind, n = words.split()
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
