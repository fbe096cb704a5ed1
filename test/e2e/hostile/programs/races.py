"""Files that change under the reader's and writer's hands: run as the user who owns them.

usage: races.py RACE FOLDER NAME TARGET

Until standard input ends it watches FOLDER, which has the file NAME, by inotify, and answers what root does there
with renameat2(RENAME_EXCHANGE): from one instant to the next the file is a link to TARGET, or the folder is one to
the folder TARGET, and back. Where TARGET is `fifo`, `socket`, `folder` or `sparse:BYTES` the file is such a thing, where
it is `lease` a file that nobody can open as long as it is leased.
At the end it prints what it did as JSON: {"exchanges", "opens", "created", "kept"}. When the file was opened for the
first time, the file `opened` appears beside FOLDER.

  attributes  the file is a link to TARGET from when a file appears beside it until that one is complete, which is
              then kept under another name
  folder      the folder is TARGET when a file appears in it and when that one gets its name, and itself in between
  after:N     the file is TARGET from when it has been read N times, for good; from the beginning where N is 0
  random      file and folder in turn, each time somebody opens the file, and in between, for random times
"""

import ctypes
import fcntl
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
MODIFY, ATTRIB, CLOSE_WRITE, CLOSE_NOWRITE, OPEN, MOVED_TO, CREATE = 0x2, 0x4, 0x8, 0x10, 0x20, 0x80, 0x100


class Watch:
    """Events of folders as (number of the folder, mask, name)."""

    def __init__(self, *folders):
        self.fd = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        mask = MODIFY | ATTRIB | CLOSE_WRITE | CLOSE_NOWRITE | OPEN | MOVED_TO | CREATE
        self.numbers = [LIBC.inotify_add_watch(self.fd, os.fsencode(folder), mask) for folder in folders]

    def read(self, seconds):
        if not select.select([self.fd, 0], [], [], seconds)[0]:
            return
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return
        while data:
            watch, mask, _, length = struct.unpack_from("iIII", data)
            name = data[16 : 16 + length].rstrip(b"\0").decode()
            data = data[16 + length :]
            if watch in self.numbers:
                yield self.numbers.index(watch), mask, name


class Seen(dict):
    """What a race has seen; PATH is there from the first opening on."""

    def __init__(self, path, *names):
        super().__init__(dict.fromkeys(names, 0))
        self.path = path

    def __setitem__(self, name, count):
        super().__setitem__(name, count)
        if name == "opens" and count == 1:
            open(self.path, "x").close()


class Race:
    def __init__(self, folder, name, target):
        self.folder, self.name, self.target = folder, name, target
        self.file = os.path.join(folder, name)
        self.kept = os.path.join(os.path.dirname(folder), "kept")
        self.link = os.path.join(os.path.dirname(folder), f"link-{name}")
        opened = os.path.join(os.path.dirname(folder), "opened")
        self.seen = Seen(opened, "exchanges", "opens", "created", "kept")
        os.makedirs(self.kept, exist_ok=True)
        make_thing(target, self.link)
        self.is_exchanged = False

    def exchange(self, wanted):
        """The link is where the file or the folder was, or no longer."""
        if wanted == self.is_exchanged:
            return
        place = self.folder if os.path.isdir(self.target) and self.target.startswith("/") else self.file
        if LIBC.renameat2(AT_FDCWD, os.fsencode(place), AT_FDCWD, os.fsencode(self.link), RENAME_EXCHANGE) == 0:
            self.is_exchanged = wanted
            self.seen["exchanges"] += 1

    def is_foreign(self, name):
        return name not in ("", self.name)

    def keep(self, name):
        try:
            os.rename(os.path.join(self.folder, name), os.path.join(self.kept, f"{self.seen['kept']}-{name}"))
            self.seen["kept"] += 1
        except OSError:
            pass

    def attributes(self):
        watch = Watch(self.folder)
        while is_wanted():
            for _, mask, name in watch.read(0.2):
                if name == self.name and mask & OPEN:
                    self.seen["opens"] += 1
                if not self.is_foreign(name):
                    continue
                if mask & CREATE:
                    self.seen["created"] += 1
                    self.exchange(True)
                elif mask & CLOSE_WRITE:
                    self.keep(name)
                    self.exchange(False)

    def folder_of(self):
        watch = Watch(self.folder, self.target)
        closed = due = 0
        is_written = False
        last = time.monotonic()
        while is_wanted():
            for number, mask, name in watch.read(0.05):
                now = time.monotonic()
                if now - last > 0.4 and not self.is_exchanged:
                    # a writer's last look comes some closings after its first
                    closed, due = 0, random.choice((3, 4, 4, 4))
                last = now
                if number == 0 and name == self.name and mask & OPEN:
                    self.seen["opens"] += 1
                if number == 0 and name == self.name and mask & CLOSE_NOWRITE:
                    closed += 1
                    if closed == due:
                        self.exchange(True)
                elif number == 1 and mask & CREATE:
                    self.seen["created"] += 1
                    is_written = False
                    self.exchange(False)
                elif number == 1 and mask & MODIFY:
                    is_written = True
                elif number == 1 and mask & CLOSE_WRITE and is_written:
                    wait_us(random.uniform(0, 400))
                    self.exchange(True)
                elif number == 1 and mask & MOVED_TO and name == self.name:
                    self.seen["kept"] += 1
            if time.monotonic() - last > 0.01:
                self.exchange(False)

    def after(self, times):
        watch = Watch(self.folder)
        self.exchange(times == 0)
        while is_wanted():
            for _, mask, name in watch.read(0.2):
                if name == self.name and mask & CLOSE_NOWRITE:
                    self.seen["opens"] += 1
                    if self.seen["opens"] >= times:
                        self.exchange(True)

    def random(self):
        watch = Watch(self.folder)
        while is_wanted():
            for _, mask, name in watch.read(random.choice((0.0005, 0.002, 0.01))):
                if mask & OPEN:
                    self.seen["opens"] += 1
                    wait_us(random.choice((0, 0, 100, 400, 1500)))
                    self.exchange(not self.is_exchanged)
                if mask & CREATE and self.is_foreign(name):
                    self.seen["created"] += 1
            self.exchange(random.random() < 0.4)


def make_thing(target, path):
    kind, _, size = target.partition(":")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(path)
    elif kind == "folder":
        os.mkdir(path)
    elif kind == "sparse":
        with open(path, "wb") as file:
            file.truncate(int(size))
    elif kind == "lease":
        with open(path, "wb") as file:
            file.write(b"WEB_CONCURRENCY=1\n")
        fd = os.open(path, os.O_RDONLY)
        # its owner is asked to give it back, and does not
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    else:
        os.symlink(target, path)


def wait_us(micros):
    end = time.monotonic_ns() + micros * 1000
    while time.monotonic_ns() < end:
        pass


def is_wanted():
    return not select.select([0], [], [], 0)[0]


kind, *rest = sys.argv[1:]
race = Race(*rest)
kind, _, times = kind.partition(":")
print("ready", flush=True)
if kind == "after":
    race.after(int(times))
else:
    {"attributes": race.attributes, "folder": race.folder_of, "random": race.random}[kind]()
    race.exchange(False)
print(json.dumps(race.seen))
