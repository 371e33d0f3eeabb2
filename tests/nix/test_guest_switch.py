"""What a switch does to running units, and how unit directories are laid out: the awk programs behind both."""

from __future__ import annotations

from pathlib import Path

import pytest

from .guest_scripts import NIXOS, SEPARATOR, Shell, needs_busybox, records, rows

pytestmark = needs_busybox

CLASSIFY = NIXOS / "modules" / "system" / "activation" / "classify-units.awk"
GENERATE = NIXOS / "lib" / "generate-units.awk"
LINK = NIXOS / "lib" / "link-package-units.sh"

SERVICE = "[Unit]\nDescription=X\n\n[Service]\nExecStart=/x\n"

Units = dict[str, str]


class Switch:
    """The unit directories of an old and a new system, and the decisions between them."""

    def __init__(self, shell: Shell, directory: Path) -> None:
        self.shell, self.directory = shell, directory

    def place(self, where: str, units: Units) -> Path:
        directory = self.directory / where
        directory.mkdir()
        for name, text in units.items():
            (directory / name).parent.mkdir(exist_ok=True)
            if text == "/dev/null":
                (directory / name).symlink_to("/dev/null")
            else:
                (directory / name).write_text(text)
        return directory

    def decide(
        self,
        old: Units,
        new: Units,
        *,
        active: str = "",
        old_lib: Units | None = None,
        new_lib: Units | None = None,
        outdated: str = "",
        requested: str = "",
    ) -> dict[str, list[str]]:
        """List name -> units, for the lists that are not empty."""
        lines = [f"{name} loaded active running X" for name in (active.split() or [name for name in old if "/" not in name])]
        (self.directory / "active").write_text("\n".join(lines) + "\n")
        (self.directory / "requested").write_text("".join(name + "\n" for name in requested.split()))
        (self.directory / "outdated").write_text("".join(name + "\n" for name in outdated.split()))
        out = self.directory / "out"
        out.mkdir()
        variables = {
            "old": self.place("old", old),
            "new": self.place("new", new),
            "old_lib": self.place("old-lib", old_lib or {}),
            "new_lib": self.place("new-lib", new_lib or {}),
            "outdated": self.directory / "outdated",
            "out": out,
            "requested": self.directory / "requested" if requested else "",
        }
        words = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        done = self.shell.run("awk", *words, "-f", CLASSIFY, self.directory / "active")
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return {file.name: file.read_text().split() for file in sorted(out.iterdir())}


@pytest.fixture
def switch(shell: Shell, tmp_path: Path) -> Switch:
    return Switch(shell, tmp_path)


def service(*settings: str) -> str:
    return SERVICE + "".join(line + "\n" for line in settings)


def test_an_equal_unit_is_left_alone(switch: Switch) -> None:
    assert switch.decide({"x.service": SERVICE}, {"x.service": SERVICE}) == {}


def test_a_changed_service_is_stopped_and_started(switch: Switch) -> None:
    assert switch.decide({"x.service": SERVICE}, {"x.service": service("Nice=1")}) == {"start": ["x.service"], "stop": ["x.service"]}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["X-StopIfChanged=false"], {"restart": ["x.service"]}),
        (["X-RestartIfChanged=false"], {"skip": ["x.service"]}),
        (["X-ReloadIfChanged=true"], {"reload": ["x.service"]}),
        (["X-ReloadIfChanged=true", "X-RestartIfChanged=false"], {"reload": ["x.service"]}),
        (["[Unit]", "RefuseManualStop=yes"], {"skip": ["x.service"]}),
        (["[Unit]", "X-OnlyManualStart=yes"], {"skip": ["x.service"]}),
    ],
)
def test_the_new_unit_says_how(switch: Switch, settings: list[str], expected: dict[str, list[str]]) -> None:
    assert switch.decide({"x.service": SERVICE}, {"x.service": service("Nice=1", *settings)}) == expected


def test_a_service_that_is_gone_or_masked_is_stopped(switch: Switch) -> None:
    assert switch.decide({"x.service": SERVICE, "y.service": SERVICE}, {"y.service": "/dev/null"}) == {"stop": ["x.service", "y.service"]}


def test_unless_it_wants_to_outlive_its_removal(switch: Switch) -> None:
    assert switch.decide({"x.service": "[Unit]\nX-StopOnRemoval=false\n"}, {}) == {}


def test_words_for_people_do_not_count(switch: Switch) -> None:
    assert switch.decide({"x.service": SERVICE}, {"x.service": SERVICE.replace("=X", "=Y")}) == {}


