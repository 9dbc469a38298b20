"""What the benchmarks share: the stub as a process, an environment against it, hyperfine."""
import asyncio
import collections
import json
import os
import pathlib
import shlex
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

Measured = collections.namedtuple("Measured", "wall cpu")

ROOT = pathlib.Path(__file__).resolve().parent.parent
# BUILD names another directory of builds, where a release would take too long.
RELEASE = ROOT / os.environ.get("BUILD", "target/release")
STATIC = RELEASE / "ssm-exec" if "BUILD" in os.environ else ROOT / "target/x86_64-unknown-linux-musl/release/ssm-exec"
SYSTEM_ROOTS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


class Stub:
    """`ssm-stub` with COUNT parameters below /bench, in pages and batches of ten."""

    def __init__(self, count, tls=False, latency=0, options=()):
        self.directory = tempfile.TemporaryDirectory()
        home = pathlib.Path(self.directory.name)
        seed = home / "seed.json"
        seed.write_text(json.dumps([{"name": f"/bench/key-{n}", "value": f"value-{n}-" + "x" * 40} for n in range(count)]))
        command = [RELEASE / "ssm-stub", "--seed", seed, "--latency-ms", str(latency), *options]
        self.process = subprocess.Popen(
            command + (["--tls-dir", home] if tls else []), stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.count, self.tls, self.home, self.port = count, tls, home, int(self.url.rsplit(":", 1)[1])
        if tls:
            # What a machine has: all the public roots, and the one that is needed.
            (home / "bundle.pem").write_bytes(SYSTEM_ROOTS.read_bytes() + (home / "ca.pem").read_bytes())

    def environment(self):
        own = {
            "PATH": "/usr/bin:/bin", "HOME": str(self.home), "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_SSM": self.url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "key",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.tls:
            bundle = str(self.home / "bundle.pem")
            own |= {"SSL_CERT_FILE": bundle, "CURL_CA_BUNDLE": bundle}
        return own

    def requests(self):
        """Requests served until now. Only over HTTP: nothing here trusts the stub's own root."""
        return json.load(urllib.request.urlopen(f"{self.url}/requests"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()


class Answers(socketserver.ThreadingTCPServer):
    """Serves fixed answers by method and path, over TLS with a certificate of `tls`, and tunnels every CONNECT to one port of
    this machine."""

    daemon_threads = True

    def __init__(self, answers=None, tunnel=None, tls=None):
        self.answers, self.tunnel, self.tls = answers or {}, tunnel, tls
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, address = super().get_request()
        if self.tls:
            # The handshake is part of the first read.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(socketserver.StreamRequestHandler):
    # A response in one write and without delay, as AWS's own servers send it.
    wbufsize, disable_nagle_algorithm = -1, True

    def handle(self):
        while words := self.rfile.readline().decode().split():
            size = 0
            while header := self.rfile.readline().strip().lower():
                if header.startswith(b"content-length:"):
                    size = int(header.split(b":")[1])
            self.rfile.read(size)
            if words[0] == "CONNECT":
                return self.tunnel()
            self.answer(self.server.answers.get(f"{words[0]} {words[1].split('?')[0]}"))

    def answer(self, body):
        status = "404 Not Found" if body is None else "200 OK"
        body = (body or "").encode()
        self.wfile.write(
            f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n".encode() + body)
        self.wfile.flush()

    def tunnel(self):
        with socket.create_connection(("127.0.0.1", self.server.tunnel)) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.wfile.flush()
            back = threading.Thread(target=copy, args=(there, self.connection))
            back.start()
            copy(self.connection, there)
            back.join()


def certificate(home):
    """A context of TLS for `localhost`. Its root is added to the bundle there."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch"]
    for name, rest in {
        "root": ["-subj", "/CN=root"],
        "own": ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                "-CA", "root.pem", "-CAkey", "root.key"],
    }.items():
        subprocess.run([*words, "-keyout", f"{name}.key", "-out", f"{name}.pem", *rest], cwd=home, check=True, capture_output=True)
    with open(home / "bundle.pem", "ab") as bundle:
        bundle.write((home / "root.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "own.pem", home / "own.key")
    return context


class Distance:
    """A port of this machine at which another one is a round trip away: for a connection too, which TCP makes by itself."""

    def __init__(self, port, round_trip):
        self.there, self.trip = port, round_trip / 1000
        self.loop = asyncio.new_event_loop()
        # Of the last connections, when it stops.
        self.loop.set_exception_handler(lambda *_: None)
        server = self.loop.run_until_complete(asyncio.start_server(self.forward, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def forward(self, reader, writer):
        connected = self.loop.time() + self.trip
        there, answers = await asyncio.open_connection("127.0.0.1", self.there)
        await asyncio.gather(self.carry(reader, answers, connected), self.carry(there, writer, 0))

    async def carry(self, source, target, connected):
        later = lambda: max(self.loop.time(), connected) + self.trip / 2
        try:
            while data := await source.read(65536):
                self.loop.call_at(later(), target.write, data)
        except OSError:
            pass
        self.loop.call_at(later(), target.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def busy(seconds=2):
    """The share of this machine's processors that is in use meanwhile."""
    def times():
        user, nice, system, idle, waiting, *rest = map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:])
        return idle + waiting, user + nice + system + idle + waiting + sum(rest)
    (idle, every), _ = times(), time.sleep(seconds)
    idle_then, every_then = times()
    return 1 - (idle_then - idle) / (every_then - every)


def hyperfine(commands, environment, runs):
    """Medians of wall seconds, means of CPU seconds, by name: all in one run of hyperfine."""
    with tempfile.TemporaryDirectory() as home:
        report = pathlib.Path(home, "report.json")
        words = [shlex.join(map(str, command)) for command in commands.values()]
        subprocess.run(
            [shutil.which("hyperfine"), "--shell=none", "--style=none", "--warmup=2", f"--runs={runs}", f"--export-json={report}", *words],
            env=environment, cwd=home, check=True, stdout=subprocess.DEVNULL)
        results = json.loads(report.read_text())["results"]
    return {
        name: Measured(result["median"], result["user"] + result["system"])
        for name, result in zip(commands, results)
    }


def peak_memory(command, environment):
    """The most that was resident, in MiB, by time(1): what Python starts itself is counted from Python's size on."""
    words = ["/usr/bin/time", "--format=%M", *command]
    done = subprocess.run(words, env=environment, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(done.stderr.split()[-1]) / 1024
