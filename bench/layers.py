#!/usr/bin/env python3
"""What a registry is sent for a year of an image's rebuilds, by the way its closure is shared out among layers (plan/layers.py).

Each week some packages get another version, what needs them another hash, and the configuration changes; a layer is sent when
its very paths were not sent before. Closures are invented, always the same ones: a flat one, as the archive's packages make
it, and a deep one, as nixpkgs'. With store paths as arguments (`bench/layers.py PATH...`), their closures live through such a
year as well. Starts no container.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import Contestant, Result, compete, timed

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from nixos_containers.plan.layers import StorePath, share_out
from nixos_containers.plan.store_graph import bits, store_name, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from product import Product

    Split = Callable[["Closure", int], list[tuple[str, ...]]]

WEEKS, CHANGES, LIMITS = 52, 0.03, (20, 60, 100)


@dataclass
class Package:
    """A store path before it has a hash: `needs` are names, `version` counts upgrades, `build` also what its needs did to it."""

    name: str
    size: int
    needs: tuple[str, ...] = ()
    configuration: bool = False
    version: int = 0
    build: int = 0

    @property
    def path(self) -> str:
        """Another hash for each build, and in no order that the builds have."""
        seed = random.Random(f"{self.name} {self.build}")
        digest = "".join(seed.choice("0123456789abcdfghijklmnpqrsvwxyz") for _ in range(32))
        return f"/nix/store/{digest}-{self.name}-1.{self.version}"


Packages = dict[str, Package]


@dataclass(frozen=True)
class Closure:
    """One week's paths, and those among them that change with every rebuild."""

    paths: tuple[StorePath, ...]
    volatile: frozenset[str]


def closure_of(packages: Mapping[str, Package]) -> Closure:
    """The paths of `packages`, which have their hashes by now."""
    path = {name: package.path for name, package in packages.items()}
    paths = tuple(StorePath(path[p.name], p.size, tuple(path[name] for name in p.needs)) for p in packages.values())
    return Closure(paths, frozenset(path[p.name] for p in packages.values() if p.configuration))


def flat(count: int = 180, seed: int = 1) -> Packages:
    """Packages without references, below a configuration of a dozen small paths; sizes as in a small system of Debian's."""
    chance = random.Random(seed)
    names = [f"package{letters(number)}" for number in range(count - 13)]
    packages = {name: Package(name, int(chance.lognormvariate(12.8, 1.6))) for name in names}
    return packages | _configuration(names, chance)


def deep(count: int = 400, seed: int = 2) -> Packages:
    """Packages that need some of those before them, rather what others need already: everything stands on a few."""
    chance = random.Random(seed)
    packages: Packages = {}
    tickets: list[str] = []
    for number in range(count - 13):
        name = f"package{letters(number)}"
        wanted = min(number, 1 + int(chance.expovariate(1 / 4)))
        needs = sorted({chance.choice(tickets) for _ in range(wanted)} if number > 3 else packages)
        packages[name] = Package(name, int(chance.lognormvariate(12.5, 2)), tuple(needs))
        tickets += [name, *needs]
    needed = {name for package in packages.values() for name in package.needs}
    return packages | _configuration([name for name in packages if name not in needed], chance)


