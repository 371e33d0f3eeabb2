"""`nixos-container create NAME`: a container that no definition file declares, recorded as a definition of its own."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING

from .. import imperative
from ..base import log
from ..base.errors import ContainerError
from ..base.files import locked, locked_if_free, read_text
from ..base.paths import Paths, check_name
from ..evaluate.flake import absolute
from ..evaluate.templates import template_text
from ..observe import containers as observe
from ..observe.host import host_facts
from ..observe.networks import containers, shared_networks
from ..plan.imperative import Wish, check, definition_text, wants_addresses
from ..run.addresses import reserve_pairs
from ..run.records import command_line
from ..run.repair import repair_all
from .nix import nix_options, nixpkgs_of
from .output import emit_json

if TYPE_CHECKING:
    from ..declare.shared import SharedNetwork
    from .parse import Arguments


def wish_of(arguments: Arguments) -> Wish:
    """The options of `create` as one value."""
    flake = arguments.text("flake")
    system_path = arguments.text("system_path")
    return Wish(
        config=arguments.text("config"),
        config_file=arguments.text("config_file"),
        template=arguments.text("template"),
        system_path=None if system_path is None else os.path.abspath(system_path),
        nixpkgs=nixpkgs_of(arguments),
        flake=None if flake is None else absolute(flake, os.getcwd()),
        flake_options=nix_options(arguments)[0],
        bridge=arguments.text("bridge"),
        host_address=arguments.text("host_address"),
        local_address=arguments.text("local_address"),
        ports=arguments.text("port"),
        host_network=arguments.flag("use_host_network"),
        auto_start=arguments.flag("auto_start"),
        settings=arguments.values("set"),
        networks=arguments.values("network"),
    )


def configuration_text(paths: Paths, wish: Wish) -> str | None:
    """The guest's configuration as it was given. Raises ContainerError when its file cannot be read."""
    if wish.template is not None:
        return template_text(paths, wish.template)
    if wish.config_file is None:
        return wish.config
    text = read_text(wish.config_file)
    if text is None:
        raise ContainerError(f"there is no file {wish.config_file}", hint="--config-file takes a NixOS configuration")
    return text


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    wish = wish_of(arguments)
    check(wish)
    if wish.system_path is not None and not os.path.exists(f"{wish.system_path}/init"):
        raise ContainerError(
            f"{wish.system_path} is no system", hint="--system-path takes what ‘nixos-container build’ prints, or a profile"
        )
    configuration_text(paths, wish)  # one that is not there is said before anything is done
    repair_all(paths, host_facts())
    with ExitStack() as held:
        name = _name(paths, arguments, held)
        _create(paths, name, wish, nix_options(arguments)[1])
    if arguments.json:
        emit_json({"name": name, "definition": paths.imperative(name)})
    elif arguments.flag("ensure_unique_name"):
        sys.stdout.write(name)
    return 0


def _create(paths: Paths, name: str, wish: Wish, options: tuple[str, ...]) -> None:
    joined = _networks(paths, wish)
    addresses: tuple[str, ...] | None = None
    if wants_addresses(wish):
        if wish.host_address is not None and wish.local_address is not None:
            addresses = (wish.host_address, wish.local_address)
        else:
            addresses = reserve_pairs(paths, name)
        log.say(f"host IP is {addresses[0]}, container IP is {addresses[1]}")
    text = definition_text(name, wish, addresses, configuration_text(paths, wish), networks=joined)
    imperative.create(paths, name, text, nix_options=options)


def _networks(paths: Paths, wish: Wish) -> tuple[SharedNetwork, ...]:
    """The shared networks that are asked for, as their members know them. Raises ContainerError for one that nobody is a member of."""
    if not wish.networks:
        return ()
    known = shared_networks(containers(paths))
    for name in wish.networks:
        if name not in known:
            declare = f"declare it, and a first member: networking.containers.networks.{name} = {{ }};"
            hint = f"there are: {', '.join(sorted(known))}" if known else declare
            raise ContainerError(f"no container is a member of a network ‘{name}’", hint=hint)
    return tuple(known[name] for name in dict.fromkeys(wish.networks))


def _name(paths: Paths, arguments: Arguments, held: ExitStack) -> str:
    """The new container's name. Its lock in `held` keeps other commands that ask for a unique name from choosing it, too."""
    name = check_name(arguments.name)
    if not arguments.flag("ensure_unique_name"):
        held.enter_context(locked(paths.lock(f".create-{name}"), who=command_line()))
        if name in observe.names(paths):
            raise ContainerError(f"container ‘{name}’ already exists", hint=f"nixos-container update {name}, or choose another name")
        return name
    candidates = (name if number < 0 else f"{name}-{number}" for number in count(-1))
    for candidate in candidates:
        if candidate in observe.names(paths):
            continue
        free = held.enter_context(locked_if_free(paths.lock(f".create-{candidate}"), who=command_line()))
        if free and candidate not in observe.names(paths):
            return candidate
    raise AssertionError("numbers do not end")
