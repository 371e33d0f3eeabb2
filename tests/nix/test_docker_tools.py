"""`pkgs.dockerTools`: images built by real Nix out of a small archive, and read as those who load them read them.

The names of most tests are those of nixpkgs' own test of dockerTools (nixos/tests/docker-tools.nix), which say what it promises.
No engine is needed: an image is a tar with JSON in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nixos_containers.oci import tarball

from ..unit.packages_archive import Archive
from . import images_archive, runner, shapes
from .images_defined import CHOWN, IMAGES, NESTED
from .images_read import Image, store_path
from .test_pkgs_builds import World, nix, opened, pytestmark  # noqa: F401 - the marks hold here as well

_HAS_FAKEROOT = shutil.which("faked-sysv") is not None


@dataclass
class Built:
    """All images, and what Nix knows of them."""

    world: World
    paths: dict[str, Path]
    attributes: dict[str, Any]
    images: dict[str, Image]

    def __getitem__(self, name: str) -> Image:
        if name not in self.images:
            self.images[name] = Image(self.paths[name])
        return self.images[name]

    def named(self, name: str) -> str:
        """The store path whose name is `name`, of all that are in the images' closures."""
        (found,) = {path for path in requisites(*self.paths.values()) if path.partition("-")[2] == name}
        return found


def requisites(*paths: Path | str) -> list[str]:
    return nix("nix-store", "--query", "--requisites", *map(str, paths)).stdout.split()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    archive = Archive(folder, compression="none")
    archive.add("busybox-static", fill=shapes.busybox)
    archive.add("python3", images_archive.PYTHON, fill=images_archive.python)
    archive.add("bash", fill=shapes.bash)
    archive.add("coreutils", fill=images_archive.coreutils)
    archive.add("greet", "2.0", fill=shapes.prog_data, Depends="greet-data")
    archive.add("greet-data")
    archive.add("ca-certificates", fill=shapes.authorities)
    archive.add("skopeo", fill=images_archive.skopeo, Depends="bash")
    if _HAS_FAKEROOT:
        archive.add("fakeroot", fill=images_archive.fakeroot)
    with opened(archive, folder) as made:
        yield made


@pytest.fixture(scope="module")
def built(world: World) -> Built:
    images = f"(({IMAGES}) // ({NESTED})" + (f" // {CHOWN})" if _HAS_FAKEROOT else ")")
    folder = world.build(f'pkgs.linkFarm "images" {images}')
    wanted = "builtins.mapAttrs (_: i: { tag = i.imageTag or null; name = i.imageName or null; out = i.outPath; file = i.name; })"
    done = nix("nix-instantiate", "--eval", "--strict", "--json", "--read-write-mode", "--expr", world.expression(f"{wanted} {images}"))
    assert done.returncode == 0, done.stderr
    return Built(world, {path.name: path.resolve() for path in folder.iterdir()}, json.loads(done.stdout), {})


