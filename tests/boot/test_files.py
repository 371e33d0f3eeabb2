"""What is mounted in containers: binds, memory, overlays, volumes, kept paths; files in and out. Upstream's tmpfs test and F2."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Host

STATES = Path("/var/lib/nixos-containers")

DEFINITION = """
{{
  containers.nctfiles = {{
    privateNetwork = true;
    ephemeral = true;
    bindMounts = {{
      "/mnt/read".hostPath = "{base}/read";
      "/mnt/write" = {{ hostPath = "{base}/write"; isReadOnly = false; }};
      "/mnt/made" = {{ hostPath = "{base}/made/by us"; create = true; isReadOnly = false; }};
      "/mnt/with space:and colon".hostPath = "{base}/odd: name";
      "/mnt/flat" = {{ hostPath = "{base}/tree"; recursive = false; }};
    }};
    overlays."/srv/shown" = {{ lower = [ "{base}/top" "{base}/bottom" ]; upper = "{base}/changes"; }};
    overlays."/srv/fleeting".lower = [ "{base}/bottom" ];
    tmpfs = [ "/scratch:size=1M,mode=1777" ];
    persistentPaths = [ "/var/lib/kept" ];
    volumes = {{ "/data" = "nct-data"; }};
    limits.diskMax = "64M";
    config = {{ }};
  }};
}}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base")
    for name in ("read", "write", "odd: name", "tree", "top", "bottom", "changes"):
        (base / name).mkdir()
    for directory in ("read", "odd: name", "top", "bottom"):
        (base / directory / "file").write_text(f"{directory}\n", encoding="utf-8")
    (base / "bottom" / "below").write_text("below\n", encoding="utf-8")
    base.parent.chmod(0o755)
    base.chmod(0o755)
    return base


@pytest.fixture(scope="module")
def files(host: Host, base: Path) -> Iterator[Host]:
    host.define(DEFINITION.format(base=base))
    host.switch()
    host.succeed("start", "nctfiles")
    yield host
    host.run("stop", "nctfiles")
    shutil.rmtree(STATES / ".volumes" / "nct-data", ignore_errors=True)


def inside(host: Host, script: str) -> str:
    return host.inside("nctfiles", "sh", "-c", script)


def test_f2_bind_mounts(files: Host, base: Path) -> None:
    assert inside(files, "cat /mnt/read/file") == "read\n"
    assert files.run("run", "nctfiles", "--", "touch", "/mnt/read/new").returncode != 0, "read-only unless asked for"
    inside(files, "echo out > /mnt/write/new; chown 1000:100 /mnt/write/new")
    found = (base / "write" / "new").stat()
    assert (found.st_uid, found.st_gid) == (1000, 100), "owners are the same on both sides"
    os.chown(base / "read" / "file", 1234, 0)
    assert inside(files, "stat -c %u:%g /mnt/read/file /mnt/write").split() == ["1234:0", "0:0"]


def test_a_missing_directory_is_made_only_where_that_is_asked_for(files: Host, base: Path) -> None:
    inside(files, "touch /mnt/made/here")
    assert (base / "made" / "by us" / "here").exists()


def test_blanks_and_colons_in_paths(files: Host) -> None:
    assert inside(files, "cat '/mnt/with space:and colon/file'") == "odd: name\n"


def test_overlays_show_several_directories_as_one(files: Host, base: Path) -> None:
    assert inside(files, "cat /srv/shown/file /srv/shown/below").split() == ["top", "below"]
    inside(files, "echo changed > /srv/shown/file; rm /srv/shown/below; echo new > /srv/shown/new; echo x > /srv/fleeting/below")
    assert (base / "top" / "file").read_text(encoding="utf-8") == "top\n"
    assert (base / "bottom" / "below").read_text(encoding="utf-8") == "below\n", "nothing below is written to"
    assert (base / "changes" / "upper" / "new").read_text(encoding="utf-8") == "new\n"
    assert (base / "changes" / "upper" / "new").stat().st_uid == 0
    assert inside(files, "stat -c %u /srv/shown/file").strip() == "0"


def test_memory_and_an_ephemeral_root_have_the_size_that_was_asked_for(files: Host) -> None:
    assert "No space left" in files.run("run", "nctfiles", "--", "dd", "if=/dev/zero", "of=/scratch/big", "bs=1M", "count=4").stderr
    assert "No space left" in files.run("run", "nctfiles", "--", "dd", "if=/dev/zero", "of=/root/big", "bs=1M", "count=80").stderr
    inside(files, "rm -f /root/big /scratch/big")


