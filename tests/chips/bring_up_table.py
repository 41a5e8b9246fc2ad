# SPDX-License-Identifier: Apache-2.0
"""A table of four rows that shows the effects of a gang's barrier and of the watchdog's evidence rule.

    bring_up_table.py DVSCHED [--rounds N] [--first N] [--row NAME…] [--side-by-side N]

Two ranks of an all-reduce on simulated devices that load with a heavy tail. Each round is a real `dvsched run` with two
worker processes; all rows have the same seeded delays. A rank that is loaded early waits inside its operation for the
other; two timers may count that wait as part of the operation: the device's idle counter (92 ms) and the clock of the stream
(2 s). The number of a round is its seed. Long tables print their progress, and a stopped one is continued
with --first. The rows turn on dvsched's remedies one by one: the barrier (operations start when all ranks are
armed) and the evidence rule (one idle rank is not a stall).
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROWS = {  # name: barrier, rule
    "naive idle rule": ("false", "idle"),
    "evidence rule only": ("false", "evidence"),
    "barrier only": ("true", "idle"),
    "both": ("true", "evidence"),
}
COLUMNS = ("pass", "fail", "idle latch", "sync time-out")
PATIENCE_S = 120
PROGRESS = 100  # rounds from word to word

CONFIG = """{
  flow: jobs
  name: bring_up
  backends: {
    chips: {
      driver: "sim"
      n_devices: 2
      seed: %(seed)d
      inner_watch: { idle: "92ms", sync: "2s", rule: "%(rule)s" }
      faults: [{ on: "load", do: "delay", dist: "pareto", ms: 25, shape: 0.75, max_ms: 6000 }]
    }
  }
  jobs: [
    {
      name: "all_reduce"
      backend: "chips"
      devices: 2
      gang: { barrier: %(barrier)s }
      timeout: "60s"
      program: [
        { compute: { dist: "pareto", ms: 2, shape: 0.8, max_ms: 200 } }
        { barrier: true }
        { compute: { dist: "pareto", ms: 2, shape: 0.8, max_ms: 200 } }
        { barrier: true }
      ]
    }
  ]
}
"""


def outcome(results):
    """Which column besides pass and fail; None for a pass."""
    attempt = results["jobs"][0]["attempts"][0]
    if attempt["status"] == "PASSED":
        return None
    cause = attempt["details"]["ranks"][attempt["details"]["cause"]]
    return {"stall": "idle latch", "timeout": "sync time-out"}.get(cause["class"], cause["class"])


def run_round(dvsched, row, seed):
    barrier, rule = ROWS[row]
    place = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-bring-up-"))
    try:
        place.joinpath("cfg.hjson").write_text(CONFIG % {"seed": seed, "rule": rule, "barrier": barrier},
                                               encoding="utf-8")
        env = dict(os.environ, DVSCHED_LOCK_DIR=str(place), DVSCHED_STATE_DIR=str(place / "state"))
        done = subprocess.run([dvsched, "run", "cfg.hjson", "--view", "none"], cwd=place, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False)
        found = place / "scratch" / ".dvsched" / "runs" / "latest" / "results.json"
        if not found.exists():
            sys.exit(f"round {seed} of '{row}' left no results:\n{done.stderr.decode()}")
        return outcome(json.loads(found.read_text(encoding="utf-8")))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def run_row(dvsched, row, rounds, side_by_side, first=0):
    """Column -> number of rounds; ends without a column of their own are counted under their class."""
    counts = dict.fromkeys(COLUMNS, 0)
    with concurrent.futures.ThreadPoolExecutor(side_by_side) as pool:
        for n, end in enumerate(pool.map(lambda seed: run_round(dvsched, row, seed), range(first, rounds)), first + 1):
            counts["fail" if end else "pass"] += 1
            if end:
                counts[end] = counts.get(end, 0) + 1
            if n % PROGRESS == 0:
                print(f"{row}: {n} of {rounds} rounds, {counts['fail']} failed", file=sys.stderr, flush=True)
    return counts


def show(table):
    columns = list(COLUMNS) + sorted({c for counts in table.values() for c in counts} - set(COLUMNS))
    print(f"{'':20}" + "".join(f"{c:>15}" for c in columns))
    for row, counts in table.items():
        print(f"{row:20}" + "".join(f"{counts.get(c, 0):15}" for c in columns), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dvsched")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--first", type=int, default=0, help="rounds before this one are left out")
    parser.add_argument("--row", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--side-by-side", type=int, default=4)
    args = parser.parse_args()
    show({row: run_row(os.path.abspath(args.dvsched), row, args.rounds, args.side_by_side, args.first) for row in args.row})


if __name__ == "__main__":
    main()
