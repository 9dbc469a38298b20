#!/usr/bin/env python3
"""A fleet that starts at once under the account's default quota.

Starts N real processes, each with 30 parameters below a prefix (3 requests), against the stub with a
token bucket of 40 requests a second, and notes when each command was started. Writes docs/fleet.md and
docs/fleet.svg. Needs release builds of ssm-exec, ssm-stub and the example sdk_as_it_comes, and matplotlib.

    benches/fleet.py [N ...]
"""
import os
import subprocess
import sys
import time

from world import RELEASE, ROOT, Stub

RATE, CALLS = 40, 3


def run(size, command):
    """When each command was started, in seconds from the first, and what the stub counted."""
    with Stub(30, options=["--quota", str(RATE), "--burst", str(RATE)]) as stub:
        environment = stub.environment()
        began = time.monotonic()
        running = {}
        for _ in range(size):
            process = subprocess.Popen(
                command, env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running[process.pid] = process
        spawned = time.monotonic() - began
        started, failed = [], 0
        while running:
            pid, status = os.wait()
            if running.pop(pid, None) is None:
                continue
            # The command is `true`: its end is its start.
            if status == 0:
                started.append(time.monotonic() - began)
            else:
                failed += 1
        return {"size": size, "started": started, "failed": failed, "spawned": spawned, **stub.requests()}


def main():
    sizes = [int(word) for word in sys.argv[1:]] or [50, 100, 200, 500, 1000]
    ours = [RELEASE / "ssm-exec", "--no-config", "--timeout", "300s", "--prefix", "/bench", "--", "true"]
    peer = [RELEASE / "examples/sdk_as_it_comes", "/bench"]
    lines, curves = [], []
    for size in sizes:
        mine, theirs = run(size, ours), run(size, peer)
        least = size * CALLS / RATE
        last = max(mine["started"], default=0)
        lines.append(
            f"| {size} | {least:.1f} s | {last:.1f} s | {last / least:.2f} | {mine['failed']} | "
            f"{mine['throttled'] / max(mine['requests'], 1):.2f} | {theirs['failed']} |")
        print(lines[-1], flush=True)
        curves.append((mine, theirs))
    draw(curves[-1])
    write(lines, curves[-1][0])


def draw(curve):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    matplotlib.rcParams["svg.hashsalt"] = "fleet"
    mine, theirs = curve
    size = mine["size"]
    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    axes.plot([0] + mine["started"], range(len(mine["started"]) + 1), label="ssm-exec")
    axes.plot([0] + theirs["started"], range(len(theirs["started"]) + 1), label="the SDK's three attempts")
    ideal = size * CALLS / RATE
    axes.plot([0, ideal], [0, size], "--", color="gray", label="the quota's limit")
    axes.set_xlabel("seconds since the first process was started")
    axes.set_ylabel("commands started")
    axes.legend()
    figure.tight_layout()
    figure.savefig(ROOT / "docs/fleet.svg", metadata={"Date": None})


def write(lines, largest):
    text = f"""# A fleet that starts at once

N processes are started at once, each with 30 parameters below a prefix, which is 3 requests, against
the stub with the account's default quota: a token bucket of {RATE} requests a second. The least time
is N × {CALLS} / {RATE} s. "Refused" counts throttled requests for each one served. The last column is
the same fleet with the SDK as it comes, three attempts, as most peers have it: so many of its
processes gave up.

| processes | least time | last start | ratio | failed starts | refused per served | the SDK's failed starts |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(lines)}

![commands started over time](fleet.svg)

The curve is that of {largest['size']} processes; starting them took {largest['spawned']:.1f} s of it. Made on two cores by
`benches/fleet.py` with release builds. One run, not a mean: waits are random.
"""
    (ROOT / "docs/fleet.md").write_text(text)


if __name__ == "__main__":
    main()
