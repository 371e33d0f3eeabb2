"""What to do about an evaluation that failed: the hint below Nix's sentence, and suggestions that are worth reading.

Pure but for one thing: an option without near neighbours is looked for among all declared options, with the function given.
"""

from __future__ import annotations

import difflib
import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = re.compile(r"(undefined variable|attribute) ['‘]([^'’]+)['’](?: missing)?$")
_TWICE = re.compile(r"attribute ['‘]([^'’]+)['’] already defined at (.+)$")
_ARGUMENT = re.compile(r"a module wants the argument ‘([^’]+)’")
_OPTION = re.compile(r"The option `(.+)' does not exist")
_NO_VALUE = re.compile(r"The option `(containers\.[^.]+)\.config' was accessed but has no value defined")
_NO_FILE = re.compile(r"(?:getting status of|opening file|path) ['‘]([^'’]+)['’](?:: No such file or directory| does not exist)")
_WRONG_TYPE = re.compile(r"A definition for option `(.+)' is not of type `(.+)'\. Definition values:$")
_VALUE = re.compile(r"^- In `.+':\s+(.+)$", re.MULTILINE)
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

# What a module gets without asking anybody.
_ARGUMENTS = ("config", "lib", "modulesPath", "options", "pkgs")

_LEAST = "containers.NAME = { config = { pkgs, ... }: { }; };"


def hint(what: str, details: str, *, suggest: Callable[[str], list[str]], options: Callable[[], list[str]]) -> str:
    """The hint for the sentence `what`, or nothing.

    `suggest` names packages near a misspelt one; `options` gives the names of all options, those of guests without
    `containers.<name>.config.`.
    """
    if found := _NAME.search(what):
        return _missing_name(found[2], details, suggest, variable=found[1] != "attribute")
    if found := _OPTION.search(what):
        return _missing_option(found[1], details, suggest, options)
    if found := _NO_VALUE.search(what):
        return f"say what runs inside: {found[1]}.config = {{ pkgs, ... }}: {{ }};"
    if found := _NO_FILE.search(what):
        if found[1].startswith("/etc/nixos-containers/"):
            return "`create` keeps its text in that directory: write paths in it from the root, or declare config = ./FILE in a definition"
        return (
            f"the definition names {found[1]}: is it spelt right? A path or text where a set {{ ... }} is expected is read as a file, too: "
            'write bindMounts."/data" = { hostPath = "/srv"; }, not "/srv"'
        )
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
    if found := _WRONG_TYPE.search(what):
        value = _VALUE.search(details)
        return "" if value is None else wrong_type(found[1], found[2], value[1])
    return _in_the_language(what, details)


def _in_the_language(what: str, details: str) -> str:
    """The hint for a mistake that has to do with Nix's language rather than with options and packages."""
    if found := _TWICE.search(what):
        return f"a set has each name once: take one ‘{found[1]}’ away"
    if found := _ARGUMENT.search(what):
        container = re.search(r"containers\.(?:\"[^\"]*\"|[\w-]+)", details)
        own = f"{container[0]}.specialArgs = {{ {found[1]} = ...; }};" if container else f"_module.args.{found[1]} = ...;"
        return f"modules get {', '.join(_ARGUMENTS)}; give others with {own}"
    if "called with unexpected argument" in what:
        return "a module's function takes more arguments than it names: write the three dots, { pkgs, ... }:"
    if "infinite recursion" in what:
        return (
            "a value is needed to find out that same value: look for ‘config’ or ‘pkgs’ in imports, and in conditions on what they decide"
        )
    if "doesn't represent an absolute path" in what:
        return "a text stands where a module is expected: a set { ... }, a function { pkgs, ... }: { ... }, or a path like ./guest.nix"
    if what.startswith("syntax error, unexpected end of file"):
        return 'something that was opened is not closed: { without }, [ without ], or " without "'
    if what == "syntax error, unexpected ','":
        return "the entries of a list are separated by spaces: [ 80 443 ]; those of a set end with ;"
    if what.startswith("syntax error, unexpected ':'"):
        return "a value is given with =, not with :"
    if what.startswith("unable to download"):
        return "is the address right, and the host on the network?"
    if what.startswith("syntax error") and re.search(r"expecting ['‘]?';'", what):
        return "a ; is missing before the place that is marked"
    if what == "syntax error, unexpected invalid token" and ":1:1:" in details:
        return "the file has to be plain text in UTF-8, without a byte order mark"
    if what.endswith("while a list was expected"):
        return "a list is written in brackets, as in imports = [ ./guest.nix ];"
    if re.match(r"cannot coerce an? (integer|float|Boolean|boolean) to a string|cannot coerce an? (integer|float|Boolean|boolean): ", what):
        return '‘toString’ makes text of it: "${toString 8080}"'
    return ""


def wrong_type(option: str, type_: str, value: str) -> str:
    """The hint for `value`, as the message shows it, which is not of `type_`."""
    text = re.fullmatch(r'"(.*)"', value)
    if type_ == "package" and text:
        return "a package is named without quotes: pkgs.NAME"
    if ".forwardPorts." in option and text and (ports := re.fullmatch(r"(?:(?:tcp|udp):)?(\d+):(\d+)", text[1])):
        return f"write {{ hostPort = {ports[1]}; containerPort = {ports[2]}; }}"
    if type_.startswith(("list of", "null or (list of")) and not value.startswith("["):
        return f"a list is written in brackets: [ {'{ ... }' if value.startswith('{') else value} ]"
    if type_.endswith("boolean") and (text or value in ("0", "1")):
        return "true or false, without quotes"
    if "integer" in type_ and text and text[1].isdigit():
        return f"a number is written without quotes: {text[1]}"
    if type_.startswith(("string", "null or string")) and re.fullmatch(r"-?\d+|true|false", value):
        return f'text is written in quotes: "{value}"'
    if type_.endswith("submodule") or type_.startswith("attribute set of"):
        return "a set is expected here: { NAME = VALUE; }"
    if "path" in type_ and text and not text[1].startswith("/"):
        return 'a path is written from the root on, as in "/srv/data", or without quotes, as in ./data'
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
        elif line.startswith("Did you mean ") and hint and _NAME.search(what):
            continue
        lines.append(line)
    return "\n".join(lines).rstrip("\n")


def _missing_name(name: str, details: str, suggest: Callable[[str], list[str]], *, variable: bool) -> str:
    """What else it may be: an argument that was not asked for, or a package."""
    if variable and name in _ARGUMENTS:
        return f"the module has to ask for it: {{ {name}, ... }}: in front of the set"
    base = _set_of(name, details)
    if not variable and base not in (None, "pkgs"):
        return ""  # Nix knows better what else is in that set
    close = suggest(name)
    return f"did you mean {' or '.join(close)}? ‘nixos-container options’ lists options, ‘apt-cache search’ packages" if close else ""


def _set_of(name: str, details: str) -> str | None:
    """What stands before `.NAME` at the caret of the place in `details`: `lib` in lib.NAME."""
    lines = details.splitlines()
    for source, marked in pairwise(lines):
        if re.fullmatch(r" +\| +\^", marked):
            found = re.match(rf"([A-Za-z_][\w.'-]*)\.{re.escape(name)}\b", source[marked.index("^") :])
            return found[1] if found else None
    return None


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
