"""Unix sockets: sockets.py ask PATH N, sockets.py forge PATH INODE, sockets.py twin PATH, or sockets.py many PATH N.

  ask    N connections to the server at PATH, each with a request that takes a minute
  forge  sockets whose names have a line break and then a line of the kernel's table: for the socket INODE at PATH, for
         one that has the INODE and listens elsewhere, and for a connection that waits at PATH
  many   N sockets, in as many processes as that takes
  twin   a socket that has the same PATH, in a file system of one's own: for `unshare --user --map-root-user --mount`

Prints "ready" and stays until standard input ends.
"""

import os
import resource
import socket
import subprocess
import sys

what, path, *rest = sys.argv[1:]
held = []
if what == "ask":
    for _ in range(int(rest[0])):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].connect(path)
        held[-1].sendall(b"GET /sleep?ms=60000 HTTP/1.0\r\n\r\n")
elif what == "forge":
    for kind in f"00010000 0001 01 {rest[0]} {path}", f"00010000 0001 01 {rest[0]} /x", f"00000000 0001 02 0 {path}":
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].bind(b"\0x\n" + f"0000000000000000: 00000002 00000000 {kind}".encode())
        held[-1].listen()
elif what == "twin":
    top = "/" + path.split("/")[1]
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
    os.makedirs(os.path.dirname(path))
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].bind(path)
    held[-1].listen()
    for _ in range(2):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].connect(path)
else:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    left, each = int(rest[0]), min(most, 20_000) - 100
    # it ends with its parent, by the end of this pipe
    lives, parent = os.pipe()
    made, done = os.pipe()
    children = range(0, left, each)
    for first in children:
        if os.fork() == 0:
            os.close(parent)
            held = [socket.socket(socket.AF_UNIX) for _ in range(first, min(first + each, left))]
            os.write(done, b".")
            os.read(lives, 1)
            sys.exit()
    for _ in children:
        os.read(made, 1)
print("ready", flush=True)
sys.stdin.read()
