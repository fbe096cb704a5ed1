"""web.py that notes each request: a line `BEGIN END` on the boot clock, in the folder TIMED_DIR, a file a process."""

import os
import threading
import time

import web

# one write a line: threads do not get in one another's way
_fds = {}
_lock = threading.Lock()


def _fd():
    with _lock:
        pid = os.getpid()
        if pid not in _fds:
            _fds[pid] = os.open(f"{os.environ['TIMED_DIR']}/{pid}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return _fds[pid]


class _Timed:
    """Ends when the answer is sent, which is when Gunicorn closes it."""

    def __init__(self, begin, body):
        self.begin, self.body = begin, body

    def __iter__(self):
        return iter(self.body)

    def close(self):
        os.write(_fd(), b"%.6f %.6f\n" % (self.begin, time.monotonic()))


def app(environ, start_response):
    begin = time.monotonic()
    return _Timed(begin, web.app(environ, start_response))
