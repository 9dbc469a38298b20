#!/usr/bin/env python3
"""What ssm-exec adds to a Lambda function's cold start, in Lambda's own emulator.

Times the first invocation of functions that get ten parameters over HTTPS from ssm-exec, and of the same
functions without it, at a whole CPU and at a tenth of one, which is what 128 MB of memory buy. Also measures
the CPU time that the function's processes used until then, which varies less. Prints the table for
docs/lambda.md. Needs the static release binary, `cargo build --release -p ssm-stub`,
tests/needs, and root with cgroups (either version).

    benches/cold_start.py [ROUNDS]
"""
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from world import ROOT, STATIC, Stub

LAMBDA = ROOT / "target/lambda"
GROUPS = pathlib.Path("/sys/fs/cgroup")
PERIOD = 100_000

CUSTOM = """#!/usr/bin/env python3
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
while True:
    api.request("GET", base + "next")
    event = api.getresponse()
    event.read()
    api.request("POST", base + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", os.environ["KEY_0"][:5])
    api.getresponse().read()
"""
FUNCTION = "import os\ndef handler(event, context):\n    return os.environ['KEY_0'][:5]\n"


class Group:
    """A cgroup with a share of one CPU."""

    def __init__(self, share):
        name = f"ssm-exec-bench-{os.getpid()}"
        self.unified = (GROUPS / "cgroup.controllers").exists()
        # In version 1, the quota and the used time belong to two controllers, which can share one directory.
        self.path = GROUPS / name if self.unified else GROUPS / "cpu" / name
        self.account = self.path if self.unified else GROUPS / "cpuacct" / name
        for path in (self.path, self.account):
            path.mkdir(exist_ok=True)
        if self.unified:
            (self.path / "cpu.max").write_text(f"{int(PERIOD * share)} {PERIOD}")
        else:
            (self.path / "cpu.cfs_quota_us").write_text(str(int(PERIOD * share)))

    def enter(self):
        for path in {self.path, self.account}:
            (path / "cgroup.procs").write_text("0")

    def used(self):
        """Seconds of CPU until now."""
        if self.unified:
            return int((self.account / "cpu.stat").read_text().split()[1]) / 1e6
        return int((self.account / "cpuacct.usage").read_text()) / 1e9

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while (self.path / "cgroup.procs").read_text():
            time.sleep(0.01)
        for path in (self.path, self.account):
            if path.exists():
                path.rmdir()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


def prepare(task, kind, wrapped):
    """The files of a function; gives its handler."""
    if kind == "custom":
        script(task / "function", CUSTOM)
        if wrapped:
            (task / "bootstrap").symlink_to(STATIC)
        else:
            script(task / "bootstrap", CUSTOM)
        return "function"
    (task / "app.py").write_text(FUNCTION)
    wrapper = f"{STATIC} " if wrapped else ""
    script(task / "bootstrap", f"#!/bin/sh\nexec {wrapper}{ROOT}/target/venv/bin/python -m awslambdaric \"$_HANDLER\"\n")
    return "app.handler"


def first_invocation(stub, kind, wrapped, share):
    with tempfile.TemporaryDirectory() as home, Group(share) as group:
        task = pathlib.Path(home)
        handler = prepare(task, kind, wrapped)
        port, api = free_port(), free_port()
        environment = stub.environment() | {"LAMBDA_TASK_ROOT": home, "SSM_EXEC_PREFIX": "/bench", "PATH": os.environ["PATH"]}
        if not wrapped:
            environment["KEY_0"] = "value-0"
        emulator = subprocess.Popen(
            [LAMBDA / "aws-lambda-rie", "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
             "--runtime-api-address", f"127.0.0.1:{api}", task / "bootstrap", handler],
            env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=group.enter)
        try:
            return invoke(port), group.used()
        finally:
            os.killpg(emulator.pid, signal.SIGKILL)
            emulator.wait()


def invoke(port):
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    with connection:
        began = time.perf_counter()
        connection.sendall(
            b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nhost: localhost\r\n"
            b"connection: close\r\ncontent-length: 2\r\n\r\n{}")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    if b"value" not in answer:
        raise SystemExit(f"the function failed: {answer}")
    return time.perf_counter() - began


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print("| runtime | CPU | without | with ssm-exec | difference | difference in CPU time |\n| --- | --- | --- | --- | --- | --- |")
    with Stub(10, tls=True) as stub:
        for kind, name in (("custom", "custom, in Python"), ("managed", "managed Python")):
            for share in (1, 0.1):
                runs = {True: [], False: []}
                for _ in range(rounds):
                    for wrapped in runs:
                        runs[wrapped].append(first_invocation(stub, kind, wrapped, share))
                (bare, bare_cpu), (wrapped, wrapped_cpu) = (
                    [statistics.median(column) * 1000 for column in zip(*runs[key])] for key in (False, True))
                print(
                    f"| {name} | {share} | {bare:.0f} ms | {wrapped:.0f} ms | {wrapped - bare:.0f} ms | "
                    f"{wrapped_cpu - bare_cpu:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
