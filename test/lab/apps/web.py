"""A WSGI app for the tests, standard library only.

/          answers at once
/cpu?ms=N  computes for N milliseconds of CPU time
/sleep?ms=N waits for N milliseconds
/pid       the worker's process number
/grow?ms=N makes the worker hold N MB more, for ever

It fails at boot where the environment has WEB_FAIL=1 or the file named by WEB_FAIL_FILE exists, and
takes WEB_BOOT_SECONDS to load. It hangs while it loads as long as the file that WEB_HANG_WHILE names has the text in
it that follows there after a blank, and computes meanwhile where it has the word "compute".
"""

import os
import time
from urllib.parse import parse_qs

if os.environ.get("WEB_FAIL") == "1" or os.path.exists(os.environ.get("WEB_FAIL_FILE", "")):
    raise RuntimeError("web.py was told to fail at boot")
time.sleep(float(os.environ.get("WEB_BOOT_SECONDS", "0")))


def give_way():
    # other tests run beside it: it computes with what they leave, its session (autogroup) too
    if os.nice(0) < 19:
        os.nice(19)
        try:
            with open("/proc/self/autogroup", "w") as group:
                group.write("19")
        except OSError:
            pass


def must_hang():
    path, _, text = os.environ.get("WEB_HANG_WHILE", "").partition(" ")
    if path == "":
        return False
    with open(path) as file:
        now = file.read()
    if "compute" in now:
        give_way()
    else:
        time.sleep(0.1)
    return text in now


while must_hang():
    pass


HELD = []


def app(environ, start_response):
    path = environ["PATH_INFO"]
    seconds = float(parse_qs(environ.get("QUERY_STRING", "")).get("ms", ["0"])[0]) / 1000
    body = b"ok\n"
    if path == "/cpu":
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
    elif path == "/sleep":
        time.sleep(seconds)
    elif path == "/grow":
        HELD.append(b"x" * int(seconds * 1000 * 2**20))
    elif path == "/pid":
        body = b"%d\n" % os.getpid()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