def test_order_and_comments_do_not_count(switch: Switch) -> None:
    new = "# comment\n[Service]\nExecStart=/x\n[Unit]\nDescription=X\n[Install]\nWantedBy=a.target\n"
    assert switch.decide({"x.service": SERVICE}, {"x.service": new}) == {}


def test_only_a_reload_trigger_reloads(switch: Switch) -> None:
    old, new = "[Unit]\nX-Reload-Triggers=1\n[Service]\nExecStart=/x\n", "[Unit]\nX-Reload-Triggers=2\n[Service]\nExecStart=/x\n"
    assert switch.decide({"x.service": old}, {"x.service": new}) == {"reload": ["x.service"]}


def test_a_reload_trigger_that_is_gone_reloads_nothing(switch: Switch) -> None:
    old, new = "[Unit]\nX-Reload-Triggers=1\n[Service]\nExecStart=/x\n", "[Service]\nExecStart=/x\n"
    assert switch.decide({"x.service": old}, {"x.service": new}) == {}


def test_a_restart_trigger_is_a_change(switch: Switch) -> None:
    old, new = "[Unit]\nX-Restart-Triggers=1\n[Service]\nExecStart=/x\n", "[Unit]\nX-Restart-Triggers=2\n[Service]\nExecStart=/x\n"
    assert switch.decide({"x.service": old}, {"x.service": new}) == {"start": ["x.service"], "stop": ["x.service"]}


def test_a_reload_trigger_and_more_restarts(switch: Switch) -> None:
    old, new = "[Unit]\nX-Reload-Triggers=1\n[Service]\nExecStart=/x\n", "[Unit]\nX-Reload-Triggers=2\n[Service]\nExecStart=/y\n"
    assert switch.decide({"x.service": old}, {"x.service": new}) == {"start": ["x.service"], "stop": ["x.service"]}


def test_a_socket_activated_service_leaves_the_start_to_its_socket(switch: Switch) -> None:
    socket = "[Socket]\nListenStream=80\n"
    decided = switch.decide({"x.service": SERVICE, "x.socket": socket}, {"x.service": service("Nice=1"), "x.socket": socket})
    assert decided == {"start": ["x.socket"], "stop": ["x.socket", "x.service"]}


def test_one_that_says_it_is_not_starts_with_its_socket(switch: Switch) -> None:
    socket = "[Socket]\nListenStream=80\n"
    new = service("Nice=1", "X-NotSocketActivated=true")
    decided = switch.decide({"x.service": SERVICE, "x.socket": socket}, {"x.service": new, "x.socket": socket})
    assert decided == {"start": ["x.socket", "x.service"], "stop": ["x.socket", "x.service"]}


def test_a_socket_of_another_name_is_found_by_the_services_own_word(switch: Switch) -> None:
    socket = "[Socket]\nListenStream=80\n"
    units = {"x.service": SERVICE, "a.socket": socket, "b.socket": socket}
    decided = switch.decide(units, {"x.service": service("Sockets=a.socket b.socket"), "a.socket": socket})
    assert decided == {"start": ["a.socket"], "stop": ["a.socket", "b.socket", "x.service"]}


def test_targets_are_started_again_without_a_word(switch: Switch) -> None:
    assert switch.decide({"a.target": "[Unit]\n"}, {"a.target": "[Unit]\nWants=b.service\n"}) == {
        "quiet": ["a.target"],
        "start": ["a.target"],
    }


def test_targets_that_refuse_are_not(switch: Switch) -> None:
    assert switch.decide({"a.target": "[Unit]\n"}, {"a.target": "[Unit]\nRefuseManualStart=true\n"}) == {}


def test_mount_options_are_a_remount_other_changes_a_new_mount(switch: Switch) -> None:
    old = {"a.mount": "[Mount]\nWhat=t\nOptions=ro\n", "b.mount": "[Mount]\nWhat=t\n"}
    new = {"a.mount": "[Mount]\nWhat=t\nOptions=rw\n", "b.mount": "[Mount]\nWhat=u\n"}
    assert switch.decide(old, new) == {"reload": ["a.mount"], "restart": ["b.mount"]}


@pytest.mark.parametrize("mount", ["nix.mount", "-.mount"])
def test_a_mount_that_everything_needs_is_never_unmounted(switch: Switch, mount: str) -> None:
    assert switch.decide({mount: "[Mount]\nWhat=a\n"}, {mount: "[Mount]\nWhat=b\n"}) == {"reload": [mount]}