def test_layered_images_work(built: Built) -> None:
    image = built["plain"]
    script = image.config["Cmd"][0]
    assert image.config == {"Cmd": [script, "with space"]}
    assert image.document["os"] == "linux"
    assert image.document["architecture"] == {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    assert script in image.store_paths()
    assert len(image.document["history"]) == len(image.layers)


def test_every_store_path_is_in_one_layer_and_none_is_missing(built: Built) -> None:
    image = built["plain"]
    found = image.store_paths()
    assert len(set(found)) == len(found)
    named = {path for name, member in image.root.items() if (path := store_path(member.linkname))}
    assert named and set(found) == set(requisites(*named, image.config["Cmd"][0]))


def test_the_store_paths_are_whole(built: Built) -> None:
    image = built["plain"]
    tree = built.named("tree")
    inside = {name for layer in image.layers for name in layer if name.startswith(f"{tree[1:]}/")}
    assert inside == {str(path)[1:] for path in Path(tree).rglob("*")}


def test_the_stream_script_needs_no_more_than_its_closure(built: Built) -> None:
    environment = {"PATH": "/nonexistent", "PYTHONHOME": "/nonexistent", "LD_PRELOAD": "/nonexistent"}
    done = subprocess.run([built.paths["sibling"]], env=environment, capture_output=True, check=True)
    assert done.stdout == built["sibling"].archive
    assert set(built["sibling"].store_paths()) <= set(requisites(built.paths["sibling"]))


def test_the_stream_takes_another_tag(built: Built) -> None:
    for words in (["--repo_tag", "a/b:c"], ["--repo_tag=a/b:c"]):
        done = subprocess.run([built.paths["sibling"], *words], capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            assert json.load(archive.extractfile("manifest.json"))[0]["RepoTags"] == ["a/b:c"]  # type: ignore[arg-type]
    assert subprocess.run([built.paths["sibling"], "--help"], capture_output=True).returncode != 0


def test_a_layer_that_is_not_what_it_was_is_told(built: Built, tmp_path: Path) -> None:
    (program, _, conf) = built.paths["sibling"].read_text().split()[2:5]
    changed = json.loads(Path(conf).read_text())
    changed["layers"][0]["digest"] = "0" * 64
    (tmp_path / "conf.json").write_text(json.dumps(changed))
    done = subprocess.run([program, "stream", tmp_path / "conf.json"], capture_output=True, check=False)
    assert done.returncode == 1 and b"the store is not what it was when the image was built" in done.stderr


def test_stable_date_by_default(built: Built) -> None:
    for name in ("plain", "copied"):
        image = built[name]
        assert image.document["created"] == "1970-01-01T00:00:01Z"
        assert {member.mtime for layer in image.layers for member in layer.values()} == {1}


def test_unstable_date(built: Built) -> None:
    created = datetime.fromisoformat(built["file"].document["created"]).timestamp()
    assert abs(time.time() - created) < 3600
    assert built["owners"].document["created"] == "2002-01-01T00:00:00+01:00"


def test_image_tag_matches_the_image(built: Built) -> None:
    for name, said in built.attributes.items():
        if said["name"] is not None and name not in ("nested", "layered"):
            assert built[name].tag == f"{said['name']}:{said['tag']}"
    assert built.attributes["sibling"]["tag"] == "one"
    out = built.attributes["copied"]["out"]
    assert built.attributes["copied"]["tag"] == out.split("/")[3].split("-")[0]


def test_registry_prefix_in_names(built: Built) -> None:
    assert built["plain"].tag.startswith("registry.example/plain:")
    assert built.attributes["plain"]["file"] == "stream-Plain"
    assert built.attributes["file"]["file"] == "file.tar.gz"
    assert built.attributes["copied"]["file"] == "docker-image-copied.tar.gz"
    assert built.attributes["onCopied"]["file"] == "docker-image-on-copied.tar"


def test_store_permissions_are_right(built: Built) -> None:
    for name in ("plain", "copied"):
        for layer in built[name].layers:
            if "nix" in layer:
                assert [layer[path].mode for path in ("nix", "nix/store")] == [0o755, 0o755]
    assert built["plain"].root["tmp"].mode == 0o1777


def test_contents_are_links_in_a_layered_image(built: Built) -> None:
    root, tree = built["plain"].root, built.named("tree")
    assert root["bin/tool"].linkname == f"{tree}/bin/tool"
    assert root["etc/app/setting"].linkname == f"{tree}/etc/app/setting"
    assert root["etc/app/more"].linkname.endswith("-more/etc/app/more")
    assert root["etc/app"].isdir()


def test_contents_are_copied_by_build_image(built: Built) -> None:
    image = built["copied"]
    assert image.root["bin/tool"].isreg() and image.root["bin/tool"].mode & 0o111
    assert image.text("etc/app/setting") == "setting\n"
    assert image.root["usr/bin/greet"].isreg()
    assert image.root["bin/greet"].linkname == "../usr/bin/greet"


def test_store_symlinks_are_not_dereferenced(built: Built) -> None:
    for name in ("plain", "copied"):
        root = built[name].root
        assert store_path(root["etc/app/link"].linkname) == built.named("elsewhere")
        assert root["etc/alias"].linkname == "app"
        assert root["opt/package"].issym() and not any(path.startswith("opt/package/") for path in root)


def test_links_to_directories_give_way_or_are_kept(built: Built) -> None:
    apart, through = built["joined"], built["kept"]
    assert apart.root["etc/alias"].isdir() and {"etc/alias/over", "etc/alias/setting"} <= set(apart.root)
    assert "etc/app/over" not in apart.root
    assert apart.root["srv"].isdir() and store_path(apart.root["srv/inside/file"].linkname)
    assert through.root["srv"].issym()
    assert through.root["etc/alias"].linkname == "app" and "etc/app/over" in through.root


def test_packages_of_the_archive_find_what_they_need(built: Built) -> None:
    """Named by a script that the configuration names: the script's interpreter, its libraries and what the other depends on."""
    for name in ("sibling", "copied"):
        root = built[name].root
        assert any(path.startswith("usr/bin/greet-data") for path in root)
    root = built["sibling"].root
    packages = built["sibling"].store_paths()
    assert {"bash-1.0", "greet-2.0", "greet-data-1.0"} <= {path.partition("-")[2] for path in packages}
    assert root["usr/bin/sh"].linkname == "bash" and root["bin/bash"].linkname == "../usr/bin/bash"
    libraries = [path for path in root if path.startswith(f"usr/lib/{os.uname().machine}-linux-gnu")]
    assert libraries and all(root[path].linkname for path in libraries)


def test_layers_are_shared_between_images(built: Built) -> None:
    one, other = built["plain"], built["sibling"]
    shared = set(one.digests) & set(other.digests)
    assert {"bash-1.0", "greet-2.0"} <= {
        path.partition("-")[2] for number, digest in enumerate(one.digests) if digest in shared for path in one.store_paths(number)
    }
    assert one.digests[-1] != other.digests[-1]


def test_layers_are_those_of_the_program(built: Built) -> None:
    """`nixos-container image` packs the same store paths to the same bytes, and counts their sizes in the same way."""
    image = built["plain"]
    for number in range(len(image.layers) - 1):
        sink = io.BytesIO()
        tarball.write_store_paths(sink, image.store_paths(number))
        assert sink.getvalue() == image.members[image.manifest["Layers"][number]]
    program = str(runner.ROOT / "nix/pkgs/builders/docker-tools/program")
    paths = [built.named("tree"), built.named("bash-1.0"), built.named("deep")]
    code = "import sys, closures; print(*map(closures.nar_size, sys.argv[1:]))"
    environment = {"PYTHONPATH": f"{program}:{runner.ROOT}/src", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code, *paths], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == nix("nix-store", "--query", "--size", *paths).stdout.split()


def test_order_of_layers(built: Built) -> None:
    image = built["sibling"]
    assert image.text("sibling") == "sibling\n"
    assert not image.store_paths(len(image.layers) - 1), "the root comes last, without a store path"
    assert [entry["created_by"] for entry in image.document["history"]][-1] == "nixos-containers: the root directory"
    above = built["onCopied"]
    assert above.digests[: len(built["copied"].digests)] == built["copied"].digests
    assert above.text("new") == "new\n"


def test_only_one_new_layer_by_build_image(built: Built) -> None:
    assert len(built["copied"].layers) == 1 and len(built["onCopied"].layers) == 2
    again = set(built["copied"].store_paths()) & set(built["onCopied"].store_paths(1))
    assert not again, "what the base has is not there again"


def test_env_is_inherited(built: Built) -> None:
    assert built["onCopied"].config == {"Env": ["PATH=/bin", "A=second", "B=base"]}


def test_env_is_inherited_by_layered_images_and_resolved_uniquely(built: Built) -> None:
    image = built["onStream"]
    assert image.config["Env"] == ["A=lower", "B=upper", "C=upper"]
    assert image.digests[: len(built["withEnv"].digests)] == built["withEnv"].digests
    assert image.config["WorkingDir"] in image.store_paths()


def test_image_has_only_two_layers(built: Built) -> None:
    image = built["twoLayers"]
    assert len(image.layers) == 2
    assert {f"small-{number}.0" for number in range(1, 7)} <= {path.partition("-")[2] for path in image.store_paths(0)}


def test_bulk_layer_misses_no_path_and_respects_max_layers(built: Built) -> None:
    image = built["bulk"]
    assert len(image.layers) == 4
    assert {f"small-{number}.0" for number in range(1, 7)} <= {path.partition("-")[2] for path in image.store_paths()}


def test_too_few_layers_are_refused(built: Built) -> None:
    base = f'{{ outPath = builtins.storePath "{built.paths["bulk"]}"; isExe = true; }}'
    body = f'(pkgs.dockerTools.streamLayeredImage {{ name = "x"; maxLayers = 5; fromImage = {base}; config.Env = [ (pkgs.writeText "y" "") ]; }})'
    done = built.world.try_build(body)
    assert done.returncode != 0 and "5 layers of its base and its own root, and `maxLayers` allows 5" in done.stderr


def test_owners_dates_and_architecture(built: Built) -> None:
    image = built["owners"]
    assert image.document["architecture"] == "arm64"
    for member in image.layers[0].values():
        assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (1001, 1002, "someone", "some", 981173106)
    assert {(member.uid, member.gid) for member in built["copied"].root.values()} == {(7, 8)}


def test_no_store_paths_when_they_are_not_wanted(built: Built) -> None:
    image = built["empty"]
    assert len(image.layers) == 1 and image.store_paths() == []
    assert store_path(image.root["bin/tool"].linkname) == built.named("tree")


def test_merged_images_load_all(built: Built) -> None:
    with tarfile.open(built.paths["merged"]) as archive:
        entries = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        names = archive.getnames()
    assert [entry["RepoTags"] for entry in entries] == [built[name].manifest["RepoTags"] for name in ("sibling", "onCopied", "withEnv")]
    assert len(set(names)) == len(names)
    assert {name for entry in entries for name in (entry["Config"], *entry["Layers"])} | {"manifest.json"} == set(names)


def test_helpers(built: Built) -> None:
    root = built["helpers"].root
    assert root["bin/sh"].linkname.endswith("-bin-sh/bin/sh") or root["bin/sh"].linkname.endswith("/bin/bash")
    assert "usr/bin/env" in root and "etc/pam.d/other" in root and root["var/empty"].isdir()
    assert root["etc/ssl/certs/ca-bundle.crt"].linkname == root["etc/pki/tls/certs/ca-bundle.crt"].linkname
    passwd = store_path(root["etc/passwd"].linkname)
    assert passwd is not None
    assert Path(root["etc/passwd"].linkname).read_text().splitlines()[1] == "me:x:1000:1000::/:"


def test_chown_with_fake_root_commands(built: Built) -> None:
    if not _HAS_FAKEROOT:
        pytest.skip("this host has no fakeroot to make a package of")
    root = built["chown"].root
    assert [(root[path].uid, root[path].gid) for path in ("home", "home/me", "home/me/file")] == [(0, 0), (1000, 1001), (1000, 1001)]


def test_the_same_image_is_built_twice_identically(built: Built) -> None:
    drvs = nix("nix-store", "--query", "--deriver", str(built.paths["copied"]), str(built.paths["onStream"])).stdout.split()
    done = nix("nix-store", "--realise", "--check", *drvs)
    assert done.returncode == 0, done.stderr


def test_one_of_several_images_as_base(built: Built) -> None:
    image = built["onMerged"]
    assert image.digests[:-1] == built["sibling"].digests


def test_pull_image_asks_skopeo_for_the_digest(built: Built) -> None:
    said = "linux arm64 docker://host:5000/some/image@sha256:12 pulled:7\n"
    body = (
        'pkgs.dockerTools.pullImage { imageName = "host:5000/some/image"; imageDigest = "sha256:12"; arch = "arm64";'
        f' finalImageName = "pulled"; finalImageTag = "7"; sha256 = "{hashlib.sha256(said.encode()).hexdigest()}"; }}'
    )
    out = built.world.build(body)
    assert out.name.endswith("-docker-image-pulled-7.tar") and out.read_text() == said


def copied(built: Built, name: str, tmp_path: Path) -> tuple[Image, list[str]]:
    """What the script `name` gives skopeo to copy, and the words that it says to it."""
    said, taken = tmp_path / "said", tmp_path / "taken.tar"
    fake = tmp_path / "skopeo"
    fake.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{said}\nfor word; do case $word in docker-archive:*) cp "${{word#*:}}" {taken} ;; esac; done\n'
    )
    fake.chmod(0o755)
    (script,) = (built.paths[name] / "bin").iterdir()
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    subprocess.run([script, "more"], env=environment, check=True)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()], "nothing is left of the copying"
    return Image(taken), [word for word in said.read_text().split() if not word.startswith("docker-archive:")]


