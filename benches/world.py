"""What the benchmarks share: the stub as a process, an environment against it, hyperfine."""
import collections
import json
import os
import pathlib
import shlex
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.request

Measured = collections.namedtuple("Measured", "wall cpu")

ROOT = pathlib.Path(__file__).resolve().parent.parent
# BUILD names another directory of builds, where a release would take too long.
RELEASE = ROOT / os.environ.get("BUILD", "target/release")
STATIC = ROOT / "target/x86_64-unknown-linux-musl/release/ssm-exec"
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
        self.count, self.tls, self.home = count, tls, home
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
    """Serves fixed answers by method and path, after a latency, and tunnels every CONNECT to one port of this machine."""

    daemon_threads = True

    def __init__(self, answers=None, tunnel=None, latency=0):
        self.answers, self.tunnel, self.latency = answers or {}, tunnel, latency / 1000
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

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
            time.sleep(self.server.latency)
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


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


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
