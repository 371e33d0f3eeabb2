"""Packages of the archive inside a guest: found on the PATH, with their dependencies and alternatives."""

from __future__ import annotations

from .conftest import Host

NAME = "nctpkgs"


def test_programs_of_the_archive_work(host: Host) -> None:
    host.define(f"""{{ containers.{NAME} = {{ privateNetwork = true; autoStart = true; config = {{ pkgs, ... }}: {{
      system.stateVersion = "23.11";
      environment.systemPackages = [
        pkgs.cowsay # a Perl program among the games
        pkgs.python3
        (pkgs.writeShellScriptBin "greet" "${{pkgs.jq}}/bin/jq -r .greeting <<< '{{\\"greeting\\": \\"hello\\"}}'")
      ];
    }}; }}; }}""")
    host.switch()
    assert "< moo >" in host.inside(NAME, "cowsay", "moo")
    assert host.inside(NAME, "python3", "-c", "import ssl, sqlite3; print(ssl.OPENSSL_VERSION[:7])") == "OpenSSL\n"
    assert host.inside(NAME, "greet") == "hello\n", "a package that is only mentioned in a string is there with its libraries"
    assert host.inside(NAME, "sh", "-c", "echo $(command -v awk) $(command -v vi || echo none)").split()[0].endswith("/awk")
