"""Flakes: `nixosConfigurations.<attr>` of a flake as a container's system. Not for building it.

Upstream's URI#ATTR, with `container` where no attribute is given; but the attribute is part of what is recorded, so
that an update uses it too.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base import nix, process
from ..base.errors import ContainerError, DefinitionError, UsageError
from ..declare.codec import decode
from ..declare.container import System
from .errors import explain
from .evaluate import warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..declare.container import Spec

DEFAULT_ATTRIBUTE = "container"
_PLAIN_ATTRIBUTE = re.compile(r"[A-Za-z0-9_-]+")
_GITS_OWN = ("SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME")
# Derivations are written by the evaluation, nothing is built.
_SYSTEM_OF = (
    "it: { path = it.config.system.build.toplevel.outPath; drv = it.config.system.build.toplevel.drvPath;"
    " label = it.config.system.nixos.label or null; }"
)


@dataclass(frozen=True, slots=True)
class Flake:
    """A reference to a system in a flake: the flake's URI and the name below `nixosConfigurations`."""

    uri: str
    attribute: str

    @property
    def installable(self) -> str:
        """What Nix's command line calls it."""
        quoted = self.attribute.startswith('"') or _PLAIN_ATTRIBUTE.fullmatch(self.attribute)
        name = self.attribute if quoted else f'"{self.attribute}"'
        return f"{self.uri}#nixosConfigurations.{name}"


def parse_flake(text: str) -> Flake:
    """`URI[#ATTR]` in its parts. Raises UsageError for an empty URI."""
    uri, _, attribute = text.partition("#")
    if not uri:
        raise UsageError(f"‘{text}’ names no flake", hint="URI#ATTR, for example github:example/systems#web or .#web")
    return Flake(uri, attribute or DEFAULT_ATTRIBUTE)


def absolute(text: str, directory: str) -> str:
    """`text` (URI[#ATTR]) with a relative path made absolute, so that it can be recorded. Other URIs are unchanged."""
    uri, hash_, attribute = text.partition("#")
    scheme = "path:" if uri.startswith("path:") else ""
    path, question, query = uri.removeprefix(scheme).partition("?")
    if path == "." or path == ".." or path.startswith(("./", "../")) or (scheme and not path.startswith("/")):
        uri = scheme + os.path.normpath(os.path.join(directory, path)) + question + query
    return uri + hash_ + attribute


def command(flake: Flake, options: Sequence[str]) -> list[str]:
    """The evaluation of a flake's system: its paths are printed as JSON."""
    return ["nix", "eval", "--json", flake.installable, "--apply", _SYSTEM_OF, *options]


def evaluate_flake(name: str, text: str, options: Sequence[str], *, directory: str) -> System:
    """The system of container `name` that the flake `text` has now; relative paths start at `directory`.

    Raises DefinitionError with Nix's message.
    """
    flake = parse_flake(absolute(text, directory))
    done = process.run(command(flake, options), env=_environment(options), check=False, cwd=directory)
    if done.returncode != 0:
        failure: ContainerError = explain(done.stderr, suggest=lambda _: [])
        if isinstance(failure, DefinitionError):
            if "No such file or directory" in failure.what:
                failure.hint = ""  # that is about modules
            failure.hint = failure.hint or _hint(flake, str(failure))
            failure.details = "\n".join(filter(None, (failure.details, f"in containers.{name}.flake = {text}")))
        raise failure
    system = decode(System, json.loads(done.stdout), flake.installable)
    return dataclasses.replace(system, warnings=tuple(warnings_of(done.stderr)))


def _environment(options: Sequence[str]) -> dict[str, str]:
    """Nix's environment, with the keys that git needs for private flakes; an impure flake may look at everything."""
    kept = os.environ if "--impure" in options else {name: os.environ[name] for name in _GITS_OWN if name in os.environ}
    return {**{name: value for name, value in kept.items() if name != "PATH"}, **nix.environment(substitute=True)}


def _hint(flake: Flake, said: str) -> str:
    if "does not provide attribute" in said:
        return f"the flake {flake.uri} must have nixosConfigurations.{flake.attribute}"
    if flake.uri.startswith("/") and not os.path.exists(flake.uri.partition("?")[0]):
        return f"there is no directory {flake.uri}; a relative path starts at the definition file's directory"
    if os.path.exists(f"{flake.uri}/flake.nix") and not flake.uri.startswith(("/", ".")):
        return f"a directory is written ./{flake.uri}; without ./ it is a name in Nix's registry of flakes"
    return f"to see it again: nix eval {flake.installable}.config.system.build.toplevel.outPath"


def read_flakes(spec: Spec, options: Sequence[str], *, directory: str) -> Spec:
    """`spec` with the systems of its containers that name a flake; `options` come after each container's own."""
    containers = {
        name: dataclasses.replace(
            container, system=evaluate_flake(name, container.flake, (*container.flake_options, *options), directory=directory)
        )
        if container.flake is not None
        else container
        for name, container in spec.containers.items()
    }
    return dataclasses.replace(spec, containers=containers)