def test_nested_layers_hold_each_path_once(built: Built, tmp_path: Path) -> None:
    image, said = copied(built, "copyNested", tmp_path)
    assert said == ["--insecure-policy", "copy", "more"] and image.tag == "nested:t"
    names = [[path.partition("-")[2] for path in image.store_paths(number)] for number in range(4)]
    assert names[:3] == [["greet-2.0"], ["bash-1.0"], ["third-1.0"]]
    assert {"needed-1.0", "greet-data-1.0"} <= set(names[3])
    paths = image.store_paths()
    assert len(set(paths)) == len(paths) and built.named("bash-1.0") in paths


def test_metadata_date_and_architecture_of_nix2container(built: Built, tmp_path: Path) -> None:
    image, _ = copied(built, "copyNested", tmp_path)
    first, second = image.document["history"][:2]
    assert {**first, "created": None} == {"created": None, "created_by": "me", "author": "I", "comment": "first"}
    assert second["created_by"] == "nix2container"
    assert (image.document["created"], image.document["architecture"]) == ("2020-01-02T03:04:05Z", "arm64")


def test_perms_hit_only_their_files(built: Built, tmp_path: Path) -> None:
    image, _ = copied(built, "copyNested", tmp_path)
    secret, other = image.root["etc/app/secret"], image.root["etc/app/other"]
    assert (secret.mode, secret.uid, secret.gid, secret.uname) == (0o600, 1001, 0, "me")
    assert (other.mode, other.uid, other.uname) == (0o444, 0, "")
    assert not any(path.endswith("-secret") for path in image.store_paths()), "what was copied is not in the store again"


