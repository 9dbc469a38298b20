#!/usr/bin/env python3
"""What a start costs, beside the same requests made by others.

Measures the static release binary against the stub: wall and CPU by hyperfine, peak memory, requests,
size. Writes benches/README.md and benches/benchmarks.svg. `benches/run` builds and installs what it needs.

    benches/start.py [--quick]      with --quick a few runs, on a machine that has other work too

BUILD names another directory of builds, and BEFORE the binary of another version, to compare distances with.
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from world import RELEASE, ROOT, STATIC, Answers, Distance, Stub, busy, certificate, hyperfine, peak_memory

QUICK = "--quick" in sys.argv
SIZES = [1, 10, 100, 1000]
PEERS = ROOT / "target/peers/bin"
TRUE = "/bin/true"
# In milliseconds.
ROUND_TRIP = 20
# Another version's binary, to compare with.
BEFORE = os.environ.get("BEFORE")
# The share of the processors above which other work is in the figures.
QUIET = 0.05


def runs(least):
    return 5 if QUICK else least


def by_prefix():
    return [STATIC, "--no-config", "--prefix", "/bench", "--", TRUE]


def by_keys(count):
    keys = [word for n in range(count) for word in ("--key", f"/bench/key-{n}")]
    return [STATIC, "--no-config", *keys, "--", TRUE]


def token(start):
    """The stub's, of its page from there on."""
    return base64.b64encode(f"{start} 0 /bench".encode()).decode()


def pages(count):
    for start in range(0, count, 10):
        after = f', "NextToken": "{token(start)}"' if start else ""
        yield "GetParametersByPath", f'{{"Path": "/bench", "Recursive": true, "WithDecryption": true, "MaxResults": 10{after}}}'


def batches(count):
    for start in range(0, count, 10):
        names = ", ".join(f'"/bench/key-{n}"' for n in range(start, min(start + 10, count)))
        yield "GetParameters", f'{{"Names": [{names}], "WithDecryption": true}}'


def curl(url, requests, file):
    """The same requests, signed, one after another on one connection."""
    quoted = lambda text: text.replace("\\", "\\\\").replace('"', '\\"')
    entry = """url = "{url}"
output = "/dev/null"
aws-sigv4 = "aws:amz:eu-west-1:ssm"
user = "AKIDEXAMPLE:key"
header = "X-Amz-Target: AmazonSSM.{action}"
header = "Content-Type: application/x-amz-json-1.1"
data = "{body}"
fail
silent
"""
    entries = [entry.format(url=url + "/", action=action, body=quoted(body)) for action, body in requests]
    file.write_text("next\n".join(entries))
    return ["/usr/bin/curl", "--disable", "--config", file]


def served(stub, command):
    before = stub.requests()
    subprocess.run(command, env=stub.environment(), cwd="/", check=True, stdout=subprocess.DEVNULL)
    after = stub.requests()
    return after["requests"] - before["requests"], after["connections"] - before["connections"]


def milliseconds(seconds):
    return f"{seconds * 1000:.1f}" if seconds < 0.1 else f"{seconds * 1000:.0f}"


def grid():
    """Every number of parameters, way of asking, latency and scheme, beside curl."""
    rows = []
    for tls in (False, True):
        for latency in (0, 20):
            for count in SIZES:
                with Stub(count, tls, latency) as stub, tempfile.TemporaryDirectory() as home:
                    home = pathlib.Path(home)
                    commands = {
                        "prefix": by_prefix(), "curl pages": curl(stub.url, pages(count), home / "pages"),
                        "keys": by_keys(count), "curl batches": curl(stub.url, batches(count), home / "batches"),
                    }
                    slow = latency and count == 1000
                    took = hyperfine(commands, stub.environment(), runs(7 if slow else 40))
                    asked = {}
                    if not tls:
                        asked = {name: served(stub, commands[name]) for name in ("prefix", "keys")}
                    rows.append({"tls": tls, "latency": latency, "count": count, "took": took, "asked": asked})
                    print(".", end="", file=sys.stderr, flush=True)
    return rows


def memory():
    """Peak memory of the whole run, `true` included, which has less of it."""
    peaks = {}
    for count in (10, 1000):
        for tls in (False, True):
            with Stub(count, tls) as stub:
                peaks[count, tls] = peak_memory(by_prefix(), stub.environment())
    return peaks


