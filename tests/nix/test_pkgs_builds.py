"""Packages unpacked, joined and used by builds: real derivations of a small archive, in the host's store.

The archive is made here, with packages that are shaped as badly as packages can be.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nixos_containers.base.paths import Paths
from nixos_containers.packages import apt as apt_module
from nixos_containers.packages import importer, roots, sources
from nixos_containers.packages import lock as locking
from nixos_containers.packages.apt import Apt
from nixos_containers.packages.index import ensure_index
from nixos_containers.packages.lock import Lock
from nixos_containers.packages.resolve import update_lock

from ..unit.packages_archive import Archive
from . import runner, shapes

BUSYBOX = shapes.BUSYBOX


def _static() -> bool:
    if BUSYBOX is None:
        return False
    loader = subprocess.run(["ldd", BUSYBOX], capture_output=True, text=True, check=False)
    return "not a dynamic executable" in loader.stdout + loader.stderr


pytestmark = [
    pytest.mark.nix,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("apt-get") is None or runner.nix_instantiate() is None or not _static(),
        reason="needs root, apt, Nix and a static busybox",
    ),
]

NIX = {"NIX_CONFIG": "build-users-group =\nsandbox = true\nsubstitute = false\n"}


@dataclass
class World:
    """An archive, a lock, and Nix over both."""

    paths: Paths
    lock_file: Path
    index: str

    def expression(self, body: str) -> str:
        return (
            f"let lib = import {runner.ROOT}/nix/lib; lock = builtins.fromJSON (builtins.readFile {self.lock_file});"
            f' pkgs = import {runner.ROOT}/nix/pkgs {{ inherit lib lock; index = "{self.index}"; }}; in {body}'
        )

    def instantiate(self, body: str) -> str:
        done = nix("nix-instantiate", "--expr", self.expression(body))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().split("!")[0]

    def build(self, body: str, **settings: str) -> Path:
        """Evaluate, lock, evaluate, fetch, build; the first output."""
        done = self.try_build(body, **settings)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.split()[0])

    def try_build(self, body: str, **settings: str) -> subprocess.CompletedProcess[str]:
        apt = Apt(self.paths)
        lock = importer.ensure_bootstrap(self.paths, locking.read(str(self.lock_file)), apt)
        locking.write(str(self.lock_file), lock)
        for _ in range(2):
            drv = self.instantiate(body)
            lock = update_lock(lock, {"test": roots.archive_roots(drv)}, ensure_index(self.paths), apt)
            locking.write(str(self.lock_file), lock)
        importer.prepare(self.paths, lock, [drv], apt)
        return nix("nix-store", "--realise", drv, *(word for name, value in settings.items() for word in ("--option", name, value)))


@contextmanager
def opened(archive: Archive, folder: Path) -> Iterator[World]:
    """A world with `archive`, whose packages are all in it, as the host's only one."""
    archive.release()
    archive.write_sources(folder / "root/etc/nixos-containers/archive.sources")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(sources.VARIABLE, raising=False)
        patch.setattr(apt_module, "_sandbox_user", lambda: "root")
        paths = Paths(str(folder / "root"))
        yield World(paths, folder / "test.lock", ensure_index(paths).path)


