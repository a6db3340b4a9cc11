"""Notes in files, as an adapter for Ordain: `notes.py [DIRECTORY]`. Needs Python 3.9 and nothing else.

The protocol is JSON-RPC 2.0 with one message a line, over standard input and output: docs/reference/adapters.md. What
else is to be told goes to standard error, or into `log` notifications.
"""

import json
import re
import sys
import threading
import time
from pathlib import Path

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
FAILED, NO_COMMON_PROTOCOL, REFUSED, CANCELLED, TIMED_OUT, NOT_PROVIDED = -32000, -32001, -32002, -32003, -32004, -32005

DIRECTORY = Path(sys.argv[1] if len(sys.argv) > 1 else "notes")

DESCRIPTION = {
    "name": "notes",
    "version": "1.0.0",
    "concurrency": 8,
    "capabilities": {
        "note.write": {
            "version": "1.0.0",
            "observe": True,
            "examples": [
                {
                    "inputs": {"name": "example", "text": "hello"},
                    "undo": {"capability": "note.remove", "inputs": {"name": "example"}},
                }
            ],
        },
        "note.remove": {"version": "1.0.0", "observe": True},
        "note.wait": {"version": "1.0.0", "examples": [{"inputs": {"time": 60000}, "slow": True}]},
    },
}


class Failure(Exception):
    """Why a call fails: one of the codes above, and what people are told. It must hold no secrets."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Call:
    """A call that is under way."""

    def __init__(self, id, params):
        self.id = id
        self.cancelled = threading.Event()
        timeout = params.get("timeout_ms")
        self.deadline = None if timeout is None else time.monotonic() + timeout / 1000

    def wait(self, seconds):
        """Waits, and gives up where that was asked for or the time is over."""
        left = seconds if self.deadline is None else min(seconds, max(0, self.deadline - time.monotonic()))
        if self.cancelled.wait(left):
            raise Failure(CANCELLED, "given up because that was asked for")
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise Failure(TIMED_OUT, "given up because the time was over")

    def progress(self, percent, message):
        say({"method": "progress", "params": {"call": self.id, "percent": percent, "message": message}})

    def log(self, level, message):
        say({"method": "log", "params": {"call": self.id, "level": level, "message": message}})


# What the capabilities do. Each is called in a thread of its own.


def record(inputs, **kinds):
    """The inputs, which have exactly these members, each of its kind."""
    if set(inputs) != set(kinds):
        raise Failure(INVALID_PARAMS, f"the inputs are not {', '.join(sorted(kinds))}")
    for name, kind in kinds.items():
        # True is an int for Python, and none for anybody else.
        if not isinstance(inputs[name], kind) or isinstance(inputs[name], bool):
            raise Failure(INVALID_PARAMS, f"`{name}` is not of the type that the contract has")
    return inputs


def path_of(name):
    if not re.fullmatch("[a-z0-9-]+", name):
        raise Failure(INVALID_PARAMS, f"`{name}` is not the name of a note")
    return DIRECTORY / f"{name}.txt"


def write(call, inputs):
    note = record(inputs, name=str, text=str)
    path = path_of(note["name"])
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    # Writing the same again changes nothing, so that a second call under the same key does no harm.
    path.write_bytes(note["text"].encode())
    return {"path": str(path), "bytes": len(note["text"].encode())}


def remove(call, inputs):
    # One that is gone already is fine, and says the same to the same key.
    path_of(record(inputs, name=str)["name"]).unlink(missing_ok=True)
    return {}


def wait(call, inputs):
    seconds = record(inputs, time=int)["time"] / 1000
    for tenth in range(10):
        call.progress(tenth * 10, "waiting")
        call.wait(seconds / 10)
    call.log("info", "waited")
    return {}


def observe(capability, inputs):
    if capability == "note.wait":
        raise Failure(NOT_PROVIDED, "waiting leaves no trace")
    kinds = {"name": str, "text": str} if capability == "note.write" else {"name": str}
    name = record(inputs, **kinds)["name"]
    path = path_of(name)
    if not path.exists():
        return {"state": "absent"}
    if capability == "note.remove":
        return {"state": "present", "inputs": {"name": name}}
    content = path.read_bytes()
    found = {"name": name, "text": content.decode(errors="replace")}
    return {"state": "present", "inputs": found, "outputs": {"path": str(path), "bytes": len(content)}}


DOES = {"note.write": write, "note.remove": remove, "note.wait": wait}


# The protocol.

calls = {}
lock = threading.Lock()


def say(message):
    line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False)
    with lock:
        sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.buffer.flush()


def fail(id, code, message, **more):
    say({"id": id, "error": {"code": code, "message": message, **more}})


def make(id, method, params):
    """Makes a call and answers it."""
    name = (json.dumps(id), params.get("key"))
    call = calls[name] = Call(id, params)
    try:
        capability, inputs = params.get("capability"), params.get("inputs")
        if capability not in DOES:
            raise Failure(NOT_PROVIDED, f"`{capability}` is not provided")
        if not isinstance(inputs, dict):
            raise Failure(INVALID_PARAMS, "the inputs are no object")
        if method == "observe":
            result = observe(capability, inputs)
        else:
            # An output that is secret would be named in "secrets", as in ["/password"].
            result = {"outputs": DOES[capability](call, inputs), "secrets": []}
    except Failure as failure:
        del calls[name]
        fail(id, failure.code, str(failure))
    except OSError as error:
        del calls[name]
        fail(id, FAILED, str(error))
    except Exception as error:
        del calls[name]
        print(repr(error), file=sys.stderr, flush=True)
        fail(id, INTERNAL_ERROR, "the adapter broke down")
    else:
        del calls[name]
        say({"id": id, "result": result})


def take(line):
    """Takes a message."""
    try:
        message = json.loads(line.decode())
    except (ValueError, RecursionError):
        return fail(None, PARSE_ERROR, "that is no JSON")
    if not isinstance(message, dict):
        return fail(None, INVALID_REQUEST, "that is no request")
    id, method, params = message.get("id"), message.get("method"), message.get("params", {})
    named = isinstance(id, (str, int, float)) and not isinstance(id, bool)
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str) or ("id" in message and not named):
        return fail(id if named else None, INVALID_REQUEST, "that is no request")
    if not isinstance(params, dict):
        return fail(id, INVALID_PARAMS, "the parameters are no object") if named else None
    if not named:
        # A notification is never answered, known or not.
        call = calls.get((json.dumps(params.get("call")), params.get("key"))) if method == "cancel" else None
        return call.cancelled.set() if call else None
    if method == "initialize":
        protocols = params.get("protocols")
        if not isinstance(protocols, list) or 1 not in protocols:
            return fail(id, NO_COMMON_PROTOCOL, "only version 1 of the protocol is spoken", data={"supported": [1]})
        return say({"id": id, "result": {"protocol": 1}})
    if method == "describe":
        return say({"id": id, "result": DESCRIPTION})
    if method in ("apply", "undo", "observe"):
        # A daemon, so that nothing that is under way keeps the program from ending.
        return threading.Thread(target=make, args=(id, method, params), daemon=True).start()
    return fail(id, METHOD_NOT_FOUND, "there is no such method")


if __name__ == "__main__":
    for line in sys.stdin.buffer:
        if line.strip():
            take(line)
