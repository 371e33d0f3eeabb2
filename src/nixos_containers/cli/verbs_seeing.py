"""The part of the table of verbs that shows what goes on: stats, top, ps, tree, events, metrics, network."""

from __future__ import annotations

from ..plan.events import KINDS
from .verb import Option, Verb

_INTERVAL = Option(("--interval",), "time between two samples (default: 1s)", "TIME")
_SORT_KEYS = ("name", "cpu", "memory", "io", "network", "tasks")

SEEING: tuple[Verb, ...] = (
    Verb(
        "stats",
        "show what running containers use",
        "stats",
        "many",
        (
            Option(("-w", "--watch"), "go on, one sample per interval, until interrupted"),
            _INTERVAL,
            Option(("--count",), "end after N samples; implies --watch", "N"),
            Option(("--sort",), "order of the rows (default: name)", "KEY", choices=_SORT_KEYS),
        ),
        text=(
            "CPU (100% is one processor), memory without the cache of files that were not used lately, reading and "
            "writing of disks, network traffic as the container sees it, and tasks, measured over one interval. "
            "Without names, of all running containers. With `--json`, totals and rates: one array, or with `--watch` one "
            "object a line for each container and sample.\n\n"
            "The numbers come from the container's cgroup and interfaces, not from the guest. What the kernel does not count "
            "is `-`, and null in JSON."
        ),
        examples=("stats", "stats web --watch --interval 5s --json"),
    ),
    Verb(
        "top",
        "watch what running containers use",
        "top",
        "many",
        (_INTERVAL, Option(("--sort",), "order of the rows (default: cpu)", "KEY", choices=_SORT_KEYS)),
        json=False,
        text=(
            "`stats`, refreshed on the terminal. Keys: `c` sorts by CPU, `m` by memory, `i` by disk, `n` by network, `t` by tasks, "
            "`a` by name; `q` ends it."
        ),
        examples=("top", "top --sort memory"),
    ),
    Verb(
        "ps",
        "list the processes of a container",
        "ps",
        "one",
        text=(
            "Every process with its pid inside and on the host, its user inside, the share of a processor that it had on "
            "average since it started, its memory and its command line. Nothing runs in the container for it."
        ),
        examples=("ps web",),
    ),
    Verb(
        "tree",
        "show a container's units and their processes",
        "ps",
        "one",
        text=(
            "The container's control groups as its systemd arranged them: slices, services and scopes, with the "
            "processes in each and their pids inside, as systemd-cgls shows a host's."
        ),
        examples=("tree web",),
    ),
    Verb(
        "events",
        "show what happened to containers, or what happens",
        "events",
        "many",
        (
            Option(("-f", "--follow"), "go on with what happens, until interrupted"),
            Option(("--since",), "from TIME on: 2026-11-24T10:00:00, or 10min for that long ago", "TIME"),
            Option(("-n", "--lines"), "the last N events", "N"),
            Option(("-e", "--event"), "events of this kind only; may be repeated", "KIND", repeat=True),
        ),
        text=(
            "One line per event; with `--json` one object a line, with `time`, `event`, `container` and what belongs to the kind: "
            + "; ".join(f"`{kind}`: {meaning}" for kind, meaning in KINDS.items())
            + ".\n\nThey are kept in /var/log/nixos-containers/events.jsonl and events.jsonl.1, at most 8 MiB together. `--follow` alone "
            "starts with what happens next."
        ),
        examples=("events --since 1h", "events -f --json web", "events -e died -e oom"),
    ),
    Verb(
        "metrics",
        "print or serve the containers' metrics for Prometheus",
        "metrics",
        options=(Option(("--listen",), "serve them at http://HOST:PORT/metrics until interrupted", "HOST:PORT"),),
        text=(
            "Prometheus' text format: whether each container is up, CPU, memory, tasks, disks, network, processes killed for want of "
            "memory, health. With `--listen` they are served, freshly measured for each request; only root can measure "
            "containers, so listen where only those who may know can ask. Started by systemd's socket activation it "
            "serves that socket: contrib/prometheus has the units, and a dashboard for Grafana."
        ),
        examples=("metrics", "metrics --listen 127.0.0.1:9713"),
    ),
    Verb(
        "network",
        "show networks, interfaces, forwarded ports and what was dropped",
        "network",
        "many",
        text=(
            "`network list`: the networks that containers share, their subnets and members. `network show NAME`: of a shared network, "
            "its members and what else is on its bridge; of a container, its interfaces on both ends with addresses, the host's "
            "addresses that it sees, the bytes that it sent and received, and the ports that lead to it. `network show` alone: all "
            "interfaces and ports, and what the packet filter's rules have dropped or refused."
        ),
        argument="WORD",
        examples=("network list", "network show backend", "network show web --json"),
    ),
    Verb(
        "ui",
        "watch and manage containers on the terminal",
        "ui",
        "many",
        options=(_INTERVAL,),
        json=False,
        text=(
            "All containers, or those named, with what they use, refreshed; below, graphs and the log of the one under the cursor. Keys: "
            "`s` starts it, `x` stops it, `r` restarts it, `e` opens root's shell in it, `l` reads its log again, `q` ends. It works over "
            "ssh. It needs the Python library Textual: `make install-ui` in the program's source installs it beside the program."
        ),
        examples=("ui",),
    ),
)
