"""Measures whole processes, each with the children that it waits for.

Standard input: {"rounds": N, "warmups": N, "programs": {"NAME": {"argv": […], "restore": {COPY: ORIGINAL}}}}
Standard output: {"NAME": [{"cpu": ms, "wall": ms, "memory": KiB, "exit": code}, …]}, a reading a round.

Each round starts every program once, so that whatever disturbs the machine meets all of them; the order
changes from round to round. What a program changes is laid anew before it. Python is small: what a child inherits from it between fork and exec does
not show in the peak of its memory.
"""

import json
import os
import shutil
import sys
import time


def run(argv, env, restore):
    for copy, original in restore.items():
        shutil.copyfile(original, copy)
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execve(argv[0], argv, env)
    _, status, usage = os.wait4(pid, 0)
    return {
        "cpu": (usage.ru_utime + usage.ru_stime) * 1000,
        "wall": (time.monotonic() - started) * 1000,
        "memory": usage.ru_maxrss,
        "exit": os.waitstatus_to_exitcode(status),
    }


def main():
    task = json.load(sys.stdin)
    programs = list(task["programs"].items())
    readings = {name: [] for name, _ in programs}
    for number in range(-task["warmups"], task["rounds"]):
        turn = number % len(programs)
        for name, program in programs[turn:] + programs[:turn]:
            reading = run(program["argv"], dict(os.environ), program.get("restore", {}))
            if number >= 0:
                readings[name].append(reading)
    json.dump(readings, sys.stdout)


main()