def test_a_socket_by_itself_waits_for_its_service(switch: Switch) -> None:
    assert switch.decide({"x.socket": "[Socket]\nListenStream=80\n"}, {"x.socket": "[Socket]\nListenStream=81\n"}) == {}


def test_a_target_that_orders_others_goes_down_meanwhile(switch: Switch) -> None:
    units = {"a.target": "[Unit]\nX-StopOnReconfiguration=true\n"}
    assert switch.decide(units, units) == {"quiet": ["a.target"], "start": ["a.target"], "stop": ["a.target"]}


def test_slices_and_paths_take_effect_by_themselves(switch: Switch) -> None:
    assert switch.decide({"a.slice": "[Slice]\nCPUWeight=1\n"}, {"a.slice": "[Slice]\nCPUWeight=2\n"}) == {}


def test_timers_restart_in_one_step(switch: Switch) -> None:
    assert switch.decide({"a.timer": "[Timer]\nOnBootSec=1\n"}, {"a.timer": "[Timer]\nOnBootSec=2\n"}) == {"restart": ["a.timer"]}


def test_instances_follow_their_template(switch: Switch) -> None:
    decided = switch.decide({"x@.service": SERVICE}, {"x@.service": service("Nice=1")}, active="x@a.service x@b.service")
    assert decided == {"start": ["x@a.service", "x@b.service"], "stop": ["x@a.service", "x@b.service"]}


def test_an_instance_with_a_drop_in_of_its_own_follows_both(switch: Switch) -> None:
    own = {"x@a.service.d/overrides.conf": "[Service]\nNice=1\n"}
    old, new = {"x@.service": SERVICE, **own}, {"x@.service": service("Nice=1"), **own}
    assert switch.decide(old, new, active="x@a.service x@b.service")["stop"] == ["x@a.service", "x@b.service"]


def test_an_instance_alone_is_changed_by_its_drop_in(switch: Switch) -> None:
    old, new = ({"x@.service": SERVICE, "x@a.service.d/overrides.conf": f"[Service]\nNice={nice}\n"} for nice in (1, 2))
    assert switch.decide(old, new, active="x@a.service x@b.service") == {"start": ["x@a.service"], "stop": ["x@a.service"]}


def test_every_drop_in_counts(switch: Switch) -> None:
    units = {"x.service": SERVICE, "x.service.d/10-a.conf": "[Service]\nNice=1\n"}
    decided = switch.decide(units, {**units, "x.service.d/20-b.conf": "[Service]\nNice=2\n"}, active="x.service")
    assert decided == {"start": ["x.service"], "stop": ["x.service"]}


@pytest.mark.parametrize(
    ("settings", "active", "expected"),
    [
        ([], "x.service", {"restart": ["x.service"]}),
        ([], "y.service", {"start": ["x.service"]}),
        (["X-StopIfChanged=true"], "x.service", {"restart": ["x.service"]}),
        (["X-RestartIfChanged=false"], "x.service", {"skip": ["x.service"]}),
        (["X-ReloadIfChanged=true"], "x.service", {"reload": ["x.service"]}),
    ],
)
def test_what_a_snippet_wants_restarted(switch: Switch, settings: list[str], active: str, expected: dict[str, list[str]]) -> None:
    units = {"x.service": service(*settings), "y.service": SERVICE}
    assert switch.decide(units, {**units, "y.service": service("Nice=1")}, active=active, requested="x.service") == expected


def test_a_changed_drop_in_of_a_packages_unit(switch: Switch) -> None:
    lib = {"x.service": SERVICE}
    decided = switch.decide(
        {"x.service.d/overrides.conf": "[Service]\nNice=1\n"},
        {"x.service.d/overrides.conf": "[Service]\nNice=2\n"},
        active="x.service", old_lib=lib, new_lib=lib,
    )  # fmt: skip
    assert decided == {"start": ["x.service"], "stop": ["x.service"]}


def test_a_packages_unit_that_is_no_longer_configured_stops(switch: Switch) -> None:
    lib = {"x.service": SERVICE, "systemd-x.service": SERVICE}
    old = {"x.service.d/overrides.conf": "[Unit]\n", "systemd-x.service.d/overrides.conf": "[Unit]\nAfter=a.service\n"}
    decided = switch.decide(old, {}, active="x.service systemd-x.service", old_lib=lib, new_lib=lib)
    assert decided == {"start": ["systemd-x.service"], "stop": ["x.service", "systemd-x.service"]}