def peers():
    """One page of ten over HTTP, by whatever installs from the registries and can be pointed at an endpoint."""
    with Stub(10) as stub, tempfile.TemporaryDirectory() as home:
        commands = {
            "ssm-exec": by_prefix(),
            "curl --aws-sigv4": curl(stub.url, pages(10), pathlib.Path(home, "page")),
            "true alone": [TRUE],
            "ssm-exec --skip": [STATIC, "--no-config", "--skip", "--quiet", "--", TRUE],
        }
        environment = stub.environment()
        for name, words in {
            "the SDK for Rust, its defaults": [RELEASE / "examples/sdk_as_it_comes", "/bench"],
            "AWS CLI (Python, v1)": [PEERS / "aws", "ssm", "get-parameters-by-path", "--path", "/bench", "--recursive", "--with-decryption", "--endpoint-url", stub.url],
            "ssm-starter (Python)": [PEERS / "ssm-starter", "--ssm-name", "/bench", "--command", TRUE],
        }.items():
            if works(words, environment, stub):
                commands[name] = words
        took = hyperfine(commands, environment, runs(20))
        return {name: (took[name], peak_memory(command, environment)) for name, command in commands.items()}


def works(words, environment, stub):
    """Whether it is there, and asks the stub."""
    if not pathlib.Path(words[0]).exists():
        return False
    before = stub.requests()["requests"]
    done = subprocess.run(words, env=environment, cwd="/", capture_output=True)
    return done.returncode == 0 and stub.requests()["requests"] > before


def roots():
    """One page over HTTPS, by the roots that are trusted and by the way to the server. Each beside curl."""
    rows = {}
    with Stub(10, tls=True) as stub, Answers(tunnel=stub.port) as proxy, tempfile.TemporaryDirectory() as home:
        beside = curl(stub.url, pages(10), pathlib.Path(home, "page"))
        bundle, one = str(stub.home / "bundle.pem"), str(stub.home / "ca.pem")
        for name, own in {
            "one root (`SSL_CERT_FILE`)": {"SSL_CERT_FILE": one, "CURL_CA_BUNDLE": one},
            "the system's bundle and one root (`SSL_CERT_FILE`)": {"SSL_CERT_FILE": bundle, "CURL_CA_BUNDLE": bundle},
            "the same bundle, every certificate checked (`AWS_CA_BUNDLE`)": {"AWS_CA_BUNDLE": bundle, "CURL_CA_BUNDLE": bundle},
            "the same bundle, behind a proxy that inspects TLS": {"SSL_CERT_FILE": bundle, "CURL_CA_BUNDLE": bundle, "HTTPS_PROXY": proxy.url, "https_proxy": proxy.url},
        }.items():
            rows[name] = hyperfine({"ssm-exec": by_prefix(), "curl": beside}, stub.environment() | own, runs(40))
    return rows


LATER = "2099-01-01T00:00:00Z"
KEYS = json.dumps({"Code": "Success", "AccessKeyId": "ASIA", "SecretAccessKey": "key", "Token": "token", "Expiration": LATER})
ROLES = "/latest/meta-data/iam/security-credentials/"
ANSWERS = {
    "PUT /latest/api/token": "token", f"GET {ROLES}": "reader", f"GET {ROLES}reader": KEYS,
    "GET /v2/credentials": KEYS,
    "GET /federation/credentials": json.dumps({"roleCredentials": {
        "accessKeyId": "ASIA", "secretAccessKey": "key", "sessionToken": "token", "expiration": 4070908800000}}),
    "POST /": '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>'
    "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken>"
    f"<Expiration>{LATER}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
}


def sources(stub, local, remote):
    """The environment for each source of credentials: at the URL of an agent, or at that of STS and of the portal."""
    cache = stub.home / ".aws/sso/cache" / (hashlib.sha1(b"corp").hexdigest() + ".json")
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({"accessToken": "token", "expiresAt": LATER}))
    config = stub.home / "sso-config"
    config.write_text(
        "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n")
    (stub.home / "token").write_text("token")
    keys = stub.environment()
    without = {name: value for name, value in keys.items() if "KEY" not in name and name != "AWS_EC2_METADATA_DISABLED"}
    return {
        "the environment": keys,
        "an ECS task's agent": without | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": local + "/v2/credentials"},
        "an EC2 instance's metadata service": without | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": local},
        "a web identity": without | {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(stub.home / "token"), "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/reader",
            "AWS_ENDPOINT_URL_STS": remote},
        "a profile with SSO's cached token": without | {
            "AWS_PROFILE": "sso", "AWS_CONFIG_FILE": str(config), "AWS_ENDPOINT_URL_SSO": remote},
    }


def credentials():
    """One page over HTTP, with credentials from where they really come from, and with a watcher that stays."""
    with Stub(10) as stub, Answers(ANSWERS) as server:
        rows = {
            name: hyperfine({"ssm-exec": by_prefix()}, environment, runs(40))["ssm-exec"]
            for name, environment in sources(stub, server.url, server.url).items()}
        watched = [*by_prefix()[:-2], "--watch", "1h", "--", TRUE]
        rows["the environment, with `--watch`"] = hyperfine({"ssm-exec": watched}, stub.environment(), runs(40))["ssm-exec"]
    return rows


