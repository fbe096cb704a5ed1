"""Takes every lock that it can: run as a user who has nothing to do with autoscaler.

Flocks all that it may open of what autoscaler has, and of the folders above; makes files where everybody may, under
names that a lock might have; fills the kernel's list of locks with 300,000 of its own; then binds each abstract socket name that it sees in /proc/net/unix as soon as it is free,
until standard input ends. Prints "ready", and at the end {"flocked", "made", "bound"} as JSON.
"""

import fcntl
import json
import os
import select
import socket

FOLDERS = ["/var/lib/autoscaler", "/var/backups/autoscaler", "/etc/autoscaler", "/usr/lib/autoscaler", "/run/autoscaler"]
OTHERS = ["/", "/run", "/run/lock", "/var", "/var/lib", "/var/lock", "/var/backups", "/var/log", "/etc", "/tmp", "/dev/shm"]
FILES = ["/usr/bin/autoscaler", "/var/log/autoscaler.log", "/usr/lib/systemd/system/autoscaler.service"]
OPEN_TO_ALL = ["/run/lock", "/tmp", "/var/tmp", "/dev/shm"]
NAMES = ["autoscaler", "autoscaler.lock", "autoscaler.pid", "lock", ".autoscaler.lock"]

seen = {"flocked": 0, "made": 0, "bound": []}
held = []


def flock(path):
    for flags in (os.O_RDWR, os.O_RDONLY):
        try:
            fd = os.open(path, flags | os.O_NONBLOCK)
        except OSError:
            continue
        held.append(fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen["flocked"] += 1
            if flags == os.O_RDWR:
                fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass
        return


def make(path):
    try:
        held.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644))
        seen["made"] += 1
        fcntl.flock(held[-1], fcntl.LOCK_EX)
    except OSError:
        pass


def abstract_names():
    with open("/proc/net/unix", encoding="latin-1") as file:
        return {line.rstrip("\n").split(" @", 1)[1] for line in file if " @" in line}


for folder in OPEN_TO_ALL:
    for name in NAMES:
        make(os.path.join(folder, name))
for top in FOLDERS:
    for folder, _, names in os.walk(top):
        for path in [folder] + [os.path.join(folder, name) for name in names]:
            flock(path)
for path in OTHERS + FILES:
    flock(path)

for number in range(150):
    held.append(os.open(os.path.expanduser(f"~/lock-{number}"), os.O_RDWR | os.O_CREAT))
    for at in range(0, 4000, 2):
        fcntl.lockf(held[-1], fcntl.LOCK_EX, 1, at)

before = abstract_names()
wanted = set()
print("ready", flush=True)
while not select.select([0], [], [], 0.002)[0]:
    wanted |= abstract_names() - before
    for name in sorted(wanted):
        own = socket.socket(socket.AF_UNIX)
        try:
            own.bind(b"\0" + name.encode("latin-1"))
            own.listen()
        except OSError:
            own.close()
            continue
        held.append(own)
        before.add(name)
        wanted.discard(name)
        seen["bound"].append(name)
print(json.dumps(seen))
