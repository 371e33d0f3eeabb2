"""Records, ranges of user ids, generations and leftovers on a host of our own."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from nixos_containers.base.errors import DefinitionError, HostError
from nixos_containers.base.paths import Paths
from nixos_containers.build import profiles
from nixos_containers.declare.container import Network
from nixos_containers.observe import containers as observe
from nixos_containers.plan.facts import Cgroups
from nixos_containers.plan.users import RANGE
from nixos_containers.run import records
from nixos_containers.run.execute import with_users
from nixos_containers.run.recover import recover
from nixos_containers.run.start import prepare_root

from .samples import FULL_NETWORK, SYSTEM, record


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(str(tmp_path))


def test_a_record_is_read_as_it_was_written(paths: Paths) -> None:
    records.write(paths, record(network=FULL_NETWORK))
    assert observe.names(paths) == ["web"]
    assert observe.record(paths, "web") == record(network=FULL_NETWORK)


def test_upstreams_tools_find_their_keys(paths: Paths) -> None:
    records.write(paths, record(network=FULL_NETWORK, auto_start=True, extra_flags=("--a", "--b=c")))
    assert Path(paths.record("web")).read_text(encoding="utf-8").splitlines() == [
        "PRIVATE_NETWORK=1",
        f"SYSTEM_PATH={SYSTEM}",
        "HOST_ADDRESS=10.100.0.1",
        "HOST_ADDRESS6=fd00::1",
        "LOCAL_ADDRESS=10.100.0.2",
        "LOCAL_ADDRESS6=fd00::2",
        "LOCAL_MAC_ADDRESS=02:00:00:00:00:01",
        "HOST_PORT=tcp:8080:80,udp:53:53",
        "AUTO_START=1",
        'EXTRA_NSPAWN_FLAGS="--a --b=c"',
    ]


def test_what_another_command_has_taken_meanwhile_is_not_taken_again(paths: Paths) -> None:
    web, other = (
        record(network=FULL_NETWORK),
        record("other", network=replace(FULL_NETWORK, local_address="10.100.0.9", local_address6=None)),
    )
    records.write_unclaimed(paths, web, planned=("web",), since=0)
    with pytest.raises(DefinitionError, match="‘other’ and ‘web’ both use the host's tcp port 8080"):
        records.write_unclaimed(paths, other, planned=("other",), since=0)
    assert observe.names(paths) == ["web"], "nothing is written down of the one that came second"
    records.write_unclaimed(paths, web, planned=("web",), since=0)  # its own
    # Who changes both gives the port from one to the other; what was there before was looked at with everything else.
    records.write_unclaimed(paths, other, planned=("other", "web"), since=0)
    records.forget(paths, "other")
    records.write_unclaimed(paths, other, planned=("other",), since=os.stat(observe.record_path(paths, "web")).st_mtime + 1)
    assert observe.names(paths) == ["other", "web"]


def test_on_the_hosts_network_there_are_no_addresses_to_find(paths: Paths) -> None:
    records.write(paths, record())
    assert Path(paths.record("web")).read_text(encoding="utf-8").splitlines() == [
        "PRIVATE_NETWORK=0",
        f"SYSTEM_PATH={SYSTEM}",
        "AUTO_START=0",
    ]


def test_a_forgotten_container_is_gone_and_its_range_is_kept(paths: Paths) -> None:
    records.write(paths, record())
    base = records.user_base(paths, "web")
    records.forget(paths, "web")
    assert observe.names(paths) == []
    assert os.listdir(paths.records) == []
    assert records.user_base(paths, "web") == base, "its files still belong to these ids"


def test_ranges_differ_and_are_given_back_with_the_state(paths: Paths) -> None:
    first, second = records.user_base(paths, "a"), records.user_base(paths, "b")
    assert abs(first - second) >= RANGE
    records.release_user_base(paths, "a")
    assert observe.user_ranges(paths) == {"b": second}
    assert records.user_base(paths, "c") == first


def test_a_damaged_file_of_ranges_is_refused_never_guessed(paths: Paths) -> None:
    records.user_base(paths, "a")
    Path(paths.user_ranges).write_text('{"a": "x"}', encoding="utf-8")
    with pytest.raises(HostError, match=r"user-ranges\.json\.a"):
        records.user_base(paths, "b")


def test_only_containers_with_private_users_of_their_own_get_a_range(paths: Paths) -> None:
    private = Network(private=True)
    assert with_users(paths, record("a")).user_base is None
    assert with_users(paths, record("b", network=private, private_users="identity")).user_base is None
    assert with_users(paths, record("c", network=private)).user_base is not None
    assert set(observe.user_ranges(paths)) == {"c"}


# Roots.


def test_a_new_root_has_upstreams_skeleton_and_an_old_one_is_not_touched(paths: Paths) -> None:
    root = Path(prepare_root(paths, record()))
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["etc", "root", "usr", "var", "var/lib", "var/lib/private"]
    assert (root / "root").stat().st_mode & 0o777 == (root / "var/lib/private").stat().st_mode & 0o777 == 0o700
    (root / "var/lib/private").rmdir()
    (root / "etc").rmdir()
    (root / "etc").symlink_to("/etc")
    prepare_root(paths, record())
    assert not (root / "var/lib/private").exists()
    assert os.listdir(paths.states) == ["web"]


def test_an_ephemeral_root_leaves_the_state_directory_alone(paths: Paths) -> None:
    assert prepare_root(paths, record(ephemeral=True)) == paths.ephemeral_root("web")
    assert not os.path.exists(paths.states)


# Generations.


def test_each_new_system_is_a_generation_and_the_same_one_is_not(paths: Paths) -> None:
    assert [profiles.set_profile(paths, "web", f"/nix/store/{name}") for name in ("a", "a", "b", "b", "a")] == [1, 1, 2, 2, 3]
    assert profiles.generations(paths, "web") == {1: "/nix/store/a", 2: "/nix/store/b", 3: "/nix/store/a"}
    assert os.readlink(paths.profile("web")) == "system-3-link"
    assert observe.profile_system(paths, "web") == "/nix/store/a"


def test_after_a_rollback_the_same_newest_system_is_current_again(paths: Paths) -> None:
    profiles.set_profile(paths, "web", "/nix/store/a")
    profiles.set_profile(paths, "web", "/nix/store/b")
    os.unlink(paths.profile("web"))
    os.symlink("system-1-link", paths.profile("web"))
    assert profiles.set_profile(paths, "web", "/nix/store/b") == 2
    assert observe.profile_system(paths, "web") == "/nix/store/b"


def test_generations_sort_by_number_and_strangers_are_left_out(paths: Paths) -> None:
    for number in range(1, 12):
        profiles.set_profile(paths, "web", f"/nix/store/{number}")
    Path(paths.profiles("web"), "note").touch()
    assert list(profiles.generations(paths, "web")) == list(range(1, 12))


def test_a_removed_profile_is_gone_with_its_roots(paths: Paths) -> None:
    profiles.set_profile(paths, "web", "/nix/store/a")
    profiles.remove_profile(paths, "web")
    profiles.remove_profile(paths, "web")
    assert observe.profile_system(paths, "web") is None
    assert not os.path.exists(paths.profiles("web"))


def test_a_container_without_a_system_says_what_makes_one(paths: Paths) -> None:
    with pytest.raises(HostError, match="switch"):
        observe.system_of(paths, record())


# What killed commands leave.


def test_run_files_of_a_container_that_does_not_run_are_noticed(paths: Paths) -> None:
    state = Path(paths.run_state("web"))
    (state / "guest").mkdir(parents=True)
    assert observe.leftovers(paths, Cgroups(), "web") == []
    (state / "nspawn.pid").write_text("999999999\n", encoding="ascii")
    assert observe.running(paths, "web") is None
    assert observe.leftovers(paths, Cgroups(), "web") == ["run-time files"]
    assert observe.run_states(paths) == ["web"]


def test_a_pid_that_went_to_another_program_is_not_taken_for_the_container(paths: Paths) -> None:
    state = Path(paths.run_state("web"))
    state.mkdir(parents=True)
    for name in ("nspawn.pid", "launcher.pid"):
        (state / name).write_text(f"{os.getpid()}\n", encoding="ascii")
    assert observe.running(paths, "web") is None
    assert observe.supervisor(paths, "web") is None


def test_damaged_records_are_left_out_of_what_a_switch_looks_at(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    records.write(paths, record())
    records.write(paths, record("db"))
    Path(observe.record_path(paths, "web")).write_text("{", encoding="utf-8")
    assert set(observe.observe(paths).records) == {"db"}
    assert "web.json is damaged" in capsys.readouterr().err


def test_the_record_tells_nothing_that_json_cannot(paths: Paths) -> None:
    records.write(paths, record())
    assert json.loads(Path(observe.record_path(paths, "web")).read_text(encoding="utf-8"))["version"] == 1


def test_ranges_that_were_lost_are_those_of_the_records(paths: Paths) -> None:
    """As after a kill, or an fsck: nobody gets ids that belong to the files of another."""
    bases = {name: records.user_base(paths, name) for name in ("a", "b", "c")}
    for name, base in bases.items():
        records.write(paths, replace(record(name), user_base=base))
    os.unlink(paths.user_ranges)
    assert records.user_base(paths, "d") not in bases.values()
    assert records.user_base(paths, "b") == bases["b"]
    os.unlink(paths.user_ranges)
    assert "which was missing" in recover(paths)[0]
    assert observe.user_ranges(paths) == bases
    assert recover(paths) == []


def test_a_damaged_file_of_ranges_is_never_away(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    records.write(paths, replace(record("a"), user_base=records.user_base(paths, "a")))
    Path(paths.user_ranges).write_text("{", encoding="utf-8")

    def dies(path: str, *_: object) -> None:
        if path == paths.user_ranges:
            raise KeyboardInterrupt
        Path(path).write_text("{", encoding="utf-8")

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("nixos_containers.run.recover.write_atomically", dies)
        recover(paths)
    assert Path(paths.user_ranges).read_text(encoding="utf-8") == "{", "without it, everybody would get new ids"
    recover(paths)
    assert list(observe.user_ranges(paths)) == ["a"] and Path(paths.user_ranges + ".damaged").exists()
