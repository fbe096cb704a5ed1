"""A process whose memory nobody can look at, nor read its command line there: `frozen.py FOLDER CGROUP USER`.

It waits in the kernel for ever, and holds the lock of its memory (mmap_lock) meanwhile. It maps a file for which the
kernel first throws away what it has cached of it, and that is locked: another process reads it, and the file system
(FUSE) in which it lies never answers. Any user can do that who may mount one, such as by fusermount. This program serves
it itself. It begins as root, mounts, then one process of it goes into the control group and becomes the user. Prints
"ready PID", and all ends with standard input.
"""

import ctypes
import mmap
import os
import pwd
import struct
import sys
import time

PAGE = mmap.PAGESIZE
# of <linux/fuse.h>
LOOKUP, GETATTR, OPEN, READ, INIT = 1, 3, 14, 15, 26
NOT_SUPPORTED = -38
# the second time it is opened: mapping it throws away what is cached, opening it does not
DIRECT_IO, KEEP_CACHE = 1, 2


def attr(node):
    mode = 0o40755 if node == 1 else 0o100644
    return struct.pack("<6Q10I", node, PAGE, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, PAGE, 0)


def serve(fd):
    opens = 0
    while True:
        request = os.read(fd, 2**17)
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        body, error = b"", 0
        if opcode == INIT:
            body = struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, *[0] * 8)
        elif opcode == LOOKUP:
            body = struct.pack("<4Q2I", 2, 0, 3600, 3600, 0, 0) + attr(2)
        elif opcode == GETATTR:
            body = struct.pack("<QII", 3600, 0, 0) + attr(node)
        elif opcode == OPEN:
            opens += 1
            body = struct.pack("<QII", opens, 0 if opens == 1 else DIRECT_IO | KEEP_CACHE, 0)
        elif opcode == READ:
            continue
        else:
            error = NOT_SUPPORTED
        os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


def fork(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def read_file():
    os.read(os.open(path, os.O_RDONLY), PAGE)


def map_file():
    with open(f"/sys/fs/cgroup{cgroup}/cgroup.procs", "w") as file:
        file.write(str(os.getpid()))
    account = pwd.getpwnam(user)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    mmap.mmap(os.open(path, os.O_RDONLY), PAGE, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)


def wait_until(pid, name, what):
    while True:
        with open(f"/proc/{pid}/{name}") as file:
            if what in file.read():
                return
        time.sleep(0.01)


folder, cgroup, user = sys.argv[1:]
path = f"{folder}/file"
os.makedirs(folder, exist_ok=True)
if not os.path.exists("/dev/fuse"):
    os.mknod("/dev/fuse", 0o20666, os.makedev(10, 229))
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"frozen", folder.encode(), b"fuse", 0, options.encode()) != 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
server = fork(lambda: serve(fd))
os.close(fd)
wait_until(fork(read_file), "wchan", "request_wait_answer")
victim = fork(map_file)
wait_until(victim, "stat", ") D ")
print("ready", victim, flush=True)
sys.stdin.read()
# with it goes the file system, and who waits for it
os.kill(server, 9)
