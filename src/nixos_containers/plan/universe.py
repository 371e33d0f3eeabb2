"""Where the containers' systems come from, as the one line that every run says. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..declare.container import Container, Spec


def universe_of(container: Container, *, archive: str, lock_file: str) -> str:
    """The universe of one container and from where it is; `archive` and `lock_file` belong to the embedded one."""
    match container.universe:
        case "nixpkgs":
            return " ".join(filter(None, ("nixpkgs", container.nixpkgs_release, "from", container.nixpkgs)))
        case "flake":
            return f"flake {container.flake}"
        case "path":
            return f"the finished system {container.system.path}"
        case _:
            return f"embedded ({archive}, locked in {lock_file})"


def universe_line(spec: Spec, *, archive: str, lock_file: str) -> str | None:
    """`universe: ...` for all containers of `spec`, with their names when they differ; None when there are none."""
    users: dict[str, list[str]] = {}
    for name, container in sorted(spec.containers.items()):
        users.setdefault(universe_of(container, archive=archive, lock_file=lock_file), []).append(name)
    if not users:
        return None
    if len(users) == 1:
        return "universe: " + next(iter(users))
    return "universe: " + "; ".join(f"{', '.join(names)}: {universe}" for universe, names in users.items())
