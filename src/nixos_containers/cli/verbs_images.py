"""The part of the table of verbs about OCI images: image, registry."""

from __future__ import annotations

from .verb import DEFINITION, NIX_OPTIONS, NIXOS_PATH, Option, Verb

# How images are packed. The names of strategies and compressions are those of plan/layers.py and declare/image.py.
_PACKING = (
    Option(("--max-layers",), "at most N layers of store paths (default: 64, or `image.maxLayers`)", "N"),
    Option(
        ("--layering",), "how store paths are shared out among layers (default: size)", "STRATEGY", choices=("size", "popularity", "single")
    ),
    Option(("--compression",), "of layers (default: gzip, or `image.compression`)", "METHOD", choices=("gzip", "zstd", "none")),
)

IMAGES: tuple[Verb, ...] = (
    Verb(
        "image",
        "make an OCI image of a container",
        "image",
        "one",
        (
            Option(("-o", "--output"), "write it: FILE.tar, a directory, - for stdout, docker://HOST/NAME:TAG, ...", "DESTINATION"),
            Option(("--tag",), "how the image is called in a file or directory (default: latest, or `image.tag`)", "TAG"),
            *_PACKING,
            Option(("--created",), "the date in the image, or now (default: 1970, so that images can be compared)", "DATE"),
            Option(("--insecure",), "send it to a registry without TLS, or with a certificate that nobody vouches for"),
            DEFINITION,
            NIXOS_PATH,
            *NIX_OPTIONS,
        ),
        text=(
            "The container's system with its closure, as an image for podman and other runtimes: its first process is the "
            "system's init, and podman recognises it as a container of systemd, so that no option is needed. Nothing on this host "
            "needs to run. The same system is the same image, without a date.\n\n"
            "Without `--output` the layers are packed and shown. FILE.tar is an archive that `podman load` and `docker load` take, a "
            "directory becomes an OCI image layout, into which several images go. All other destinations are skopeo's, as "
            "containers-transports(5) has them: `docker://HOST/NAME:TAG` is a registry, `docker-daemon:NAME:TAG` docker on this host, "
            "`containers-storage:NAME:TAG` podman's own storage. The digest is printed, and what `podman run` needs to be told "
            "of ports, mounts and rights.\n\n"
            "Large packages get layers of their own, small ones share some by name, the configuration is in the last: after a change "
            "only those layers are packed, sent and pulled again that have something new. `popularity` is what nixpkgs did until 2024. "
            "What was packed is kept in /var/cache/nixos-containers/oci, at most 20 GiB."
        ),
        examples=("image web", "image web -o web.tar", "image web -o docker://registry.example.org/web:latest"),
    ),
    Verb(
        "registry",
        "serve containers and packages as OCI images, made on demand",
        "registry",
        options=(
            Option(("--listen",), "where (default: 127.0.0.1:5000)", "HOST:PORT"),
            Option(("--no-packages",), "serve the definition's containers alone"),
            Option(("--users",), "who may pull: a file of lines USER:HASH; without it, everybody", "FILE"),
            Option(("--hash-password",), "print the hash of a password for that file, and end"),
            Option(("--certificate",), "serve with TLS: a PEM file with the certificate and its chain", "FILE"),
            Option(("--key",), "the certificate's key, if the same file does not have it", "FILE"),
            *_PACKING,
            DEFINITION,
            NIXOS_PATH,
        ),
        json=False,
        text=(
            "`podman pull HOST/NAME` gets the container NAME as the definition file declares it at that moment: evaluated, built and "
            "packed when it is asked for. `podman pull HOST/shell/git/htop` gets an image with these packages, whatever their order; "
            "`shell` is bash with coreutils, less and nano, a dot leads into a set of packages, and certificates are always there. "
            "What has not changed is answered in a moment, and a client that has a layer does not get it again.\n\n"
            "Every image is there under the tag `latest`, under its `image.tag`, and under the hash of its system's store path. The "
            "registry is for pulling: what is to be pushed goes elsewhere, with `image --output docker://...`. It ends with Ctrl-C or "
            "SIGTERM, when answers under way have arrived. /metrics is for Prometheus, /healthz for who watches it.\n\n"
            "A password goes over the network in every request: with `--users` give it a `--certificate`."
        ),
        examples=("registry -c ./containers.nix", "registry --listen 0.0.0.0:5000 --certificate cert.pem --key key.pem --users users"),
    ),
)
