"""A container and packages as an image's documents: what a runtime reads."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from nixos_containers.declare.container import AllowedDevice, Bind, Container, Device, ForwardPort, Network, System
from nixos_containers.declare.image import Choices, Descriptor, Entry, ImageOptions, PackedLayer, Packing
from nixos_containers.plan import image, package_image

SYSTEM = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-web-25.11"
WEB = Container(
    "web",
    System(SYSTEM),
    network=Network(
        private=True,
        forward_ports=(
            ForwardPort(8080, container_port=80),
            ForwardPort(5353, protocol="udp", host_address="127.0.0.1"),
            ForwardPort(443, host_address="fd00::1"),
            ForwardPort(6000, container_port=7000, host_port_end=6002),
        ),
    ),
    binds=(Bind("/data", "/srv/data", is_read_only=False), Bind("/etc/key")),
    tmpfs=("/scratch",),
    volumes={"/var/lib/db": "db"},
    devices={"/dev/fuse": Device()},
    allowed_devices=(AllowedDevice("/dev/net/tun", "rw"), AllowedDevice("char-pts", "rw")),
    additional_capabilities=("CAP_NET_ADMIN",),
    enable_tun=True,
)
NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")


@pytest.mark.parametrize(
    "name, expected",
    [("web", "web"), ("Web_Server", "web_server"), ("_a_", "a"), ("a_-b", "a-b"), ("A--B", "a-b"), ("___", "container"), ("x-", "x")],
)
def test_names_of_repositories(name: str, expected: str) -> None:
    assert image.repository_name(name) == expected and NAME.fullmatch(expected)


def test_a_runtime_is_told_how_systemd_wants_it() -> None:
    config = image.image_config(WEB, SYSTEM)
    # podman-run(1): one of the commands that it recognises as systemd.
    assert config.entrypoint == ("/usr/local/sbin/init",)
    assert config.stop_signal == "SIGRTMIN+3"
    assert config.environment["container"] == "oci"
    assert config.exposed_ports == ("80/tcp", "443/tcp", "5353/udp", "7000/tcp", "7001/tcp", "7002/tcp")
    assert config.volumes == ("/data", "/var/lib/db")
    assert config.labels["org.opencontainers.image.title"] == "web"


def test_what_the_image_cannot_say_is_said_in_podmans_words() -> None:
    words = " ".join(image.run_options(WEB))
    for expected in (
        "-p 8080:80 ",
        "-p 127.0.0.1:5353:5353/udp",
        "-p [fd00::1]:443:443",
        "-p 6000-6002:7000-7002",
        "-v /srv/data:/data ",
        "-v /etc/key:/etc/key:ro",
        "--tmpfs /scratch",
        "--cap-add CAP_NET_ADMIN",
        "-v db:/var/lib/db",
        "--device /dev/fuse --device /dev/net/tun",
    ):
        assert expected in words
    assert "--network host" not in words and words.count("/dev/net/tun") == 1 and "char-pts" not in words
    assert image.run_options(Container("plain", System(SYSTEM))) == ["--network", "host"]


def test_the_root_leads_into_the_system_before_it_ran() -> None:
    manifest = "link\tbashrc\nlink\tssl/certs/ca.crt\ndirect\tmtab\t/proc/mounts\ncopy\tsudoers\t0440\t+0\t+5\nlink\thosts\n"
    assert image.copied_files(manifest) == ["sudoers"]
    assert image.copied_files("copy\t../x\t0644\t+0\t+0\ncopy\t/x\ncopy\ta/../../x\n") == [], "what leads out of /etc is none of it"
    found = {entry.path: entry for entry in image.root_entries(SYSTEM, manifest, {"sudoers": b"all\n"})}
    assert found["usr/local/sbin/init"].target == f"{SYSTEM}/init"
    assert found["usr/bin"].target == "/nix/var/nix/profiles/system/sw/bin" and found["bin"].target == "usr/bin"
    assert found["nix/var/nix/profiles/system"].target == SYSTEM
    assert found["etc/bashrc"].target == "/etc/static/bashrc" and found["etc/mtab"].target == "/proc/mounts"
    assert found["etc/sudoers"] == Entry("etc/sudoers", 0o440, content=b"all\n", group=5)
    assert found["tmp"].mode == 0o1777 and found["root"].mode == 0o700
    assert "etc/hosts" not in found, "the runtime's"
    order = list(found)
    for path in order:
        parent = path.rpartition("/")[0]
        assert not parent or order.index(parent) < order.index(path), "a directory before what is in it"


def test_a_root_for_nixos_leaves_bin_and_usr_to_its_activation() -> None:
    found = {entry.path: entry for entry in image.root_entries(SYSTEM)}
    assert found["bin"].target is None and found["usr/bin"].target is None, "directories that it can write"
    assert found["bin/sh"].target == "/nix/var/nix/profiles/system/sw/bin/sh"
    assert "usr/lib" not in found and "etc/static" not in found
    assert found["usr/local/sbin/init"].target == f"{SYSTEM}/init"
    assert "/run/current-system/sw/bin" in image.image_config(WEB, SYSTEM).environment["PATH"].split(":")


def test_the_documents_agree_with_each_other() -> None:
    layers = [
        PackedLayer(
            Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", f"sha256:{number:064x}", number), f"sha256:{number + 5:064x}", "why"
        )
        for number in (1, 2)
    ]
    text = image.config_document(image.image_config(WEB, SYSTEM), layers, architecture="amd64", created="1970-01-01T00:00:01Z")
    config = json.loads(text)
    assert config["rootfs"] == {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    assert len(config["history"]) == 2 and config["os"] == "linux" and config["architecture"] == "amd64"
    assert config["created"] == "1970-01-01T00:00:01Z"
    assert "PATH=" in config["config"]["Env"][0] and config["config"]["Entrypoint"] == ["/usr/local/sbin/init"]
    described = image.config_descriptor(text)
    assert described.digest == "sha256:" + hashlib.sha256(text).hexdigest() and described.size == len(text)
    manifest = json.loads(image.manifest_document(described, layers, annotations={"a": "b"}))
    assert manifest["schemaVersion"] == 2 and manifest["config"]["digest"] == described.digest
    assert [layer["digest"] for layer in manifest["layers"]] == [layer.descriptor.digest for layer in layers]


def test_what_the_definition_adds_wins() -> None:
    more = {"Env": ["TZ=UTC", "container=podman"], "Labels": {"a": "b"}, "ExposedPorts": {"1/tcp": {}}, "WorkingDir": "/srv"}
    config = image.image_config(WEB, SYSTEM)
    said = json.loads(image.config_document(config, [], architecture="amd64", created="x", more=more))["config"]
    assert "TZ=UTC" in said["Env"] and "container=podman" in said["Env"] and "container=oci" not in said["Env"]
    assert said["Labels"]["a"] == "b" and said["Labels"]["org.opencontainers.image.title"] == "web"
    assert {"1/tcp", "80/tcp"} <= set(said["ExposedPorts"]) and said["WorkingDir"] == "/srv"
    assert said["StopSignal"] == "SIGRTMIN+3"
    said = json.loads(image.config_document(config, [], architecture="amd64", created="x", more={"Entrypoint": ["nginx"]}))["config"]
    assert said["Entrypoint"] == ["nginx"] and "StopSignal" not in said, "SIGRTMIN+3 is systemd's"


def test_the_command_line_wins_over_the_definition() -> None:
    options = ImageOptions(max_layers=9, compression="zstd")
    assert Choices().packing(options) == Packing(9, "size", "zstd", "1970-01-01T00:00:01Z")
    assert Choices(max_layers=1, compression="none").packing(options).max_layers == 1


def test_what_every_rebuild_changes() -> None:
    def path(name: str) -> str:
        return f"/nix/store/0123456789abcdfghijklmnpqrsvwxyz-{name}"

    closure = [path(name) for name in ("bash-5.2", "etc", "unit-nginx.service", "glibc-2.39-52", "mypackage", "source-7zip", "init.sh")]
    found = image.volatile_paths(SYSTEM, [path("mypackage")], [*closure, SYSTEM])
    assert found == {SYSTEM, path("etc"), path("unit-nginx.service"), path("init.sh")}


@pytest.mark.parametrize(
    "name, expected",
    [
        ("hello", ("hello",)),
        ("shell/git", ("bash", "coreutils", "git", "less", "nano")),
        ("git/shell", ("git", "shell")),
        ("htop/git/htop", ("git", "htop")),
        ("xorg.xev", ("xorg.xev",)),
        ("Hello", ()),
        ("a//b", ()),
        ('a"b', ()),
        ("..", ()),
    ],
)
def test_packages_by_the_name_of_the_image(name: str, expected: tuple[str, ...]) -> None:
    assert package_image.packages_of(name) == expected


def test_the_order_of_packages_does_not_matter() -> None:
    assert package_image.definition(package_image.packages_of("git/htop")) == package_image.definition(
        package_image.packages_of("htop/git")
    )
    assert 'pkgs."xorg"."xev"' in package_image.definition(["xorg.xev"])


def test_a_shell_is_there_under_the_name_that_programs_ask_for() -> None:
    assert "bin/sh" in package_image.definition(package_image.packages_of("shell"))
    assert "bin/sh" not in package_image.definition(("git",))


def test_what_an_image_of_packages_runs() -> None:
    assert package_image.config(["git"], ["git"]).command == ("git",)
    assert package_image.config(["bash", "git"], ["bash", "git"]).command == ("bash",)
    assert package_image.config(["git", "htop"], ["git", "htop"]).command == ()
    assert package_image.config(["libc6"], []).command == ()


def test_the_root_of_an_image_of_packages() -> None:
    found = {entry.path: entry for entry in package_image.root_entries("/nix/store/x-tree", ["bin", "etc"], ["ssl", "passwd", "hosts"])}
    assert found["usr/bin"].target == "/nix/store/x-tree/bin" and found["usr/share"].target is None
    assert found["etc/ssl"].target == "/nix/store/x-tree/etc/ssl"
    assert found["etc/passwd"].content and "etc/hosts" not in found
