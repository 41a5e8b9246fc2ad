#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares metrics of runs and the output of dvsim-admin: DVSim's with dvsched's, for files of both programs.

    compare_admin.py --dvsim VENV/bin/dvsim --dvsched build/src/cli/dvsched

VENV has dvsim==1.57.0. Compared are metrics.json (keys, and all values that are no time and no measurement), exit codes of
command lines, the JSON and the names of the pages of `report gen`, the JSON and the badges (words and colours) of `dashboard gen`.
"""
import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from compare_cli import FILES, Side
from compare_run import MORE_FILES, difference
from sim_project import REPORT

RUNS = {
    "two": "all.hjson -i all --fixed-seed 5 --instrument all",
    "covered": "one.hjson --cov -i all --fixed-seed 5 --instrument meta timing",
    "broken": "broken.hjson -i good --fixed-seed 5 --instrument timing compute",
}
# INDEX and METRICS are files of a run. Both programs must exit with the same code.
LINES = [
    "", "report", "nothing", "report nothing", "report gen INDEX", "report gen none.json o2", "report gen . o3", "report gen INDEX INDEX",
    "report gen METRICS o4", "report gen cut.json o6", "report gen empty.json o7", "report gen -- INDEX o9/below", "report gen --nosuch INDEX o10",
    "report instrumentation METRICS o12 --profile FULL", "report instrumentation METRICS o13 --profile low", "report instrumentation INDEX o14",
    "dashboard gen INDEX o17 --base-url", "dashboard gen broken.json o19", "report gen --help", "--version",
]
FIELDS = {  # what DVSim's own model allows
    "max_rss_bytes", "avg_rss_bytes", "avg_cpu_percent", "num_samples",
    "scheduler_max_rss_bytes", "scheduler_avg_rss_bytes", "scheduler_vms_bytes", "scheduler_cpu_percent", "scheduler_cpu_time",
    "sys_max_rss_bytes", "sys_avg_rss_bytes", "sys_swap_used_bytes", "sys_cpu_percent", "sys_cpu_per_core",
}


def shape(value, key=""):
    """Metrics with measurements masked. Resource use of a job may be missing on either side, so only its names are checked."""
    if key == "compute":
        return sorted(set(value) - FIELDS) + [type(value["num_samples"]).__name__]
    if isinstance(value, dict):
        return {k: shape(v, k) for k, v in value.items()}
    if key in ("start_time", "end_time", "duration"):
        return "time" if value >= 0 else value
    return sorted(value) if key == "dependencies" else value


def report_of(side):
    return next(side.folder.glob("out/*/reports"))


def badge(path):
    """Words and colours, without the shapes."""
    text = path.read_text(encoding="utf-8")
    words = [re.sub("<.*?>", "", w) for w in re.findall(r"<text.*?</text>", text)]
    colors = [c for c in re.findall(r'<path fill="(#[0-9A-Fa-f]+)"', text) if c != "#555"]
    return sorted(set(words)), colors[0].upper()


def made(folder):
    """All files that a command made, without the decorations of DVSim's pages."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_dir() or name.split("/")[0] in ("css", "js"):
            continue
        if path.suffix == ".json":
            found[name] = json.loads(path.read_text(encoding="utf-8"))
        else:
            found[name] = badge(path) if path.suffix == ".svg" else ""
    return found


class Compare:
    def __init__(self, admins, work):
        self.admins, self.work = admins, work
        self.n = self.n_faults = 0

    def same(self, what, theirs, ours):
        self.n += 1
        found = difference(theirs, ours)
        self.n_faults += bool(found)
        for text in found[:20]:
            print(f"{what}: {text}", flush=True)

    def admin(self, which, words, folder):
        return subprocess.run([self.admins[which], *words], cwd=folder, capture_output=True, text=True, check=False, timeout=300)

    def both(self, what, words):
        """The same command by both, each into a directory of its own."""
        results = []
        for which in (0, 1):
            folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
            done = self.admin(which, [*words[:2], words[2], "made", *words[3:]], folder)
            results.append({"exit code": done.returncode, "files": made(folder / "made")})
        self.same(what, *results)

    def metrics(self, name, sides):
        files = [report_of(side) / "metrics.json" for side in sides]
        self.same(f"{name}: metrics.json", *(shape(json.loads(f.read_text(encoding="utf-8"))) for f in files))
        # DVSim's own model checks ours.
        self.both(f"{name}: report instrumentation of dvsched's", ["report", "instrumentation", str(files[1])])

    def reports(self, name, sides):
        for side, whose in zip(sides, ("DVSim's", "dvsched's")):
            index = str(report_of(side) / "index.json")
            self.both(f"{name}: report gen of {whose}", ["report", "gen", index])
            self.both(f"{name}: dashboard gen of {whose}", ["dashboard", "gen", index, "--base-url", "https://example.com/"])

    def lines(self, reports):
        for line in LINES:
            codes = []
            for which in (0, 1):
                folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
                folder.joinpath("broken.json").write_text('{"top": 7}', encoding="utf-8")
                folder.joinpath("cut.json").write_text('{"top": ', encoding="utf-8")
                folder.joinpath("empty.json").write_text("", encoding="utf-8")
                words = [str(reports / {"INDEX": "index.json", "METRICS": "metrics.json"}[w]) if w in ("INDEX", "METRICS") else w
                         for w in shlex.split(line)]
                codes.append(self.admin(which, words, folder).returncode)
            self.same(f"dvsim-admin {line}: exit code", *codes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dvsim", required=True)
    parser.add_argument("--dvsched", required=True)
    args = parser.parse_args()
    FILES.update(MORE_FILES)
    FILES["report.sh"] = REPORT
    work = pathlib.Path(tempfile.mkdtemp(prefix="compare-admin-"))
    links = [work / "bin" / name for name in ("dvsim", "dvsim-admin")]
    links[0].parent.mkdir()
    for link in links:
        link.symlink_to(pathlib.Path(args.dvsched).resolve())
    compare = Compare([str(pathlib.Path(args.dvsim).absolute().with_name("dvsim-admin")), str(links[1])], work)
    try:
        for name, line in RUNS.items():
            sides = Side(args.dvsim, work / "theirs" / name), Side(str(links[0]), work / "ours" / name)
            for side in sides:
                side.run(line)
            compare.metrics(name, sides)
            if name != "broken":  # DVSim divides by the number of tests that ran
                compare.reports(name, sides)
        compare.lines(report_of(Side("", work / "theirs" / "two")))
    finally:
        shutil.rmtree(work)
    print(f"{compare.n} comparisons, {compare.n_faults} differ")
    sys.exit(1 if compare.n_faults else 0)


if __name__ == "__main__":
    main()
