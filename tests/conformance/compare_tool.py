#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares parsers on random logs, coverage summaries and version texts: DVSim's tool plug-ins and src/tool.

    compare_tool.py --site VENV/lib/python3.X/site-packages --tool-read build/tests/conformance/tool-read
                    [--number N] [--seed S]

VENV has dvsim==1.57.0. Times must agree to the last bit, names and values to the last byte. Where a
plug-in raises an exception, src/tool returns no value, or (for units that DVSim does not accept) the right one.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import types

TOOLS = ("vcs", "xcelium", "z01x", "verilator")
CODE = ("block", "line_statement", "branch", "condition_expression", "toggle", "fsm")
BATCH = 400


class Unsure(Exception):
    """DVSim raises an unintended exception: any result of dvsched is accepted."""


# ---- DVSim's side ----

def seconds(job_time, found, unit):
    """In the form in which the results have it."""
    handle = job_time.JobTime()
    handle.set(*job_time.JobTime(*found).get())
    return float(handle.with_unit(unit).get()[0])


def ask(function):
    try:
        return function()
    except (RuntimeError, OSError):
        return None
    except Exception as e:  # not handled by DVSim
        raise Unsure from e


def their_log(dvsim, tool, path, is_run):
    with path.open(encoding="utf-8", errors="surrogateescape") as f:
        lines = f.readlines()
    job = types.SimpleNamespace(target="run" if is_run else "build")
    plugin = dvsim.plugin(tool)
    run = ask(lambda: seconds(dvsim.time, plugin.get_job_runtime(job, lines), "s"))
    sim = ask(lambda: seconds(dvsim.time, plugin.get_simulated_time(job, lines), "us")) if is_run else None
    return {"run_time": run, "sim_time": sim}


def their_coverage(dvsim, tool, path):
    plugin = dvsim.plugin(tool)
    table = {}
    try:
        found, _ = plugin.get_cov_summary_table(path)
    except Exception:  # the report fails or hangs with any value
        return None
    for name, value in zip(*found):
        table[name] = value
    raw = {}
    for name, value in table.items():
        try:
            raw[name.lower()] = float(value.rstrip("% "))
        except ValueError:
            raw[name.lower()] = None
    metrics = plugin.get_coverage_metrics(raw)
    code = [getattr(metrics.code, name) for name in CODE]
    return {"pairs": [list(p) for p in table.items()], "metrics": [*code, metrics.assertion, metrics.functional]}


def their_version(dvsim, tool, path):
    text = path.read_text(encoding="utf-8")
    return dvsim.query(tool, run=lambda _cmd: text)


# ---- made-up texts ----

def number(r):
    digits = str(r.randrange(10 ** r.randrange(1, 13)))
    return digits + r.choice(("", "", ".", f".{r.randrange(10 ** r.randrange(1, 8))}"))


def unit(r):
    return r.choice(("fs", "ps", "ns", "us", "ms", "s", "PS", "NS", "US", "MS", "S", "Ns", "xs", ""))


def blank(r):
    return r.choice(("", " ", "  ", "\t", "     "))


def noise(r):
    return r.choice(("", "UVM_INFO @ 12 ns: Time: 5 ns", "Time: 1", " CPU time: 3 seconds", "CPU time: x seconds", "| a | b |",
                     "====", "time: 99 us", "Simulation complete", "a|b", "x" * r.randrange(300), "Execution  Summary", "\f"))


def vcs_line(r):
    return r.choice((
        f"CPU {r.choice('tTx')}ime:{blank(r)}{number(r)}{blank(r)}{r.choice(('seconds', 'minutes', 'hours', 'days'))};  Data structure size: 0.1Mb",
        f"Time:{blank(r)}{number(r)} {unit(r)}{blank(r)}", f"Time: {number(r)}{unit(r)}", f"Time: {number(r)} ns x",
        "           V C S   S i m u l a t i o n   R e p o r t "))