def test_kept_paths_and_volumes_outlive_an_ephemeral_root(files: Host) -> None:
    inside(files, "echo kept > /var/lib/kept/file; echo data > /data/file; echo lost > /root/file")
    files.succeed("restart", "nctfiles")
    assert inside(files, "cat /var/lib/kept/file /data/file").split() == ["kept", "data"]
    assert inside(files, "cat /srv/shown/file; cat /srv/fleeting/below").split() == ["changed", "below"], "what went to memory is gone"
    assert inside(files, "ls /root") == ""
    assert (STATES / "nctfiles" / "persistent" / "var%2Flib%2Fkept" / "file").stat().st_uid == 0


def test_u19_tmpfs(host: Host, files: Host) -> None:
    host.succeed("create", "nctmem", "--config", "", "--set", 'tmpfs=[ "/var" "/var/log" "/some/random/path" ]')
    state = STATES / "nctmem"
    try:
        host.succeed("start", "nctmem")
        host.inside("nctmem", "sh", "-c", "for f in / /var/ /var/log/ /some/random/path/; do echo 1 > ${f}file; done")
        assert (state / "file").exists()
        for hidden in ("var/file", "var/log/file", "some/random/path/file"):
            assert not (state / hidden).exists(), "what is written to memory is not on the host"
        (state / "var" / "of-the-host").touch()
        assert host.run("run", "nctmem", "--", "test", "-e", "/var/of-the-host").returncode != 0, "and what is below is hidden"
    finally:
        host.run("destroy", "nctmem")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('bindMounts."/x".hostPath = "/nowhere/to/be/found";', "create = true"),
        ('overlays."/x".lower = [ "/nowhere/to/be/found" ];', "no directory"),
    ],
)
def test_a_missing_path_of_the_host_refuses_the_start(host: Host, files: Host, options: str, words: str) -> None:
    before = host.definition.read_text(encoding="utf-8")
    extra = f"containers.nctmiss = {{ privateNetwork = true; {options} config = {{ }}; }};"
    host.define(before.replace("containers.nctfiles", extra + "\n  containers.nctfiles"))
    try:
        host.switch()
        said = host.fail("start", "nctmiss")
        assert "/nowhere/to/be/found" in said
        assert words in said
    finally:
        host.define(before)
        host.switch("--purge")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('persistentPaths = [ "/x" ];', "ephemeral = true"),
        ('limits.diskMax = "1M";', "at least 32M"),
        ('ephemeral = true; volumes."/x" = "../etc";', "no name for a volume"),
        ('bindMounts."x".hostPath = "/srv";', "not a path in the container"),
        ('tmpfs = [ "/x" ]; volumes."/x/" = "v";', "mounted on /x already"),
    ],
)
def test_contradictions_are_refused_before_anything_is_done(host: Host, files: Host, options: str, words: str) -> None:
    before = host.definition.read_text(encoding="utf-8")
    extra = f"containers.nctmiss = {{ privateNetwork = true; {options} config = {{ }}; }};"
    host.define(before.replace("containers.nctfiles", extra + "\n  containers.nctfiles"))
    try:
        assert words in host.fail("switch", "-c", str(host.definition))
    finally:
        host.define(before)


def test_cp_keeps_owners_links_and_holes_both_ways(files: Host, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "file").write_text("text\n", encoding="utf-8")
    os.chown(tree / "sub" / "file", 1000, 100)
    (tree / "link").symlink_to("/etc/shadow")
    with (tree / "sparse").open("wb") as out:
        out.truncate(200 << 20)
    files.succeed("cp", str(tree), "nctfiles:/root/")
    assert inside(files, "stat -c %u:%g /root/tree/sub/file; readlink /root/tree/link").split() == ["1000:100", "/etc/shadow"]
    assert inside(files, "stat -c %s /root/tree/sparse; du -k /root/tree/sparse").split()[:2] == [str(200 << 20), "0"]
    files.succeed("cp", "nctfiles:/root/tree", str(tmp_path / "back"))
    back = tmp_path / "back"
    assert (back / "sub" / "file").read_text(encoding="utf-8") == "text\n"
    assert (back / "sub" / "file").stat().st_uid == 1000
    assert os.readlink(back / "link") == "/etc/shadow"
    assert (back / "sparse").stat().st_blocks < 100
    (tree / "sub" / "second").touch()
    files.succeed("cp", str(tree), "nctfiles:/root")
    assert inside(files, "ls /root/tree/sub").split() == ["file", "second"], "a directory that exists is copied into"


