# SPDX-License-Identifier: Apache-2.0
"""Adds the example backend, observer, flow and report of docs/examples to a copy of this tree,
with one line each in a registry and one in a meson.build, and runs jobs on them.

    plug.py [SOURCE]        prints TAP; everything happens in a temporary directory
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
SOURCE = SOURCE if SOURCE.is_dir() else SOURCE.parents[2]

CONFIG = """{
  flow: jobs
  name: plugged
  jobs: [
    { name: "build", argv: ["make", "all"] }
    { name: "test.{n}", argv: ["sim", "+n={n}", "two words"], needs: ["build"], sweep: { n: "1..3" } }
    { name: "report", argv: ["report"], needs_any: ["test.*"] }
  ]
}
"""


def is_left_out(directory, names):
    """History and what was built: neither is source."""
    here = pathlib.Path(directory)
    return [n for n in names if n == ".git" or (here / n / "meson-private").is_dir()]


def insert_line(path, after, line):
    """The one line, after the last line that holds the word."""
    lines = path.read_text().splitlines()
    at = max(i for i, text in enumerate(lines) if after in text)
    lines.insert(at + 1, line)
    path.write_text("\n".join(lines) + "\n")


def plug(tree):
    """A file, a line in list.h and a line in meson.build, for each of them. Nothing else."""
    examples = tree / "docs" / "examples"
    shutil.copy(examples / "backend_echo.c", tree / "src" / "backends")
    insert_line(tree / "src/backends/list.h", ")", 'BACKEND(echo, "writes commands to logs")')
    insert_line(tree / "src/backends/meson.build", "fake/fake.c", "'backend_echo.c',")
    shutil.copy(examples / "observer_count.c", tree / "src" / "observers")
    insert_line(tree / "src/observers/list.h", ")", 'OBSERVER(count, true, "counts")')
    insert_line(tree / "src/observers/meson.build", "'links.c'", "'observer_count.c',")
    shutil.copy(examples / "flow_lines.c", tree / "src" / "flow")
    insert_line(tree / "src/flow/list.h", ")", "FLOW(lines)")
    insert_line(tree / "src/flow/meson.build", "words/words.c", "flow_sources += files('flow_lines.c')")
    shutil.copy(examples / "report_totals.c", tree / "src" / "report")
    insert_line(tree / "src/report/list.h", ")", "REPORT(totals)")
    insert_line(tree / "src/report/meson.build", "report_sources +=", "report_sources += files('report_totals.c')")


LINES = """{
  flow: lines
  commands: [ "echo one", "false" ]
}
"""


def build(tree, into):
    env = dict(os.environ)
    if shutil.which("ccache"):
        env["CC"] = "ccache " + env.get("CC", "cc").replace("ccache ", "")
    run(["meson", "setup", into, tree, "-Dtests=disabled", "-Dman=disabled", "-Dwerror=true"], env=env)
    run(["ninja", "-C", into, "src/cli/dvsched"], env=env)
    return into / "src" / "cli" / "dvsched"


def run(argv, expect=0, **more):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != expect:
        sys.exit(f"Bail out! {' '.join(map(str, argv))}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def check(number, what, is_so, seen):
    print(f"{'ok' if is_so else 'not ok'} {number} - {what}")
    if not is_so:
        print(f"# {seen}")
    return is_so


def line_checks(printed, scratch):
    results = json.loads((scratch / ".dvsched" / "runs" / "latest" / "results.json").read_text())
    totals = (scratch / "totals.txt").read_text()
    yield "the plugged flow made a job of each command", [j["name"] for j in results["jobs"]] == ["line1", "line2"], results
    yield "the report that the flow names was written", totals == "PASSED 1\nFAILED 1\n", totals
    yield "and shown", totals in printed, printed


def checks(scratch):
    latest = scratch / ".dvsched" / "runs" / "latest"
    results = json.loads((latest / "results.json").read_text())
    jobs = {job["name"]: job for job in results["jobs"]}
    log = pathlib.Path(jobs["test.2"]["log"]).read_text()
    counts = (latest / "counts.txt").read_text().splitlines()
    yield "each job ran on the plugged backend", {j["backend"] for j in jobs.values()} == {"echo"}, jobs
    yield "each job passed", {j["status"] for j in jobs.values()} == {"PASSED"}, jobs
    yield "all five are there", len(jobs) == 5, jobs
    yield "the backend did its work", log == "sim +n=2 'two words'\n", log
    yield "the plugged observer counted", "PASSED 5" in counts and "RUNNING 5" in counts, counts


def main():
    with tempfile.TemporaryDirectory(prefix="dvsched-plug-") as top:
        top = pathlib.Path(top)
        shutil.copytree(SOURCE, top / "tree", symlinks=True, ignore=is_left_out)
        plug(top / "tree")
        dvsched = build(top / "tree", top / "build")
        (top / "cfg.hjson").write_text(CONFIG)
        run([dvsched, "run", top / "cfg.hjson", "--scratch-root", top / "scratch", "--backend", "echo",
             "--view", "none"])
        (top / "lines.hjson").write_text(LINES)
        printed = run([dvsched, "run", top / "lines.hjson", "--scratch-root", top / "lines", "--local", "--view", "none"],
                      expect=1)
        seen = [*checks(top / "scratch"), *line_checks(printed, top / "lines")]
        results = [check(i + 1, *one) for i, one in enumerate(seen)]
        print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
