"""Containers as OCI images, run by podman; and the registry that makes them when they are asked for.

podman keeps everything below the tests' own directory. Its runtime is runc, with limits that this machine may set.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Host, wait_until

NAME = "nctimage"
DEFINITION = """
{ pkgs, ... }: {
  containers.%s = {
    privateNetwork = true;
    forwardPorts = [ { hostPort = 28080; containerPort = 80; } ];
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      environment.systemPackages = [ pkgs.htop %s ];
      environment.etc."greeting".text = "%s";
      users.users.ann = { isNormalUser = true; uid = 1234; };
      systemd.services.counter = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
        script = "echo started >> /var/lib/counted";
      };
    };
  };
}
"""


# Fewer layers than usual: podman takes its time for each.
PACKING = ("--max-layers", "12")


class Podman:
    """podman with a storage of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.containers: list[str] = []

    def run(self, *words: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        place = ["--root", f"{self.directory}/storage", "--runroot", f"{self.directory}/run", "--tmpdir", f"{self.directory}/tmp"]
        done = subprocess.run(
            ["podman", *place, "--runtime", "runc", "--cgroup-manager", "cgroupfs", *words], input=stdin, capture_output=True, check=False
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def succeed(self, *words: str, stdin: bytes | None = None) -> str:
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, f"podman {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, name: str, *words: str, network: str = "none") -> None:
        self.containers.append(name)
        self.succeed("run", "--detach", "--name", name, "--network", network, *_LIMITS, *words)

    def once(self, *words: str) -> str:
        return self.succeed("run", "--rm", "--network", "none", *_LIMITS, *words)

    def inside(self, name: str, *words: str) -> str:
        return self.succeed("exec", name, *words)

    def end(self) -> None:
        for name in self.containers:
            self.run("rm", "--force", "--time", "0", name)
        self.run("rmi", "--all", "--force")
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
        for place in reversed(re.findall(rf" ({re.escape(str(self.directory))}\S*) ", mounts)):
            subprocess.run(["umount", place], check=False)


# runc gives a container the caller's limits, and a machine may not let them be raised.
_LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    if shutil.which("podman") is None or shutil.which("runc") is None:
        pytest.skip("podman and runc are not installed: make test-setup")
    made = Podman(tmp_path_factory.mktemp("podman"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def defined(host: Host) -> Host:
    define(host)
    return host


def define(host: Host, package: str = "", greeting: str = "hello") -> None:
    host.define(DEFINITION % (NAME, package, greeting))


def image(host: Host, *words: str) -> Any:
    return json.loads(host.succeed("image", NAME, "-c", str(host.definition), "--json", *(words or PACKING)))


@pytest.fixture(scope="module")
def archive(defined: Host) -> Path:
    path = defined.directory / "image.tar"
    done = defined.run("image", NAME, "-c", str(defined.definition), "-o", str(path), *PACKING)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"sha256:[0-9a-f]{64}\n", done.stdout)
    assert f"podman run -d --name {NAME} -p 28080:80" in done.stderr
    return path


def test_systemd_runs_in_podman_without_an_option_and_stops_by_its_signal(podman: Podman, archive: Path) -> None:
    podman.start("booted", f"oci-archive:{archive}")
    wait_until(lambda: podman.run("exec", "booted", "systemctl", "is-system-running").stdout == "running\n")
    assert podman.inside("booted", "systemctl", "--failed", "--quiet") == ""
    assert podman.inside("booted", "cat", "/etc/greeting", "/var/lib/counted") == "hellostarted\n"
    assert podman.inside("booted", "id", "-u", "ann") == "1234\n"
    assert "errors" not in podman.run("logs", "booted").stdout + podman.run("logs", "booted").stderr
    started = time.monotonic()
    podman.succeed("stop", "--time", "30", "booted")
    assert time.monotonic() - started < 15
    assert podman.succeed("inspect", "--format", "{{.State.ExitCode}}", "booted") == "0\n"


def test_what_it_wrote_is_there_after_a_restart(podman: Podman, archive: Path) -> None:
    podman.succeed("start", "booted")
    wait_until(lambda: podman.run("exec", "booted", "systemctl", "is-system-running").stdout == "running\n")
    assert podman.inside("booted", "cat", "/var/lib/counted") == "started\nstarted\n"
    podman.succeed("rm", "--force", "--time", "10", "booted")


def test_its_programs_run_without_a_boot(podman: Podman, archive: Path) -> None:
    said = podman.once("--entrypoint", "/bin/sh", f"oci-archive:{archive}", "-c", "htop --version; cat /etc/greeting; ls /etc/ssl/certs")
    assert said.startswith("htop ") and "hello" in said and "ca-bundle.crt" in said


def test_podman_loads_it_under_its_name_from_a_file_and_from_a_pipe(podman: Podman, defined: Host, archive: Path) -> None:
    assert f"{NAME}:latest" in podman.succeed("load", "--input", str(archive))
    command = defined.command("image", NAME, "-c", str(defined.definition), "-o", "-", "--tag", "two", *PACKING)
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    assert f"{NAME}:two" in podman.succeed("load", stdin=piped)
    # What docker's own store reads of the same archive.
    with tarfile.open(archive) as members:
        names = set(members.getnames())
        (entry,) = json.loads(members.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert entry["RepoTags"] == [f"{NAME}:latest"] and {entry["Config"], *entry["Layers"]} <= names
    inspected = json.loads(podman.succeed("image", "inspect", f"{NAME}:two"))[0]
    assert inspected["Config"]["StopSignal"] == "SIGRTMIN+3" and "80/tcp" in inspected["Config"]["ExposedPorts"]


def test_the_same_definition_is_the_same_image(defined: Host, archive: Path) -> None:
    again = defined.directory / "again.tar"
    defined.succeed("image", NAME, "-c", str(defined.definition), "-o", str(again), *PACKING)
    assert again.read_bytes() == archive.read_bytes()


def test_a_change_leaves_most_layers_as_they_are(defined: Host) -> None:
    before = image(defined)
    try:
        define(defined, greeting="good morning")
        after = image(defined)
        fresh = {layer["digest"] for layer in after["layers"]} - {layer["digest"] for layer in before["layers"]}
        assert len(fresh) == 2, "the configuration's, and the root's with the link to the system"
        sent = sum(layer["size"] for layer in after["layers"] if layer["digest"] in fresh)
        assert 0 < sent < 1_000_000 < after["size"]
        define(defined, package="pkgs.hello")
        more = image(defined)
        kept = {layer["digest"] for layer in more["layers"]} & {layer["digest"] for layer in before["layers"]}
        assert len(kept) >= len(before["layers"]) - 3
    finally:
        define(defined)
    assert image(defined)["digest"] == before["digest"]


def test_every_path_of_the_closure_is_in_one_layer(defined: Host) -> None:
    made = image(defined, "--max-layers", "7", "--compression", "none")
    assert len(made["layers"]) == 8
    paths = [path for layer in made["layers"] for path in layer["paths"]]
    closure = subprocess.run(
        ["nix-store", "--query", "--requisites", made["system"]], capture_output=True, text=True, check=True
    ).stdout.split()
    assert sorted(paths) == sorted(closure)


def test_several_images_in_a_layout(defined: Host) -> None:
    layout = defined.directory / "layout"
    for tag, compression in (("one", "none"), ("two", "none"), ("one", "zstd")):
        defined.succeed(
            "image", NAME, "-c", str(defined.definition), "-o", str(layout), "--tag", tag, "--compression", compression, "--max-layers", "2"
        )
    index = json.loads((layout / "index.json").read_text())
    assert [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in index["manifests"]] == [f"{NAME}:two", f"{NAME}:one"]
    inspected = json.loads(
        subprocess.run(["skopeo", "inspect", f"oci:{layout}:{NAME}:one"], capture_output=True, text=True, check=True).stdout
    )
    assert inspected["Created"] == "1970-01-01T00:00:01Z" and len(inspected["Layers"]) == 3
    assert [entry["mediaType"] for entry in _manifest(layout, index["manifests"][1])["layers"]] == [
        "application/vnd.oci.image.layer.v1.tar+zstd"
    ] * 3


def _manifest(layout: Path, entry: dict[str, Any]) -> Any:
    return json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())


def test_a_container_of_a_command(host: Host, podman: Podman) -> None:
    host.succeed("create", "nctplain", "--config", 'environment.etc."mark".text = "plain";')
    try:
        path = host.directory / "plain.tar"
        done = host.run("image", "nctplain", "-o", str(path), "--max-layers", "2", "--compression", "none")
        assert done.returncode == 0, done.stderr
        assert "plain" in podman.once("--entrypoint", "/bin/cat", f"oci-archive:{path}", "/etc/mark")
    finally:
        host.succeed("destroy", "nctplain")


def test_what_the_definition_says_of_the_image(defined: Host, podman: Podman) -> None:
    more = f'image = {{ name = "team/{NAME}"; tag = "v1"; config = {{ Entrypoint = [ "cat" "/etc/greeting" ]; Env = [ "A=B" ]; }}; }};'
    try:
        defined.define((DEFINITION % (NAME, "", "hello")).replace("privateNetwork", f"{more} privateNetwork"))
        layout = defined.directory / "own"
        done = defined.run("image", NAME, "-c", str(defined.definition), "-o", str(layout), "--max-layers", "2", "--compression", "none")
        reference = f"oci:{layout}:team/{NAME}:v1"
        assert done.returncode == 0 and done.stderr.strip().endswith(reference), done.stderr
        assert podman.once(reference) == "hello"
        defined.define((DEFINITION % (NAME, "", "hello")).replace("privateNetwork", 'image.config.Env = "A=B"; privateNetwork'))
        assert f"containers.{NAME}.image.config.Env" in defined.fail("image", NAME, "-c", str(defined.definition))
    finally:
        define(defined)


def test_a_container_of_this_host_needs_no_file_to_be_named(defined: Host, tmp_path: Path) -> None:
    defined.switch()
    there = json.loads(defined.succeed("image", NAME, "--json", *PACKING))
    assert there["digest"] == image(defined)["digest"]
    moved = tmp_path / "moved.nix"
    defined.definition.rename(moved)
    try:
        assert f"image {NAME} -c FILE" in defined.fail("image", NAME)
        if not Path("/etc/nixos/configuration.nix").exists():
            assert f"did you mean {NAME}?" in defined.fail("image", NAME + "x")
    finally:
        moved.rename(defined.definition)


def test_mistakes(defined: Host) -> None:
    given = ("-c", str(defined.definition))
    assert f"it declares: {NAME}" in defined.fail("image", "nosuch", *given)
    assert "1 to 126" in defined.fail("image", NAME, *given, "--max-layers", "0")
    assert "oci-archive" in defined.fail("image", NAME, *given, *PACKING, "-o", "tar:x")
    assert "--created" in defined.fail("image", NAME, *given, "--created", "yesterday")
    assert "no OCI image layout" in defined.fail("image", NAME, *given, *PACKING, "-o", str(defined.directory))
    assert "cannot write" in defined.fail("image", NAME, *given, *PACKING, "-o", "/proc/nowhere/image.tar")
    assert "no container name" in defined.fail("image", *given)


# --- the registry


class Registry:
    """`nixos-container registry` on a port that is free."""

    def __init__(self, host: Host, *words: str) -> None:
        self.process = subprocess.Popen(
            host.command("registry", "--listen", "127.0.0.1:0", *PACKING, *words), stderr=subprocess.PIPE, text=True, cwd=host.directory
        )
        assert self.process.stderr is not None
        self.place = ""
        for line in self.process.stderr:
            if line.startswith("registry: "):
                self.place = line.split("//")[1].strip()
                break
        assert self.place, "the registry did not start"
        self.log = self.process.stderr

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.log.read()
        return self.process.wait(20)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self.place}{path}") as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def registry(defined: Host) -> Iterator[Registry]:
    made = Registry(defined, "-c", str(defined.definition))
    yield made
    assert made.end() == 0


def test_a_container_is_pulled_and_runs(registry: Registry, podman: Podman, defined: Host) -> None:
    reference = f"{registry.place}/{NAME}"
    podman.succeed("pull", "--quiet", "--tls-verify=false", reference)
    assert podman.once("--entrypoint", "/bin/cat", reference, "/etc/greeting") == "hello"
    digest = podman.succeed("image", "inspect", "--format", "{{.Digest}}", reference).strip()
    assert digest == image(defined)["digest"]
    assert podman.succeed("pull", "--quiet", "--tls-verify=false", f"{reference}@{digest}")


def test_a_pull_gets_what_the_definition_says_now(registry: Registry, defined: Host, podman: Podman) -> None:
    reference = f"{registry.place}/{NAME}"
    try:
        define(defined, greeting="changed")
        # An answer is kept for some seconds, so that HEAD and GET are about the same image.
        wait_until(
            lambda: (
                podman.succeed("pull", "--quiet", "--tls-verify=false", reference) != ""
                and podman.once("--entrypoint", "/bin/cat", reference, "/etc/greeting") == "changed"
            ),
        )
    finally:
        define(defined)
    tags = registry.get(f"/v2/{NAME}/tags/list")["tags"]
    assert "latest" in tags and len(tags) == 3
    # What was there before is there under its hash, whatever the definition says now.
    said = set()
    for tag in sorted(set(tags) - {"latest"}):
        podman.succeed("pull", "--quiet", "--tls-verify=false", f"{reference}:{tag}")
        said.add(podman.once("--entrypoint", "/bin/cat", f"{reference}:{tag}", "/etc/greeting"))
    assert said == {"hello", "changed"}


def test_packages_by_their_names(registry: Registry, podman: Podman) -> None:
    reference = f"{registry.place}/hello"
    podman.succeed("pull", "--quiet", "--tls-verify=false", reference)
    assert podman.once(reference) == "Hello, world!\n"
    inspected = json.loads(podman.succeed("image", "inspect", reference))[0]
    assert inspected["Size"] < 30_000_000, "the closure of hello is small"
    assert {"hello", NAME} <= set(registry.get("/v2/_catalog")["repositories"])


def test_two_packages_with_a_shell_in_any_order(registry: Registry, podman: Podman) -> None:
    def layers(name: str) -> Any:
        return registry.get(f"/v2/{name}/manifests/latest")["layers"]

    assert layers("shell/hello/htop") == layers("shell/htop/hello") != layers("shell/htop")
    reference = f"{registry.place}/shell/hello/htop"
    podman.succeed("pull", "--quiet", "--tls-verify=false", reference)
    assert podman.once(reference, "sh", "-c", "hello && htop --version").startswith("Hello, world!\nhtop ")


def test_a_misspelled_package_gets_an_answer_that_helps(registry: Registry) -> None:
    done = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", f"docker://{registry.place}/helo"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "did you mean hello" in done.stderr, done.stderr
    for path in ("/v2/helo/tags/list", f"/v2/{NAME}/manifests/nosuchtag", "/v2/hello/manifests/nosuchtag"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            registry.get(path)
    assert registry.get("/v2/jq/tags/list")["tags"] == ["latest"]


def test_without_packages_there_are_the_containers_alone(defined: Host) -> None:
    made = Registry(defined, "-c", str(defined.definition), "--no-packages")
    try:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            made.get("/v2/hello/manifests/latest")
        assert made.get("/v2/_catalog")["repositories"] == [NAME]
    finally:
        made.end()


def test_two_containers_with_one_name_of_an_image(defined: Host) -> None:
    try:
        defined.define('{ containers.nctone.config = { }; containers.ncttwo = { image.name = "nctone"; config = { }; }; }')
        said = defined.fail("registry", "-c", str(defined.definition), "--listen", "127.0.0.1:0")
        assert "nctone" in said and "ncttwo" in said and "image.name" in said
    finally:
        define(defined)


def test_users_have_to_say_who_they_are(defined: Host, podman: Podman) -> None:
    hashed = defined.run("registry", "--hash-password", stdin="secret\n").stdout
    users = defined.directory / "users"
    users.write_text(f"ann:{hashed}")
    made = Registry(defined, "-c", str(defined.definition), "--users", str(users))
    try:
        reference = f"{made.place}/{NAME}"
        assert "unauthorized" in podman.run("pull", "--tls-verify=false", reference).stderr
        podman.succeed("pull", "--quiet", "--tls-verify=false", "--creds", "ann:secret", reference)
        assert podman.run("pull", "--tls-verify=false", "--creds", "ann:wrong", reference).returncode != 0
    finally:
        made.end()


def test_a_push_goes_to_the_archives_own_registry_which_is_an_image_of_ours(registry: Registry, podman: Podman, defined: Host) -> None:
    reference, place = f"{registry.place}/docker-registry", "127.0.0.1:25055"
    podman.succeed("pull", "--quiet", "--tls-verify=false", reference)
    config = defined.directory / "config.yml"
    config.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: /tmp/images}}}}\nhttp: {{addr: '{place}'}}\n")
    podman.start("pushed", "--volume", f"{config}:/config.yml:ro", reference, "docker-registry", "serve", "/config.yml", network="host")
    wait_until(lambda: _answers(f"http://{place}/v2/"))
    given = ("image", NAME, "-c", str(defined.definition), "-o", f"docker://{place}/team/{NAME}:v1", *PACKING)
    assert "--insecure" in defined.fail(*given)
    defined.succeed(*given, "--insecure")
    with urllib.request.urlopen(f"http://{place}/v2/team/{NAME}/tags/list") as answer:
        assert json.load(answer)["tags"] == ["v1"]
    podman.succeed("rm", "--force", "--time", "0", "pushed")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url):
            return True
    except OSError:
        return False


def test_a_port_that_is_taken(registry: Registry, defined: Host) -> None:
    assert "cannot listen" in defined.fail("registry", "-c", str(defined.definition), "--listen", registry.place)


def test_nothing_of_podman_is_left_mounted(podman: Podman) -> None:
    podman.end()
    assert str(podman.directory) not in Path("/proc/self/mounts").read_text(encoding="utf-8")
