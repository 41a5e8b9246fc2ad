# SPDX-License-Identifier: Apache-2.0
"""Power failures: a copy of a file system's image has what the kernel had written by then. tests/e2e/power.py uses it, too."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from kinds import Kind
from oracle import Leave, find_half_file, judge

SIZE = 12 << 20
MOST_MS = 500  # the run without a fault takes 350


class Image:
    """A file system in a file, mounted at a directory."""

    def __init__(self, path, at):
        """Raises OSError or subprocess.CalledProcessError where none can be mounted."""
        self.path, self.at, self.is_mounted = path, at, False
        at.mkdir()
        with open(path, "wb") as file:
            file.truncate(SIZE)
        self.sh("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", path)
        self.mount(path)

    @staticmethod
    def sh(*command):
        subprocess.run(command, check=True, capture_output=True)

    def mount(self, image):
        self.sh("mount", "-o", "loop", image, self.at)
        self.is_mounted = True

    def unmount(self):
        if self.is_mounted:
            self.sh("umount", self.at)
        self.is_mounted = False

    def copy(self, to):
        shutil.copyfile(self.path, to)
        return to

    def close(self):
        if self.is_mounted:
            subprocess.run(["umount", "-l", self.at], check=False, capture_output=True)


def can_mount():
    with tempfile.TemporaryDirectory(prefix="dvsched-faults-") as folder:
        try:
            image = Image(pathlib.Path(folder, "image"), pathlib.Path(folder, "disk"))
            image.unmount()
            return True
        except (OSError, subprocess.CalledProcessError):
            return False


def is_still(pid):
    """Stopped, gone, or a zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] in "TtZX"
    except OSError:
        return True


def stop_all(bed):
    """Nobody writes any more; what was started meanwhile is found by the next look."""
    while moving := [pid for pid in bed.pids() if not is_still(pid)]:
        for pid in moving:
            try:
                os.kill(pid, signal.SIGSTOP)
            except OSError:
                continue


class Power(Kind):
    """`power MS`: the power fails so long after the start."""

    name, n_short = "power", 8

    def all(self):
        for ms in range(0, MOST_MS, 5):
            yield f"power {ms}"

    def leave(self, _):
        return Leave(killed=("guardian", "scheduler"), journal=True)  # its last records reach the disk up to 0.1 s later

    def attempt_in(self, bed, words, lost):
        image = Image(bed.dir / "image", bed.dir / "disk")
        bed.scratch = image.at / "scratch"
        bed.place = ["-sr", str(bed.scratch)]
        try:
            return self.fail(bed, image, int(words[0]), lost)
        finally:
            bed.kill_all()
            bed.left()
            image.close()

    def fail(self, bed, image, ms, lost):
        process = bed.start_run()
        time.sleep(ms / 1000)
        stop_all(bed)
        copy = image.copy(bed.dir / "copy")
        bed.kill_all()
        out = bed.finish(process)[1]
        left = bed.left()
        if left:
            return f"processes were left: {left}", out
        image.unmount()
        image.mount(copy)
        return find_half_file(bed) or judge(bed, -signal.SIGKILL, out, self.leave(()), lost), out