def test_the_same_text_with_replaced_programs_restarts(switch: Switch) -> None:
    units = {"x.service": SERVICE, "y.service": SERVICE}
    assert switch.decide(units, units, outdated="x.service") == {"start": ["x.service"], "stop": ["x.service"]}


def test_what_is_not_running_is_nobodys_business(switch: Switch) -> None:
    assert switch.decide({"x.service": SERVICE}, {}, active="other.service") == {}


# ---- the directory of units


def generate(
    shell: Shell, directory: Path, table: list[list[str]], texts: Units, *, upstream: Units | None = None, packaged: Units | None = None
) -> Path:
    """Make a unit directory as generateUnits does."""
    out, package, lib = directory / "out", directory / "package", directory / "lib"
    (package / "lib/systemd/system").mkdir(parents=True)
    for folder in (out, lib):
        folder.mkdir()
    for name, text in (packaged or {}).items():
        (package / "lib/systemd/system" / name).write_text(text)
    for name, text in (upstream or {}).items():
        (lib / name).write_text(text)
    (directory / "table").write_text(rows(table))
    (directory / "texts").write_text(records(texts))
    shell.run("sh", LINK, env={"out": str(out), "type": "system", "packages": str(package)})
    for number, data in (("1", Path("/dev/null")), ("2", directory / "texts")):
        variables = ["-v", f"out={out}", "-v", f"upstream={lib}", "-v", f"sep={SEPARATOR}", "-v", f"pass={number}"]
        done = shell.run("awk", *variables, "-f", GENERATE, "part=table", directory / "table", "part=texts", data)
        assert done.returncode == 0, done.stderr
        linked = shell.run("sh", "-e", stdin=done.stdout)
        assert linked.returncode == 0, linked.stderr
    return out


def unit(name: str, *, enabled: bool = True, strategy: str = "asDropinIfExists", complete: bool = True) -> list[str]:
    return ["unit", name, "1" if enabled else "0", strategy, "1" if complete else "0"]


def test_units_links_and_masks(shell: Shell, tmp_path: Path) -> None:
    table = [
        unit("x.service"), ["wants", "x.service", "a.target"], ["requires", "x.service", "b.target"],
        ["upholds", "x.service", "c.target"], ["alias", "x.service", "y.service"], unit("off.service", enabled=False),
        ["mask", "m.service"], ["link", "default.target", "a.target"],
    ]  # fmt: skip
    out = generate(shell, tmp_path, table, {"x.service": SERVICE})
    assert (out / "x.service").read_text() == SERVICE
    links = {str(path.relative_to(out)): str(path.readlink()) for path in out.rglob("*") if path.is_symlink()}
    assert links == {
        "a.target.wants/x.service": "../x.service",
        "b.target.requires/x.service": "../x.service",
        "c.target.upholds/x.service": "../x.service",
        "y.service": "x.service",
        "off.service": "/dev/null",
        "m.service": "/dev/null",
        "default.target": "a.target",
    }


def test_a_definition_extends_a_unit_of_systemd_packages(shell: Shell, tmp_path: Path) -> None:
    out = generate(shell, tmp_path, [unit("x.service")], {"x.service": "[Service]\nNice=1\n"}, packaged={"x.service": SERVICE})
    assert (out / "x.service").read_text() == SERVICE
    assert (out / "x.service.d/overrides.conf").read_text() == "[Service]\nNice=1\n"


@pytest.mark.parametrize(
    ("name", "complete", "dropin"),
    [("x.service", True, False), ("x.service", False, True), ("systemd-x.service", True, True), ("other.service", False, False)],
)
def test_a_unit_that_the_archive_brings(shell: Shell, tmp_path: Path, name: str, complete: bool, dropin: bool) -> None:
    lib = {"x.service": SERVICE, "systemd-x.service": SERVICE}
    out = generate(shell, tmp_path, [unit(name, complete=complete)], {name: SERVICE}, upstream=lib)
    assert (out / f"{name}.d/overrides.conf").exists() == dropin
    assert (out / name).exists() != dropin


def test_an_instance_can_be_a_drop_in_without_a_file(shell: Shell, tmp_path: Path) -> None:
    out = generate(shell, tmp_path, [unit("x@a.service", strategy="asDropin")], {"x@a.service": SERVICE})
    assert (out / "x@a.service.d/overrides.conf").read_text() == SERVICE and not (out / "x@a.service").exists()
