# SPDX-License-Identifier: Apache-2.0
"""A few random kills of device workers and of dvsched; scripts/long-chips has many. Each checks itself: tests/chips/kills.py."""

import os
import subprocess
import sys
import unittest

from harness import SOURCE

KILLS = SOURCE / "tests" / "chips" / "kills.py"


class Kills(unittest.TestCase):
    def kill(self, seed, n):
        # Much slack: only the end is tested, when all devices must be free and no process or file may be left.
        done = subprocess.run([sys.executable, str(KILLS), os.environ["DVSCHED"], "--kills", str(n), "--batch", str(n),
                               "--seed", str(seed), "--slack", "60"], capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("phases: ", done.stdout)

    def test_workers_that_are_killed_leave_their_devices_free_and_nothing_behind(self):
        self.kill(2, 8)

    def test_so_does_dvsched(self):
        self.kill(3, 6)


if __name__ == "__main__":
    unittest.main()
