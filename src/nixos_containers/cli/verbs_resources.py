"""The part of the table of verbs about what containers use of the host: limits, files, disk space."""

from __future__ import annotations

from .verb import Option, Verb

RESOURCES: tuple[Verb, ...] = (
    Verb(
        "set-limit",
        "change limits of a running container, for the moment",
        "set_limit",
        "many",
        text=(
            "Takes the options below `limits` or systemd's names for them, in any case of letters: `memoryMax=1G`, "
            "`CPUQuota=50%`, `'ioWriteBandwidthMax=/var 10M'`; `infinity` lifts a limit. It holds until the container stops, or "
            "until the next `switch` or `update`, which brings the declared limits back without a restart."
        ),
        argument="NAME LIMIT=VALUE",
        examples=("set-limit web cpuQuota=50% memoryMax=1G", "set-limit web memoryMax=infinity"),
    ),
    Verb(
        "convert-disk",
        "move a stopped container's root into a disk, or out",
        "convert_disk",
        "many",
        text=(
            "A root with `limits.diskMax` is a file with an ext4 in it, made when the container first starts. A container that exists "
            "already has a directory: this copies it into a disk of SIZE, and with another SIZE into another disk, also a smaller one. "
            "`none` makes it a directory again. What was there goes when everything has been copied.\n\n"
            "A disk grows by itself when a `switch` or `update` finds a larger `diskMax`."
        ),
        argument="NAME SIZE|none",
        examples=("convert-disk web 4G", "convert-disk web none"),
    ),
    Verb(
        "du",
        "show how much disk space containers take",
        "du",
        "many",
        text=(
            "STATE is the root, VOLUMES what is in the container's volumes, STORE the closure of its system, ITS OWN the part of that "
            "which no other container's system uses: what a removal and `prune` would free. Without names, of all containers. With "
            "`--json` in bytes."
        ),
        examples=("du", "du web --json"),
    ),
    Verb(
        "volume",
        "list volumes, or remove some",
        "volume",
        "many",
        text=(
            "A volume (`containers.<name>.volumes`) is a directory below /var/lib/nixos-containers/.volumes. It is made when it is first "
            "used and outlives its containers, also their `destroy`; only `volume remove` deletes it, once no container declares it."
        ),
        argument="list | remove VOLUME",
        examples=("volume list", "volume remove shop-data"),
    ),
    Verb(
        "cp",
        "copy files between the host and a running container",
        "cp",
        "two",
        text=(
            "One of SRC and DST is `NAME:PATH`. Files and directories go with modes, times and owners, which are the same numbers on both "
            "sides; sparse files stay sparse. A directory that exists already is copied into, as by cp. `-` is standard input or "
            "output, for one file.\n\n"
            "What comes out of a container has no set-id bits, and device nodes are refused."
        ),
        argument="SRC DST",
        examples=("cp ./site web:/srv/", "cp web:/var/log/nginx ./logs", "cp web:/etc/hosts -"),
    ),
    Verb(
        "mount",
        "show a directory of the host in a running container",
        "mount",
        "many",
        (Option(("--read-only",), "the container may only read it"),),
        text=(
            "HOST-PATH, a directory or a file, appears as PATH (default: the same) until the container stops or `umount`. Owners are the "
            "same on both sides, also with private users, and a mount that is read-only stays so for the guest's root. What is mounted "
            "below HOST-PATH is not shown. For good: `bindMounts`."
        ),
        argument="NAME HOST-PATH [PATH]",
        examples=("mount web ./src /srv/src", "mount web /var/cache/apt --read-only"),
    ),
    Verb(
        "umount",
        "take away what `mount` put into a running container",
        "mount",
        "many",
        text=(
            "PATH is the path in the container. What a program there still uses is refused, and so is what was mounted when the "
            "container started."
        ),
        argument="NAME PATH",
        examples=("umount web /srv/src",),
    ),
)
