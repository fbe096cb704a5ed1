"""A web application whose worker ends in the moment in which its memory is measured.

What a process had mapped is given back by whoever looks at its memory last, which is then the one who measures. Here a
page has been written to a file whose file system (FUSE, `hung.py` in /srv/bob) never takes it: who gives that back waits
for it in the kernel, and not even SIGKILL ends that. Much else is mapped so that measuring takes a while.
"""

import mmap
import os
import signal
import threading
import time

PIECE = 16 * 2**20
PIECES = 300


def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]


def find_reader(own):
    """The number of a process that was started to read the file `own`; it would say so itself."""
    while True:
        with open("/proc/loadavg") as file:
            last = int(file.read().split()[-1])
        for pid in range(last, max(last - 30, 0), -1):
            try:
                with open(f"/proc/{pid}/cmdline") as file:
                    if own in file.read().split("\0"):
                        return pid
            except OSError:
                pass
        time.sleep(0.005)


def end_while_measured():
    reader = find_reader(f"/proc/{os.getpid()}/smaps_rollup")
    spent = 0
    # all else that it does takes a few milliseconds of the processor
    while spent < 12_000_000:
        with open(f"/proc/{reader}/schedstat") as file:
            spent = int(file.read().split()[0])
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)


page = mmap.mmap(os.open("/srv/bob/page", os.O_RDWR), mmap.PAGESIZE)
page[0] = 1
# few pages, in many places: they cost nothing but the time of who goes through them
memory = os.memfd_create("memory")
os.ftruncate(memory, PIECE)
pieces = [mmap.mmap(memory, PIECE, mmap.MAP_SHARED | mmap.MAP_POPULATE) for _ in range(PIECES)]
threading.Thread(target=end_while_measured, daemon=True).start()
