"""What is mounted: nspawn's flags, the guest's own overlays, and what contradicts itself."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import Bind, Overlay
from nixos_containers.plan.mounts import check_mounts, directories, kept_paths, mount_flags, overlay_lines, persistent_path

from .samples import container

STATES = "/var/lib/nixos-containers"


def flags(*, private_users: bool = True, **fields: object) -> list[str]:
    return mount_flags(container(**fields), states=STATES, private_users=private_users)


def test_binds_carry_owners_over_and_may_leave_out_what_is_mounted_below() -> None:
    assert flags(binds=(Bind("/a", "/b"),)) == ["--bind-ro=/b:/a:idmap"]
    assert flags(binds=(Bind("/a", is_read_only=False, recursive=False),)) == ["--bind=/a:/a:norbind,idmap"]
    assert flags(binds=(Bind("/a", recursive=False),), private_users=False) == ["--bind-ro=/a:/a:norbind"]


def test_blanks_colons_and_backslashes_stay_what_they_are() -> None:
    assert flags(binds=(Bind("/m n", "/a:b\\c d"),), private_users=False) == ["--bind-ro=/a\\:b\\\\c d:/m n"]


def test_volumes_and_kept_paths_are_directories_of_ours() -> None:
    made = container(ephemeral=True, persistent_paths=("/var/lib/x",), volumes={"/data": "shop"})
    assert directories(made, STATES) == [
        f"{STATES}/web/persistent/var%2Flib%2Fx",
        f"{STATES}/.journals/web",
        f"{STATES}/.volumes/shop",
    ]
    assert f"--bind={STATES}/.volumes/shop:/data:idmap" in mount_flags(made, states=STATES, private_users=True)


def test_kept_paths_never_share_a_directory() -> None:
    assert persistent_path(STATES, "web", "/a/b") != persistent_path(STATES, "web", "/a%2Fb")


def test_overlays_are_mounted_inside_over_layers_with_mapped_owners() -> None:
    overlay = Overlay("/srv", ("/top", "/bottom"), "/changes")
    assert flags(overlays=(overlay,)) == [
        "--bind-ro=/top:/run/nixos-container-overlays/0/lower0:idmap",
        "--bind-ro=/bottom:/run/nixos-container-overlays/0/lower1:idmap",
        "--bind=/changes:/run/nixos-container-overlays/0/writable:idmap",
    ]
    text = "\n".join(overlay_lines(container(overlays=(overlay,))))
    place = "/run/nixos-container-overlays/0"
    assert f"lowerdir={place}/lower0:{place}/lower1,upperdir={place}/writable/upper" in text
    assert "--tmpfs=/run/nixos-container-overlays/0/writable:mode=755" in flags(overlays=(Overlay("/srv", ("/a",)),))


@pytest.mark.parametrize(
    "fields",
    [
        {"binds": (Bind("relative"),)},
        {"binds": (Bind("/a/../b"),)},
        {"binds": (Bind("/"),)},
        {"binds": (Bind("/a"), Bind("/a/"))},
        {"binds": (Bind("/a"),), "tmpfs": ("/a:size=1M",)},
        {"volumes": {"/a": "b/c"}},
        {"volumes": {"/a": ".hidden"}},
        {"persistent_paths": ("/a",)},
        {"overlays": (Overlay("/a"),)},
    ],
)
def test_contradictions_are_refused_with_their_option(fields: dict) -> None:
    with pytest.raises(DefinitionError, match=r"containers\.web\."):
        check_mounts(container(**fields))


def test_the_journal_of_an_ephemeral_container_is_kept_unless_something_else_is_there() -> None:
    assert kept_paths(container(ephemeral=True)) == ("/var/log/journal",)
    assert kept_paths(container(ephemeral=True, keep_journal=False)) == kept_paths(container()) == ()
    assert kept_paths(container(ephemeral=True, tmpfs=("/var/log:mode=755",))) == ()
    assert kept_paths(container(ephemeral=True, persistent_paths=("/var/log/journal",))) == ("/var/log/journal",)
