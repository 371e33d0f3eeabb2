"""The definition file of an imperative container: readable Nix that its owner can edit and `update`.

Every option of `containers.<name>` can stand in it. Pure text making; run/ writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..base.errors import UsageError
from ..declare.container import Container
from ..declare.shared import SharedNetwork

_OPTION = re.compile(r"[A-Za-z_][\w'-]*(\.([A-Za-z_][\w'-]*|\"[^\"]*\"))*")


@dataclass(frozen=True, slots=True)
class Wish:
    """What `create` was asked for on the command line."""

    config: str | None = None
    config_file: str | None = None
    template: str | None = None
    system_path: str | None = None
    nixpkgs: str | None = None
    flake: str | None = None
    flake_options: tuple[str, ...] = ()
    bridge: str | None = None
    host_address: str | None = None
    local_address: str | None = None
    ports: str | None = None
    host_network: bool = False
    auto_start: bool = False
    settings: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


def nix_string(text: str) -> str:
    """`text` as a Nix string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${").replace("\n", "\\n")
    return f'"{escaped}"'


# Numbers, truth values, and what begins as only an expression does.
_EXPRESSION = re.compile(
    r"(true|false|null|-?[0-9]+(\.[0-9]+)?)\Z|[\"\[{(<]|''|\.\.?/|(lib|pkgs|config|builtins)\.|(let|rec|if|with|import|toString)\b"
)
_WORDS = re.compile(r"[^\s\"\[\]{}();]+|[0-9]\S*( [0-9]\S*)*")


def nix_value(text: str) -> str:
    """What stands after `=` in `--set` as a Nix expression: one that is not an expression is a string, `/data`, `1G`, `1min 30s`."""
    text = text.strip()
    return nix_string(text) if not _EXPRESSION.match(text) and _WORDS.fullmatch(text) else text


def parse_setting(setting: str) -> tuple[str, str]:
    """The option and the Nix expression of a `--set OPTION=VALUE`. Raises UsageError."""
    option, equals, value = setting.partition("=")
    # An equals sign may be in a quoted part of the option: bindMounts."/a=b".hostPath=/c
    while equals and option.count('"') % 2:
        more, equals, value = value.partition("=")
        option += f"={more}"
    option = option.strip()
    if not equals or not value.strip() or not _OPTION.fullmatch(option):
        raise UsageError(f"--set {setting}: expected OPTION=VALUE", hint="for example --set privateNetwork=true, --set limits.memoryMax=1G")
    return option, nix_value(value)


# Whoever sets one of these says how the container is connected: it gets no addresses by itself.
_CONNECTED_BY = frozenset(("privateNetwork", "networkNamespace", "hostBridge", "networks", "hostAddress", "localAddress"))


def wants_addresses(wish: Wish) -> bool:
    """Whether `create` chooses a pair of addresses, or passes on the one that it was given."""
    if wish.networks and wish.local_address is None:
        return False
    return not (wish.host_network or wish.bridge is not None or _CONNECTED_BY & {parse_setting(setting)[0] for setting in wish.settings})


def parse_ports(text: str) -> list[str]:
    """Nix attribute sets for upstream's `--port tcp:8080:80,…`. Raises UsageError."""
    forwards = []
    for part in text.split(","):
        fields = part.strip().split(":")
        protocol = fields.pop(0) if not fields[0].isdigit() else "tcp"
        if not 1 <= len(fields) <= 2 or not all(field.isdigit() and 0 < int(field) < 65536 for field in fields):
            raise UsageError(f"‘{part}’ is not a port", hint="write [PROTOCOL:]HOSTPORT[:CONTAINERPORT], for example tcp:8080:80")
        forwards.append(f"{{ protocol = {nix_string(protocol)}; hostPort = {fields[0]}; containerPort = {fields[-1]}; }}")
    return forwards


def check(wish: Wish) -> None:
    """Upstream's rules about options that go or do not go together. Raises UsageError."""
    if wish.host_address is not None and wish.local_address is None:
        raise UsageError("With --host-address set, --local-address is required as well!")
    if wish.config is not None and wish.config_file is not None:
        raise UsageError("--config and --config-file are mutually incompatible. Please define one or the other, but not both")
    if wish.template is not None:
        for flag, given in (
            ("--config", wish.config), ("--config-file", wish.config_file), ("--flake", wish.flake), ("--system-path", wish.system_path)
        ):  # fmt: skip
            if given is not None:
                raise UsageError(f"--template and {flag} both bring a configuration: give one of them")
    others = {"--config": wish.config, "--config-file": wish.config_file, "--system-path": wish.system_path, "--nixos-path": wish.nixpkgs}
    if wish.flake is not None:
        for flag, value in others.items():
            if value is not None:
                raise UsageError(f"--flake and {flag} are mutually incompatible: a flake brings its own configuration and its own nixpkgs")
    if wish.system_path is not None and (wish.config is not None or wish.config_file is not None):
        raise UsageError("--system-path takes a finished system: it leaves no place for a configuration")
    if wish.host_network and (wish.bridge or wish.host_address or wish.local_address or wish.ports or wish.networks):
        raise UsageError("--use-host-network leaves no place for addresses, bridges, shared networks and forwarded ports")
    for setting in wish.settings:
        option, _ = parse_setting(setting)
        brought = {"config": wish.config or wish.config_file or wish.template, "path": wish.system_path, "flake": wish.flake}
        if brought.get(option):
            raise UsageError(f"--set {setting}: another option of this command says the same")


ADDRESS_OPTIONS = ("hostAddress", "localAddress", "hostAddress6", "localAddress6")


def definition_text(
    name: str, wish: Wish, addresses: tuple[str, ...] | None, config: str | None, *, networks: tuple[SharedNetwork, ...] = ()
) -> str:
    """The definition file of container `name`; `addresses` are the values of ADDRESS_OPTIONS, or the first two of them, `config` the
    module's text, and `networks` the shared networks that it joins.
    """
    made = _network(wish, addresses, networks)
    if wish.auto_start:
        made["autoStart"] = "true"
    if wish.nixpkgs is not None:
        made["nixpkgs"] = nixpkgs_text(wish.nixpkgs)
    settings = [parse_setting(setting) for setting in wish.settings]
    # What was set by name goes before what `create` would choose.
    names = {option for option, _ in settings}
    if "networkNamespace" in names:
        made.pop("privateNetwork", None)
    inside = [(option.removeprefix("config."), value) for option, value in settings if option.startswith("config.")]
    lines = [f"{option} = {value};" for option, value in made.items() if option not in names]
    lines += [f"{option} = {value};" for option, value in settings if not option.startswith("config.") and option != "config"]
    if wish.system_path is not None:
        lines.append(f"path = {nix_string(wish.system_path)};")
    elif wish.flake is not None:
        if wish.flake_options:
            lines.append("flakeOptions = [ " + " ".join(map(nix_string, wish.flake_options)) + " ];")
        lines.append(f"flake = {nix_string(wish.flake)};")
    elif not names & {"path", "flake"}:
        lines.append(f"config = {_with_settings(dict(settings).get('config') or _module(config), inside)};")
    body = "\n".join("    " + line for line in "\n".join(lines).splitlines())
    return (
        f"# The container ‘{name}’, made by ‘nixos-container create’.\n"
        f"# Edit it as you like, then: nixos-container update {name}\n"
        "{ config, pkgs, lib, ... }:\n\n"
        f"{{\n{''.join(map(_network_text, networks))}  containers.{name} = {{\n{body}\n  }};\n}}\n"
    )


def _network(wish: Wish, addresses: tuple[str, ...] | None, networks: tuple[SharedNetwork, ...]) -> dict[str, str]:
    """The options of the network, as Nix expressions."""
    if wish.host_network:
        return {"privateNetwork": "false"}
    made = {"privateNetwork": "true"}
    if wish.bridge is not None:
        made["hostBridge"] = nix_string(wish.bridge)
        if wish.local_address is not None:
            made["localAddress"] = nix_string(wish.local_address)
    elif addresses is not None:
        made |= {option: nix_string(address) for option, address in zip(ADDRESS_OPTIONS, addresses, strict=False)}
    if networks:
        made["networks"] = "[ " + " ".join(nix_string(network.name) for network in networks) + " ]"
    if wish.ports is not None:
        made["forwardPorts"] = "[ " + " ".join(parse_ports(wish.ports)) + " ]"
    return made


def _with_settings(module: str, settings: list[tuple[str, str]]) -> str:
    """The guest's `module`, and single options of it."""
    if not settings:
        return module
    lines = [] if module == "{ }" else [f"imports = [ ({module}) ];"]
    return _module("\n".join([*lines, *(f"{option} = {value};" for option, value in settings)]))


def _network_text(network: SharedNetwork) -> str:
    """The network as those know it who are members already: it is the same everywhere."""
    said = [f"{option} = {nix_string(value)};" for option, value in (("subnet", network.subnet), ("subnet6", network.subnet6)) if value]
    for option, on in (("isolated", network.isolated), ("dhcp", network.dhcp), ("dns", network.dns)):
        said += [f"{option} = true;"] if on else []
    said += [] if network.nat else ["nat = false;"]
    said += [] if network.mtu is None else [f"mtu = {network.mtu};"]
    return f"  networking.containers.networks.{nix_string(network.name)} = {{ {' '.join(said)} }};\n"


def _module(config: str | None) -> str:
    """A module for `config =`: a file's whole text, or upstream's `--config` lines between braces."""
    if config is None:
        return "{ }"
    text = config.strip()
    if looks_like_module(text):
        return text
    return "{ config, lib, pkgs, ... }: {\n" + "\n".join("  " + line for line in text.splitlines()) + "\n}"


def looks_like_module(text: str) -> bool:
    """Whether `text` is a whole Nix expression (`{ pkgs, ... }: …`, `{ … }`, `import …`) rather than definitions."""
    bare = re.sub(r"(?m)^\s*#.*$", "", text).lstrip()
    return bare.startswith(("{", "(", "import ", "let ", "rec ", "/", "./")) or bool(re.match(r"[A-Za-z_]\w*\s*(@|:)", bare))


def nixpkgs_text(tree: str) -> str:
    """The Nix expression for a tree: `<nixpkgs>` stays a lookup in NIX_PATH, anything else is a path."""
    return tree if re.fullmatch(r"<[\w./+-]+>", tree) else nix_string(tree)


def replace_option(definition: str, option: str, value: str) -> str:
    """`definition` with `option` set to the Nix expression `value`, in the line where it stands or in a new one before the last option.

    Raises UsageError when the file was edited so that there is no place for it.
    """
    line = f"    {option} = {value};"
    found = re.compile(rf"^    {re.escape(option)} = .*;$", re.MULTILINE)
    if found.search(definition):
        return found.sub(lambda _: line, definition, count=1)
    opening = re.search(r"^  containers\.[\w-]+ = \{\n", definition, re.MULTILINE)
    if opening is None:
        raise UsageError(f"the definition file was edited; there is no place for ‘{option}’", hint="edit the file itself, then update")
    return definition[: opening.end()] + line + "\n" + definition[opening.end() :]


_MARK = "config = "


def replace_config(definition: str, config: str) -> str:
    """`definition` with another guest configuration: what stands after `config =` is always last in the file.

    Raises UsageError when the file was edited so that the place cannot be found.
    """
    start = definition.rfind("\n    " + _MARK)
    end = definition.rfind(";\n  };\n}")
    for other in ("flake", "path"):
        if start < 0 and f"\n    {other} = " in definition:
            raise UsageError(f"the definition has a ‘{other}’, no ‘config’", hint="create another container, or edit the file itself")
    if start < 0 or end < start:
        raise UsageError(
            "the definition file was edited; its ‘config’ cannot be replaced from here", hint="edit the file itself, then update"
        )
    body = "\n".join(("    " if number else "") + line for number, line in enumerate(_module(config).splitlines()))
    return definition[:start] + "\n    " + _MARK + body + definition[end:]


def addresses_of(containers: list[Container]) -> frozenset[str]:
    """Every address that the containers use, without prefix lengths."""
    found = set()
    for container in containers:
        for pair in (container.network, *container.network.extra_veths.values()):
            every = (pair.host_address, pair.local_address, pair.host_address6, pair.local_address6)
            found |= {address.partition("/")[0] for address in every if address}
    return frozenset(found)
