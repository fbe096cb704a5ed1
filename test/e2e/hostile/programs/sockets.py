"""Unix sockets: sockets.py ask PATH N, or sockets.py forge PATH INODE, or sockets.py twin PATH.

  ask    N connections to the server at PATH, each with a request that takes a minute
  forge  a socket whose name has a line break and then the line of the kernel's table for the socket INODE at PATH
  twin   a socket that has the same PATH, in a file system of one's own: for `unshare --user --map-root-user --mount`

Prints "ready" and stays until standard input ends.
"""

import os
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
else:
    held.append(socket.socket(socket.AF_UNIX))
    if what == "forge":
        line = f"0000000000000000: 00000002 00000000 00010000 0001 01 {rest[0]} {path}"
        held[-1].bind(b"\0x\n" + line.encode())
    else:
        top = "/" + path.split("/")[1]
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
        os.makedirs(os.path.dirname(path))
        held[-1].bind(path)
    held[-1].listen()
print("ready", flush=True)
sys.stdin.read()
