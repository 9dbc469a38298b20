#!/usr/bin/env python3
"""A fleet that starts at once under the account's default quota.

Starts N real processes, each with 30 parameters below a prefix (3 requests), against the stub with a
token bucket of 40 requests a second, and notes when each command was started. Writes benches/fleet.md and
benches/fleet.svg. Needs release builds of ssm-exec, ssm-stub and the example sdk_as_it_comes, and matplotlib.

    benches/fleet.py [N ...]
    benches/fleet.py --models       only the models: 10,000 starts, and a fleet with --watch, which need no builds
    benches/fleet.py --real         real watchers beside real starts, the last part of benches/fleet.md
"""
import heapq
import os
import random
import subprocess
import sys
import time

from world import RELEASE, ROOT, Stub

RATE, CALLS = 40, 3
# Between the parts of benches/fleet.md.
LARGE = "## 10,000 starts\n"
MARKER = "## A fleet that watches\n"
MEASURED = "## Real watchers\n"


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
    if sys.argv[1:] == ["--models"]:
        write_starts()
        write_watchers()
        return
    if sys.argv[1:] == ["--real"]:
        measure_watchers()
        return
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
    write_starts()
    write_watchers()
    measure_watchers()


def beside(watchers, interval, launches):
    """Starts beside real watchers that poll the same 30 parameters below a prefix.

    Returns when each start was done, in seconds, and what the stub served and throttled meanwhile, and in one interval
    before.
    """
    with Stub(30, options=["--quota", str(RATE), "--burst", str(RATE)]) as stub:
        environment = stub.environment()
        prefix = [RELEASE / "ssm-exec", "--no-config", "--timeout", "300s", "--prefix", "/bench"]
        watched = [
            subprocess.Popen(
                [*prefix, "--watch", f"{interval}s", "--", "sh", "-c", "echo started; exec sleep 100000"],
                env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(watchers)
        ]
        try:
            for process in watched:
                process.stdout.readline()
            before = stub.requests()
            time.sleep(interval)
            polled = stub.requests()
            began = time.monotonic()
            launched = [
                subprocess.Popen([*prefix, "--", "true"], env=environment, cwd="/", stderr=subprocess.DEVNULL)
                for _ in range(launches)
            ]
            running, started = {process.pid for process in launched}, []
            while running:
                pid, status = os.wait()
                running.discard(pid)
                if status == 0:
                    started.append(time.monotonic() - began)
            after = stub.requests()
        finally:
            for process in watched:
                process.kill()
                process.wait()
    difference = lambda later, earlier: [later[name] - earlier[name] for name in ("requests", "throttled")]
    return started, difference(after, polled), difference(polled, before)


def measure_watchers():
    """Compares the means of one run, in which the numbers of watchers take turns: the machine may be busy."""
    counts, turns, interval, launches = [0, 40], 5, 30, 200
    measured = {watchers: [] for watchers in counts}
    for watchers in counts * turns:
        started, during, polls = beside(watchers, interval, launches)
        measured[watchers].append([sum(started) / len(started), max(started), launches - len(started), *during, *polls])
        print(watchers, measured[watchers][-1], flush=True)
    # Of each column.
    means = {watchers: [sum(column) / turns for column in zip(*rows)] for watchers, rows in measured.items()}
    mean_alone, last_alone, *_ = means[0]
    lines = []
    for watchers, (middle, last, failed, served, throttled, polls, refused) in means.items():
        all_last = [row[1] / last_alone for row in measured[watchers]]
        lines.append(
            f"| {watchers} | {watchers * CALLS / interval / RATE:.0%} | {polls:.0f} | {refused:.0f} | {middle / mean_alone:.2f} | "
            f"{last / last_alone:.2f} | {min(all_last):.2f} to {max(all_last):.2f} | {throttled / served:.2f} | {failed:.0f} |")
    path = ROOT / "benches/fleet.md"
    path.write_text(path.read_text().split(MEASURED)[0].rstrip() + "\n\n" + MEASURED + f"""
{launches} real processes are started at once, alone and beside real watchers that poll every {interval} s, against the stub with
{RATE} requests a second. A poll and a start are {CALLS} requests each. The times until the mean and the last start are ratios to
those without watchers. A start that is refused late waits several seconds longer, so the last start varies.

| watchers | share of the quota | requests of polls in an interval | refused | mean start | last start | in single runs | refused per served | failed starts |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(lines)}

Means of {turns} runs, made by `benches/fleet.py --real` on two cores that had other work too.
""")


class Quota:
    """A token bucket with a burst of one second, as the account has it."""

    def __init__(self, rate):
        self.rate, self.tokens, self.time, self.refused = rate, rate, 0.0, 0

    def take(self, now):
        self.tokens = min(self.rate, self.tokens + (now - self.time) * self.rate)
        self.time = now
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        return True


def wait(taken, chance):
    """Seconds after a refusal, as src/aws/call.rs has them."""
    return min(4 + 0.3 * taken, 30) * (0.5 + 0.5 * chance())


def start_at_once(processes, requests, rate, by_key, seed=1):
    """When each process has its last answer, and the requests refused. The pages of a prefix follow each other, and the
    batches of keys are sent together.
    """
    chance, quota = random.Random(seed).random, Quota(rate)
    left, ended = [requests] * processes, []
    events = [(0.0, n, n % processes) for n in range(processes * (requests if by_key else 1))]
    serial = len(events)
    while events:
        now, _, process = heapq.heappop(events)
        serial += 1
        if not quota.take(now):
            heapq.heappush(events, (now + wait(now, chance), serial, process))
            continue
        left[process] -= 1
        if not left[process]:
            ended.append(now)
        elif not by_key:
            heapq.heappush(events, (now + 0.02, serial, process))
    return ended, quota.refused


def write_starts():
    processes, lines = 10_000, []
    for by_key in (False, True):
        for rate in (RATE, 100, 1_000):
            ended, refused = start_at_once(processes, CALLS, rate, by_key)
            served = processes * CALLS
            least = served / rate
            ended.sort()
            lines.append(
                f"| {'keys' if by_key else 'a prefix'} | {rate:,} | {span(least)} | {span(ended[len(ended) // 2])} | "
                f"{span(ended[-1])} | {ended[-1] / least:.2f} | {refused / served:.2f} |")
            print(lines[-1], flush=True)
    path = ROOT / "benches/fleet.md"
    before, _, after = path.read_text().partition(MARKER)
    path.write_text(before.split(LARGE)[0].rstrip() + "\n\n" + LARGE + f"""
{processes:,} processes are started at once, each with 30 parameters, {CALLS} requests, by the requests a second that the account
has. The pages of a prefix follow each other, and batches of keys are sent together. With higher throughput, AWS gives
`GetParametersByPath` 100 and `GetParameters` 1,000 a second. Half of the processes have started at the fourth column's time.

| by | requests a second | minimum | half | last start | ratio | refused per served |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(lines)}

A start gives up at `--timeout`, 30 s by default: set it to more than the last start takes. `ssm-exec check --processes N`
prints the minimum for a configuration. This is a model (`benches/fleet.py --models`), as the next one.

""" + MARKER + after)


def simulate(processes, interval, poll, start, rate, launches=0, rotate=False, settle=30.0, seed=1):
    """Watchers as src/watch/schedule.rs has them, and starts that wait as src/aws/call.rs does.

    After one interval, `launches` processes start at once, or every parameter is rotated. Returns when
    each launch had its last answer, and when each watcher sent its signal, both from that moment on.
    """
    chance = random.Random(seed).random
    quota = Quota(rate)
    moment = interval * 1.2 if processes else 0.0
    ended, signalled, events, serial = [], [], [], 0

    def at(time, kind, state):
        nonlocal serial
        serial += 1
        heapq.heappush(events, (time, serial, kind, state))

    for _ in range(processes):
        at(chance() * interval, "poll", {"failures": 0, "seen": 0})
    for _ in range(launches):
        at(moment, "launch", {"left": start, "began": moment})
    # Without a rotation, polls go on until the launches are over.
    pending = launches + (processes if rotate else 0)
    while events and pending:
        now, _, kind, state = heapq.heappop(events)
        if kind == "launch":
            if not quota.take(now):
                taken = now - state["began"]
                at(now + wait(taken, chance), "launch", state)
                continue
            state["left"] -= 1
            if state["left"]:
                at(now + 0.02, "launch", state)
            else:
                ended.append(now - moment)
                pending -= 1
            continue
        is_changed = rotate and now >= moment
        is_rehearsal = is_changed and state["seen"] == (1 if settle else 0)
        # A list, since every request of a poll is sent, whatever came of the others.
        answered = all([quota.take(now) for _ in range(poll + (start if is_rehearsal else 0))])
        if not answered:
            state["failures"] += 1
            at(now + interval * 2 ** min(state["failures"], 3) * (0.8 + 0.4 * chance()), "poll", state)
            continue
        state["failures"] = 0
        if is_rehearsal:
            signalled.append(now - moment)
            pending -= 1
            # The command ends, and starts again; its watcher is a new one.
            at(now + 1, "launch", {"left": start, "began": now + 1})
            pending += 1
        elif is_changed:
            state["seen"] = 1
            at(now + settle, "poll", state)
        else:
            at(now + interval * (0.8 + 0.4 * chance()), "poll", state)
    return ended, signalled


# Processes, interval in seconds, requests of a poll, requests of a start, the quota, in words.
FLEETS = [
    (1_000, 300, 3, 3, 40, "a prefix of 30 parameters, every 5m"),
    (1_000, 900, 3, 3, 40, "a prefix of 30 parameters, every 15m"),
    (1_000, 300, 1, 4, 40, "a trigger, every 5m"),
    (10_000, 300, 1, 4, 40, "a trigger, every 5m"),
    (10_000, 3_000, 1, 4, 40, "a trigger, every 50m"),
    (10_000, 300, 1, 4, 1_000, "a trigger, every 5m, keys, higher throughput"),
    (100_000, 30_000, 1, 4, 40, "a trigger, every 8h 20m"),
    (100_000, 1_200, 1, 4, 1_000, "a trigger, every 20m, keys, higher throughput"),
]
LAUNCHES = 200


def span(seconds):
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def write_watchers():
    lines = []
    for processes, interval, poll, start, rate, words in FLEETS:
        settle = 0.0 if "trigger" in words else 30.0
        runs = range(3)
        alone = sum(max(simulate(0, interval, poll, start, rate, LAUNCHES, seed=seed)[0]) for seed in runs)
        beside = sum(max(simulate(processes, interval, poll, start, rate, LAUNCHES, seed=seed)[0]) for seed in runs)
        _, signalled = simulate(processes, interval, poll, start, rate, rotate=True, settle=settle)
        share = processes * poll / interval / rate
        tenth, ninth = (sorted(signalled)[int(len(signalled) * part)] for part in (0.1, 0.9))
        lines.append(
            f"| {processes:,} | {words} | {share:.0%} | {alone / 3:.1f} s | {beside / 3:.1f} s | {beside / alone:.2f} | "
            f"{span(tenth)} to {span(ninth)} | {span(max(signalled))} |")
        print(lines[-1], flush=True)
    path = ROOT / "benches/fleet.md"
    text = path.read_text()
    measured = "".join(text.partition(MEASURED)[1:])
    path.write_text(text.split(MARKER)[0] + MARKER + f"""
What watchers (`--watch`) take from the quota, from starts in the same account and Region, and how a rotation of
every parameter spreads. {LAUNCHES} processes start at once, alone and beside the watchers; the ratio says how much later the last
one has its parameters. The last columns say when processes are restarted, from the rotation on: the middle 80 %, and the last.

| processes | polls | share of the quota | last start alone | beside watchers | ratio | restarts | last restart |
| --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(lines)}

[Rotation](../docs/rotation.md#many-processes) has the rule for the interval that follows from it.

This is a model (`benches/fleet.py --models`): watchers and starts wait as the program does, a request takes no time, and
the quota is a token bucket with a burst of one second.
""" + (measured and "\n" + measured))


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
    figure.savefig(ROOT / "benches/fleet.svg", metadata={"Date": None})


def write(lines, largest):
    text = f"""# A fleet that starts at once

N processes are started at once, each with 30 parameters below a prefix, which is 3 requests, against
the stub with the account's default quota: a token bucket of {RATE} requests a second. The minimum
is N × {CALLS} / {RATE} s. The quota is that of `GetParameter`, `GetParameters` and `GetParametersByPath` together, for each
account and Region (AWS General Reference, "AWS Systems Manager endpoints and quotas", as quoted in November 2026; higher
throughput can be switched on for an account, at a charge: AWS Systems Manager User Guide, "Changing Parameter Store
throughput"). "Refused" counts throttled requests for each one served. The last column is
for the same fleet with the SDK's default of three attempts, which most similar tools use: the number
of processes that gave up.

| processes | minimum | last start | ratio | failed starts | refused per served | the SDK's failed starts |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(lines)}

![commands started over time](fleet.svg)

The curve is that of {largest['size']} processes; starting them took {largest['spawned']:.1f} s of it. Made on two cores by
`benches/fleet.py` with release builds. One run, not a mean: waits are random.
"""
    path = ROOT / "benches/fleet.md"
    path.write_text(text + "\n" + MARKER)


if __name__ == "__main__":
    main()
