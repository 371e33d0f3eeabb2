"""The network is there before the guest's systemd: a guest that never finishes its boot is reached, and reaches the world, all the same.

Nothing waits for its READY. A network namespace stands for another machine, which knows the host only.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host, wait_until
from .machines import Machine, machine, sh, works

NAME = "nctup"
STATE = Path(f"/var/lib/nixos-containers/{NAME}")
DEFINITION = """
{
  containers.nctup = {
    privateNetwork = true;
    hostAddress = "10.213.88.1"; localAddress = "10.213.88.2";
    hostAddress6 = "fd00:213:88::1"; localAddress6 = "fd00:213:88::2";
    forwardPorts = [ { hostPort = 28488; containerPort = 80; } ];
    timeoutStartSec = "2min";
    config = { pkgs, ... }:
      let
        busybox = "${pkgs.staticBusybox}/bin/busybox";
        early = script: {
          unitConfig.DefaultDependencies = false;
          wantedBy = [ "sysinit.target" ];
          before = [ "sysinit.target" ];
          serviceConfig.Type = "oneshot";
          inherit script;
        };
      in
      {
        system.stateVersion = "24.11";
        networking.firewall.allowedTCPPorts = [ 80 ];
        systemd.services.first = early ''
          for target in 10.213.88.1 fd00:213:88::1 10.213.89.2 fd00:213:89::2; do
            ${busybox} ping -c 1 -W 2 "$target" > /dev/null && echo "reached $target" >> /said
          done
          ${busybox} ip route show default >> /said
          ${busybox} ip -6 route show default >> /said
        '';
        systemd.services.web = early "" // {
          script = "exec ${busybox} httpd -f -p 80 -h ${pkgs.writeTextDir "index.html" "early"}";
          serviceConfig.Type = "simple";
        };
        systemd.services.last = {
          wantedBy = [ "multi-user.target" ];
          before = [ "multi-user.target" ];
          serviceConfig.Type = "oneshot";
          script = "until [ -e /go ]; do ${busybox} sleep 0.1; done";
        };
      };
  };
}
"""


@pytest.fixture(scope="module")
def lan() -> Iterator[Machine]:
    with machine() as far:
        far.cable("nctupl", "eth0", "10.213.89.2/24", "fd00:213:89::2/64")
        sh("ip address add 10.213.89.1/24 dev nctupl && ip address add fd00:213:89::1/64 dev nctupl nodad")
        yield far


def test_a_guest_that_is_not_ready_has_its_uplink(host: Host, lan: Machine) -> None:
    host.define(DEFINITION)
    host.switch()
    with subprocess.Popen(host.command("start", NAME), cwd=host.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as start:
        try:
            for address in ("10.213.88.2", "fd00:213:88::2"):
                wait_until(lambda address=address: works(f"ping -n -c 1 -W 1 {address}"))
            curl = "curl --fail --silent --max-time 2 --noproxy '*'"
            for place in ("127.0.0.1", "[::1]"):
                wait_until(lambda place=place: works(f"{curl} http://{place}:28488/"))
            for place in ("10.213.89.1", "[fd00:213:89::1]"):
                assert lan.works(f"{curl} http://{place}:28488/")
            assert start.poll() is None, "it still waits for the guest, which is not ready"
        finally:
            (STATE / "go").touch()
        assert start.wait(timeout=60) == 0, start.stdout.read().decode() if start.stdout else ""
    said = (STATE / "said").read_text(encoding="ascii")
    for target in ("10.213.88.1", "fd00:213:88::1", "10.213.89.2", "fd00:213:89::2"):
        assert f"reached {target}\n" in said, "from the first unit of the boot"
    assert "default via 10.213.88.1 dev eth0" in said and "default via fd00:213:88::1 dev eth0" in said


def test_so_has_one_that_reboots_by_itself(host: Host, lan: Machine) -> None:
    """Nothing of ours but the launcher is there then."""
    if not STATE.exists():
        pytest.skip("the container of the test before has not started")
    for mark in ("go", "said"):
        (STATE / mark).unlink()
    host.run("run", NAME, "--", "systemctl", "reboot")
    try:
        wait_until(lambda: (STATE / "said").exists() and works("ping -n -c 1 -W 1 10.213.88.2"))
        wait_until(lambda: "default via fd00:213:88::1" in (STATE / "said").read_text(encoding="ascii"))
        assert "reached fd00:213:89::2\n" in (STATE / "said").read_text(encoding="ascii")
    finally:
        (STATE / "go").touch()
