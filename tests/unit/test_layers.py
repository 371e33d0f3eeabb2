"""A closure's layers: every path once, within the limit, and few bytes to send again when something changes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.plan.layers import STRATEGIES, TINY, Layer, StorePath, package_name, popularity, share_out
from nixos_containers.plan.store_graph import store_name, units_of

LIMITS = (1, 2, 3, 4, 10, 100, 1000)
Closure = dict[str, StorePath]


def store_path(name: str, build: int = 0) -> str:
    digits = random.Random(f"{name} {build}")
    return f"/nix/store/{''.join(digits.choice('0123456789abcdfghijklmnpqrsvwxyz') for _ in range(32))}-{name}"


def word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03d}")


def flat(count: int = 180, seed: int = 1) -> tuple[Closure, set[str]]:
    """A system above packages without references, by their names; and what of it is the configuration."""
    chance = random.Random(seed)
    found = {f"p{word(n)}": StorePath(store_path(f"p{word(n)}-1.{n}"), int(chance.lognormvariate(12.8, 1.6))) for n in range(count - 4)}
    texts = {name: StorePath(store_path(name), 1000) for name in ("etc", "units", "users")}
    references = tuple(path.path for path in (found | texts).values())
    system = {"nixos-system": StorePath(store_path("nixos-system-web-25.11"), 20_000, references)}
    return found | texts | system, {path.path for path in (texts | system).values()}


def deep(count: int = 400, seed: int = 2) -> tuple[Closure, set[str]]:
    """A closure as nixpkgs makes it: everything stands on a few, and some refer to themselves."""
    chance = random.Random(seed)
    found: Closure = {}
    tickets: list[str] = []
    for number in range(count - 2):
        path = store_path(f"p{word(number)}-2.{number}")
        needs = sorted({chance.choice(tickets) for _ in range(1 + int(chance.expovariate(0.25)))}) if number > 3 else list(tickets)
        tickets += [path, *needs]
        itself = [path] if number % 3 == 0 else []
        found[f"p{word(number)}"] = StorePath(path, int(chance.lognormvariate(12.5, 2)), (*needs, *itself))
    etc = StorePath(store_path("etc"), 1000, (found["paaa"].path,))
    needed = {other for path in found.values() for other in path.references if other != path.path}
    tops = tuple(path.path for path in found.values() if path.path not in needed)
    system = StorePath(store_path("nixos-system-web-25.11"), 20_000, (etc.path, *tops))
    return found | {"etc": etc, "nixos-system": system}, {etc.path, system.path}


def random_graph(chance: random.Random, count: int) -> list[StorePath]:
    """A small graph without circles, with some references to themselves, and out of the closure."""
    names = [store_path(f"node{word(number)}-{number}") for number in range(count)]
    paths = []
    for number, name in enumerate(names):
        needs = chance.sample(names[:number], min(number, chance.randrange(4)))
        extra = [name] if chance.random() < 0.3 else []
        paths.append(StorePath(name, chance.choice((10, 5000, 200_000, 3_000_000)), (*needs, *extra, store_path("elsewhere"))))
    return paths


def upgraded(closure: Closure, name: str, volatile: set[str], *, size: float = 1.01) -> tuple[Closure, set[str]]:
    """The closure after another version of one package: what needs it has another hash, and the configuration as well."""
    changed = {closure[name].path} | volatile
    while True:
        more = {path.path for path in closure.values() if changed & set(path.references)} | changed
        if more == changed:
            break
        changed = more
    new = {path: store_path(store_name(path), 1) for path in changed}
    new[closure[name].path] = store_path(f"{package_name(closure[name].path)}-9.9", 1)
    after = {
        key: StorePath(new.get(path.path, path.path), path.size, tuple(new.get(other, other) for other in path.references))
        for key, path in closure.items()
    }
    after[name] = replace(after[name], size=int(after[name].size * size))
    return after, {new[path] for path in volatile}


def new_layers(before: tuple[Layer, ...], after: tuple[Layer, ...]) -> list[Layer]:
    known = {layer.paths for layer in before}
    return [layer for layer in after if layer.paths not in known]


# ------------------------------------------------------------------------------------------------ what always holds


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("make", [flat, deep])
@pytest.mark.parametrize("limit", LIMITS)
def test_every_path_is_in_exactly_one_layer_and_the_limit_holds(strategy: str, make, limit: int) -> None:
    closure, volatile = make()
    layers = share_out(closure.values(), max_layers=limit, strategy=strategy, volatile=volatile)
    assert Counter(path for layer in layers for path in layer.paths) == Counter(path.path for path in closure.values())
    assert 1 <= len(layers) <= limit
    sizes = {path.path: path.size for path in closure.values()}
    for layer in layers:
        assert layer.paths == tuple(sorted(layer.paths)) and layer.why
        assert layer.size == sum(sizes[path] for path in layer.paths)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_small_graphs_of_all_kinds(strategy: str) -> None:
    chance = random.Random(5)
    for count in (1, 2, 3, 5, 8, 13, 30):
        for limit in (1, 2, 3, 4, 5, 6, 12, 40):
            paths = random_graph(chance, count)
            volatile = {path.path for path in paths if chance.random() < 0.1}
            layers = share_out(paths, max_layers=limit, strategy=strategy, volatile=volatile)
            assert sorted(path for layer in layers for path in layer.paths) == sorted(path.path for path in paths)
            assert len(layers) <= limit


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("make", [flat, deep])
def test_the_order_of_what_comes_in_changes_nothing(strategy: str, make) -> None:
    closure, volatile = make()
    paths = list(closure.values())
    first = share_out(paths, max_layers=40, strategy=strategy, volatile=volatile)
    for seed in range(5):
        chance = random.Random(seed)
        mixed = [replace(path, references=tuple(chance.sample(path.references, len(path.references)))) for path in paths]
        chance.shuffle(mixed)
        assert share_out(iter([*mixed, *mixed[:3]]), max_layers=40, strategy=strategy, volatile=frozenset(volatile)) == first


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_circles_are_borne_and_stay_together(strategy: str) -> None:
    a, b, c, d = (store_path(name) for name in ("a-1", "b-1", "c-1", "d-1"))
    paths = [StorePath(a, 10**6, (b, a)), StorePath(b, 10**6, (c,)), StorePath(c, 10**6, (a, d)), StorePath(d, 10**6, (d,))]
    layers = share_out(paths, max_layers=10, strategy=strategy)
    assert tuple(sorted((a, b, c))) in [layer.paths for layer in layers] or len(layers) == 1
    assert sum(len(layer.paths) for layer in layers) == 4


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_is_no_layer_and_a_long_chain_is_no_problem(strategy: str) -> None:
    assert share_out([], max_layers=5, strategy=strategy) == ()
    names = [store_path(f"link{word(number)}") for number in range(900)] + [store_path(f"more{word(number)}") for number in range(900)]
    chain = [StorePath(name, 10**6, (following,)) for name, following in zip(names, [*names[1:], names[-1]], strict=True)]
    assert len(share_out(chain, max_layers=7, strategy=strategy)) <= 7


def test_what_cannot_be_is_said_with_a_hint() -> None:
    with pytest.raises(DefinitionError, match="at least one layer, not 0") as few:
        share_out([], max_layers=0)
    with pytest.raises(DefinitionError, match="no strategy ‘sise’") as unknown:
        share_out([], max_layers=3, strategy="sise")
    assert few.value.hint and "size, popularity, single" in unknown.value.hint


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("systemd-252.39", "systemd"),
        ("libkrb5-3-1.20.1-2+deb12u5", "libkrb5"),
        ("nixos-system-web-25.11", "nixos-system-web"),
        ("etc", "etc"),
        ("foo-bar-", "foo-bar-"),
        ("a--1", "a"),
        ("x-_y", "x"),
        ("python3.11-requests-2.31.0", "python3.11-requests"),
    ],
)
def test_names_are_taken_apart_as_nix_does(name: str, package: str) -> None:
    assert package_name(store_path(name)) == package


# ------------------------------------------------------------------------------------------------ popularity


def expanded(graph: dict[str, list[str]], roots: list[str]) -> Counter[str]:
    """The contest as it was described: of the trees below some nodes, repeated wherever they are needed."""
    scores: Counter[str] = Counter()
    for root in roots:
        scores[root] += 1
        for name, score in expanded(graph, graph[root]).items():
            scores[name] += score + 1
    return scores


def scores_of(paths: list[StorePath]) -> dict[str, int]:
    units = units_of(paths)
    return {unit.paths[0]: score for unit, score in zip(units, popularity(units), strict=True)}


SEVEN = {"A": "BG", "B": "CE", "C": "DE", "D": "F", "E": "F", "F": "", "G": ""}


def test_the_example_with_seven_nodes() -> None:
    paths = [StorePath(name, 1, tuple(needs)) for name, needs in SEVEN.items()]
    assert scores_of(paths) == {"A": 1, "B": 2, "G": 2, "C": 3, "D": 4, "E": 5, "F": 9}
    layers = share_out(paths, max_layers=4, strategy="popularity")
    assert [layer.paths for layer in layers] == [("F",), ("E",), ("D",), ("A", "B", "C", "G")]
    assert layers[-1].why == "the 4 least used packages"
    alone = share_out(paths, max_layers=7, strategy="popularity")
    assert [layer.paths[0] for layer in alone] == list("FEDCBGA")


def test_popularity_is_that_of_the_expanded_tree() -> None:
    chance = random.Random(11)
    for _ in range(150):
        paths = random_graph(chance, chance.randrange(1, 13))
        known = {path.path for path in paths}
        graph = {path.path: [other for other in path.references if other in known and other != path.path] for path in paths}
        needed = {other for needs in graph.values() for other in needs}
        assert scores_of(paths) == expanded(graph, [name for name in graph if name not in needed])


def test_popularity_of_two_hundred_diamonds() -> None:
    """The tree of these has 2^200 places."""
    paths = [StorePath("top", 1, ("left000", "right000"))]
    for number in range(200):
        below = f"left{number + 1:03d}", f"right{number + 1:03d}"
        paths += [StorePath(f"left{number:03d}", 1, below), StorePath(f"right{number:03d}", 1, below)]
    assert scores_of(paths)["left199"] > 2**199
    assert len(share_out(paths, max_layers=5, strategy="popularity")) == 5


def test_popularity_orders_equals_by_name_and_not_by_hash() -> None:
    paths = [StorePath(store_path(name), 1) for name in ("b-1", "c-1", "a-1")]
    layers = share_out(paths, max_layers=3, strategy="popularity")
    assert [store_name(layer.paths[0]) for layer in layers] == ["a-1", "b-1", "c-1"]


# ------------------------------------------------------------------------------------------------ by size


@pytest.mark.parametrize("make", [flat, deep])
@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit > 1])
def test_the_configuration_is_alone_in_the_last_layer(make, limit: int) -> None:
    closure, volatile = make()
    layers = share_out(closure.values(), max_layers=limit, volatile=volatile)
    assert set(layers[-1].paths) == volatile and layers[-1].why == "the configuration"


def test_what_refers_to_the_configuration_goes_with_it() -> None:
    text, user, package = (store_path(name) for name in ("text", "script-1", "package-1"))
    paths = [StorePath(text, 10), StorePath(user, 10**6, (text, package)), StorePath(package, 10**6)]
    layers = share_out(paths, max_layers=3, volatile={text})
    assert [set(layer.paths) for layer in layers] == [{package}, {text, user}]


def test_an_image_of_nothing_but_configuration_is_one_layer() -> None:
    closure, _ = flat(20)
    names = {path.path for path in closure.values()}
    assert [set(layer.paths) for layer in share_out(closure.values(), max_layers=9, volatile=names)] == [names]


@pytest.mark.parametrize("make", [flat, deep])
@pytest.mark.parametrize("limit", [4, 10, 20, 60, 100, 1000])
@pytest.mark.parametrize("count", [20, 60, 180, 400])
def test_nothing_tiny_has_a_layer_of_its_own(make, limit: int, count: int) -> None:
    closure, volatile = make(count)
    layers = share_out(closure.values(), max_layers=limit, volatile=volatile)
    sizes = {path.path: path.size for path in closure.values()}
    assert all(len(layer.paths) > 1 or sizes[layer.paths[0]] >= TINY for layer in layers[:-1])


def test_one_tiny_package_is_with_some_small_ones_if_there_are_any() -> None:
    big = [StorePath(store_path(f"big{word(n)}-1"), 10**6 + n) for n in range(40)]
    tiny = StorePath(store_path("tiny-1"), 400)
    assert tiny.path in [path for layer in share_out([*big, tiny], max_layers=30) if len(layer.paths) > 1 for path in layer.paths]
    assert len(share_out([*big, tiny], max_layers=100)) == 41


def test_when_there_are_enough_layers_only_the_tiny_ones_are_together() -> None:
    big = [StorePath(store_path(f"big{word(n)}-1"), 10**6) for n in range(8)]
    tiny = [StorePath(store_path(f"tiny{word(n)}-1"), 40_000) for n in range(5)]
    assert [len(layer.paths) for layer in share_out(big, max_layers=8)] == [1] * 8
    assert [len(layer.paths) for layer in share_out([*big, *tiny], max_layers=9)] == [1] * 8 + [5]


def test_layers_say_what_they_are() -> None:
    closure, volatile = flat()
    layers = share_out(closure.values(), max_layers=20, volatile=volatile)
    assert all(layer.why == store_name(layer.paths[0]) for layer in layers if len(layer.paths) == 1)
    assert layers[-2].why == f"{len(layers[-2].paths)} small packages"
    assert share_out(closure.values(), max_layers=1)[0].why == "everything"


def test_what_more_others_need_comes_first() -> None:
    closure, volatile = deep()
    layers = share_out(closure.values(), max_layers=60, volatile=volatile)
    units = {unit.paths[0]: unit.above.bit_count() for unit in units_of(closure.values())}
    users = [units[layer.paths[0]] for layer in layers if len(layer.paths) == 1]
    assert sum(users[:10]) > 5 * sum(users[-10:])


# ------------------------------------------------------------------------------------------------ what is sent again


@pytest.mark.parametrize("limit", [4, 20, 60, 100])
def test_flat_a_small_leaf_sends_its_bundle_and_the_configuration(limit: int) -> None:
    closure, volatile = flat()
    before = share_out(closure.values(), max_layers=limit, volatile=volatile)
    alone = {layer.paths[0] for layer in before if len(layer.paths) == 1}
    least = min(path.size for path in closure.values() if path.path in alone)
    for name in [name for name, path in closure.items() if path.path not in volatile and path.size * 1.01 < least][::7]:
        after_closure, after_volatile = upgraded(closure, name, volatile)
        after = share_out(after_closure.values(), max_layers=limit, volatile=after_volatile)
        changed = new_layers(before, after)
        assert len(changed) == 2 and changed[-1] == after[-1]
        assert after_closure[name].path in changed[0].paths
        assert sum(layer.size for layer in changed) < sum(layer.size for layer in before) * {4: 0.9, 20: 0.12, 60: 0.03, 100: 0.01}[limit]


@pytest.mark.parametrize("limit", [4, 20, 60, 100])
def test_flat_the_biggest_sends_itself_and_the_configuration(limit: int) -> None:
    closure, volatile = flat()
    before = share_out(closure.values(), max_layers=limit, volatile=volatile)
    name = max(closure, key=lambda name: closure[name].size)
    after_closure, after_volatile = upgraded(closure, name, volatile)
    after = share_out(after_closure.values(), max_layers=limit, volatile=after_volatile)
    changed = new_layers(before, after)
    assert [layer.paths for layer in changed] == [(after_closure[name].path,), after[-1].paths]
    assert sum(layer.size for layer in changed) == after_closure[name].size + 23_000


@pytest.mark.parametrize("make", [flat, deep])
@pytest.mark.parametrize("limit", [2, 3, 4, 20, 60, 100])
def test_another_configuration_sends_nothing_else(make, limit: int) -> None:
    closure, volatile = make()
    before = share_out(closure.values(), max_layers=limit, volatile=volatile)
    after_closure, after_volatile = upgraded(closure, "etc", volatile, size=3)
    extra = {"motd": StorePath(store_path("motd"), 500)}
    after = share_out((after_closure | extra).values(), max_layers=limit, volatile={*after_volatile, extra["motd"].path})
    assert new_layers(before, after) == [after[-1]]
    assert after[-1].size < 30_000
    assert after[:-1] == before[:-1]


@pytest.mark.parametrize("limit", [20, 60, 100])
def test_deep_what_is_sent_is_what_changed_and_bundles(limit: int) -> None:
    """An upgrade changes all that stands on it; of what did not change, only neighbours in bundles are sent."""
    closure, volatile = deep()
    whole = sum(path.size for path in closure.values())
    before = share_out(closure.values(), max_layers=limit, volatile=volatile)
    known = {path.path for path in closure.values()}
    for name in ["paaa", "pbaa", "pcaa", "pdaa", "pdij", max(closure, key=lambda name: closure[name].size)]:
        after_closure, after_volatile = upgraded(closure, name, volatile)
        after = share_out(after_closure.values(), max_layers=limit, volatile=after_volatile)
        sent = new_layers(before, after)
        for layer in sent:
            assert len(layer.paths) > 1 or layer.paths[0] not in known
        needed = sum(path.size for path in after_closure.values() if path.path not in known)
        assert sum(layer.size for layer in sent) - needed < whole * {20: 0.35, 60: 0.1, 100: 0.05}[limit]


@pytest.mark.parametrize("make", [flat, deep])
@pytest.mark.parametrize("limit", [20, 60, 100])
@pytest.mark.parametrize("size", [3_000, 120_000])
def test_a_new_small_leaf_moves_no_other_layer(make, limit: int, size: int) -> None:
    closure, volatile = make()
    before = share_out(closure.values(), max_layers=limit, volatile=volatile)
    size = min(size, *(layer.size - 1 for layer in before if len(layer.paths) == 1))
    for number in range(20):
        leaf = StorePath(store_path(f"leaf{word(number)}-1.0"), size)
        changed = new_layers(before, share_out([*closure.values(), leaf], max_layers=limit, volatile=volatile))
        assert len(changed) == 1 and leaf.path in changed[0].paths


@pytest.mark.parametrize("make", [flat, deep])
def test_a_new_big_one_moves_one_other_into_a_bundle(make) -> None:
    closure, volatile = make()
    before = share_out(closure.values(), max_layers=60, volatile=volatile)
    big = StorePath(store_path("firefox-140.0"), 300_000_000)
    changed = new_layers(before, share_out([*closure.values(), big], max_layers=60, volatile=volatile))
    assert (big.path,) in [layer.paths for layer in changed] and len(changed) == 2


def test_two_images_have_the_layers_of_their_big_packages_in_common() -> None:
    closure, volatile = deep()
    packages = [path for path in closure.values() if path.path not in volatile]
    one, other = packages[:250], packages[:200] + packages[300:]
    there = {layer.paths for layer in share_out(one, max_layers=60)}
    layers = share_out(other, max_layers=60)
    in_both = sum(path.size for path in set(one) & set(other))
    assert sum(layer.size for layer in layers if layer.paths in there) > 0.7 * in_both


def test_a_year_costs_a_fraction_of_the_other_ways() -> None:
    closure, volatile = flat()
    chance = random.Random(8)
    ordinary = [name for name, path in closure.items() if path.path not in volatile]
    sent: Counter[str] = Counter()
    for name in chance.sample(ordinary, 20):
        after_closure, after_volatile = upgraded(closure, name, volatile)
        for strategy in STRATEGIES:
            before = share_out(closure.values(), max_layers=60, strategy=strategy, volatile=volatile)
            after = share_out(after_closure.values(), max_layers=60, strategy=strategy, volatile=after_volatile)
            sent[strategy] += sum(layer.size for layer in new_layers(before, after))
    assert sent["size"] * 10 < sent["popularity"] < sent["single"]
