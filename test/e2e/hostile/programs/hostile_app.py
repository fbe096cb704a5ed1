"""A WSGI app that does harm where it is loaded: HOSTILE says how.

  titles       processes with command lines of 2 MB: see TITLES
  processes:N  so many processes that do nothing
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
    for title in TITLES:
        # room for the title; a single word may have 128 KB
        room = ["x" * 120_000] * (SIZE // 120_000)
        subprocess.Popen(["/usr/bin/python3", __file__, title] + room, preexec_fn=give_room)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]


if __name__ == "__main__":
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
