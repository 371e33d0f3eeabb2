"""Disks of containers: what is refused, what grows, and the lines that mount one."""

from __future__ import annotations

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import Limits
from nixos_containers.plan.disk import check_disk, disk_lines, disk_size, human

from .samples import container

G = 1 << 30


def test_only_a_root_that_is_kept_on_disk_has_one() -> None:
    assert disk_size(container(limits=Limits(disk_max="2G"))) == 2 * G
    assert disk_size(container(limits=Limits(disk_max="2G"), ephemeral=True)) is None
    assert disk_size(container()) is None


def test_it_grows_is_never_made_smaller_and_no_directory_becomes_one_by_itself() -> None:
    wanted = container(limits=Limits(disk_max="2G"))
    assert check_disk(wanted, G, has_directory=False)
    assert not check_disk(wanted, 2 * G, has_directory=False)
    assert not check_disk(wanted, None, has_directory=False)
    assert not check_disk(container(), G, has_directory=False), "a disk stays one"
    with pytest.raises(DefinitionError, match="no disk is made smaller") as refused:
        check_disk(wanted, 3 * G, has_directory=False)
    assert "convert-disk web 2G" in refused.value.hint
    with pytest.raises(DefinitionError, match="is a directory already") as refused:
        check_disk(wanted, None, has_directory=True)
    assert "nixos-container stop web; nixos-container convert-disk web 2G" in refused.value.hint
    with pytest.raises(DefinitionError, match=r"containers\.web\.limits\.diskMax"):
        disk_size(container(limits=Limits(disk_max="1M")))


def test_its_type_is_never_guessed_and_its_path_is_one_word() -> None:
    text = "\n".join(disk_lines("/a b.ext4", "/root of"))
    assert "mount -t ext4 -o loop,discard,nodev -- '/a b.ext4' '/root of' 2>/dev/null && break" in text
    assert disk_lines(None, "/root") == []


def test_sizes_are_told_as_they_are_written() -> None:
    assert [human(size) for size in (2 * G, 1536 << 20, 4096, 5)] == ["2G", "1536M", "4K", "5"]
