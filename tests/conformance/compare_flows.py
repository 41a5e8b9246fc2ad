#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs OpenTitan's own configurations with DVSim and with dvsched as dvsim, on the stand-in tools of tests/flows, and compares.

    compare_flows.py --dvsim VENV/bin/dvsim --dvsched build/src/cli/dvsched --tree TREE [--only TEXT]

TREE has the configurations; a copy of it gets the makefiles. Compared are exit codes, files below the scratch root, targets of
links, the text of logs, the reports (times and coverage included), and the console's tables.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import compare_run
from compare_run import difference, files, reports, tables

FLOWS = pathlib.Path(__file__).resolve().parents[1] / "flows"
UART = "hw/ip/uart/dv/uart_sim_cfg.hjson"
# Seeds are fixed if several tests share them: DVSim assigns them to tests at random. Multiples of 3 fail.
LINES = [
    f"{UART} -i smoke --cov --fixed-seed 101",
    f"{UART} -i smoke --cov --fixed-seed 102",
    f"{UART} -i uart_smoke --cov --seeds 3 4 5 --reseed 3",
    f"{UART} -i V1 V2 --cov --fixed-seed 205 --map-full-testplan",
    f"{UART} -i uart_smoke uart_tx_rx --seeds 7 8 9 10 11 12 --reseed 3 --build-seed 4",
    f"{UART} -t xcelium -i smoke --cov --fixed-seed 101",
    f"{UART} -t xcelium -i uart_smoke --cov --seeds 3 4 5 --reseed 3",
    "hw/subset_sim_cfgs.hjson -i smoke --select-cfgs uart hmac --cov --fixed-seed 41",
    "hw/top_earlgrey/lint/top_earlgrey_dv_lint_cfgs.hjson -t veriblelint --select-cfgs aes uart csrng",
]
# The times of the stand-ins follow the seed: they are results like any other.
compare_run.MASKED -= {"max_time", "sim_time"}
compare_run.MASKED |= {"timestamp"}


def git(tree, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words], cwd=tree, check=True,
                   stdout=subprocess.DEVNULL)


def make_tree(source, tree):
    shutil.copytree(source, tree)
    for name, place in ("sim.mk", "hw/dv/tools/dvsim"), ("lint.mk", "hw/lint/tools/dvsim"):
        (tree / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(FLOWS / name, tree / place / name)
    git(tree, "init", "-q")
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-qm", "tree")


def logs(out, scratch):
    return {str(log.relative_to(out)): sorted(log.read_text(errors="replace").replace(str(scratch), "PLACE").splitlines())
            for log in out.rglob("*.log") if ".dvsched" not in log.parts}


def observe(program, tree, folder, line):
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    env = {**os.environ, "PATH": f"{FLOWS / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([program, *line.split(), "-sr", out], cwd=tree, capture_output=True, text=True, env=env, check=False)
    is_sim = "_sim_cfg" in line
    return {
        "exit code": done.returncode,
        "files": {name: to for name, to in files(out).items() if is_sim or "reports" not in name},
        "logs": logs(out, folder),
        # The other flows' reports are dvsched's alone.
        "reports": reports(folder, out) if is_sim else None,
        # DVSim chooses the failures that it shows of a bucket at random; the reports have all of them.
        "console": [text for text in tables(folder, done.stderr) if text.startswith(("|", "##"))] if is_sim else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsim", required=True, type=pathlib.Path)
    parser.add_argument("--dvsched", required=True, type=pathlib.Path)
    parser.add_argument("--tree", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    n_runs = n_faults = 0
    with tempfile.TemporaryDirectory(prefix="dvsched-flows-") as name:
        work = pathlib.Path(name)
        tree = work / "tree"
        make_tree(args.tree, tree)
        (work / "ours").mkdir()
        (work / "theirs").mkdir()
        (work / "dvsim").symlink_to(args.dvsched.absolute())
        for line in LINES:
            if args.only not in line:
                continue
            found = difference(observe(args.dvsim.absolute(), tree, work / "theirs", line),
                               observe(work / "dvsim", tree, work / "ours", line))
            n_runs += 1
            n_faults += bool(found)
            for text in found[:12]:
                print(f"{line}: {text[:1500]}")
    print(f"{n_runs} runs, {n_faults} differ")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