def distances():
    """One page over HTTPS, where every server is a round trip of 20 ms away, and where only those of credentials are."""
    rows = {}
    with Stub(10, tls=True) as stub, Answers(ANSWERS) as local, Answers(ANSWERS, tls=certificate(stub.home)) as remote, \
            Distance(stub.port, ROUND_TRIP) as far, Distance(local.port, ROUND_TRIP) as agent, Distance(remote.port, ROUND_TRIP) as portal:
        urls = f"http://127.0.0.1:{agent.port}", f"https://localhost:{portal.port}"
        commands = {"ssm-exec": by_prefix()} | ({"before": [BEFORE, *by_prefix()[1:]]} if BEFORE else {})
        for name, environment in sources(stub, *urls).items():
            there = environment | {"AWS_ENDPOINT_URL_SSM": f"https://localhost:{far.port}"}
            alone = hyperfine({"ssm-exec": by_prefix()}, environment, runs(20))
            rows[name] = hyperfine(commands, there, runs(20)) | {"alone": alone["ssm-exec"]}
    return rows


def distance_table(rows):
    """The sum counts the rest of a start once: the environment's credentials are there at once."""
    keys = rows["the environment"]
    for name, took in rows.items():
        alone, store, both = took["alone"].wall, keys["ssm-exec"].wall, took["ssm-exec"].wall
        before = f" {milliseconds(took['before'].wall)} |" if BEFORE else ""
        yield (
            f"| {name} | {milliseconds(alone)} | {milliseconds(both)} | {milliseconds(max(alone, store) + ROUND_TRIP / 1000)} | "
            f"{milliseconds(alone + store - keys['alone'].wall)} |{before}")


def instructions():
    """Instructions of `check`, which does all but the launch: valgrind dies of a failing execve, and counts no further than one that succeeds."""
    counts = {}
    for name, count, tls in [("1 page, HTTP", 10, False), ("1 page, HTTPS with the system's bundle", 10, True), ("100 pages, HTTP", 1000, False)]:
        with Stub(count, tls) as stub:
            command = [
                "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                STATIC, "check", "--no-config", "--prefix", "/bench"]
            done = subprocess.run(command, env=stub.environment(), cwd="/", capture_output=True, text=True)
            counts[name] = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    return counts


def ratio(took, mine, theirs, of):
    return getattr(took[mine], of) / getattr(took[theirs], of)


def find(rows, tls, latency, count):
    return next(row["took"] for row in rows if (row["tls"], row["latency"], row["count"]) == (tls, latency, count))


def goals(rows, others, peaks):
    cli = {"ssm-exec": others["ssm-exec"][0], "cli": others.get("AWS CLI (Python, v1)", (None,))[0]}
    pairs = [
        ("1 page over HTTP, of curl", 0.45, find(rows, False, 0, 10), "prefix", "curl pages"),
        ("1 page over HTTPS with the system's bundle, of curl", 0.13, find(rows, True, 0, 10), "prefix", "curl pages"),
        ("100 pages at 0 ms, of curl on one connection", 1.0, find(rows, False, 0, 1000), "prefix", "curl pages"),
        ("1,000 keys at 20 ms, of the batches one after another", 0.12, find(rows, False, 20, 1000), "keys", "curl batches"),
    ]
    if cli["cli"]:
        pairs.append(("1 page over HTTP, of the AWS CLI", 1 / 80, cli, "ssm-exec", "cli"))
    for what, goal, took, mine, theirs in pairs:
        wall, cpu = (ratio(took, mine, theirs, of) for of in ("wall", "cpu"))
        yield f"| {what} | {goal:.3g} | {wall:.3g} | {cpu:.3g} |"
    size = STATIC.stat().st_size / 2**20
    growth = max(peaks[1000, tls] - peaks[10, tls] for tls in (False, True))
    over = [1000 * (getattr(others["ssm-exec --skip"][0], of) - getattr(others["true alone"][0], of)) for of in ("wall", "cpu")]
    yield "| `--skip`, more than the command alone | 0.5 ms | {:.2f} ms | {:.2f} ms |".format(*over)
    yield f"| peak memory, 10 parameters over HTTPS | 5.7 MiB | {peaks[10, True]:.1f} MiB | |"
    yield f"| peak memory, more for 1,000 | 4 MiB | {growth:.1f} MiB | |"
    yield f"| the static binary | 6.4 MiB | {size:.2f} MiB | |"


def table(rows):
    for row in rows:
        scheme = "HTTPS" if row["tls"] else "HTTP"
        for way, beside in (("prefix", "curl pages"), ("keys", "curl batches")):
            took = row["took"]
            mine, theirs = took[way], took[beside]
            asked = "{} on {}".format(*row["asked"][way]) if row["asked"] else ""
            yield (
                f"| {scheme} | {row['latency']} ms | {row['count']} by {way} | {milliseconds(mine.wall)} | {milliseconds(mine.cpu)} | "
                f"{milliseconds(theirs.wall)} | {milliseconds(theirs.cpu)} | {mine.wall / theirs.wall:.2f} | {mine.cpu / theirs.cpu:.2f} | {asked} |")


def draw(others):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    matplotlib.rcParams["svg.hashsalt"] = "start"
    names = sorted(others, key=lambda name: -others[name][0].wall)
    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 0.45 * len(names)))
    bars = axes.barh(names, [others[name][0].wall * 1000 for name in names], color=["C0" if name == "ssm-exec" else "0.7" for name in names])
    axes.bar_label(bars, [milliseconds(others[name][0].wall) for name in names], padding=3)
    axes.set_xscale("log")
    axes.set_xlabel("ms until the command has run, 10 parameters over HTTP (logarithmic)")
    figure.tight_layout()
    figure.savefig(ROOT / "benches/benchmarks.svg", metadata={"Date": None})