def test_cp_streams(files: Host) -> None:
    files.succeed("cp", "-", "nctfiles:/root/streamed", stdin="from outside\n")
    assert files.succeed("cp", "nctfiles:/root/streamed", "-") == "from outside\n"


def test_cp_lets_nothing_out_that_has_power_on_the_host(files: Host, tmp_path: Path) -> None:
    inside(files, "mkdir -p /root/evil && cp /bin/sh /root/evil/shell && chmod 6755 /root/evil/shell")
    files.succeed("cp", "nctfiles:/root/evil", str(tmp_path / "evil"))
    assert (tmp_path / "evil" / "shell").stat().st_mode & 0o7777 == 0o755
    assert "nothing" not in os.listdir(tmp_path)
    assert "mknod" in files.fail("cp", "nctfiles:/dev/null", str(tmp_path / "nothing"))
    # Inside, its own links are followed by its own rules; outside, they lead nowhere.
    inside(files, "ln -sfn /etc /root/away")
    files.succeed("cp", "-", "nctfiles:/root/away/from-outside", stdin="x")
    assert not Path("/etc/from-outside").exists()
    assert os.listdir(tmp_path) == ["evil"], "no temporary directory is left"


def test_cp_says_what_is_wrong(files: Host, tmp_path: Path) -> None:
    assert "NAME:PATH" in files.fail("cp", str(tmp_path), "/tmp/elsewhere")
    assert "from the root on" in files.fail("cp", str(tmp_path), "nctfiles:relative")
    assert "does not exist" in files.fail("cp", str(tmp_path / "missing"), "nctfiles:/root")
    assert "no directory" in files.fail("cp", str(tmp_path), "nctfiles:/no/such/place")


def test_mount_shows_a_directory_while_it_runs(files: Host, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("here\n", encoding="utf-8")
    os.chown(tmp_path / "file", 1000, 100)
    files.succeed("mount", "nctfiles", str(tmp_path), "/mnt/late")
    assert inside(files, "cat /mnt/late/file; stat -c %u:%g /mnt/late/file").split() == ["here", "1000:100"]
    inside(files, "echo new > /mnt/late/new")
    assert (tmp_path / "new").stat().st_uid == 0
    files.succeed("mount", "nctfiles", str(tmp_path / "file"), "/mnt/one-file", "--read-only")
    files.succeed("mount", "nctfiles", str(tmp_path), "/mnt/fixed", "--read-only")
    assert files.run("run", "nctfiles", "--", "touch", "/mnt/fixed/x").returncode != 0
    assert files.run("run", "nctfiles", "--", "mount", "-o", "remount,bind,rw", "/mnt/fixed").returncode != 0, "not even for its root"
    assert files.run("run", "nctfiles", "--", "touch", "/mnt/fixed/x").returncode != 0
    for path in ("/mnt/late", "/mnt/fixed", "/mnt/one-file"):
        files.succeed("umount", "nctfiles", path)
    assert inside(files, "ls /mnt/late") == ""
    assert "no mount point" in files.fail("umount", "nctfiles", "/mnt/late")


def test_mount_never_leaves_the_container(files: Host, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    inside(files, "mkdir -p /root/trap && ln -sfn /var/lib /root/trap/link")
    files.succeed("mount", "nctfiles", str(tmp_path), "/root/trap/link/there")
    assert not Path("/var/lib/there").exists()
    files.succeed("umount", "nctfiles", "/var/lib/there")


def test_disk_usage_and_volumes(files: Host) -> None:
    [row] = files.json("du", "nctfiles")
    assert row["state"] > 0
    assert row["volumes"] > 0
    assert row["store"] >= row["exclusive"] >= 0
    assert "ITS OWN" in files.succeed("du")
    [volume] = [volume for volume in files.json("volume", "list") if volume["name"] == "nct-data"]
    assert volume["containers"] == ["nctfiles"]
    assert "belongs to nctfiles" in files.fail("volume", "remove", "nct-data")


def test_a_volume_outlives_its_container_and_goes_when_told(files: Host) -> None:
    files.define("{ }")
    files.switch("--purge")
    assert (STATES / ".volumes" / "nct-data" / "file").read_text(encoding="utf-8") == "data\n"
    files.succeed("volume", "remove", "nct-data")
    assert not (STATES / ".volumes" / "nct-data").exists()
    assert "no volume" in files.fail("volume", "remove", "nct-data")
