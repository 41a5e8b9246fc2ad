#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two parsers on random reports of Meridian CDC: DVSim's cdc_parse_main() and src/tool/meridian.c.

    compare_meridian.py --site VENV/lib/python3.X/site-packages --tool-read build/tests/conformance/tool-read [--number N]
"""
import argparse
import json
import logging
import pathlib
import random
import subprocess
import sys
import tempfile

RULES = ["W_CNTL", "W_DATA", "W_GLITCH", "R_SYNC_", "S_CONF_ENV", "DATA"]
GROUPS = [["SDC_ENV_LINT", "MCDC_SETUP_CHECKS", "MCDC_ANALYSIS_CHECKS"], ["ERROR", "WARNING", "INFO", "REVIEW"]]
LOG = ["INFO: something", "  ERR [#12] no such file", "  WARN [#3] odd clock", "  INFO [#1] fine", "FlexNet Licensing error:-10",
       "ERROR: Failed to build lowrisc:ip:uart:0.1 : 'make' exited with an error code", " ERR [not at the margin", "", "W_CNTL: 3 out of place"]


def table(rng):
    lines = ["Summary of Policy: NEW", "", "POLICY  NEW  12 0"]
    for _ in range(rng.randrange(1, 4)):
        # Severities that a category has no list for end DVSim's reader with an exception.
        category = rng.choice(GROUPS[0])
        lines.append(f" GROUP    {category}   4  0")
        for severity in (["ERROR", "WARNING"] if category.startswith("SDC") else GROUPS[1]):
            lines.append(f" GROUP   {severity}  2  0")
            for rule in rng.sample(RULES, rng.randrange(3)):
                lines.append(f"  INSTANCE   {rule}   {rng.randrange(9)}   {rng.randrange(9)}")
    return lines + ["", "Rule Details of Policy: NEW"]


def reports(rng):
    new = (table(rng) if rng.random() < 0.9 else ["nothing here"]) + ["" if rng.random() < 0.1 else
           f"{rng.choice(RULES)}:{rng.choice(['', ' ', '   '])}{rng.choice(['12', 'x'])} top.u_{rng.randrange(50)}" for _ in range(rng.randrange(20))]
    every = [f"  {{-status}} {{{rng.choice(['Waived', 'ToBeFixed', 'New'])}}} {{-id}} {{{i}}}" for i in range(rng.randrange(6))]
    return {"build.log": rng.choices(LOG, k=rng.randrange(9)), "REPORT/mcdc.all.rpt": every, "REPORT/mcdc.new.rpt": new}


def compare(cdc_parse_main, tool_read, rng, work):
    for name, lines in reports(rng).items():
        path = work / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("\n".join(lines) + "\n")
        if rng.random() < 0.05:
            path.unlink()
    theirs = work / "theirs.hjson"
    cdc_parse_main(work, theirs)
    subprocess.run([tool_read, "meridian", work], check=True)
    import hjson
    expected, found = hjson.loads(theirs.read_text()), json.loads((work / "results.hjson").read_text())
    for one in expected, found:
        one["flow_error"] = ["IOError" if text.startswith("IOError") else text for text in one["flow_error"]]
    return [f"{key}\n  DVSim:   {expected.get(key)}\n  dvsched: {found.get(key)}" for key in sorted(expected.keys() | found.keys())
            if expected.get(key) != found.get(key)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", required=True)
    parser.add_argument("--tool-read", required=True)
    parser.add_argument("--number", type=int, default=300)
    args = parser.parse_args()
    sys.path.insert(0, args.site)
    from dvsim.tool.meridiancdc import cdc_parse_main
    logging.disable(logging.CRITICAL)
    n_faults = 0
    for seed in range(args.number):
        with tempfile.TemporaryDirectory(prefix="dvsched-meridian-") as work:
            faults = compare(cdc_parse_main, args.tool_read, random.Random(seed), pathlib.Path(work))
        if faults and n_faults < 5:
            print(f"seed {seed}: " + "\n".join(faults))
        n_faults += bool(faults)
    print(f"{args.number} sets of reports, {n_faults} different")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
