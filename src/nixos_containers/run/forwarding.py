"""The kernel settings of plan/forwarding.py set, remembered and put back. The launcher's script puts them back, too: same files.

The memory is of this boot of the host: one of another boot is of no meaning, even where /run outlives a boot.
"""

from __future__ import annotations

import os

from ..base import log, process
from ..base.files import locked, read_text, remove
from ..plan.forwarding import CLOSE, FLOWS, LOOPBACK6_ROUTE, MEMORY, NEEDS, OTHERS_MASQUERADE, OWNERS, wanted

TYPE_CHECKING = False  # importing typing costs a start that repeats more than all that is done here
if TYPE_CHECKING:
    from ..base.paths import Paths

_ROOT = "/proc/sys"
# There while the host has other firewalls that we had to open: also a start that repeats looks for them.
_WALLS = "walls"
# Of the interfaces that a start makes; absent where the kernel has no IPv6.
_NO_IPV6 = "net/ipv6/conf/default/disable_ipv6"
_WHO = "setting up forwarding of packets"
_BOOT = "/proc/sys/kernel/random/boot_id"


def acquire(paths: Paths, name: str, *, root: str = _ROOT, look: bool = False) -> None:
    """Set what container `name` needs according to its run state, and remember what was there before.

    With `look`, or where there were some the last time, the first one also looks for firewalls of others that drop its packets all the
    same, and gets through or says so. With `look` it also says where the host has no IPv6.
    """
    needs = read_text(f"{paths.run_state(name)}/{NEEDS}")
    if not needs:
        return
    memory = f"{paths.shared}/{MEMORY}"
    with locked(f"{memory}.lock", who=_WHO):
        boot = read_text(_BOOT) or ""
        if read_text(f"{memory}/boot") != boot:
            _forget_all(memory)
            _write(f"{memory}/boot", boot)
        known = _settings(memory)
        new = wanted(needs, _now(root, needs))
        # Before anything is touched: whoever comes after our death finds what was.
        seen = {_key(entry) for entry in known}
        entries = known + [entry for entry in new if _key(entry) not in seen]
        if entries != known:
            # In one step: half of it would be what is put back.
            _write(f"{memory}/settings.new", "".join(" ".join(entry) + "\n" for entry in entries))
            os.replace(f"{memory}/settings.new", f"{memory}/settings")
        first = not users(paths)
        os.makedirs(f"{memory}/users", mode=0o755, exist_ok=True)
        _write(f"{memory}/users/{name}", "")
        for file, was, value in reversed(new):
            if file == "route6":
                _route("replace", was)
            elif value != "-" and not _set(root, file, value):
                log.warn(f"{name}: cannot set {file.replace('/', '.')} to {value}: its packets may not leave the host")

        if first and look and "ip 6\n" in needs and (read_text(f"{root}/{_NO_IPV6}") or "1\n") != "0\n":
            log.warn(
                f"this host has no IPv6 ({_NO_IPV6.replace('/', '.')}): the IPv6 addresses of containers lead nowhere; "
                "IPv4 is not affected. ‘networking.containers.addressPool6 = null;’ gives them no more of these"
            )
        if first and "ip " in needs and (look or os.path.exists(f"{paths.shared}/{_WALLS}")):
            from .passage import let_through

            if let_through(paths, allowed="pass\n" in needs):
                _write(f"{paths.shared}/{_WALLS}", "")


def release(paths: Paths, name: str, *, root: str = _ROOT) -> None:
    """Container `name` needs nothing any more; with the last one everything is as before. Idempotent."""
    memory = f"{paths.shared}/{MEMORY}"
    if not os.path.isdir(memory):
        return
    with locked(f"{memory}.lock", who=_WHO):
        remove(f"{memory}/users/{name}")
        _restore_if_unused(memory, root)


def users(paths: Paths) -> list[str]:
    """The containers for which settings are kept."""
    try:
        return sorted(os.listdir(f"{paths.shared}/{MEMORY}/users"))
    except FileNotFoundError:
        return []


def settle(paths: Paths, *, root: str = _ROOT) -> None:
    """Put back what killed commands left: settings without anybody who needs them, users that are containers no more."""
    for name in users(paths):
        if not os.path.isdir(paths.run_state(name)):
            release(paths, name, root=root)
    memory = f"{paths.shared}/{MEMORY}"
    if any(os.path.exists(f"{memory}/{file}") for file in ("settings", CLOSE)) and not users(paths):
        with locked(f"{memory}.lock", who=_WHO):
            _restore_if_unused(memory, root)