def letters(number: int) -> str:
    """A number in letters, for a name in which no version begins."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03d}")


def _configuration(packages: list[str], chance: random.Random) -> Packages:
    """What NixOS makes of a definition: a dozen texts, and the system, which needs them and all `packages`."""
    texts = {f"unit{letters(number)}": Package(f"unit{letters(number)}", chance.randrange(500, 60_000), (), True) for number in range(12)}
    return texts | {"nixos-system": Package("nixos-system", 1_400_000, (*packages, *texts), True)}


def weeks(packages: Packages, seed: int = 3) -> Iterator[Closure]:
    """The closure now and after each of the weeks. What much stands on is upgraded less often; what needs an upgrade is built anew."""
    chance = random.Random(seed)
    yield closure_of(packages)
    ordinary = [package.name for package in packages.values() if not package.configuration]
    users = users_of(packages)
    weights = [1 / (1 + len(users[name])) for name in ordinary]
    for _ in range(WEEKS):
        upgraded: set[str] = set()
        while len(upgraded) < round(len(ordinary) * CHANGES):
            upgraded |= set(chance.choices(ordinary, weights))
        rebuilt = set().union(*(users[name] for name in upgraded)) | {name for name in packages if packages[name].configuration}
        for name in sorted(upgraded | rebuilt):
            old = packages[name]
            new = replace(old, build=old.build + 1)
            if name in upgraded:
                new = replace(new, version=old.version + 1, size=int(old.size * chance.uniform(0.97, 1.04)))
            packages = {**packages, name: new}
        yield closure_of(packages)


def users_of(packages: Packages) -> dict[str, set[str]]:
    """Who needs each package, directly or not."""
    users: dict[str, set[str]] = {name: set() for name in packages}
    for package in packages.values():
        below, todo = set(), list(package.needs)
        while todo:
            name = todo.pop()
            if name not in below:
                below.add(name)
                todo += packages[name].needs
        for name in below:
            users[name].add(package.name)
    return users


def ours(strategy: str) -> Split:
    """A strategy of plan/layers.py."""

    def split(closure: Closure, limit: int) -> list[tuple[str, ...]]:
        return [layer.paths for layer in share_out(closure.paths, max_layers=limit, strategy=strategy, volatile=closure.volatile)]

    return split


def nix2container(closure: Closure, limit: int) -> list[tuple[str, ...]]:
    """nix2container's popularity, by its description: a path's score is added to each reference's; the first are alone."""
    by_path = {path.path: path for path in sorted(closure.paths, key=lambda path: store_name(path.path))}
    waiting = dict.fromkeys(by_path, 0)
    for path in by_path.values():
        for other in path.references:
            waiting[other] += 1
    scores = dict.fromkeys(by_path, 1)
    ready = [path for path, users in waiting.items() if not users]
    order: list[str] = []
    while ready:
        order.append(ready.pop(0))
        for other in by_path[order[-1]].references:
            scores[other] += scores[order[-1]]
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    order.reverse()  # Among equals the last comes first.
    ranked = sorted(order, key=lambda path: -scores[path])
    alone = limit - 1 if len(ranked) > limit else limit
    return [(path,) for path in ranked[:alone]] + ([tuple(sorted(ranked[alone:]))] if ranked[alone:] else [])


def nixpkgs(closure: Closure, limit: int) -> list[tuple[str, ...]]:
    """nixpkgs' default, by its description: the biggest in turn, each with what only it needs; what several of them need is together."""
    units = units_of(closure.paths)
    labels = [0] * len(units)
    for index in sorted(range(len(units)), key=lambda index: (-units[index].size, units[index].key)):
        changed = labels.copy()
        for other in bits(units[index].below):
            nearer = labels[other] & units[index].below
            changed[other] = labels[other] & ~units[index].above | (0 if nearer else 1 << index)
        if len(set(changed)) > limit:
            break
        labels = changed
    layers: dict[int, list[str]] = {}
    for label, unit in zip(labels, units, strict=True):
        layers.setdefault(label, []).extend(unit.paths)
    return [tuple(sorted(paths)) for paths in layers.values()]


def each_alone(closure: Closure, _limit: int) -> list[tuple[str, ...]]:
    """The least that can be sent, were there no limit: every path its own layer."""
    return [(path.path,) for path in closure.paths]


SPLITS: dict[str, Split] = {
    "size": ours("size"),
    "nixpkgs": nixpkgs,
    "popularity": ours("popularity"),
    "nix2container": nix2container,
    "single": ours("single"),
    "no limit": each_alone,
}


def sent(year: list[Closure], split: Split, limit: int) -> int:
    """Bytes of the layers that are sent after the first week."""
    there: set[tuple[str, ...]] = set()
    total = 0
    for number, closure in enumerate(year):
        sizes = {path.path: path.size for path in closure.paths}
        for layer in split(closure, limit):
            if layer not in there:
                there.add(layer)
                total += sum(sizes[path] for path in layer) if number else 0
    return total