def test_only_layers_come_from_a_base_of_nix2container(built: Built, tmp_path: Path) -> None:
    image, said = copied(built, "copyLayered", tmp_path)
    assert said == ["--insecure-policy", "copy", f"docker://{image.tag}", "more"]
    assert image.tag == f"layered:{built.attributes['layered']['tag']}"
    assert len(image.config["Env"]) == 3 and set(image.config["Env"]) <= set(image.store_paths())
    assert "base" in image.layers[0] and 3 <= len(image.layers) <= 4


def refused(world: World, body: str) -> str:
    done = nix("nix-instantiate", "--expr", world.expression(f"pkgs.dockerTools.{body}"))
    assert done.returncode != 0
    return runner.one_blank(done.stderr)


def test_what_cannot_be_is_refused_with_a_reason(world: World, built: Built) -> None:
    assert "needs /dev/kvm" in refused(world, 'buildImage { name = "x"; runAsRoot = "true"; }')
    assert "no nixpkgs that Nix inside could go on with" in refused(world, 'buildLayeredImageWithNixDb { name = "x"; }')
    assert "write ./etc" in refused(world, 'streamLayeredImage { name = "x"; enableFakechroot = true; }')
    assert "both `contents' and `copyToRoot'" in refused(world, 'buildImage { name = "x"; contents = [ ]; copyToRoot = [ ]; }')
    assert "needs its `hash'" in refused(world, 'pullImage { imageName = "x"; imageDigest = "y"; }')
    assert "there are none, gz and zstd" in refused(world, 'buildImage { name = "x"; compressor = "xz"; }')
    assert "needs one layer for the store and one for the root" in refused(world, 'streamLayeredImage { name = "x"; maxLayers = 1; }')


