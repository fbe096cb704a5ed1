"""Runs a program and lets one of its system calls fail, or the program die there.

usage: tracer.py EVENTS FAULT PATH... -- PROGRAM ARG...

Counted are the calls, of the program and of all that it starts, that touch a file at or below one of the
PATHs (given, opened or behind a file descriptor), each start of another program, and of the program itself
each signal that it sends, and each connection to a server and each message there. They are written to
EVENTS, a JSON array a line: the number, the call, the path or paths. FAULT is "none" (only count), "N:KILL"
(the program gets SIGKILL right before its call N) or "N:ENOSPC" (call N does not happen and gives that error);
"all:EIO": none of the counted calls happens, but for the starts of programs. Instead of N a call may be named:
"kill#2" is the second signal, "kill#2>execve" the first start of a program after it. With "N:RUN COMMAND" a
shell runs the command before call N, while the program stands still.

With TREES=PATH:PATH in the environment each line ends with what these folders hold right before the call:
path: [inode, content in base64, or null for a folder].

By ptrace(2) with a filter of seccomp(2), so that all other calls run at full speed. x86-64 only.
"""

import base64
import ctypes
import errno
import json
import os
import re
import signal
import struct
import sys

# name: number (arch/x86/entry/syscalls/syscall_64.tbl), its file descriptors, its paths (each with the
# argument of its folder's descriptor, or None), by the number of the argument
CALLS = {
    "write": (1, [0], []),
    "pwrite64": (18, [0], []),
    "writev": (20, [0], []),
    "copy_file_range": (326, [2], []),
    "ftruncate": (77, [0], []),
    "fsync": (74, [0], []),
    "fdatasync": (75, [0], []),
    "fchmod": (91, [0], []),
    "fchown": (93, [0], []),
    "open": (2, [], [(None, 0)]),
    "openat": (257, [], [(0, 1)]),
    "rename": (82, [], [(None, 0), (None, 1)]),
    "renameat": (264, [], [(0, 1), (2, 3)]),
    "renameat2": (316, [], [(0, 1), (2, 3)]),
    "link": (86, [], [(None, 0), (None, 1)]),
    "linkat": (265, [], [(0, 1), (2, 3)]),
    "unlink": (87, [], [(None, 0)]),
    "unlinkat": (263, [], [(0, 1)]),
    "mkdir": (83, [], [(None, 0)]),
    "mkdirat": (258, [], [(0, 1)]),
    "rmdir": (84, [], [(None, 0)]),
    "chmod": (90, [], [(None, 0)]),
    "fchmodat": (268, [], [(0, 1)]),
    "fchownat": (260, [], [(0, 1)]),
    "utimensat": (280, [], [(0, 1)]),
    "execve": (59, [], [(None, 0)]),
    "kill": (62, [], []),
    "connect": (42, [0], []),
    "sendto": (44, [0], []),
    "sendmsg": (46, [0], []),
}
SENDING = ("write", "writev", "sendto", "sendmsg")
BY_NUMBER = {number: (name, fds, paths) for name, (number, fds, paths) in CALLS.items()}

PTRACE_TRACEME, PTRACE_CONT, PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_SETOPTIONS = 0, 7, 12, 13, 0x4200
# fork, vfork, clone, exec, seccomp; should the tracer die, so do all
OPTIONS = 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
EVENT_EXEC, EVENT_SECCOMP = 4, 7
WALL = 0x40000000
# struct user_regs_struct: 27 words
RAX, ORIG_RAX = 10, 15
ARGUMENTS = [14, 13, 12, 7, 9, 8]

TREES = [path for path in os.environ.get("TREES", "").split(":") if path]

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=None):
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")


def filter_calls():
    """All of CALLS stop for the tracer (SECCOMP_RET_TRACE), the others are allowed."""
    numbers = sorted(BY_NUMBER)
    code = [struct.pack("HBBI", 0x20, 0, 0, 0)]
    for index, number in enumerate(numbers):
        code.append(struct.pack("HBBI", 0x15, len(numbers) - index, 0, number))
    code.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
    code.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000))
    program = ctypes.create_string_buffer(b"".join(code))
    header = struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, ctypes.create_string_buffer(header), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def read_text(pid, address):
    data = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        while b"\0" not in data and len(data) < 8192:
            page_end = 4096 - (address + len(data)) % 4096
            memory.seek(address + len(data))
            data += memory.read(page_end)
    return os.fsdecode(data.split(b"\0", 1)[0])


def read_family(pid, address):
    """AF_INET is 2, AF_INET6 is 10."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return int.from_bytes(memory.read(2), "little")


def of_descriptor(pid, fd):
    try:
        return os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError:
        return ""


def absolute(pid, folder, path):
    """AT_FDCWD, or no descriptor: the working folder. A name in an open folder is told by the folder's own."""
    own = re.match(r"/proc/self/fd/(\d+)/?", path)
    if own:
        return os.path.normpath(os.path.join(of_descriptor(pid, own[1]), path[own.end():]))
    if path.startswith("/"):
        return os.path.normpath(path)
    at = f"/proc/{pid}/cwd" if folder is None or folder >= 1 << 31 else f"/proc/{pid}/fd/{folder}"
    try:
        return os.path.normpath(os.path.join(os.readlink(at), path))
    except OSError:
        return path


