# SPDX-License-Identifier: Apache-2.0
"""Kills dvsched and workers at random on the real simulators of simpler, and checks that nothing is left.

    simpler_kills.py DVSCHED [--kills N] [--seed N]

Needs DVSCHED_SIMPLER_LIBDIR and kernels (listed in tests/e2e/simpler_real.py). Gangs of two and single jobs run on two
devices; at a random moment dvsched, or one of its workers, or all of them get SIGKILL. A killed dvsched is started again
with the same state directory; at the end, `dvsched chips` is run. Then no process may be left, and
no new file in /tmp or /dev/shm that no process maps.
"""

import argparse
import collections
import glob
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
os.environ.setdefault("DVSCHED", "dvsched")

import simpler_real as real  # noqa: E402

PATTERNS = ("/tmp/aicpu_sim_*", "/tmp/aicore_sim_*", "/tmp/kernel_*", "/tmp/orch*_*", "/dev/shm/simpler_*")


def files():
    return {path for pattern in PATTERNS for path in glob.glob(pattern)}


def is_mapped(path):
    for maps in glob.glob("/proc/[0-9]*/maps"):
        try:
            if path in pathlib.Path(maps).read_text(encoding="utf-8", errors="replace"):
                return True
        except OSError:
            pass
    return False


def children(pid):
    try:
        names = {}
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
            stat = pathlib.Path("/proc", child, "stat").read_text(encoding="utf-8", errors="replace")
            if stat[stat.index("(") + 1:stat.rindex(")")].startswith("dvs-device"):
                names[int(child)] = stat
        return sorted(names)
    except OSError:
        return []


def with_cookie(cookie):
    found = []
    for entry in glob.glob("/proc/[0-9]*/environ"):
        try:
            if cookie.encode() in pathlib.Path(entry).read_bytes():
                found.append(entry.split("/")[2])
        except OSError:
            pass
    return found


def config(place):
    arch = real.platforms()[0]
    buffer = {"buffers": [{"name": "acc", "bytes": "4K"}]}
    jobs = []
    for i in range(400):
        runtime = "hbg" if i % 2 else "trb"
        job = {**real.one(arch, runtime, buffer="acc"), "devices": 2, "gang": buffer} if i % 3 == 0 else real.one(arch, runtime)
        jobs.append({"name": f"job{i}", "backend": "npu", "timeout": "60s", **job})
    pool = {"type": "chips", "driver": "simpler", "platform": f"{arch}sim", "libdir": real.LIBDIR, "devices": "0-1",
            "options": {"ring": {"heap": "1M"}}, "health": {"marks": 8, "window": "200ms", "probation": "20ms"}}
    place.joinpath("cfg.hjson").write_text(json.dumps({"flow": "jobs", "name": "kills", "backends": {"npu": pool}, "jobs": jobs}),
                                           encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dvsched")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not real.platforms():
        sys.exit("DVSCHED_SIMPLER_LIBDIR names no host runtimes")
    dice = random.Random(args.seed)
    place = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-simpler-kills-"))
    config(place)
    cookie = uuid.uuid4().hex
    env = dict(os.environ, DVSCHED_LOCK_DIR=str(place / "locks"), DVSCHED_STATE_DIR=str(place / "state"), DVSCHED_TEST_ID=cookie)
    binary = os.path.abspath(args.dvsched)
    before, counts, run, n_starts = files(), collections.Counter(), None, 0
    for n in range(args.kills):
        if not run or run.poll() is not None:
            run = subprocess.Popen([binary, "run", "cfg.hjson", "--view", "none", "-sr", f"scratch{n}"], cwd=place, env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            n_starts += 1
        while not children(run.pid) and run.poll() is None:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 1.5))
        workers = children(run.pid)
        whom = dice.choice(("dvsched", "worker", "workers"))
        for pid in {"dvsched": [run.pid], "worker": workers[:1], "workers": workers}[whom]:
            try:
                os.kill(pid, signal.SIGKILL)
                counts[whom] += 1
            except ProcessLookupError:
                pass
        if whom == "dvsched":
            run.wait()
        print(f"{n + 1} {whom}, {len(files() - before)} files", file=sys.stderr, flush=True)
    if run.poll() is None:
        run.kill()
        run.wait()
    end = time.monotonic() + 60
    while with_cookie(cookie) and time.monotonic() < end:
        time.sleep(0.1)
    found = len(files() - before)
    subprocess.run([binary, "chips", "cfg.hjson"], cwd=place, env=env, stdout=subprocess.DEVNULL, check=False)
    left = sorted(path for path in files() - before if not is_mapped(path))
    print(f"{args.kills} kills ({dict(counts)}), {n_starts} starts of dvsched; files after the last kill: {found}, after the "
          f"next start: {len(left)} {left[:5]}; processes left: {with_cookie(cookie)}")
    sys.exit(1 if left or with_cookie(cookie) else 0)


if __name__ == "__main__":
    main()
