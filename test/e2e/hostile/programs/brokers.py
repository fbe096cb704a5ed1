"""Servers that a user may run in place of a broker: brokers.py PORT...

A Redis or an AMQP server of each behaviour below listens on a port of its own, on 127.0.0.1 from PORT on, in the order
in which they stand there. Prints "ready NAME:PORT ..." and serves until standard input ends.
"""

import os
import socket
import struct
import sys
import threading
import time

# what nobody wants on a terminal: a title, a cleared screen, a line that looks like another's, text from right to left
ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x1b[1;1Howned\r \x9b31m\xe2\x80\xae \x08\x00 level\":\"INFO"


# --- Redis -----------------------------------------------------------------------------------------------------------


def answering(reply):
    """Answers each LLEN so, and everything else as a Redis would."""

    def serve(connection):
        for name in commands(connection):
            connection.sendall(reply if name == b"LLEN" else b"+OK\r\n")

    return serve


def mixed(connection):
    """One list of a project has less than nothing in it, another makes up for it."""
    number = 0
    for name in commands(connection):
        if name == b"LLEN":
            connection.sendall(b":%d\r\n" % (-5 if number % 2 == 0 else 25))
            number += 1
        else:
            connection.sendall(b"+OK\r\n")


def endless(connection):
    for name in commands(connection):
        connection.sendall(b"$2000000000\r\n")
        while True:
            connection.sendall(b"x" * 65536)


def slow(connection):
    for byte in b":1" + b"0" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def at_once(reply):
    """Says it before it is asked, and goes on to say it."""

    def serve(connection):
        while True:
            connection.sendall(reply)

    return serve


def closing(connection):
    connection.recv(1)


def commands(connection):
    """The names of the commands that a client sends, in capitals."""
    file = connection.makefile("rb")
    while True:
        line = file.readline()
        if not line:
            return
        words = []
        for _ in range(int(line[1:])):
            words.append(file.read(int(file.readline()[1:]) + 2)[:-2])
        yield words[0].upper()


REDIS = {
    "minus": answering(b":-5\r\n"),
    "mixed": mixed,
    "infinity": answering(b"+Infinity\r\n"),
    "nan": answering(b"+NaN\r\n"),
    "huge": answering(b"+4e26\r\n"),
    "digits": answering(b":99999999999999999999999999\r\n"),
    "nil": answering(b"$-1\r\n"),
    "text": answering(b"$3\r\n1 2\r\n"),
    "list": answering(b"*1\r\n:7\r\n"),
    "empty": answering(b"*0\r\n"),
    "double": answering(b",inf\r\n"),
    "escapes": answering(b"-ERR " + ESCAPES.replace(b"\r", b"") + b"\r\n"),
    "long": answering(b"-ERR " + (ESCAPES.replace(b"\r", b"") * (5 * 2**20 // len(ESCAPES))) + b"\r\n"),
    "nested": answering(b"*1\r\n" * 200_000),
    "wide": answering(b"*2147483647\r\n"),
    "bulk": answering(b"$-7\r\n"),
    "endless": endless,
    "slow": slow,
    "flood": at_once(b":1\r\n" * 1000),
    "noise": at_once(os.urandom(4096)),
    "closing": closing,
}


# --- AMQP 0-9-1 ------------------------------------------------------------------------------------------------------


def method(class_id, method_id, arguments=b"", channel=0):
    return frame(1, channel, struct.pack(">HH", class_id, method_id) + arguments)


def frame(kind, channel, payload, end=b"\xce"):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + end


def short(text):
    return bytes([len(text)]) + text


def long(text):
    return struct.pack(">I", len(text)) + text


def amqp(answers=None, first=None):
    """
    A server that does as it should, but for what it answers to the methods in `answers`: what to do with a connection
    and the number of a channel. `first` is sent instead of anything else.
    """

    def serve(connection):
        file = connection.makefile("rb")
        file.read(8)
        if first is not None:
            connection.sendall(first)
            return
        connection.sendall(method(10, 10, b"\0\x09" + long(b"") + long(b"PLAIN AMQPLAIN EXTERNAL") + long(b"en_US")))
        while True:
            head = file.read(7)
            if len(head) < 7:
                return
            kind, channel, size = struct.unpack(">BHI", head)
            payload = file.read(size + 1)[:-1]
            if kind != 1:
                continue
            what = struct.unpack(">HH", payload[:4])
            if what in (answers or {}):
                answers[what](connection, channel)
            elif what in HONEST:
                connection.sendall(HONEST[what](channel))

    return serve


def declared(channel, count):
    return method(50, 11, short(b"celery") + struct.pack(">II", count, 0), channel)


def sends(make):
    return lambda connection, channel: connection.sendall(make(channel))


def floods(make):
    def flood(connection, channel):
        while True:
            connection.sendall(make(channel) * 100)

    return flood


def refusal(text):
    return struct.pack(">H", 541) + short(text) + struct.pack(">HH", 50, 10)


START_OK, TUNE_OK, OPEN, CLOSE = (10, 11), (10, 31), (10, 40), (10, 50)
CHANNEL_OPEN, CHANNEL_CLOSE, DECLARE = (20, 10), (20, 40), (50, 10)
HONEST = {
    START_OK: lambda channel: method(10, 30, struct.pack(">HIH", 2047, 131072, 0)),
    OPEN: lambda channel: method(10, 41, short(b"")),
    CLOSE: lambda channel: method(10, 51),
    CHANNEL_OPEN: lambda channel: method(20, 11, long(b""), channel),
    CHANNEL_CLOSE: lambda channel: method(20, 41, b"", channel),
    DECLARE: lambda channel: declared(channel, 3),
}
STRANGE = {
    "channel": lambda channel: declared(channel + 7, 3),
    "class": lambda channel: method(99, 99, b"", channel),
    "method": lambda channel: method(50, 250, b"", channel),
}
STEPS = {"start": START_OK, "tune": TUNE_OK, "open": OPEN, "close": CLOSE, "channel": CHANNEL_OPEN}


def glued(step, make):
    """What is right and what is strange in one packet."""
    return sends(lambda channel: HONEST.get(step, lambda _: b"")(channel) + make(channel))


AMQP = {
    **{
        f"a-{name}-at-{step}": amqp({STEPS[step]: sends(make)})
        for step in STEPS
        for name, make in STRANGE.items()
    },
    **{
        f"a-{name}-with-{step}": amqp({STEPS[step]: glued(STEPS[step], make)})
        for step in STEPS
        for name, make in STRANGE.items()
    },
    **{f"a-{name}-first": amqp(first=make(0)) for name, make in STRANGE.items()},
    **{f"a-{name}": amqp({DECLARE: sends(make)}) for name, make in STRANGE.items()},
    "a-other": amqp({DECLARE: sends(lambda channel: method(10, 30, struct.pack(">HIH", 1, 1, 1), channel))}),
    "a-cut": amqp({DECLARE: sends(lambda channel: method(50, 11, b"\xff", channel))}),
    "a-content": amqp({DECLARE: sends(lambda channel: frame(3, channel, b"x" * 100))}),
    "a-header": amqp({DECLARE: sends(lambda channel: frame(2, channel, b"\0" * 14))}),
    "a-deliver": amqp({DECLARE: sends(lambda channel: method(60, 60, short(b"x") + b"\0" * 20, channel))}),
    "a-kind": amqp({DECLARE: sends(lambda channel: frame(77, channel, b"x"))}),
    "a-end": amqp({DECLARE: sends(lambda channel: frame(1, channel, b"\0\x32\0\x0b", b"\0"))}),
    "a-size": amqp({DECLARE: sends(lambda channel: b"\x01\0\x01\xff\xff\xff\xff")}),
    "a-close": amqp({DECLARE: sends(lambda channel: method(20, 40, refusal(ESCAPES), channel))}),
    "a-farewell": amqp({DECLARE: sends(lambda channel: method(10, 50, refusal(ESCAPES)))}),
    "a-flood": amqp({DECLARE: floods(lambda channel: frame(8, 0, b""))}),
    "a-mute": amqp({DECLARE: lambda connection, channel: None}),
    "a-closing": amqp({DECLARE: lambda connection, channel: connection.shutdown(socket.SHUT_RDWR)}),
    "a-noise": amqp(first=os.urandom(65536)),
    "a-endless": amqp(first=method(10, 10, b"\0\x09" + long(b"\x05aaaaaS" + b"\xff" * 4 + b"x" * 100_000))),
    "a-http": amqp(first=b"HTTP/1.1 400 Bad Request\r\n\r\n" + ESCAPES),
}


def listen(port, serve):
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(connection, serve), daemon=True).start()


def handle(connection, serve):
    try:
        serve(connection)
    except (OSError, ValueError, IndexError, struct.error):
        pass
    connection.close()


first = int(sys.argv[1])
ports = {name: first + index for index, name in enumerate([*REDIS, *AMQP])}
for name, serve in {**REDIS, **AMQP}.items():
    threading.Thread(target=listen, args=(ports[name], serve), daemon=True).start()
for port in ports.values():
    while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
        time.sleep(0.01)
print("ready", *(f"{name}:{port}" for name, port in ports.items()), flush=True)
sys.stdin.read()