def xcelium_line(r):
    clock = f"{r.randrange(200):02}:{r.randrange(60):02}:{r.randrange(60):02}"
    return r.choice((
        f"TOOL:\txrun(64)\t24.03-s007: Exiting on Nov 24, 2026 at 10:00:00 UTC  (total: {clock}){blank(r)}",
        f"TOOL: xrun: Exiting on now (total:{blank(r)}{clock}) ", f"TOOL: xrun: Started on now (total: {clock})",
        f"Simulation complete via $finish(1) at time {number(r)} {unit(r)} + {r.randrange(9)}",
        f"Simulation complete at time at time {number(r)}{unit(r)}"))


def z01x_line(r):
    cells = [blank(r) + r.choice(("Total", number(r), "-", "1e3", ".5", "-2", "x")) + blank(r) for _ in range(r.randrange(1, 7))]
    return r.choice(("Execution Summary", "  Execution Summary  ", "|".join(cells), "|".join(cells), "=" * 20, vcs_line(r)))


def verilator_line(r):
    stop = r.choice(("finish", "stop", "fatal"))
    return r.choice((
        f"- Verilator: Walltime {number(r)}{blank(r)}s (elab=0.001, cvt=0.002)", f"- Verilator: Walltime {number(r)} sx",
        f"- Verilator: ${stop} at {number(r)}{unit(r)}; walltime {number(r)} s; speed 1 us/s",
        f"{r.choice(('Time', 'TIME', 'time'))}:{blank(r)}{number(r)}{blank(r)}{unit(r)}{r.choice(('', ' x', 'x', '.'))}"))


LINES = {"vcs": vcs_line, "xcelium": xcelium_line, "z01x": z01x_line, "verilator": verilator_line}


def a_log(r, tool):
    lines = [LINES[tool](r) if r.random() < 0.4 else noise(r) for _ in range(r.randrange(12))]
    if r.random() < 0.02:
        lines.insert(0, "".join("filler\n" for _ in range(20000)))
    end = r.choice(("\n", "\n", "\n", "\r\n", "\r"))
    return end.join(lines) + r.choice(("", end))


def vcs_summary(r):
    names = r.sample(("SCORE", "LINE", "COND", "TOGGLE", "FSM", "BRANCH", "ASSERT", "GROUP", "LINE"), r.randrange(0, 9))
    values = [r.choice(("--", number(r), f"{r.randrange(101)}.{r.randrange(100):02}", "nan", "+1e2", "1x")) for _ in range(r.randrange(0, 9))]
    title = r.choice(("Total Coverage Summary ", "total coverage summary", " Total Coverage Summary", "Coverage"))
    return ["Dashboard", "", title, "  ".join(names), " ".join(values), "-" * 20][:r.randrange(2, 7)]


def xcelium_summary(r):
    names = r.sample(("Overall", "Block", "Branch", "Statement", "Expression", "Toggle", "FSM", "Assertion", "CoverGroup", "Block"), r.randrange(1, 8))
    covered = r.random() < 0.5
    head = "name  " + "  ".join(n + (" * Covered" if covered else "") for n in names)
    rows = []
    for _ in range(r.randrange(4)):
        cells = []
        for _ in names[:r.randrange(1, 12)]:
            total = r.choice((0, r.randrange(1, 10 ** r.randrange(1, 9))))
            cells.append(r.choice(("n/a", f"{r.randrange(100)}.{r.randrange(100)}%{blank(r)}({r.randrange(total + 1)}/{total}{r.choice(('', '/3', ')'))})",
                                   "(1/", "((2/3))", "(4/5")))
        rows.append("tb.dut  " + "  ".join(cells + (["1%(1/2)"] if r.random() < 0.05 else [])))
    return [r.choice(("", "Summary")), head, "-" * 30, *rows][:r.randrange(2, 9)]


