"""systemd-nspawn's command line for every option that reaches it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from nixos_containers.base.errors import DefinitionError
from nixos_containers.declare.container import AllowedDevice, Bind, Container, Network, VethPair
from nixos_containers.plan.facts import Host
from nixos_containers.plan.launch import params_digest, plan_launch, private_users
from nixos_containers.plan.network import plan_network
from nixos_containers.plan.nspawn import escape, nspawn_command

from .samples import BUSYBOX, FULL_NETWORK, SYSTEM, container, record


def command(made: Container, *, user_base: int | str = 0x90000, host: Host | None = None, flags: tuple[str, ...] = ()) -> list[str]:
    return nspawn_command(
        made,
        host or Host(),
        plan_network(made),
        root="/var/lib/nixos-containers/web",
        guest_directory="/run/nixos-containers/.web/guest",
        busybox=BUSYBOX,
        system=SYSTEM,
        user_base=user_base,
        flags=flags,
    )


def test_the_guest_is_started_by_the_static_shell_and_our_script() -> None:
    words = command(container())
    assert words[0] == "/usr/bin/systemd-nspawn"
    assert words[words.index("--") + 1 :] == [BUSYBOX, "sh", "/run/nixos-container/init", f"{SYSTEM}/init"]
    assert "--machine=web" in words
    assert "--directory=/var/lib/nixos-containers/web" in words


@pytest.mark.parametrize("word", ["--keep-unit", "--register=no", "--notify-ready=yes", "--kill-signal=SIGRTMIN+3", "--resolv-conf=off"])
def test_what_our_launcher_relies_on_is_always_there(word: str) -> None:
    assert word in command(container())


def test_private_users_map_owners_of_root_store_and_binds() -> None:
    words = command(container(binds=(Bind("/srv"),)))
    assert "--private-users=589824:65536" in words
    assert "--private-users-ownership=auto" in words
    assert "--bind-ro=/nix/store:/nix/store:norbind,idmap" in words
    assert "--bind-ro=/srv:/srv:idmap" in words


@pytest.mark.parametrize("users", ["no", "identity"])
def test_without_private_users_nothing_is_mapped(users: str) -> None:
    words = command(container(binds=(Bind("/srv"),)), user_base=users)
    assert f"--private-users={users}" in words
    assert not [word for word in words if "idmap" in word or "ownership" in word], "nspawn refuses idmap without private users"


def test_where_the_store_cannot_be_mapped_it_is_bound_plainly() -> None:
    assert "--bind-ro=/nix/store:/nix/store:norbind" in command(container(), host=Host(store_idmap=False))


@pytest.mark.parametrize(
    ("bind", "word"),
    [
        (Bind("/srv"), "--bind-ro=/srv:/srv:idmap"),
        (Bind("/srv", is_read_only=False), "--bind=/srv:/srv:idmap"),
        (Bind("/in", "/out"), "--bind-ro=/out:/in:idmap"),
        (Bind("/in:side", "/out:side", False), r"--bind=/out\:side:/in\:side:idmap"),
        (Bind("/in", "/back\\slash"), "--bind-ro=/back\\\\slash:/in:idmap"),
        (Bind("/with space", "/ü"), "--bind-ro=/ü:/with space:idmap"),
    ],
)
def test_binds_with_what_nspawn_would_split_at(bind: Bind, word: str) -> None:
    assert word in command(container(binds=(bind,)))


@pytest.mark.parametrize("path", ["/plain", "/a:b", "/a\\b", "/a\\:b", "/::", "/\\\\"])
def test_an_escaped_path_has_no_bare_colon_and_reads_back(path: str) -> None:
    read, rest = "", escape(path)
    while rest:
        assert rest[0] != ":"
        if rest[0] == "\\":
            rest = rest[1:]
        read, rest = read + rest[0], rest[1:]
    assert read == path


def test_tmpfs_and_extra_flags_come_before_the_command() -> None:
    words = command(container(tmpfs=("/scratch", "/work:size=10M")), flags=("--setenv=A=b c",))
    for word in ("--tmpfs=/scratch", "--tmpfs=/work:size=10M", "--setenv=A=b c"):
        assert words.index(word) < words.index("--")


def test_capabilities_are_one_flag_each_once() -> None:
    words = command(container(additional_capabilities=("CAP_NET_ADMIN", "CAP_SYS_TIME"), enable_tun=True))
    assert [word for word in words if word.startswith("--capability")] == ["--capability=CAP_NET_ADMIN,CAP_SYS_TIME"]


def test_tun_gives_the_device_and_the_capability() -> None:
    words = command(container(enable_tun=True))
    assert any(word.startswith("--bind=") and word.endswith("/own/0:/dev/net/tun") for word in words)
    assert "--capability=CAP_NET_ADMIN" in words
    assert not [word for word in command(container()) if word.startswith("--capability") or "tun" in word]


def test_root_that_is_the_hosts_root_cannot_make_itself_a_disk() -> None:
    drop = "--drop-capability=CAP_MKNOD"
    assert drop in command(container(), user_base="no")
    assert drop in command(container(), user_base="identity")
    assert drop not in command(container()), "the kernel refuses that to private users anyway"
    assert drop not in command(container(additional_capabilities=("CAP_MKNOD",)), user_base="no")
    assert drop not in command(container(allowed_devices=(AllowedDevice("block-*", "rwm"),)), user_base="no")
    assert drop in command(container(allowed_devices=(AllowedDevice("/dev/fuse", "rw"),)), user_base="no")


def test_the_guest_is_told_of_its_private_network() -> None:
    assert "--setenv=PRIVATE_NETWORK=1" in command(container(network=Network(private=True)))
    assert "--setenv=PRIVATE_NETWORK=1" not in command(container())


def test_nspawn_itself_understands_every_flag() -> None:
    program = shutil.which("systemd-nspawn")
    if program is None:
        pytest.skip("systemd-nspawn is not installed")
    everything = container(
        network=FULL_NETWORK, binds=(Bind("/in:side", "/tmp"),), tmpfs=("/scratch",), additional_capabilities=("CAP_SYS_TIME",)
    )
    words = command(everything)
    words[words.index("--") : words.index("--")] = ["--help"]
    done = subprocess.run([program, *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Which users a container gets, and what contradicts that.


@pytest.mark.parametrize(
    ("fields", "users"),
    [
        ({}, "no"),
        ({"network": Network(private=True)}, "pick"),
        ({"network": Network(private=True), "private_users": "no"}, "no"),
        ({"network": Network(private=True), "private_users": "identity"}, "identity"),
        ({"network": Network(private=True), "private_users": "1000000"}, "1000000"),
        ({"private_users": "identity"}, "identity"),
        ({"private_users": "pick", "network": Network(network_namespace="/run/netns/a")}, "pick"),
    ],
)
def test_private_users_are_the_default_where_the_network_is_private(fields: dict, users: str) -> None:
    assert private_users(container(**fields)) == users


def test_private_users_on_the_hosts_network_are_refused_with_a_way_out() -> None:
    with pytest.raises(DefinitionError, match=r"containers\.web\.privateNetwork = true"):
        private_users(container(private_users="pick"))


def launch_command(**fields: object) -> str:
    made = plan_launch(record(**fields), Host(), state="/run/s", root="/r", busybox=BUSYBOX, system=SYSTEM)
    return made.files["launch"]


def test_the_recorded_range_is_used_for_pick_only() -> None:
    private = Network(private=True)
    assert "--private-users=589824:65536" in launch_command(network=private)
    assert "--private-users=1000000:65536" in launch_command(network=private, private_users="1000000")
    assert "--private-users=no" in launch_command(network=private, private_users="no")


# What makes a restart necessary.


@pytest.mark.parametrize(
    "fields",
    [
        {"ephemeral": True},
        {"binds": (Bind("/srv"),)},
        {"extra_flags": ("-U",)},
        {"slice_limits": {"LimitNOFILE": "4096"}},
        {"network": Network(private=True)},
        {"network": Network(private=True, extra_veths={"x": VethPair(local_address="10.0.0.1")})},
        {"additional_capabilities": ("CAP_SYS_TIME",)},
        {"private_users": "identity"},
        {"copy_resolv_conf": False},
        {"enable_tun": True},
        {"tmpfs": ("/t",)},
    ],
)
def test_parameters_of_the_container_need_a_restart(fields: dict) -> None:
    assert params_digest(container(**fields), Host()) != params_digest(container(), Host())


@pytest.mark.parametrize(
    "fields", [{"auto_start": True}, {"restart_if_changed": False}, {"timeout_start": "5min"}, {"nixpkgs": "/root/nixpkgs"}]
)
def test_what_does_not_touch_a_running_guest_needs_no_restart(fields: dict) -> None:
    assert params_digest(container(**fields), Host()) == params_digest(container(), Host())