def shared(packages: Packages, split: Split, limit: int) -> float:
    """The share of an image's bytes that are there already with another one, which has other packages of the same kind."""
    chance = random.Random(4)
    tops = packages["nixos-system"].needs
    shares = []
    for _ in range(8):
        (_, known), (image, layers) = (
            (each, split(each, limit)) for each in (_some(packages, chance.sample(tops, len(tops) // 4)) for _ in range(2))
        )
        sizes = {path.path: path.size for path in image.paths}
        there = set(known)
        shares.append(sum(sizes[path] for layer in layers if layer in there for path in layer) / sum(sizes.values()))
    return statistics.mean(shares)


def _some(packages: Packages, wanted: list[str]) -> Closure:
    """The closure of `wanted`."""
    found: Packages = {}
    todo = list(wanted)
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = packages[name]
            todo += packages[name].needs
    return closure_of({name: package for name, package in packages.items() if name in found})


def of_host(path: str) -> Packages:
    """A real closure: sizes and references of what `path` needs; small paths that refer to others, or are tiny, are its configuration."""

    def ask(*words: str) -> list[str]:
        return subprocess.run(["nix-store", "--query", *words], capture_output=True, text=True, check=True).stdout.split()

    paths = ask("--requisites", path)
    sizes = dict(zip(paths, map(int, ask("--size", *paths)), strict=True))
    needs = {each: [other for other in ask("--references", each) if other != each] for each in paths}
    top = any("nixos-system" in each for each in paths)
    mine = {each: top and (len(needs[each]) > 0 or sizes[each] < 12_000) for each in paths}
    return {each: Package(each, sizes[each], tuple(needs[each]), mine[each]) for each in paths}


def table(title: str, packages: Packages) -> list[str]:
    """Megabytes by limit and split, each with its share of what one layer costs; and what two images have in common."""
    year = list(weeks(packages))
    whole = sum(path.size for path in year[0].paths)
    lines = [
        f"{title}: {len(packages)} paths, {whole / 1e6:.0f} MB; MB sent in {WEEKS} weeks",
        " " * 12 + "".join(f"{name:>22}" for name in SPLITS),
    ]
    base = sent(year, SPLITS["single"], 1)
    for limit in LIMITS:
        cells = [sent(year, split, limit) for split in SPLITS.values()]
        lines.append(f"  {limit:>3} layers" + "".join(f"{f'{cell / 1e6:.0f} ({cell / base:.1%})':>22}" for cell in cells))
    if title == "deep":
        cells = [f"{shared(packages, split, LIMITS[1]):.1%}" for split in SPLITS.values()]
        lines.append(f"  shared, {LIMITS[1]}" + "".join(f"{cell:>22}" for cell in cells))
    return lines


def measure(_product: Product, *, runs: int) -> Result:
    """How long it takes to share out the deep closure; and, as facts, the tables of bytes."""
    closure = closure_of(deep())
    splits = [
        Contestant(f"{name}, {len(closure.paths)} paths, 100 layers", lambda s=split: timed(lambda: s(closure, 100)))
        for name, split in SPLITS.items()
    ]
    result = compete("layers of an image", splits, runs=runs)
    for title, packages in (("flat", flat()), ("deep", deep())):
        result.facts[title] = "\n".join(table(title, packages)).removeprefix(f"{title}: ")
    return result


def main() -> None:
    for title, packages in (("flat", flat()), ("deep", deep()), *((path, of_host(path)) for path in sys.argv[1:])):
        print("\n".join(table(title, packages)), end="\n\n")
    closure = closure_of(deep())
    for name, split in SPLITS.items():
        seconds = statistics.median(timed(lambda s=split: s(closure, 100)) for _ in range(5))
        print(f"{name}: {seconds * 1000:.0f} ms for {len(closure.paths)} paths")


if __name__ == "__main__":
    main()
