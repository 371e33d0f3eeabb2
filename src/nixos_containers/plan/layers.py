"""How a closure of store paths is shared out among the layers of an OCI image. Pure.

A registry takes a layer that it has already from its own disk; so what counts is how many bytes sit beside what changes.
The first layers are those that change least, the last one holds what every rebuild changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..base.errors import DefinitionError
from .store_graph import StorePath, Unit, bits, package_name, store_name, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Sequence

__all__ = ["DEFAULT", "STRATEGIES", "TINY", "Layer", "StorePath", "package_name", "popularity", "share_out"]

DEFAULT = "size"
# A smaller path is in no layer of its own: a request costs more than its bytes.
TINY = 100_000
# One in so many layers is a bundle of small packages, up to so many; and of more than three bundles, one in so many is of tiny ones.
# Measured with bench/layers.py: half of the layers as bundles is best where layers are few, and no worse where they are many.
_ONE_BUNDLE_IN = 2
_MOST_BUNDLES = 24
_ONE_TINY_BUNDLE_IN = 6


@dataclass(frozen=True, slots=True)
class Layer:
    """Store paths, sorted, that become one layer; `why` says to people what they have in common."""

    paths: tuple[str, ...]
    size: int
    why: str


def share_out(
    closure: Iterable[StorePath], *, max_layers: int, strategy: str = DEFAULT, volatile: Container[str] = ()
) -> tuple[Layer, ...]:
    """The layers for `closure`, at most `max_layers`, the ones that change least first. Every path is in exactly one.

    `volatile` are the paths that change with every rebuild, as the system's configuration does.
    """
    if max_layers < 1:
        raise DefinitionError(f"an image has at least one layer, not {max_layers}", hint="60 to 100 are a good number")
    if strategy not in STRATEGIES:
        raise DefinitionError(f"there is no strategy ‘{strategy}’ for layers", hint=f"there are: {', '.join(STRATEGIES)}")
    units = units_of(closure)
    return tuple(STRATEGIES[strategy](units, max_layers, volatile)) if units else ()


def _layer(units: Collection[Unit], why: str) -> Layer:
    return Layer(tuple(sorted(path for unit in units for path in unit.paths)), sum(unit.size for unit in units), why)


def _single(units: Sequence[Unit], _max_layers: int, _volatile: Container[str]) -> list[Layer]:
    return [_layer(units, "everything")]


def popularity(units: Sequence[Unit]) -> list[int]:
    """Graham Christensen's score of each unit, without the tree that his words describe, which doubles with each diamond.

    His tree repeats what is shared; a counter begins with 1 for each name below a node, grows by 1 on its way to the next node
    above, and there those of the same name are added up. That is: a unit gets a point for each place in the tree that
    it, or anything that needs it, has; and the places are counted from above.
    """
    places: list[int] = []
    for unit in units:
        places.append(sum(places[user] for user in unit.users) or 1)
    return [sum(places[other] for other in bits(unit.above)) for unit in units]


def _by_popularity(units: Sequence[Unit], max_layers: int, _volatile: Container[str]) -> list[Layer]:
    """What most others need gets layers of its own, and the last one is all the rest."""
    scores = popularity(units)
    order = [units[index] for index in sorted(range(len(units)), key=lambda index: (-scores[index], units[index].key))]
    alone = len(order) if len(order) <= max_layers else max_layers - 1
    layers = [_layer([unit], store_name(unit.paths[0])) for unit in order[:alone]]
    rest = order[alone:]
    return [*layers, _layer(rest, f"the {sum(len(unit.paths) for unit in rest)} least used packages")] if rest else layers


def _by_size(units: Sequence[Unit], max_layers: int, volatile: Container[str]) -> list[Layer]:
    """What is big is alone in its layer, small packages are bundled by their names, and the configuration is the last.

    A layer of one path changes only with that path, and other images with the same path have the same layer. That is why a
    big one is not together with what only it needs, as in nixpkgs: who needs what is another matter in the next image.
    What refers to a volatile path is volatile itself: it has the other's hash in it.
    """
    if max_layers == 1:
        return _single(units, max_layers, volatile)
    changing = 0
    for unit in units:
        if any(path in volatile for path in unit.paths):
            changing |= unit.above
    last = [units[index] for index in bits(changing)]
    steady = [unit for index, unit in enumerate(units) if not changing >> index & 1]
    room = max_layers - bool(last)
    alone, small, bundles = _big_and_small(steady, room)
    alone.sort(key=lambda unit: _rank(unit, changing))
    layers = [_layer([unit], store_name(unit.paths[0])) for unit in alone]
    layers += [_layer(bundle, _small(bundle)) for bundle in _bundled(small, bundles)]
    return [*layers, _layer(last, "the configuration")] if last else layers


def _big_and_small(units: Sequence[Unit], room: int) -> tuple[list[Unit], list[Unit], int]:
    """Those that are big enough for layers of their own, the others, and among how many bundles these are to be shared out.

    The number of bundles is a matter of `room` alone: were it one of the paths, a new one could turn all bundles around.
    Only where nearly all paths could have layers of their own it is another.
    """
    by_size = sorted(units, key=lambda unit: (-unit.size, unit.key))
    big = sum(unit.size >= TINY for unit in units)
    bundles = min(max(1, room // _ONE_BUNDLE_IN), _MOST_BUNDLES)
    alone = min(big, room - bundles)
    if alone < big <= room - (big < len(units)):  # There are enough layers when the tiny ones are together.
        alone, bundles = big, 1
    return by_size[:alone], by_size[alone:], bundles


def _bundled(units: Sequence[Unit], bundles: int) -> list[list[Unit]]:
    """Small packages by the bundles that their names belong to: another version stays where the first was, and moves nobody else.

    Tiny ones have some bundles for themselves: they are many, so that one of them changes nearly always, and weigh nothing.
    """
    for_tiny = max(1, bundles // _ONE_TINY_BUNDLE_IN) if bundles > 3 else 0
    for_small = bundles - for_tiny
    found: dict[int, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.key):
        number = _number(unit)
        tiny = for_tiny and unit.size < TINY
        found.setdefault(for_small + number % for_tiny if tiny else number % for_small, []).append(unit)
    made = [found[number] for number in sorted(found)]
    lonely = [bundle for bundle in made if len(bundle) == 1 and bundle[0].size < TINY]
    if lonely and len(made) > 1:
        first, *others = [bundle for bundle in made if bundle not in lonely] or [[]]
        return [first + [unit for bundle in lonely for unit in bundle], *others]
    return made


def _number(unit: Unit) -> int:
    """A number that a package keeps as long as it has its name."""
    return int.from_bytes(hashlib.sha256(package_name(unit.paths[0]).encode()).digest()[:8], "big")


def _rank(unit: Unit, left_out: int) -> tuple[int, int, tuple[str, tuple[str, ...]]]:
    """Where a layer stands: what more others need first, then what is bigger; both roughly, so that little things turn nothing around."""
    return -(unit.above & ~left_out).bit_count().bit_length(), -unit.size.bit_length(), unit.key


def _small(units: Sequence[Unit]) -> str:
    count = sum(len(unit.paths) for unit in units)
    return store_name(units[0].paths[0]) if count == 1 else f"{count} small packages"


STRATEGIES: dict[str, Callable[[Sequence[Unit], int, Container[str]], list[Layer]]] = {
    "size": _by_size,
    "popularity": _by_popularity,
    "single": _single,
}
