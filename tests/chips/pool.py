# SPDX-License-Identifier: Apache-2.0
"""Measures a large pool: the jobs on its simulated devices only idle, so the results are those of dvsched itself.

    pool.py DVSCHED [--devices N] [--idle MS] [--seconds S] [--jobs N] [--share F]

First, N devices run jobs of MS milliseconds for S seconds. Reported are the fraction of the possible jobs per second (below F
is a failure) and the CPU time of dvsched and of all workers per job. Then one device runs --jobs jobs one after the other;
it must be opened only once.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TICK_S = 1 / os.sysconf("SC_CLK_TCK")

CONFIG = """{
  flow: jobs
  name: pool
  backends: { chips: { driver: "sim", n_devices: %(devices)d } }
  jobs: [{ name: "j.{i}", sweep: { i: "1..%(jobs)d" }, backend: "chips", program: [{ idle: "%(idle)dms" }] }]
}
"""


def cpu_s(pid):
    """CPU time of the process alone, while it runs or is a zombie."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def peak_mib(pid):
    found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found.group(1)) / 1024 if found else 0


def run(dvsched, devices, idle_ms, jobs, patience_s):
    with tempfile.TemporaryDirectory(prefix="dvsched-pool-") as place:
        pathlib.Path(place, "cfg.hjson").write_text(CONFIG % {"devices": devices, "jobs": jobs, "idle": idle_ms},
                                                    encoding="utf-8")
        env = dict(os.environ, DVSCHED_LOCK_DIR=place, DVSCHED_STATE_DIR=place + "/state")
        child = subprocess.Popen([dvsched, "run", "cfg.hjson", "--view", "none"], cwd=place, env=env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end_s = time.monotonic() + patience_s
        peak = 0
        while (info := os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is None:
            peak = max(peak, peak_mib(child.pid))
            if time.monotonic() > end_s:
                child.kill()
                sys.exit(f"pool.py: {jobs} jobs on {devices} devices are not over after {patience_s}s")
            time.sleep(0.05)
        own_s = cpu_s(info.si_pid)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        if status:
            sys.exit(f"pool.py: dvsched ended with {os.waitstatus_to_exitcode(status)}")
        results = json.loads(pathlib.Path(place, "scratch/.dvsched/runs/latest/results.json").read_text(encoding="utf-8"))
    attempts = [a for j in results["jobs"] for a in j["attempts"]]
    if len(attempts) != jobs or any(a["status"] != "PASSED" for a in attempts):
        sys.exit("pool.py: not every job passed at once")
    return {"attempts": attempts, "own_s": own_s, "total_s": usage.ru_utime + usage.ru_stime, "peak_mib": peak,
            "opened": [d["opened"] for d in results["run"]["backends"]["chips"]["devices"]]}


def span_s(attempts):
    starts = [datetime.datetime.fromisoformat(a["start"].replace("Z", "+00:00")).timestamp() for a in attempts]
    return max(s + a["duration_s"] for s, a in zip(starts, attempts)) - min(starts)


def large(dvsched, devices, idle_ms, seconds, least_share):
    jobs = int(devices * seconds * 1000 / idle_ms)
    seen = run(dvsched, devices, idle_ms, jobs, seconds * 20 + 120)
    took_s = span_s(seen["attempts"])
    share = jobs * idle_ms / 1000 / devices / took_s
    print(f"{devices} devices, {jobs} jobs of {idle_ms} ms: {took_s:.1f} s, {jobs / took_s:.0f} jobs/s, "
          f"{share:.0%} of what is possible; dvsched {seen['own_s'] / jobs * 1e6:.0f} us of CPU a job "
          f"(with its workers {seen['total_s'] / jobs * 1e6:.0f} us), {seen['peak_mib']:.1f} MiB", flush=True)
    if max(seen["opened"]) > 1:
        sys.exit("pool.py: a device was opened more than once")
    if share < least_share:
        sys.exit(f"pool.py: it falls behind: {share:.0%} < {least_share:.0%}")


def single(dvsched, jobs):
    seen = run(dvsched, 1, 0, jobs, 120)
    took_s = span_s(seen["attempts"])
    print(f"1 device, {jobs} jobs: {jobs / took_s:.0f} jobs/s, opened {seen['opened'][0]} time(s)", flush=True)
    if seen["opened"] != [1]:
        sys.exit("pool.py: it was opened more than once")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dvsched")
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--idle", type=int, default=100, help="milliseconds that a job takes")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1000, help="on one device")
    parser.add_argument("--share", type=float, default=0.8)
    args = parser.parse_args()
    dvsched = os.path.abspath(args.dvsched)
    large(dvsched, args.devices, args.idle, args.seconds, args.share)
    single(dvsched, args.jobs)


if __name__ == "__main__":
    main()