def nix(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env={**os.environ, **NIX}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    archive = Archive(folder)
    archive.add("busybox-static", fill=shapes.busybox)
    archive.add("odd", fill=shapes.odd, postinst=shapes.ODD_POSTINST)
    archive.add(
        "rival", fill=lambda tree: shapes.tools(tree, "rival"), postinst=shapes.ODD_POSTINST.replace("odd", "rival").replace("30", "40")
    )
    archive.add("ships", fill=shapes.ships_one)
    archive.add("prog", fill=shapes.prog, Depends="prog-data")
    archive.add("prog-data", fill=shapes.prog_data)
    archive.add("dynamic", fill=shapes.dynamic)
    archive.add("bash", fill=shapes.bash)
    archive.add("compiler", fill=lambda tree: shapes.program(tree / "usr/bin/gcc-12"))
    archive.add("compiler-parts", fill=shapes.parts)
    archive.add("ca-certificates", fill=shapes.authorities)
    archive.add("nginx", fill=shapes.web_server)
    archive.add("nginx-common", fill=shapes.web_server_files)
    with opened(archive, folder) as made:
        yield made


def test_a_badly_shaped_package_is_put_in_order(world: World) -> None:
    out = world.build("pkgs.odd")
    assert (out / "usr/bin/early").read_text() == "early"
    assert (out / "usr/sbin/early-admin").read_text() == "admin"
    assert not (out / "usr/lib/x/device").exists()
    assert (out / "usr/share/it's here/file").read_text() == "quoted"
    links = {name: os.readlink(out / f"usr/lib/x/{name}") for name in os.listdir(out / "usr/lib/x")}
    assert links == {
        "inside": "../../bin/odd",
        "outside": "/usr/lib/elsewhere/file.so",
        "absolute": "../../bin/odd",
        "conf": "/etc/odd/odd.conf",
        "escape": "/etc/shadow",
        "old-place": "../../bin/early",
        "directory": "/usr/share/it's here",
    }
    assert os.readlink(out / "usr/share/it's here/link") == "/usr/share/nowhere's"


def test_programs_are_found_at_the_top(world: World) -> None:
    out = world.build("pkgs.odd")
    assert {"odd", "early", "daemon", "early-admin", "one.odd", "one", "two"} <= set(os.listdir(out / "bin"))
    assert (out / "bin/one").read_text() == "one of odd"
    assert not (out / "usr/bin/one").exists(), "which package has it there, the system decides"
    assert (out / "sbin/daemon").read_text() == "daemon"


def test_no_maintainer_script_ran_and_bits_are_noted(world: World) -> None:
    out = world.build("pkgs.odd")
    assert not Path("/this-must-never-run").exists()
    assert (out / "nix-support/set-id").read_text() == "-rwsr-xr-x root root /usr/bin/setuid\n"
    assert not (out / "usr/bin/setuid").stat().st_mode & stat.S_ISUID
    assert (out / "nix-support/alternatives").read_text().splitlines()[0] == "/usr/bin/one one /usr/bin/one.odd 30"


def env(world: World, packages: str, closure: str = "") -> Path:
    return world.build(f'pkgs.archiveEnv {{ name = "sw"; packages = with pkgs; [ {packages} ]; closure = with pkgs; [ {closure} ]; }}')


def test_alternatives_go_to_the_best_and_never_over_a_shipped_file(world: World) -> None:
    out = env(world, "odd rival ships")
    assert (out / "bin/one").read_text() == "one of rival"
    assert (out / "share/man/man1/one.1.gz").read_text() == "rival"
    assert (out / "bin/two").read_text() == "two that is shipped"
    assert os.readlink(out / "etc/alternatives/one").endswith("/usr/bin/one.rival")
    assert (env(world, "odd") / "bin/one").read_text() == "one of odd"


def test_a_joined_tree_keeps_links_that_only_lead_somewhere_in_the_container(world: World) -> None:
    out = env(world, "odd ships")
    assert os.path.islink(out / "bin/odd") or (out / "bin/odd").exists()
    assert os.readlink(os.path.realpath(out / "lib") + "/x/outside") == "/usr/lib/elsewhere/file.so"
    assert (out / "etc/odd/odd.conf").read_text() == "conf"
    assert "/usr/bin/setuid" in (out / "nix-support/set-id").read_text()


def test_files_of_two_packages_do_not_fail_and_the_first_wins(world: World) -> None:
    body = 'pkgs.writeTextFile { name = "mine"; text = "mine"; executable = true; destination = "/bin/odd"; }'
    out = env(world, f"({body}) odd")
    assert (out / "bin/odd").read_text() == "mine"
    assert "echo odd" in (env(world, f"odd ({body})") / "bin/odd").read_text()
    assert (env(world, f"({body})", "odd") / "bin/odd").read_text() == "mine"


def test_cacert_is_a_bundle(world: World) -> None:
    out = world.build("pkgs.cacert")
    assert (out / "etc/ssl/certs/ca-bundle.crt").read_text() == "first\nsecond\n"
    assert (out / "etc/ssl/certs/ca-no-trust-rules-bundle.crt").read_text() == "first\nsecond\n"
    out = world.build('pkgs.cacert.override { blacklist = [ "First Root" ]; extraCertificateStrings = [ "mine" ]; }')
    assert (out / "etc/ssl/certs/ca-bundle.crt").read_text() == "second\nmine\n"


def test_nginx_has_its_files_where_configurations_include_them(world: World) -> None:
    out = world.build("pkgs.nginx")
    assert (out / "conf/fastcgi.conf").read_text() == "parameters"
    assert (out / "usr/sbin/nginx").exists() and (out / "bin/nginx").exists()


def test_programs_that_look_beside_themselves_lie_where_their_parts_are(world: World) -> None:
    out = env(world, "compiler compiler-parts")
    driver = out / "bin/gcc-12"
    assert not driver.is_symlink() and driver.stat().st_mode & stat.S_IXUSR
    assert (Path(os.path.realpath(driver)).parent.parent / "lib/gcc/cc1").read_text() == "parts"
    assert os.readlink(out / "bin/compiler-parts").startswith("/nix/store/"), "everything else is a link"


@pytest.mark.parametrize(("sandbox", "view"), [("true", "links"), ("true", "namespace"), ("false", "namespace")])
def test_a_build_runs_programs_of_the_archive_with_what_they_need(world: World, sandbox: str, view: str) -> None:
    name = f"ran-{sandbox}-{os.getpid()}"
    inputs = f'nativeBuildInputs = [ pkgs.prog ]; archiveView = "{view}";'
    out = world.build(f'pkgs.runCommand "{name}" {{ {inputs} }} "prog >$out"', sandbox=sandbox)
    assert out.read_text() == "data of prog\n"
    assert not Path("/usr/share/prog").exists()
    locked = json.loads(world.lock_file.read_text())
    assert locked["systems"]["test"]["roots"] == ["@prog"], "a tool is no part of the system"


def test_without_any_view_programs_run_by_their_own_loader(world: World) -> None:
    inputs = 'nativeBuildInputs = [ pkgs.dynamic ]; archiveView = "loader";'
    out = world.build(f'pkgs.runCommand "loader-{os.getpid()}" {{ {inputs} }} "dynamic a \'b c\' >$out; script d >>$out"')
    assert out.read_text() == "a b c\nfrom script d\n"


def test_a_program_called_by_its_path_runs_too(world: World) -> None:
    out = world.build(f'pkgs.runCommand "called-{os.getpid()}" {{ }} "${{pkgs.prog}}/bin/prog >$out"')
    assert out.read_text() == "data of prog\n"


def test_a_damaged_file_is_told_by_its_package(world: World, tmp_path: Path) -> None:
    (tmp_path / "x.deb").write_text("not a package")
    body = f'derivation (pkgs.odd.drvAttrs // {{ name = "damaged"; src = {tmp_path}/x.deb; }})'
    world.build("pkgs.odd")
    done = nix("nix-build", "--no-out-link", "--expr", world.expression(body))
    assert done.returncode != 0
    assert "odd: the file is not a Debian package; is it damaged?" in done.stderr


BUILDERS = {
    "runCommand": ('pkgs.runCommand "r" { a = "x y"; list = [ 1 2 ]; flag = true; } "echo $a/$list/$flag >$out"', "x y/1 2/1\n"),
    "passAsFile": ('pkgs.runCommand "r" { t = "x"; passAsFile = [ "t" ]; } "cat $tPath >$out"', "x"),
    "hooks": (
        'pkgs.stdenv.mkDerivation { name = "m"; dontUnpack = true; buildPhase = "echo b >b"; preInstall = "echo pre >>b";'
        ' installPhase = "cp b $out"; dontFixup = true; }',
        "b\npre\n",
    ),
    "source": (
        'pkgs.stdenv.mkDerivation { name = "m"; src = pkgs.writeTextDir "f" "x"; installPhase = "cp f $out"; dontFixup = true; }',
        "x",
    ),
    "substituteInPlace": (
        'pkgs.runCommand "s" { } "echo a@b@c >f; substituteInPlace f --replace-fail @b@ \'1&2\'; cp f $out"',
        "a1&2c\n",
    ),
    "substituteAll": ('pkgs.substituteAll { src = builtins.toFile "t" "@a@ @B@ @c@"; a = "1 2"; B = "/&"; }', "1 2 /& @c@\n"),
    "bash": (
        'pkgs.runCommand "b" { nativeBuildInputs = [ pkgs.bash ]; } "a=(1 2); [[ xy == x* ]] && echo ${"$"}{#a[@]} >$out"',
        "2\n",
    ),
    "replaceVars": ('pkgs.replaceVars (builtins.toFile "t" "x @a@ @keep@") { a = "/\\\\&"; keep = null; }', "x /\\& @keep@\n"),
    "concatText": ('pkgs.concatText "c" [ (pkgs.writeText "a" "1") (pkgs.writeText "b" "2") ]', "12"),
    "makeWrapper": (
        'pkgs.runCommand "w" { } "makeWrapper /x/prog w --set A 1 --prefix PATH : /y; tail -n +2 w >$out"',
        "export A='1'\nexport PATH='/y'${PATH:+':'}$PATH\nexec -a \"$0\" '/x/prog'  \"$@\"\n",
    ),
    "install": ('pkgs.runCommand "i" { } "echo x >f; install -Dm644 f d/e/g; install -D -t h f; cat d/e/g h/f >$out"', "x\nx\n"),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_builders_do_what_their_names_say(world: World, name: str) -> None:
    body, expected = BUILDERS[name]
    assert world.build(body).read_text() == expected


def test_trees_of_links(world: World) -> None:
    tools = '(pkgs.writeShellScriptBin "a" "echo a") (pkgs.writeTextDir "share/x" "x")'
    joined = world.build(f'pkgs.symlinkJoin {{ name = "j"; paths = [ {tools} ]; postBuild = "echo p >$out/p"; }}')
    assert sorted(os.listdir(joined)) == ["bin", "p", "share"]
    part = world.build(f'pkgs.buildEnv {{ name = "e"; paths = [ {tools} ]; pathsToLink = [ "/bin" ]; extraPrefix = "/in"; }}')
    assert os.listdir(part) == ["in"] and os.listdir(part / "in") == ["bin"]
    farm = world.build('pkgs.linkFarm "f" [ { name = "x/y"; path = "/a"; } { name = "x/y"; path = "/b"; } ]')
    assert os.readlink(farm / "x/y") == "/b"


def test_a_joined_program_that_looks_beside_itself_is_a_copy(world: World) -> None:
    join = 'pkgs.joinArchive { name = "gcc-12"; packages = [ pkgs.compiler pkgs.compiler-parts ]; directories = [ "usr/bin" ]; %s }'
    assert (world.build(join % "") / "usr/bin/gcc-12").resolve().parent.parent != world.build(join % "") / "usr"
    out = world.build(join % 'copies = [ "usr/bin/gcc-12" ];')
    program = (out / "bin/gcc-12").resolve()
    assert program == out / "usr/bin/gcc-12" and program.stat().st_mode & stat.S_IXUSR
    assert (program.parent.parent / "lib/gcc/cc1").read_text() == "parts"


def test_two_different_files_at_one_place_are_a_collision(world: World) -> None:
    files = '(pkgs.writeTextDir "f" "1") (pkgs.writeTextDir "f" "2")'
    done = world.try_build(f'pkgs.buildEnv {{ name = "e"; paths = [ {files} ]; }}')
    assert done.returncode != 0 and "collision between" in done.stderr
    same = world.build('pkgs.buildEnv { name = "e"; paths = [ (pkgs.writeTextDir "f" "1") (pkgs.writeTextDir "f" "1") ]; }')
    assert (same / "f").read_text() == "1"
    ignored = world.build(f'pkgs.buildEnv {{ name = "e"; paths = [ {files} ]; ignoreCollisions = true; }}')
    assert (ignored / "f").read_text() == "1"


def test_a_template_with_a_word_left_over_is_refused(world: World) -> None:
    done = world.try_build('pkgs.replaceVars (builtins.toFile "t" "@a@ @b@") { a = 1; }')
    assert done.returncode != 0
    assert "@b@ is not replaced" in done.stderr


@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs zstd")
def test_an_archive_that_compresses_with_zstd_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path, compression="zstd")
    archive.add("busybox-static", fill=shapes.busybox)
    archive.add("zstd", fill=shapes.zstd)
    archive.add("modern")
    assert b"data.tar.zst" in next((tmp_path / "archive/pool").glob("modern_*")).read_bytes()[:4096]
    archive.release()
    archive.write_sources(tmp_path / "root/etc/nixos-containers/archive.sources")
    monkeypatch.delenv(sources.VARIABLE, raising=False)
    monkeypatch.setattr(apt_module, "_sandbox_user", lambda: "root")
    paths = Paths(str(tmp_path / "root"))
    world = World(paths, tmp_path / "test.lock", ensure_index(paths).path)
    assert "echo modern" in (world.build("pkgs.modern") / "bin/modern").read_text()


def test_the_same_lock_means_the_same_paths(world: World) -> None:
    first = world.build("pkgs.odd")
    kept = locking.read(str(world.lock_file))
    assert isinstance(kept, Lock)
    assert world.build("pkgs.odd") == first
    assert kept.bootstrap is not None
    assert (
        importer.fixed_path(kept.bootstrap.name, kept.bootstrap.sha256, recursive=True) in Path(world.instantiate("pkgs.odd")).read_text()
    )