def parse_stages(text):
    """Calls that come one after the other: each a name and how many of it."""
    pairs = [stage.partition("#") for stage in text.split(">")]
    return [[name, int(times or 1)] for name, _, times in pairs]


def read_trees(roots):
    found = {}
    for root in roots:
        for folder, _, files in os.walk(root):
            found[folder] = [os.stat(folder).st_ino, None]
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[path] = [os.stat(path).st_ino, base64.b64encode(file.read()).decode()]
    return found


class Tracer:
    def __init__(self, events, fault, prefixes):
        self.events = events
        number, _, self.kind = fault.partition(":")
        self.at = int(number) if number.isdigit() else None
        self.is_all = number == "all"
        self.stages = parse_stages(number) if self.kind and self.at is None and not self.is_all else []
        self.prefixes = prefixes
        self.count = 0

    def run(self, argv):
        self.root = os.fork()
        if self.root == 0:
            ptrace(PTRACE_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            filter_calls()
            os.execvp(argv[0], argv)
        os.waitpid(self.root, 0)
        ptrace(PTRACE_SETOPTIONS, self.root, OPTIONS)
        ptrace(PTRACE_CONT, self.root)
        result = None
        while True:
            try:
                pid, status = os.waitpid(-1, WALL)
            except ChildProcessError:
                return result
            if os.WIFSTOPPED(status):
                self.go_on(pid, status)
            elif pid == self.root:
                result = status

    def go_on(self, pid, status):
        event, number = status >> 16, os.WSTOPSIG(status)
        try:
            if event == EVENT_SECCOMP:
                self.look(pid)
            # a stop that ptrace itself makes is none of the program's signals
            is_own = event != 0 or number in (signal.SIGTRAP, signal.SIGSTOP)
            ptrace(PTRACE_CONT, pid, None if is_own else number)
        except OSError as error:
            # it was killed at this moment
            if error.errno != errno.ESRCH:
                raise

    def look(self, pid):
        registers = (ctypes.c_ulonglong * 27)()
        ptrace(PTRACE_GETREGS, pid, ctypes.byref(registers))
        name, fds, paths = BY_NUMBER[registers[ORIG_RAX]]
        arguments = [registers[index] for index in ARGUMENTS]
        touched = [of_descriptor(pid, arguments[fd]) for fd in fds]
        for folder, path in paths:
            at = None if folder is None else arguments[folder] & 0xFFFFFFFF
            if arguments[path] == 0:
                # futimens(3)
                touched.append(of_descriptor(pid, at))
            else:
                touched.append(absolute(pid, at, read_text(pid, arguments[path])))
        if name == "kill":
            touched = [f"{arguments[0]} {arguments[1]}"]
        if not self.counts(pid, name, touched, arguments):
            return
        self.count += 1
        flags = arguments[2] if name == "openat" else arguments[1] if name == "open" else None
        line = [self.count, name, *touched] + ([flags] if flags is not None else [])
        if TREES:
            line.append(read_trees(TREES))
        self.events.write(json.dumps(line) + "\n")
        self.events.flush()
        if not self.is_fault(name):
            return
        if self.kind == "KILL":
            os.kill(self.root, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
        elif self.kind.startswith("RUN "):
            os.system(self.kind[4:])
        else:
            # the kernel passes over a call with the number -1
            registers[ORIG_RAX] = (1 << 64) - 1
            registers[RAX] = (1 << 64) - getattr(errno, self.kind)
            ptrace(PTRACE_SETREGS, pid, ctypes.byref(registers))

    def is_fault(self, name):
        if self.at is not None:
            return self.count == self.at
        if self.is_all:
            return name != "execve"
        if not self.stages or self.stages[0][0] != name:
            return False
        self.stages[0][1] -= 1
        if self.stages[0][1] > 0:
            return False
        del self.stages[0]
        return not self.stages

    def counts(self, pid, name, touched, arguments):
        if name in ("open", "openat") and arguments[1 if name == "open" else 2] & 0o10000000:
            # O_PATH opens nothing, and what comes of it is opened right after
            return False
        if name == "execve":
            return pid != self.root and os.path.exists(touched[0])
        if name == "kill":
            # a group is that of a program of our own, such as one that reads the memory of processes
            is_group = arguments[0] & 0x80000000 != 0
            return pid == self.root and arguments[1] != 0 and not is_group
        if name == "connect":
            return pid == self.root and read_family(pid, arguments[1]) in (2, 10)
        if touched and touched[0].startswith("socket:"):
            # what its parent reads is a socket too
            return pid == self.root and name in SENDING and arguments[0] > 2
        return any(
            path == prefix or path.startswith(prefix + end)
            for path in touched
            for prefix in self.prefixes
            for end in ("/", ".")
        )


def main():
    events, fault, *rest = sys.argv[1:]
    split = rest.index("--")
    with open(events, "w", encoding="utf-8") as file:
        status = Tracer(file, fault, rest[:split]).run(rest[split + 1 :])
    if os.WIFSIGNALED(status):
        # as a shell says it
        sys.exit(128 + os.WTERMSIG(status))
    sys.exit(os.WEXITSTATUS(status))


main()
