"""A container as an image: from nothing, after a change of its configuration, unchanged; against one compressed tar of its closure."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess

from harness import Contestant, Result, Skipped, compete, timed
from product import NAME, Product

_PODMAN = ("podman", "--runtime", "runc")


def measure(product: Product, *, runs: int) -> Result:
    """The container's system must be built."""
    archive, plain = product.root / "image.tar", product.root / "plain.tar"
    cache = product.root / "var/cache/nixos-containers/oci"
    original = product.definition.read_text(encoding="utf-8")
    numbers = itertools.count()

    def image() -> None:
        product.run("image", NAME, "-c", str(product.definition), "-o", str(archive))

    def cold() -> float:
        shutil.rmtree(cache, ignore_errors=True)
        return timed(image)

    def changed() -> float:
        text = f'environment.etc."run".text = "{next(numbers)}"; environment.systemPackages'
        product.definition.write_text(original.replace("environment.systemPackages", text), encoding="utf-8")
        return timed(image)

    def described() -> dict[str, int]:
        made = json.loads(product.run("image", NAME, "-c", str(product.definition), "--json"))
        return {layer["digest"]: layer["size"] for layer in made["layers"]}

    system = json.loads(product.run("build", "-c", str(product.definition), "--json"))[NAME]
    closure = subprocess.run(["nix-store", "--query", "--requisites", system], capture_output=True, text=True, check=True).stdout.split()

    def tarball() -> float:
        with plain.open("wb") as file:
            return timed(lambda: _compressed(closure, file.fileno()))

    def imported() -> float:
        if shutil.which("podman") is None:
            raise Skipped("podman is not installed")
        tarball()
        seconds = timed(
            lambda: subprocess.run([*_PODMAN, "import", "--quiet", str(plain), f"{NAME}:image"], check=True, capture_output=True)
        )
        subprocess.run([*_PODMAN, "rmi", f"{NAME}:image"], check=True, capture_output=True)
        return seconds

    try:
        result = compete(
            "a container as an image (archive file)",
            [
                Contestant("nothing packed before", cold),
                Contestant("the configuration changed", changed, "evaluated, built, packed and written"),
                Contestant("nothing changed", lambda: timed(image)),
                Contestant("tar | gzip -6 of the same closure", tarball, "one layer, on one processor"),
                Contestant("podman import of that tar", imported),
            ],
            runs=runs,
        )
        changed()
        before = described()
        changed()
        after = described()
        result.facts["bytes of the image"] = sum(after.values())
        result.facts["bytes that a registry lacks after a change"] = sum(size for digest, size in after.items() if digest not in before)
    finally:
        product.definition.write_text(original, encoding="utf-8")
        for path in (archive, plain):
            path.unlink(missing_ok=True)
    return result


def _compressed(paths: list[str], output: int) -> None:
    tar = subprocess.Popen(["tar", "--create", "--sort=name", "--directory", "/", *(path[1:] for path in paths)], stdout=subprocess.PIPE)
    subprocess.run(["gzip", "-6"], stdin=tar.stdout, stdout=output, check=True)
    tar.wait()