def verilator_summary(r):
    lines = [r.choice(("", "x")), r.choice(("Coverage Summary:", "  Coverage Summary: ", "Coverage:"))]
    for _ in range(r.randrange(9)):
        name = r.choice(("line", "toggle", "branch", "expr", "fsm_state", "fsm_arc", "user", "other"))
        total = r.choice((0, r.randrange(1, 10 ** r.randrange(1, 9))))
        lines.append(f"{blank(r)}{name}{blank(r)}:{blank(r)}{r.randrange(100)}{r.choice(('', '.5', '.'))}%{blank(r)}({r.randrange(total + 1)}{blank(r)}/{total})")
    lines.insert(r.randrange(len(lines) + 1), r.choice(("", "end", "Coverage Summary:")))
    return lines


SUMMARIES = {"vcs": vcs_summary, "xcelium": xcelium_summary, "z01x": vcs_summary, "verilator": verilator_summary}


def a_summary(r, tool):
    return r.choice(("\n", "\n", "\r\n")).join(SUMMARIES[tool](r)) + r.choice(("", "\n"))


def a_version(r, tool):
    texts = {
        "vcs": ("vcs script version : X-2025.06\n", "Compiler version = VCS X-2025.06-SP2-1_Full64\n", "Compiler version= x\ty\n", "Compiler version =\n", "Compiler version"),
        "xcelium": ("TOOL:\txrun(64)\t24.03-s007\n", "TOOL: xrun", "TOOL: xrun \n", "xrun 5\n", "TOOL: a\n"),
        "verilator": ("Verilator 5.053 devel rev vUNKNOWN-built19800101\n", "Verilator v5.052 (2026-09-06)  \n", "Verilator \n", "verilator 5\n"),
    }
    known = texts["vcs" if tool == "z01x" else tool]
    return "".join(r.choice(known + ("\n", "noise\n")) for _ in range(r.randrange(1, 5)))


# ---- comparing ----

def is_same(theirs, ours):
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and all(is_same(theirs[k], ours[k]) for k in theirs)
    if isinstance(theirs, list):
        return len(theirs) == len(ours) and all(map(is_same, theirs, ours))
    if isinstance(theirs, float) and theirs != theirs:  # null in reports
        return ours is None
    return theirs == ours


def compare(dvsim, args):
    makers = {"log": a_log, "build": a_log, "coverage": a_summary, "version": a_version}
    readers = {"log": lambda t, p: their_log(dvsim, t, p, True), "build": lambda t, p: their_log(dvsim, t, p, False),
               "coverage": lambda t, p: their_coverage(dvsim, t, p), "version": lambda t, p: their_version(dvsim, t, p)}
    counts = {"same": 0, "with data": 0, "unsure": 0, "different": 0}
    r = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as base:
        for tool in TOOLS:
            for done in range(0, args.number, BATCH):
                cases = []
                for i in range(min(BATCH, args.number - done)):
                    kind = r.choice(tuple(makers))
                    path = pathlib.Path(base, str(i))
                    path.write_bytes(makers[kind](r, tool).encode())
                    cases.append((kind, path))
                words = [str(w) for case in cases for w in case]
                out = subprocess.run([args.tool_read, tool, *words], stdout=subprocess.PIPE, check=True, text=True).stdout
                for (kind, path), line in zip(cases, out.splitlines(), strict=True):
                    ours = json.loads(line)
                    try:
                        theirs = readers[kind](tool, path)
                    except Unsure:
                        counts["unsure"] += 1
                        continue
                    if is_same(theirs, ours):
                        counts["same"] += 1
                        counts["with data"] += ours not in (None, {"run_time": None, "sim_time": None})
                        continue
                    counts["different"] += 1
                    if counts["different"] <= 5:
                        print(f"{tool} {kind}: DVSim {theirs}, we {ours}\n{path.read_bytes()[-2000:]!r}")
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    return 1 if counts["different"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", required=True)
    parser.add_argument("--tool-read", required=True)
    parser.add_argument("--number", type=int, default=4000, help="of texts per tool")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sys.path.insert(0, args.site)
    from dvsim.job import time  # noqa: PLC0415
    from dvsim.tool.utils import get_sim_tool_plugin, query_tool_version  # noqa: PLC0415
    return compare(types.SimpleNamespace(time=time, plugin=get_sim_tool_plugin, query=query_tool_version), args)


if __name__ == "__main__":
    sys.exit(main())
