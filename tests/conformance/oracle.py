# SPDX-License-Identifier: Apache-2.0
"""Runs many DVSim command lines with one import of DVSim, and returns their exit codes.

    VENV/bin/python oracle.py < TASKS > RESULTS

TASKS is a JSON list of {"words": [...], "cwd": DIR, "outcomes": bool, "err": FILE}. Each runs in a process of its own,
made by fork(), so no state is kept between them. With "outcomes", the outcome of each run of the fake backend
comes from forced() instead of being random. RESULTS is a JSON list of {"code": N, "seconds": S}.

DVSim keeps tests in sets by their addresses, which differ from process to process whatever the hash seed is. Here they are
hashed by name, so that PYTHONHASHSEED decides every random order in DVSim: the same seed gives the same plan.
"""
import fnmatch
import json
import os
import resource
import sys
import time
import traceback

import dvsim.cli.run  # the slow part
import dvsim.flow.factory  # noqa: F401
from dvsim.job.status import JobStatus
from dvsim.modes import Mode
from dvsim.sim.flow import SimCfg

# The same outcomes as in the configurations of sweep.py for dvsched's fake backend.
FAILS = ["*[13579].*.*", "*.*csr*.*"]


def forced(_self, job):
    if job.job_type == "RunTest" and any(fnmatch.fnmatchcase(job.qual_name, glob) for glob in FAILS):
        return JobStatus.FAILED
    return JobStatus.PASSED


def run(task):
    """In the child: never returns."""
    os.chdir(task["cwd"])
    err = os.open(task["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(err, 1)
    os.dup2(err, 2)
    sys.argv = ["dvsim", *task["words"]]
    if task.get("outcomes"):
        SimCfg._fake_policy = forced
    code = 0
    try:
        dvsim.cli.run.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(code & 0xff)


def hash_by_name(mode):
    return hash(mode.name)


def main():
    Mode.__hash__ = hash_by_name
    results = []
    for task in json.load(sys.stdin):
        start = time.monotonic()
        pid = os.fork()
        if pid == 0:
            run(task)
        _, status, usage = os.wait4(pid, 0)
        results.append({"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - start,
                        "max_rss_kib": usage.ru_maxrss})
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