def main():
    if not shutil.which("hyperfine"):
        raise SystemExit("hyperfine isn't installed")
    before = busy()
    if before > QUIET and not QUICK:
        raise SystemExit(f"{before:.0%} of this machine's processors are in use: wait until it is quiet, or try it with --quick")
    rows, peaks, others, counted = grid(), memory(), peers(), instructions()
    trusted, given, far = roots(), credentials(), distances()
    lines = "\n".join
    text = f"""# Benchmarks

Made by `benches/run` on a machine with two cores, all in one run: the static release binary against
the stub on loopback, ten parameters to a request. Wall times are hyperfine's medians, CPU times (user
and system) its means, in milliseconds, each with the start of `true`. curl makes the same requests,
signed, one after another on one connection; over HTTPS both read the system's bundle of roots. Trust the
ratios: the times are this machine's. Other work had {before:.0%} of its processors before the run and {busy():.0%}
after it. For goals that are missed, [decisions](../docs/decisions.md) gives the reason.

| goal | at most | wall | CPU |
| --- | --- | --- | --- |
{lines(goals(rows, others, peaks))}

The number of requests is the minimum: one for ten parameters (the last column of the long table).

## Others

One page of ten parameters over HTTP.

| | wall | CPU | peak memory |
| --- | --- | --- | --- |
{lines(f"| {name} | {milliseconds(took.wall)} ms | {milliseconds(took.cpu)} ms | {peak:.1f} MiB |" for name, (took, peak) in others.items())}

![wall times](benchmarks.svg)

## Roots

One page of ten parameters over HTTPS. The proxy is a tunnel to a server whose certificate a private root has
issued, as one that inspects TLS shows; it is written in Python, which is in the wall time.

| trusted | wall | CPU | ratio to curl, wall | ratio to curl, CPU |
| --- | --- | --- | --- | --- |
{lines(f"| {name} | {milliseconds(took['ssm-exec'].wall)} | {milliseconds(took['ssm-exec'].cpu)} | {ratio(took, 'ssm-exec', 'curl', 'wall'):.2f} | {ratio(took, 'ssm-exec', 'curl', 'cpu'):.2f} |" for name, took in trusted.items())}

## Credentials

One page of ten parameters over HTTP. With `--watch`, a process stays that polls.

| from | wall | CPU |
| --- | --- | --- |
{lines(f"| {name} | {milliseconds(took.wall)} | {milliseconds(took.cpu)} |" for name, took in given.items())}

Where each server is a round trip of {ROUND_TRIP} ms away: Parameter Store, STS and the portal over TLS, the agent and the metadata
service without. The connection to Parameter Store is opened while credentials are asked for. So a start should take at
most one round trip more than the longer of its two ways: that of the credentials (the second column, with Parameter
Store near), and that of the first row. In the fifth column, one way follows the other.{" Before is another version." if BEFORE else ""}

| credentials from | only credentials | the start | at most | one after the other |{" before |" if BEFORE else ""}
| --- | --- | --- | --- | --- |{" --- |" if BEFORE else ""}
{lines(distance_table(far))}

## Every way of asking

| | latency | parameters | wall | CPU | curl's wall | curl's CPU | ratio, wall | ratio, CPU | requests on connections |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{lines(table(rows))}

## Instructions

Of `check`, which does all but the launch, under callgrind. `tests/suite/instructions.rs` guards such counts.

| | instructions |
| --- | --- |
{lines(f"| {name} | {count / 1e6:.1f} million |" for name, count in counted.items())}
"""
    (ROOT / "benches/README.md").write_text(text)
    draw(others)


if __name__ == "__main__":
    main()
