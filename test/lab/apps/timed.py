"""web.py, and its /sleep for ASGI, that notes each request: a line `+ T` where it begins and `- T` where it ends, T on the boot clock, in the
folder TIMED_DIR, a file a process."""

import asyncio
import os
import threading
import time
from urllib.parse import parse_qs

import web

# one write a line: threads do not get in one another's way
_fds = {}
_lock = threading.Lock()


def _note(sign):
    with _lock:
        pid = os.getpid()
        if pid not in _fds:
            _fds[pid] = os.open(f"{os.environ['TIMED_DIR']}/{pid}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(_fds[pid], b"%c %.6f\n" % (sign, time.monotonic()))


class _Timed:
    """Ends when the answer is sent, which is when Gunicorn closes it."""

    def __init__(self, body):
        self.body = body

    def __iter__(self):
        return iter(self.body)

    def close(self):
        _note(b"-")


def app(environ, start_response):
    _note(b"+")
    return _Timed(web.app(environ, start_response))


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    _note(b"+")
    query = parse_qs(scope["query_string"].decode())
    await asyncio.sleep(float(query.get("ms", ["0"])[0]) / 1000)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"3"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok\n"})
    _note(b"-")
