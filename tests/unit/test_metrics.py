"""Prometheus' text, and the dashboard that shows it: every metric it names is one of ours, and the other way round."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nixos_containers.base.errors import HostError, UsageError
from nixos_containers.base.paths import Paths
from nixos_containers.cli import metrics
from nixos_containers.cli.metrics import address
from nixos_containers.observe.metrics import METRICS, Value, text

DASHBOARD = Path(__file__).parents[2] / "contrib" / "prometheus" / "grafana-dashboard.json"


def test_the_text_has_meaning_kind_and_escaped_labels() -> None:
    found = text(
        [Value("nixos_container_up", 1, (("name", 'a"\\\n'),)), Value("nixos_container_cpu_seconds_total", 0.5, (("name", "web"),))]
    )
    assert found.splitlines() == [
        "# HELP nixos_container_up Whether the container runs (1) or not (0).",
        "# TYPE nixos_container_up gauge",
        'nixos_container_up{name="a\\"\\\\\\n"} 1',
        "# HELP nixos_container_cpu_seconds_total CPU time of all its processes.",
        "# TYPE nixos_container_cpu_seconds_total counter",
        'nixos_container_cpu_seconds_total{name="web"} 0.5',
    ]


def test_names_follow_the_conventions() -> None:
    for name, (kind, meaning) in METRICS.items():
        assert (kind == "counter") == name.endswith("_total") and meaning.endswith(".")


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    shown = {
        name for panel in dashboard["panels"] for target in panel["targets"] for name in re.findall(r"nixos_container_\w+", target["expr"])
    }
    assert shown == METRICS.keys()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_addresses() -> None:
    assert address("127.0.0.1:9713") == ("127.0.0.1", 9713) and address("[::1]:80") == ("::1", 80) and address("80") == ("127.0.0.1", 80)
    with pytest.raises(UsageError):
        address("localhost")


def test_where_nobody_can_listen_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIXOS_CONTAINERS_ROOT", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(HostError, match="Address already in use"):
        metrics._serve(Paths(), taken.getsockname()[:2])
    with pytest.raises(HostError, match=r"cannot listen on nowhere\.invalid, port 80"):
        metrics._serve(Paths(), ("nowhere.invalid", 80))


@pytest.fixture
def port() -> Iterator[int]:
    server = metrics._Server(("127.0.0.1", 0), metrics._Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_trouble_is_told_to_who_asks_and_no_traceback_to_the_log(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(paths: object) -> list[Value]:
        raise OSError("the host is not well")

    monkeypatch.setattr(metrics, "collect", broken)
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    asking.request("GET", "/metrics")
    assert asking.getresponse().status == 500
    # Who goes away in the middle of a large answer is no news.
    monkeypatch.setattr(metrics, "collect", lambda paths: [Value("nixos_container_up", 1, (("name", "x" * (32 << 20)),))])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        client.recv(10)
    time.sleep(0.2)
    assert "Traceback" not in capsys.readouterr().err
