"""A file system (FUSE) that never answers: `hung.py FOLDER` mounts it there.

Whoever asks it for a file waits in the kernel, and SIGKILL alone ends that. Prints "ready"; it goes with standard input,
and who waits gets an error.
"""

import ctypes
import os
import struct
import sys

folder = sys.argv[1]
if not os.path.exists("/dev/fuse"):
    os.mknod("/dev/fuse", 0o20666, os.makedev(10, 229))
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"hung", folder.encode(), b"fuse", 0, options.encode()) != 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
# FUSE_INIT alone is answered
unique = struct.unpack_from("<IIQ", os.read(fd, 2**17))[2]
init = struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, *[0] * 8)
os.write(fd, struct.pack("<IiQ", 16 + len(init), 0, unique) + init)
print("ready", flush=True)
sys.stdin.read()
libc.umount2(folder.encode(), 2)
