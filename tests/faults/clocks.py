# SPDX-License-Identifier: Apache-2.0
"""Clocks that jump while a run goes on: shift.c shifts those of all its processes. tests/e2e/clock.py uses it, too."""
import pathlib
import struct
import time

from kinds import Kind
from oracle import Leave

HOUR = 3600
# Of the wall clock; of the monotonic one, as when a machine has slept.
JUMPS = {"wall": (2 * HOUR, -3 * HOUR, 400 * 24 * HOUR, -20 * 365 * 24 * HOUR), "monotonic": (2 * HOUR, 30 * 24 * HOUR)}
DURATION_MOST_S = 60


class Clocks:
    """The file that says how much the clocks are shifted."""

    def __init__(self, path):
        self.path = path
        self.shift()

    def shift(self, wall_s=0, monotonic_s=0):
        with open(self.path, "r+b" if self.path.exists() else "w+b") as file:
            file.write(struct.pack("qq", wall_s, monotonic_s))

    def environ(self, library):
        return {"LD_PRELOAD": str(library), "DVSCHED_CLOCKS": str(self.path)}


class Jumps(Kind):
    """`clock wall|monotonic SECONDS MS`: that clock jumps, so long after the start. Nothing changes."""

    name, n_short = "clock", 10

    def all(self):
        for which, jumps in JUMPS.items():
            for seconds in jumps:
                for ms in range(0, 350, 10):
                    yield f"clock {which} {seconds} {ms}"

    def leave(self, _):
        return Leave(nothing=True)

    def cause(self, bed, words):
        which, seconds, ms = words
        clocks = Clocks(bed.dir / "clocks")
        bed.preload = clocks.environ(pathlib.Path(bed.inject).with_name("libshift.so"))
        process = bed.start_run()
        time.sleep(int(ms) / 1000)
        clocks.shift(**{f"{which}_s": int(seconds)})
        return bed.finish(process)

    def judge(self, bed, code, out, words):
        results, most = bed.results(), DURATION_MOST_S + max(0, int(words[1])) * (words[0] == "monotonic")
        if results is None:
            return None
        for duration in (results["run"]["duration_s"], *(a["duration_s"] for job in results["jobs"] for a in job["attempts"])):
            if not 0 <= duration < most:
                return f"a duration of {duration} s"
        return None
