# SPDX-License-Identifier: Apache-2.0
"""A pseudo-terminal with a program on it, and a screen that interprets the output of the tty printer."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

PATIENCE_S = 60  # for what should come at once


class Screen:
    """Rows of text under the few sequences that are needed: \\r \\n, cursor up, erase, colours."""

    SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")

    def __init__(self, columns, rows):
        self.columns, self.height = columns, rows
        self.rows, self.y, self.x = [""], 0, 0
        self.unknown = []

    def feed(self, text):
        at = 0
        while at < len(text):
            found = self.SEQUENCE.match(text, at)
            if found:
                self.sequence(found[1], found[2])
                at = found.end()
            else:
                self.char(text[at])
                at += 1

    def sequence(self, number, letter):
        if letter == "A":
            self.y = max(self.y - int(number or 1), self.top())
        elif letter == "K":
            self.rows[self.y] = self.rows[self.y][:self.x]
        elif letter == "J":
            self.rows[self.y] = self.rows[self.y][:self.x]
            del self.rows[self.y + 1:]
        elif letter != "m":
            self.unknown.append(number + letter)

    def top(self):
        """First row that is still on the screen: the cursor cannot go above it."""
        return max(0, len(self.rows) - self.height)

    def char(self, c):
        if c == "\r":
            self.x = 0
        elif c == "\n":
            self.down()
        else:
            if self.x == self.columns:
                self.x = 0
                self.down()
            row = self.rows[self.y].ljust(self.x)
            self.rows[self.y] = row[:self.x] + c + row[self.x + 1:]
            self.x += 1

    def down(self):
        self.y += 1
        if self.y == len(self.rows):
            self.rows.append("")

    def text(self):
        return "\n".join(row.rstrip() for row in self.rows)


class Terminal:
    """A program with a controlling terminal of its own."""

    def __init__(self, argv, columns=80, rows=24, env=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                # Set in the child, so that the size is set before the program starts.
                fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.execve(argv[0], argv, {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                                          **(env or {})})
            finally:
                os._exit(127)
        self.bytes = b""
        self.status = None

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        os.write(self.fd, text)

    def read_some(self, patience_s):
        if not select.select([self.fd], [], [], patience_s)[0]:
            return False
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            return False
        self.bytes += more
        return bool(more)

    def text(self):
        return self.bytes.decode(errors="replace")

    def read_until(self, pattern):
        """Reads on until the pattern was seen."""
        end = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.text()):
            if time.monotonic() > end or not self.read_some(end - time.monotonic()):
                raise AssertionError(f"never seen: {pattern}\n{self.text()[-3000:]}")

    def read_all(self):
        while self.read_some(PATIENCE_S):
            pass
        return self.wait()

    def wait(self):
        """The exit status; without reading anything."""
        end = time.monotonic() + PATIENCE_S
        fd = os.pidfd_open(self.pid)
        try:
            if not select.select([fd], [], [], end - time.monotonic())[0]:
                raise AssertionError("the program does not end")
        finally:
            os.close(fd)
        self.status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(self.status)

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
