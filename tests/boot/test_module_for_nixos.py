"""The module for NixOS hosts (nix/nixos-module), imported by a real system that boots: the package is built, the unit runs.

The system is one of ours in a container; a NixOS host with nixpkgs is not among the machines that the tests reach.
Evaluation against other trees is in tests/nix/test_nixos_module.py.
"""

from __future__ import annotations

import pytest

from .conftest import ROOT, Host

NAME = "nctmodule"
DEFINITION = """
{
  containers.nctmodule = {
    autoStart = true;
    privateNetwork = true;
    config = { pkgs, ... }: {
      imports = [ MODULE ];
      system.stateVersion = "24.11";
      # NixOS's systemd has it; the archive has a package of its own for it.
      environment.systemPackages = [ pkgs.systemd-container ];
      boot.enableContainers = false;
      programs.nixos-containers = { enable = true; commandName = "nixos-container"; };
    };
  };
}
"""


@pytest.fixture(scope="module")
def installed(host: Host) -> Host:
    host.define(DEFINITION.replace("MODULE", str(ROOT / "nix" / "nixos-module")))
    host.switch()
    host.inside(NAME, "systemctl", "is-system-running", "--wait")
    return host


def test_the_package_works_under_the_name_that_was_asked_for(installed: Host) -> None:
    assert installed.inside(NAME, "nixos-container", "--version").startswith("nixos-container ")
    assert installed.inside(NAME, "nixos-container", "list") == ""
    program = installed.inside(NAME, "readlink", "-f", "/run/current-system/sw/bin/nixos-container").strip()
    assert program.startswith("/nix/store/") and program.endswith("/libexec/nixos-container")
    manual = installed.inside(NAME, "sh", "-c", "zcat -f /run/current-system/sw/share/man/man8/nixos-container.8*")
    assert "nixos\\-container" in manual and "switch" in manual
    assert "root\\-login" in installed.inside(
        NAME, "sh", "-c", "zcat -f /run/current-system/sw/share/man/man8/nixos-container-root-login.8*"
    )


def test_the_unit_is_rendered_and_starts_containers_with_the_host(installed: Host) -> None:
    unit = installed.inside(NAME, "cat", "/etc/systemd/system/nixos-containers-autostart.service").splitlines()
    assert [line for line in unit if line.startswith("ExecStart=/nix/store/") and line.endswith("/libexec/nixos-container start --auto")]
    assert {"[Service]", "Type=oneshot", "RemainAfterExit=true", "After=network.target nix-daemon.socket"} <= set(unit)
    wants = installed.inside(NAME, "readlink", "-f", "/etc/systemd/system/multi-user.target.wants/nixos-containers-autostart.service")
    assert wants.endswith("/nixos-containers-autostart.service\n")
    assert installed.inside(NAME, "systemctl", "is-active", "nixos-containers-autostart") == "active\n"
    assert installed.inside(NAME, "systemctl", "is-system-running") == "running\n"
