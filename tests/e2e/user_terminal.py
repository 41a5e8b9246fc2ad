# SPDX-License-Identifier: Apache-2.0
"""A user's terminal: a program in the foreground of a session on it, keys, a screen, its modes."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from harness import PATIENCE_S


class UserTerminal:
    def __init__(self, args, cwd, env, rows=24, columns=80, **streams):
        self.master, self.slave = pty.openpty()
        self.text = b""
        self.resize(rows, columns)
        self.modes_before = self.modes()
        streams = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave, **streams}
        self.process = subprocess.Popen([str(a) for a in args], cwd=cwd, env=env, start_new_session=True,
                                        preexec_fn=self.take, **streams)

    def take(self):
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        """The modes without PENDIN, which the kernel sets when modes are changed while input waits."""
        modes = termios.tcgetattr(self.slave)
        modes[3] &= ~getattr(termios, "PENDIN", 0x4000)
        return modes

    def is_raw(self):
        return not self.modes()[3] & (termios.ICANON | termios.ISIG | termios.ECHO)

    def type(self, text):
        os.write(self.master, text.encode())

    def read_some(self, end):
        fds = [self.master]
        ended = os.pidfd_open(self.process.pid) if self.process.poll() is None else None
        if ended is not None:
            fds.append(ended)
        try:
            ready = select.select(fds, [], [], max(0, end - time.monotonic()) if ended is not None else 0)[0]
        finally:
            if ended is not None:
                os.close(ended)
        if self.master in ready:
            self.text += os.read(self.master, 65536)
            return True
        return False

    def screen(self):
        return self.text.decode(errors="replace")

    def see(self, pattern):
        """Reads until the screen shows the pattern. The next search starts after it."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = re.search(pattern.encode(), self.text, re.M)
            if found:
                self.text = self.text[found.end():]
                return found
            if not self.read_some(end) and (self.process.poll() is not None or time.monotonic() > end):
                raise AssertionError(f"never seen: {pattern}\n{self.screen()[-3000:]}")

    def end(self):
        """The exit code; the screen's text has the output after the last search."""
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < end:
            self.read_some(end)
        while self.read_some(end):
            pass
        if self.process.poll() is None:
            raise AssertionError(f"does not end\n{self.screen()[-3000:]}")
        return self.process.returncode if self.process.returncode >= 0 else 128 - self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