def test_only_the_programs_own_files_count(world: World, built: Built, tmp_path: Path) -> None:
    """Neither the place of the tree nor what else is in it is part of an image; installed, nix/ stands beside the program."""
    shutil.copytree(runner.ROOT / "nix", tmp_path / "nix")
    shutil.copytree(runner.ROOT / "src/nixos_containers", tmp_path / "nixos_containers", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "nixos_containers/plan/new.py").write_text("unrelated")
    (tmp_path / "nix/pkgs/builders/docker-tools/program/__pycache__").mkdir(exist_ok=True)
    body = '(pkgs.dockerTools.buildImage { name = "x"; }).drvPath'
    drvs = []
    for expression in (world.expression(body), world.expression(body).replace(f"{runner.ROOT}/nix", f"{tmp_path}/nix")):
        done = nix("nix-instantiate", "--eval", "--read-write-mode", "--expr", expression)
        assert done.returncode == 0, done.stderr
        drvs.append(done.stdout)
    assert drvs[0] == drvs[1]


def test_skopeo_reads_the_archives(built: Built, tmp_path: Path) -> None:
    if shutil.which("skopeo") is None:
        pytest.skip("this host has no skopeo")
    (tmp_path / "plain.tar").write_bytes(built["plain"].archive)
    done = subprocess.run(
        ["skopeo", "--insecure-policy", "copy", f"docker-archive:{tmp_path}/plain.tar", f"oci:{tmp_path}/layout:x"], capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
