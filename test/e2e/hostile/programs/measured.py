"""Runs a program and notes what it cost: measured.py NOTES SECONDS PROGRAM ARG...

NOTES gets {"ms", "cpu_ms", "peak_mb", "is_late", "was_deaf"}: `peak_mb` is the most that it, or a program that it
waited for, ever held. After SECONDS it is asked to end (SIGTERM), is_late; 10 s later it and its children are
killed, was_deaf. Ends as the program did.
"""

import json
import os
import signal
import sys
import time

notes, seconds, *argv = sys.argv[1:]
began = time.monotonic()
pid = os.fork()
if pid == 0:
    os.setsid()
    os.execvp(argv[0], argv)

is_late = was_deaf = False


def on_alarm(*_):
    global is_late, was_deaf
    if is_late:
        was_deaf = True
        os.killpg(pid, signal.SIGKILL)
    else:
        is_late = True
        os.kill(pid, signal.SIGTERM)
        signal.alarm(10)


signal.signal(signal.SIGALRM, on_alarm)
signal.alarm(int(seconds))
_, status, usage = os.wait4(pid, 0)
signal.alarm(0)
with open(notes, "w") as file:
    json.dump(
        {
            "ms": round((time.monotonic() - began) * 1000),
            "cpu_ms": round((usage.ru_utime + usage.ru_stime) * 1000),
            "peak_mb": round(usage.ru_maxrss / 1024),
            "is_late": is_late,
            "was_deaf": was_deaf,
        },
        file,
    )
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
