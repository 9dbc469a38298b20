"""What the benchmarks share: the stub as a process, an environment against it, hyperfine."""
import collections
import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import urllib.request

Measured = collections.namedtuple("Measured", "wall cpu")

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target/release"
STATIC = ROOT / "target/x86_64-unknown-linux-gnu/release/ssm-exec"
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


def hyperfine(commands, environment, runs):
    """Medians of wall seconds, means of CPU seconds, by name: all in one run of hyperfine."""
    with tempfile.TemporaryDirectory() as home:
        report = pathlib.Path(home, "report.json")
        words = [shlex.join(map(str, command)) for command in commands.values()]
        subprocess.run(
            ["hyperfine", "--shell=none", "--style=none", "--warmup=2", f"--runs={runs}", f"--export-json={report}", *words],
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
