#!/usr/bin/env python3
"""A peer of the master's ports as libzmq makes it, for tests/tests/libzmq.rs.

    peer.py version
    peer.py sub PORT          prints kind and size of each publish that arrives
    peer.py slow PORT         subscribes and reads nothing until a line comes in; then how often it was cut off
    peer.py ask KIND PORT     dealer or req: sends a message of no session, twice, and prints the answers
    peer.py twins PORT        two dealers with one identity do the same
    peer.py large PORT        sends a frame that is too large, and says when it is cut off

Prints `ready` when it is connected. Ends with its standard input.
"""

import sys
import threading

import zmq
from zmq.utils.monitor import recv_monitor_message

LIMIT = 20_000
# A sealed message of a session that the master does not have, and what it says to that.
SEALED = b"\x01\x04no session"

context = zmq.Context()


def connect(kind, port, **options):
    socket = context.socket(kind)
    socket.linger = 0
    socket.rcvtimeo = socket.sndtimeo = LIMIT
    for name, value in options.items():
        setattr(socket, name, value)
    events = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
    events.rcvtimeo = LIMIT
    socket.connect(f"tcp://127.0.0.1:{port}")
    assert recv_monitor_message(events)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
    return socket, events


def say(*words):
    print(*words, flush=True)


def sub(port):
    socket, _ = connect(zmq.SUB, port)
    socket.subscribe(b"\x01\x10")
    socket.subscribe(b"other")
    socket.unsubscribe(b"other")
    threading.Thread(target=lambda: (sys.stdin.read(), context.destroy(0)), daemon=True).start()
    say("ready")
    socket.rcvtimeo = -1
    try:
        while True:
            parts = socket.recv_multipart()
            say(len(parts), parts[0][:2].hex(), len(parts[0]))
    except zmq.ZMQError:
        pass


def slow(port):
    socket, events = connect(zmq.SUB, port, rcvhwm=1, rcvbuf=4096)
    socket.subscribe(b"")
    say("ready")
    sys.stdin.readline()
    cut = 0
    # Only what it has read lets it see the end of its connection.
    socket.rcvtimeo = 1000
    try:
        while True:
            socket.recv()
    except zmq.Again:
        pass
    while events.poll(1000):
        cut += recv_monitor_message(events)["event"] == zmq.EVENT_DISCONNECTED
    say("cut", cut)


def asked(socket, kind):
    parts = [SEALED] if kind == zmq.REQ else [b"", SEALED]
    for message in [parts, [SEALED]]:
        socket.send_multipart(message)
        say(*[part.hex() or "-" for part in socket.recv_multipart()])


def main():
    what, *words = sys.argv[1:]
    port = words[-1] if words else None
    if what == "version":
        say(zmq.zmq_version())
    elif what == "sub":
        sub(port)
    elif what == "slow":
        slow(port)
    elif what == "ask":
        kind = {"dealer": zmq.DEALER, "req": zmq.REQ}[words[0]]
        socket, _ = connect(kind, port)
        say("ready")
        asked(socket, kind)
    elif what == "twins":
        pair = [connect(zmq.DEALER, port, identity=b"web-1")[0] for _ in range(2)]
        say("ready")
        for socket in [*pair, pair[0]]:
            asked(socket, zmq.DEALER)
    elif what == "large":
        socket, events = connect(zmq.DEALER, port)
        say("ready")
        socket.send(b"\x01\x04" + bytes(20_000))
        assert recv_monitor_message(events)["event"] == zmq.EVENT_DISCONNECTED
        say("cut")
    else:
        sys.exit(__doc__)


main()
