"""Packages as an OCI image, named by where it is pulled from: `HOST/shell/git/htop` has a shell, git and htop. Pure.

The idea and the meaning of the name are Nixery's. Such an image has no systemd: it runs the command that it is given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..declare.image import Entry, ImageConfig

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# What a first component stands for.
META_PACKAGES = {"shell": ("bash", "coreutils", "nano", "less")}
# In every image.
_ALWAYS = ("cacert",)
_COMPONENT = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")


def packages_of(name: str) -> tuple[str, ...]:
    """The packages that the image `name` has, sorted, each once; () when no package can be called so."""
    first, *rest = name.split("/")
    found = {*META_PACKAGES.get(first, (first,)), *rest}
    return tuple(sorted(found)) if all(_COMPONENT.fullmatch(component) for component in found) else ()


def definition(packages: Collection[str]) -> str:
    """A definition file whose container `image` has, for its system, nothing but the tree of `packages`; dots lead deeper, as in Nix.

    A shell is there under the name that programs ask for, too.
    """
    lines = "\n".join(f"          pkgs.{_attribute(package)}" for package in (*_ALWAYS, *packages))
    if "bash" in packages:
        lines += '\n          (pkgs.runCommandLocal "sh" { } "mkdir -p $out/bin; ln -s ${pkgs.bash}/bin/bash $out/bin/sh")'
    return f"""{{
  containers.image = {{
    privateNetwork = true;
    config =
      {{ config, lib, pkgs, ... }}:
      {{
        environment.corePackages = lib.mkForce [ ];
        environment.defaultPackages = lib.mkForce [ ];
        environment.systemPackages = lib.mkForce [
{lines}
        ];
        system.build.toplevel = lib.mkForce config.system.path;
      }};
  }};
}}
"""


def _attribute(package: str) -> str:
    return ".".join(f'"{part}"' for part in package.split("."))


def config(packages: Sequence[str], programs: Iterable[str]) -> ImageConfig:
    """How a runtime starts the image: a shell if there is one, else the program that is called as the only package is.

    `programs` are the names in the tree's bin.
    """
    known = set(programs)
    command = ("bash",) if "bash" in known else tuple(packages) if len(packages) == 1 and packages[0] in known else ()
    return ImageConfig(
        command=command,
        environment={
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "SSL_CERT_FILE": "/etc/ssl/certs/ca-bundle.crt",
        },
        labels={"org.opencontainers.image.title": " ".join(packages)},
    )


def root_entries(tree: str, parts: Iterable[str], etc: Iterable[str]) -> tuple[Entry, ...]:
    """What stands in the root beside the store: links into `tree`, whose directories are `parts` and whose files in /etc are `etc`."""
    made = [Entry(path) for path in ("dev", "etc", "home", "nix", "nix/store", "run", "usr", "usr/local", "usr/local/bin", "var")]
    made += [Entry("root", 0o700), Entry("tmp", 0o1777), Entry("var/tmp", 0o1777), Entry("proc", 0o555), Entry("sys", 0o555)]
    made += [Entry(part, 0o777, target=f"usr/{part}") for part in ("bin", "sbin", "lib", "lib64")]
    here = set(parts)
    for part in ("bin", "sbin", "lib", "lib64", "libexec", "share", "include"):
        made.append(Entry(f"usr/{part}", 0o777, target=f"{tree}/{part}") if part in here else Entry(f"usr/{part}"))
    own = [
        Entry("etc/passwd", 0o644, content=b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/var/empty:/bin/false\n"),
        Entry("etc/group", 0o644, content=b"root:x:0:\nnogroup:x:65534:\n"),
        Entry("etc/nsswitch.conf", 0o644, content=b"passwd: files\ngroup: files\nhosts: files dns\n"),
    ]
    taken = {entry.path for entry in own} | {"etc/hosts", "etc/hostname", "etc/resolv.conf"}
    made += own + [Entry(f"etc/{name}", 0o777, target=f"{tree}/etc/{name}") for name in etc if f"etc/{name}" not in taken]
    return tuple(sorted(made, key=lambda entry: entry.path.split("/")))
