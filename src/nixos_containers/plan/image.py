"""A container as an OCI image: what a runtime is told, what stands in the root, and the image's documents as bytes. Pure.

Everything is a function of the container and its system: no date, no host, so that the same system is the same image.
Not for tars and blobs (oci/), or which path is in which layer (layers.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from ..declare.image import CONFIG, MANIFEST, Descriptor, Entry, ImageConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..declare.container import Container
    from ..declare.image import PackedLayer

# podman gives a container what systemd needs (a /run, its cgroup, SIGRTMIN+3 to stop) when its command is one of four
# (podman-run(1), --systemd). This is the one whose directory is never a link through /run, where nothing is before the start.
INIT = "/usr/local/sbin/init"
# Where the system is found also before it was started: /run is empty then.
PROFILE = "/nix/var/nix/profiles/system"
# Of both universes: NixOS has nothing in /usr/bin.
_PATH = f"/run/wrappers/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin:{PROFILE}/sw/bin"
# distribution-spec, "Pulling manifests": what a repository may be called.
_SEPARATORS = re.compile(r"[._-]{2,}|[._-]+$|^[._-]+")
# What the system's list of files says of a copy: the mode, and the numbers of its owner, who has no name before the first start.
_COPY = re.compile(r"([0-7]{3,4})\t\+(\d+)\t\+(\d+)\t?")
_OCTAL = 8


def repository_name(container: str) -> str:
    """The name of container `container` as registries allow names: small letters, single separators inside."""
    name = re.sub(r"[^a-z0-9._-]", "-", container.lower())
    return _SEPARATORS.sub(lambda found: "-" if found.start() > 0 and found.end() < len(name) else "", name) or "container"


def image_config(container: Container, system: str) -> ImageConfig:
    """How a runtime starts `container`, whose system is `system`: its init as the first process, stopped as systemd wants it."""
    ports = sorted({(port.target + number, port.protocol) for port in _forwards(container) for number in range(len(port.ports))})
    return ImageConfig(
        entrypoint=(INIT,),
        environment={"PATH": _PATH, "container": "oci"},
        stop_signal="SIGRTMIN+3",
        exposed_ports=tuple(f"{port}/{protocol}" for port, protocol in ports),
        volumes=tuple(sorted({*container.volumes, *(bind.mount_point for bind in container.binds if not bind.is_read_only)})),
        labels={
            "org.opencontainers.image.title": container.name,
            "org.opencontainers.image.version": system.rpartition("/")[2].partition("-")[0],
        },
    )


def run_options(container: Container) -> list[str]:
    """What the image cannot say itself, as options of `podman run` (docker's are the same): ports, mounts, rights."""
    words = []
    for forward in _forwards(container):
        address = forward.host_address or ""
        if address:
            address = f"[{address}]:" if ":" in address else f"{address}:"
        last = forward.target + len(forward.ports) - 1
        host, guest = str(forward.host_port), str(forward.target)
        if len(forward.ports) > 1:
            host, guest = f"{host}-{forward.ports[-1]}", f"{guest}-{last}"
        words += ["-p", f"{address}{host}:{guest}" + ("" if forward.protocol == "tcp" else f"/{forward.protocol}")]
    for bind in container.binds:
        words += ["-v", f"{bind.source}:{bind.mount_point}" + (":ro" if bind.is_read_only else "")]
    for mount_point, volume in sorted(container.volumes.items()):
        words += ["-v", f"{volume}:{mount_point}"]
    for mount in container.tmpfs:
        words += ["--tmpfs", mount]
    for capability in container.additional_capabilities:
        words += ["--cap-add", capability]
    for capability in container.drop_capabilities:
        words += ["--cap-drop", capability]
    nodes = [node for node in (*container.devices, *(device.node for device in container.allowed_devices)) if node.startswith("/")]
    for node in dict.fromkeys([*nodes, *(("/dev/net/tun",) if container.enable_tun else ())]):
        words += ["--device", node]
    if not container.network.separate:
        words += ["--network", "host"]
    return words


def _forwards(container: Container) -> tuple[Any, ...]:
    return container.network.forward_ports if container.network.separate else ()


def root_entries(system: str, static_etc: str | None = None, files: Mapping[str, bytes] | None = None) -> tuple[Entry, ...]:
    """What stands in the image's root beside the store, sorted. Its links lead into the system without its having run.

    `static_etc` is the system's list of its files in /etc (etc-manifest), `files` the text of those that are copies. A system
    without such a list is NixOS's own: its root has no links in the place of /bin and /usr, which it fills itself. The system's own
    start finds all of it as it would leave it, and puts right what it wants otherwise.
    """
    made = [
        Entry(path) for path in ("etc", "home", "mnt", "opt", "run", "srv", "usr", "usr/local", "usr/local/bin", "usr/local/sbin", "var")
    ]
    made += [Entry("root", 0o700), Entry("tmp", 0o1777), Entry("var/tmp", 0o1777), Entry("proc", 0o555), Entry("sys", 0o555), Entry("dev")]
    made += [Entry(path) for path in ("nix", "nix/store", "nix/var", "nix/var/nix", "nix/var/nix/profiles", "nix/var/nix/gcroots")]
    made += [
        Entry(INIT[1:], 0o777, target=f"{system}/init"),
        Entry(PROFILE[1:], 0o777, target=system),
        Entry("etc/passwd", 0o644, content=b"root:x:0:0:System administrator:/root:/bin/sh\n"),
        Entry("etc/group", 0o644, content=b"root:x:0:\n"),
    ]
    made += _nixos_programs() if static_etc is None else _merged_usr()
    known = {entry.path for entry in made}
    made += [entry for entry in _etc(static_etc or "", files or {}) if entry.path not in known]
    return tuple(sorted({entry.path: entry for entry in made}.values(), key=lambda entry: entry.path.split("/")))


def _merged_usr() -> list[Entry]:
    """The embedded universe's root: everything of /usr is the system's."""
    parts = ("bin", "sbin", "lib", "lib64", "libexec", "share", "include")
    made = [Entry(f"usr/{part}", 0o777, target=f"{PROFILE}/sw/{part}") for part in parts]
    return made + [Entry(part, 0o777, target=f"usr/{part}") for part in ("bin", "sbin", "lib", "lib64")]


def _nixos_programs() -> list[Entry]:
    """The two programs that NixOS has outside of the store; its activation replaces them by its own."""
    links = [Entry(path, 0o777, target=f"{PROFILE}/sw{target}") for path, target in (("bin/sh", "/bin/sh"), ("usr/bin/env", "/bin/env"))]
    return [Entry("bin"), Entry("usr/bin"), *links]


def _etc(manifest: str, files: Mapping[str, bytes]) -> Iterable[Entry]:
    """/etc as a start of the system leaves it: links into its static tree, and copies of what has to be a file."""
    if not manifest:
        return
    yield Entry("etc/static", 0o777, target=f"{PROFILE}/etc")
    for line in manifest.splitlines():
        kind, path, *rest = [*line.split("\t"), ""]
        # The runtime's own names and servers go there.
        if path in ("hosts", "hostname", "resolv.conf") or not _is_inside(path):
            continue
        for depth in range(1, path.count("/") + 1):
            yield Entry("etc/" + "/".join(path.split("/")[:depth]))
        if kind == "link":
            yield Entry(f"etc/{path}", 0o777, target=f"/etc/static/{path}")
        elif kind == "direct":
            yield Entry(f"etc/{path}", 0o777, target=rest[0])
        elif kind == "copy" and path in files and (numbers := _COPY.fullmatch("\t".join(rest))):
            yield Entry(f"etc/{path}", int(numbers[1], _OCTAL), content=files[path], user=int(numbers[2]), group=int(numbers[3]))


def copied_files(manifest: str) -> list[str]:
    """Which files of the static tree are copied into /etc, by the system's list of them."""
    paths = [line.split("\t")[1] for line in manifest.splitlines() if line.startswith("copy\t")]
    return [path for path in paths if _is_inside(path)]


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and not {"", ".", ".."} & set(path.split("/"))


def image_name(container: Container) -> str:
    """What the image of `container` is called: its repository."""
    return container.image.name or repository_name(container.name)


def config_document(
    config: ImageConfig, layers: Sequence[PackedLayer], *, architecture: str, created: str, more: Mapping[str, Any] | None = None
) -> bytes:
    """The image configuration (image-spec, config.md), one history entry per layer, which Docker's tools insist on.

    `more` is what the definition says in the specification's words (`image.config`).
    """
    inner: dict[str, Any] = {"Env": [f"{name}={value}" for name, value in sorted(config.environment.items())]}
    for key, value in (
        ("Entrypoint", list(config.entrypoint)),
        ("Cmd", list(config.command)),
        ("StopSignal", config.stop_signal),
        ("ExposedPorts", {port: {} for port in config.exposed_ports}),
        ("Volumes", {volume: {} for volume in config.volumes}),
        ("Labels", config.labels),
    ):
        if value:
            inner[key] = value
    inner = _merged(inner, more or {})
    return _document(
        {
            "architecture": architecture,
            "os": "linux",
            "created": created,
            "config": inner,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": created, "created_by": f"nixos-containers: {layer.why}"} for layer in layers],
        }
    )


def _merged(own: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """What the container says of itself, and what its definition adds; that wins. Another first process wants no signal of systemd's."""
    merged = {key: value for key, value in own.items() if key != "StopSignal" or "Entrypoint" not in more}
    for key, value in more.items():
        if key == "Env":
            named = dict(entry.partition("=")[::2] for entry in [*own["Env"], *value])
            merged[key] = [f"{name}={text}" for name, text in sorted(named.items())]
        elif key in ("Labels", "ExposedPorts", "Volumes"):
            merged[key] = {**own.get(key, {}), **value}
        else:
            merged[key] = value
    return merged


def manifest_document(config: Descriptor, layers: Sequence[PackedLayer], *, annotations: dict[str, str]) -> bytes:
    """The image manifest (image-spec, manifest.md)."""
    return _document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(config),
            "layers": [descriptor(layer.descriptor) for layer in layers],
            "annotations": annotations,
        }
    )


def config_descriptor(document: bytes) -> Descriptor:
    """The descriptor of an image configuration."""
    return Descriptor(CONFIG, digest_of(document), len(document))


def descriptor(of: Descriptor) -> dict[str, Any]:
    """A descriptor as documents write it."""
    return {"mediaType": of.media_type, "digest": of.digest, "size": of.size}


def digest_of(document: bytes) -> str:
    """The digest of a blob (image-spec, descriptor.md)."""
    return "sha256:" + hashlib.sha256(document).hexdigest()


def _document(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def volatile_paths(system: str, packages: Iterable[str], closure: Iterable[str]) -> frozenset[str]:
    """The paths that every rebuild changes: the system, and what has no version in its name and is none of its `packages`."""
    stable = frozenset(packages)
    unversioned = re.compile(r"/[0-9a-z]{32}-(?:(?!-\d).)*$")
    return frozenset(path for path in closure if path == system or (path not in stable and unversioned.search(path)))
