"""A file system (FUSE) that does not answer: `hung.py FOLDER WHERE UID [FILE=TEXT…]` mounts it there, as that of user UID.

It has plain files of these texts, which belong to the user, and answers until it is asked WHERE: LOOKUP, GETATTR, OPEN,
READ, STATFS or ALL (all of them, OPENDIR and READDIR too). From then on it never answers again; with LATER before the word
(`LATER-LOOKUP`) only once it has read a line. What is asked is taken, so that not even SIGKILL ends who waits. Prints "ready" and,
for the first that gets no answer, "hung"; it goes with standard input, and who waits gets an error.
"""

import ctypes
import os
import struct
import sys
import threading

# of <linux/fuse.h>
LOOKUP, GETATTR, OPEN, READ, STATFS, RELEASE, INIT, OPENDIR, READDIR = 1, 3, 14, 15, 17, 18, 26, 27, 28
NAMES = {"LOOKUP": LOOKUP, "GETATTR": GETATTR, "OPEN": OPEN, "READ": READ, "STATFS": STATFS}
NO_ENTRY, NOT_SUPPORTED = -2, -38

folder, where, uid, *texts = sys.argv[1:]
uid = int(uid)
files = [each.split("=", 1) for each in texts]
isLater = where.startswith("LATER-")
word = where.removeprefix("LATER-")
hangs_at = {NAMES[word]} if word in NAMES else {*NAMES.values(), OPENDIR, READDIR}
is_on = not isLater
is_hung = False


def attr(node):
    size = 0 if node == 1 else len(files[node - 2][1])
    mode = 0o40755 if node == 1 else 0o100644
    return struct.pack("<6Q10I", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, uid, uid, 0, 4096, 0)


def answer(opcode, node, request):
    if opcode == INIT:
        return 0, struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, *[0] * 8)
    if opcode == LOOKUP:
        name = request[40:].rstrip(b"\0").decode()
        for index, (known, _) in enumerate(files):
            if known == name:
                return 0, struct.pack("<4Q2I", index + 2, 0, 0, 0, 0, 0) + attr(index + 2)
        return NO_ENTRY, b""
    if opcode == GETATTR:
        return 0, struct.pack("<QII", 0, 0, 0) + attr(node)
    if opcode in (OPEN, OPENDIR):
        return 0, struct.pack("<QII", 1, 0, 0)
    if opcode == READ:
        return 0, files[node - 2][1].encode()
    if opcode in (READDIR, RELEASE):
        return 0, b""
    if opcode == STATFS:
        return 0, struct.pack("<5Q4I", 1, 1, 1, 1, 1, 4096, 255, 4096, 0) + b"\0" * 24
    return NOT_SUPPORTED, b""


def serve(fd):
    global is_hung
    while True:
        try:
            request = os.read(fd, 2**17)
        except OSError:
            return
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        if is_on and opcode in hangs_at and not is_hung:
            is_hung = True
            print("hung", flush=True)
        if is_hung or opcode == 2:
            continue
        error, body = answer(opcode, node, request)
        os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


if not os.path.exists("/dev/fuse"):
    os.mknod("/dev/fuse", 0o20666, os.makedev(10, 229))
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fd},rootmode=40000,user_id={uid},group_id={uid},allow_other"
if libc.mount(b"hung", folder.encode(), b"fuse", 0, options.encode()) != 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
threading.Thread(target=serve, args=[fd], daemon=True).start()
print("ready", flush=True)
if isLater and sys.stdin.readline():
    is_on = True
    print("on", flush=True)
sys.stdin.read()
libc.umount2(folder.encode(), 2)
# what has been taken and never answered ends with this
os._exit(0)
