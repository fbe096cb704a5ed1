"""A WSGI app that does harm where it is loaded: HOSTILE says how.

  titles       processes with command lines of 2 MB: see TITLES
  processes:N  so many processes that do nothing
  chain:N      so many, each the child of the one before, all of which look like Gunicorn masters
  files        as many open files in the worker itself as it may have
  hang         it never comes to an end while the file HANG_FILE is there
"""

import ctypes
import os
import resource
import subprocess
import sys
import time

SIZE = 2 * 2**20
TITLES = {
    "nuls": (b"\0" * SIZE, b"x"),
    "brackets": (b"[celeryd: a@b:MainProcess] -active- " + b"(" * SIZE, b""),
    "colons": (b"[celeryd: " + b"a:MainProcess" * (SIZE // 13), b""),
    "blanks": (b"gunicorn: master " + b"[ a " * (SIZE // 4), b""),
    "words": (b"python3\0celery\0worker\0" + b"-P\0" * (SIZE // 3), b"-B"),
    "options": (b"python3\0" + b"-X\0" * (SIZE // 3), b"gunicorn"),
}


def overwrite(text, end_text):
    """Puts text over this process's own command line, which the kernel shows from its memory: setproctitle's way."""
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rsplit(b") ", 1)[1].split()
    start, end = int(fields[45]), int(fields[46])
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, text, min(len(text), end - start - 1))
    ctypes.memmove(end - 1 - len(end_text), end_text, len(end_text))


def give_room():
    resource.setrlimit(resource.RLIMIT_STACK, (64 * 2**20, resource.RLIM_INFINITY))


def start(kind, number):
    if kind == "processes":
        for _ in range(number):
            os.posix_spawn("/bin/sleep", ["sleep", "3600"], {})
        return
    if kind == "chain":
        # its parent waits for it, as long as it lives
        if os.fork() == 0:
            room = ["x" * 100]
            os.execv("/usr/bin/python3", ["python3", __file__, "chain", str(number), *room])
        return
    if kind == "files":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        fd = os.open("/dev/null", os.O_RDONLY)
        for _ in range(min(most, 200_000) - 200):
            os.dup(fd)
        return
    for title in TITLES:
        # room for the title; a single word may have 128 KB
        room = ["x" * 120_000] * (SIZE // 120_000)
        subprocess.Popen(["/usr/bin/python3", __file__, title] + room, preexec_fn=give_room)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]


if __name__ == "__main__" and sys.argv[1] == "chain":
    overwrite(b"gunicorn: master [a]", b"")
    depth = 1
    while depth < int(sys.argv[2]) and os.fork() == 0:
        depth += 1
    open(os.path.expanduser("~/is-chain"), "w").close() if depth == int(sys.argv[2]) else None
    time.sleep(3600)
elif __name__ == "__main__":
    overwrite(*TITLES[sys.argv[1]])
    open(os.path.expanduser(f"~/is-{sys.argv[1]}"), "w").close()
    time.sleep(3600)

kind, _, number = os.environ.get("HOSTILE", "").partition(":")
if kind == "hang":
    while os.path.exists(os.environ["HANG_FILE"]):
        time.sleep(0.1)
elif kind:
    try:
        # once, whichever worker is first
        os.close(os.open(os.path.expanduser("~/started"), os.O_CREAT | os.O_EXCL))
        start(kind, int(number or 0))
    except FileExistsError:
        pass
