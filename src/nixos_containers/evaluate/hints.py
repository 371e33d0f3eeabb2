"""What to do about an evaluation that failed: the hint below Nix's sentence, and suggestions that are worth reading.

Pure but for one thing: an option without near neighbours is looked for among all declared options, with the function given.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = re.compile(r"(?:undefined variable|attribute) ['‘]([^'’]+)['’](?: missing)?")
_OPTION = re.compile(r"The option `(.+)' does not exist")
_NO_VALUE = re.compile(r"The option `(containers\.[^.]+)\.config' was accessed but has no value defined")
_NO_FILE = re.compile(r"(?:getting status of|opening file|path) ['‘]([^'’]+)['’](?:: No such file or directory| does not exist)")
_CLOSE_ENOUGH = 0.65

# What people bring from elsewhere (other tools, package names) -> what it is here, below `containers.NAME`.
_ELSEWHERE = {
    "command": "config.systemd.services.<name>.serviceConfig.ExecStart",
    "enable": "autoStart",
    "environment": "config.environment.variables",
    "hostname": "config.networking.hostName",
    "image": "config",
    "packages": "config.environment.systemPackages",
    "ports": "forwardPorts",
    "config.services.apache": "config.services.httpd",
    "config.services.apache2": "config.services.httpd",
    "config.services.mariadb": "config.services.mysql",
    "config.services.named": "config.services.bind",
    "config.services.redis.enable": 'config.services.redis.servers."".enable',
}

_LEAST = "containers.NAME = { config = { pkgs, ... }: { }; };"


def hint(what: str, details: str, *, suggest: Callable[[str], list[str]], options: Callable[[], list[str]]) -> str:
    """The hint for the sentence `what`, or nothing.

    `suggest` names packages near a misspelt one; `options` gives the names of all options, those of guests without
    `containers.<name>.config.`.
    """
    if found := _NAME.search(what):
        close = suggest(found[1])
        return f"did you mean {' or '.join(close)}? ‘nixos-container options’ lists options, ‘apt-cache search’ packages" if close else ""
    if found := _OPTION.search(what):
        return _missing_option(found[1], details, suggest, options)
    if found := _NO_VALUE.search(what):
        return f"say what runs inside: {found[1]}.config = {{ pkgs, ... }}: {{ }};"
    if found := _NO_FILE.search(what):
        if found[1].startswith("/etc/nixos-containers/"):
            return "`create` keeps its text in that directory: write paths in it from the root, or declare config = ./FILE in a definition"
        return f"the definition names {found[1]} (in ‘imports’, or as a path or text where a set {{ ... }} is expected): is it spelt right?"
    if "reading from file: Invalid argument" in what or "reading from file: Is a directory" in what:
        return 'a path or text stands where a set is expected, such as allowedDevices = [ { node = "/dev/kvm"; modifier = "rw"; } ];'
    if "does not look like a module" in what:
        return f"a definition file holds a set, {{ {_LEAST} }}, or a function that returns one"
    if what.startswith("syntax error, unexpected end of file") and ":1:1:" in details:
        return f"the file is empty; a definition is at least {{ {_LEAST} }}"
    if "'nixpkgs' was not found in the Nix search path" in what:
        return (
            "packages come without it, by the argument pkgs: config = { pkgs, ... }: { }; a tree of nixpkgs is given with --nixos-path PATH"
        )
    if "is not of type `package'" in what and re.search(r': "[^"]*"$', details):
        return "a package is named without quotes: pkgs.NAME"
    return ""


def worth_reading(details: str, what: str, hint: str) -> str:
    """`details` without suggestions that resemble nothing of what was written, and without those that the hint makes better."""
    lines = []
    missing = _OPTION.search(what)
    for line in details.splitlines():
        suggested = re.findall(r"`([^']+)'", line) if line.startswith("Did you mean") else []
        if suggested and missing is not None:
            close = [name for name in suggested if _near(_last(missing[1]), _last(name))]
            if not close or hint:
                continue
            quoted = [f"`{name}'" for name in close]
            line = f"Did you mean {' or '.join(quoted)}?"
        elif line.startswith("Did you mean one of") and hint:
            continue
        lines.append(line)
    return "\n".join(lines).rstrip("\n")


def _last(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _near(written: str, known: str) -> bool:
    return difflib.SequenceMatcher(None, written, known).ratio() >= _CLOSE_ENOUGH


def _missing_option(name: str, details: str, suggest: Callable[[str], list[str]], options: Callable[[], list[str]]) -> str:
    """Where else the option may be, when none beside it is like it."""
    if name in ("outputs", "inputs"):
        return "this is a flake: nixos-container create NAME --flake DIRECTORY#ATTR, or containers.NAME.flake in a definition file"
    container, path = _split(name)
    if path in _ELSEWHERE:
        return f"did you mean {container}.{_ELSEWHERE[path]}?"
    suggested = re.search(r"^Did you mean (.*)\?$", details, re.MULTILINE)
    if suggested and any(_near(_last(name), _last(other)) for other in re.findall(r"`([^']+)'", suggested[1])):
        return ""
    inside = path.removeprefix("config.")
    if inside == path:
        shown = [option.replace("containers.<name>", container) for option in _alike(path, options()) if option.startswith("containers.")]
    else:
        shown = [f"{container}.config.{option}" for option in _alike(inside, options()) if not option.startswith("containers.")]
    if shown:
        return f"did you mean {' or '.join(shown[:3])}?"
    family, _, service = inside.rpartition(".")
    if family in ("services", "programs") and inside != path:
        return _without_module(service, [package for package in suggest(service) if package == service])
    return f"‘nixos-container options {_last(path)}’ searches all options"


def _split(name: str) -> tuple[str, str]:
    """The container's path, and the option's path below it."""
    found = re.match(r"(containers\.(?:\"[^\"]*\"|[^.]+))\.(.+)$", name)
    return (found[1], found[2]) if found else ("containers.NAME", name)


def _alike(path: str, known: list[str]) -> list[str]:
    """Options of another place with the same last part."""
    last = _last(path)
    if len(last) < 4 or last == "enable":
        return []
    return [option for option in known if _last(option) == last and "<name>" not in option.removeprefix("containers.<name>")]


def _without_module(service: str, packages: list[str]) -> str:
    nixpkgs = "all modules of NixOS are there with nixpkgs: containers.<name>.nixpkgs, or --nixos-path PATH"
    if not packages:
        return f"there is no module for it here; {nixpkgs}"
    return (
        f"there is no module for it here. To run the archive's own unit: environment.systemPackages = [ pkgs.{packages[0]} ]; "
        f'systemd.services.{packages[0]}.wantedBy = [ "multi-user.target" ]; {nixpkgs}'
    )