def _restore_if_unused(memory: str, root: str) -> None:
    try:
        os.rmdir(f"{memory}/users")
    except FileNotFoundError:
        pass
    except OSError:
        return  # somebody is left
    if read_text(f"{memory}/boot") == (read_text(_BOOT) or ""):
        again = router = False
        for file, was, value in _settings(memory):
            if file == "route6":
                _route("del", was)
                continue
            if router and file.endswith("/accept_ra"):
                continue  # who stays a router goes on taking the word of others
            if value != "-":
                # Somebody else's wish by now: left alone.
                stays = _is_owners_wish(file, value) or _others_need(file)
                router = router or (stays and file.startswith("net/ipv6/"))
                again = (read_text(f"{root}/{file}") or "").strip() == value and not stays
            if again:
                _set(root, file, was)
    if os.path.exists(f"{memory}/{CLOSE}"):
        process.run(["/bin/sh", f"{memory}/{CLOSE}"], check=False)
        remove(f"{memory}/{CLOSE}")
    remove(f"{memory}/settings")
    remove(f"{memory}/boot")


def _is_owners_wish(file: str, value: str) -> bool:
    """Whether a file of sysctl.d(5) says so by now."""
    import glob
    import re

    wish = re.compile(rf"^\s*{re.escape(file).replace('/', '[./]')}\s*=\s*{value}\s*$", re.MULTILINE)
    return any(wish.search(read_text(path) or "") for pattern in OWNERS.split() for path in glob.glob(pattern))


def _others_need(file: str) -> bool:
    return "forward" in file and process.run(["/bin/sh", "-c", OTHERS_MASQUERADE], check=False).returncode == 0


def _now(root: str, needs: str) -> dict[str, str]:
    """What `wanted` looks at. Two files tell in most cases that nothing has to be done."""
    files = ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"]
    files += [f"net/ipv4/conf/{line.split()[1]}/route_localnet" for line in needs.splitlines() if line.startswith("loopback ")]
    now = _read(root, files)
    if now.get(files[0]) == "0" or now.get(files[1]) == "0":
        now |= _read(root, ["net/ipv4/conf/all/accept_redirects"])
        for family in ("ipv4", "ipv6"):
            try:
                links = os.listdir(f"{root}/net/{family}/conf")
            except FileNotFoundError:
                continue
            now |= _read(root, [f"net/{family}/conf/{link}/{key}" for link in links for key in ("forwarding", "accept_ra")])
    return now


def _read(root: str, files: list[str]) -> dict[str, str]:
    found = {}
    for file in files:
        text = read_text(f"{root}/{file}")
        if text is not None:
            found[file] = text.strip()
    return found


def forget_flows(paths: Paths, name: str, *, started: bool = False) -> None:
    """Make the kernel forget the connections of container `name`, which would go on as they were: to nobody, or past a new forward.

    After a start (`started`) only datagrams matter: a stream that found no listener has ended.
    """
    addresses, ports = [], set()
    for line in (read_text(f"{paths.run_state(name)}/{FLOWS}") or "").splitlines():
        word, _, value = line.partition(" ")
        if word == "udp":
            ports.add(int(value))
        else:
            addresses.append(value)
    if ports or (addresses and not started):
        from ..kernel.conntrack import forget

        forget(() if started else addresses, udp_ports=ports)


def _route(verb: str, bridge: str) -> None:
    process.run(["ip", "-6", "route", verb, *LOOPBACK6_ROUTE.format(bridge).split()], check=False)


def _forget_all(memory: str) -> None:
    """An empty memory: nothing of another boot of the host."""
    for directory, _, files in os.walk(memory, topdown=False):
        for file in files:
            remove(f"{directory}/{file}")
        os.rmdir(directory)
    os.makedirs(memory, mode=0o755)


def _key(entry: tuple[str, str, str]) -> tuple[str, ...]:
    return entry[:2] if entry[0] == "route6" else entry[:1]


def _settings(memory: str) -> list[tuple[str, str, str]]:
    found = []
    for line in (read_text(f"{memory}/settings") or "").splitlines():
        words = line.split()
        if len(words) == 3:
            found.append((words[0], words[1], words[2]))
    return found


def _set(root: str, file: str, value: str) -> bool:
    try:
        _write(f"{root}/{file}", value)
    except OSError:
        return False
    return True


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
