"""Kernel settings that the host needs as long as packets of some container go through it, and the shell lines that take them back.

The first container that needs one sets it, a memory below /run says what it was, and the last one to go puts it back. Pure:
run/forwarding.py sets and remembers. Not for the settings of a container's own interfaces, which go with them.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing costs a start that repeats more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .network import NetworkPlan

# File in the run state that says what the container needs, one word and its argument a line.
NEEDS = "forwarding"
# File in the run state with the guest's addresses and the host's UDP ports that lead to it, one a line.
FLOWS = "flows"
# The memory, and beside it the lock: below the directory that running containers share.
MEMORY = "forwarding"
# Where the host's owner says what a setting shall be (sysctl.d(5)), as patterns of the shell.
OWNERS = "/etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf"
# In the memory: shell lines that take our rules out of other firewalls (passage.py).
CLOSE = "close"
_FORWARD4, _FORWARD6 = "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"
_REDIRECTS4 = "net/ipv4/conf/all/accept_redirects"
# The metric keeps loopback's own route the first.
LOOPBACK6_ROUTE = "local ::1 dev {} table local metric 2048"


def needs_text(network: NetworkPlan) -> str:
    """What the host has to do for `network`: forward IPv4 (`ip 4`) or IPv6, take loopback's packets back from a bridge (`loopback`).

    `pass` allows to let it through other firewalls.
    """
    names = {name for name, _ in network.elements}
    lines = [f"ip {family}\n" for family in "46" if names & {f"{kind}{family}" for kind in ("nat", "forwards", "bound")}]
    for pair in network.pairs:
        if pair.config.host_bridge is not None and pair.shared is None and pair.config.forward_ports:
            lines += [f"loopback {pair.config.host_bridge}\n"] if pair.config.local_address else []
            lines += [f"loopback6 {pair.config.host_bridge}\n"] if pair.config.local_address6 else []
    lines += ["pass\n"] if lines and network.pass_firewalls else []
    return "".join(dict.fromkeys(lines))


def flows_text(network: NetworkPlan) -> str:
    """By what the kernel's connections of the guest are known."""
    lines = [f"address {element}\n" for name, element in network.elements if name in ("guests4", "guests6")]
    for pair in network.pairs:
        for forward in pair.config.forward_ports:
            lines += [f"udp {port}\n" for port in forward.ports] if forward.protocol == "udp" else []
    return "".join(lines)


def wanted(needs: str, now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(file below /proc/sys, what it is, what it has to be) for `needs`, in the order in which they are put back.

    They are set in the opposite order. `now` holds the files that matter; what the kernel does not have is left out. A value
    `-` to be set means: not set by us, but changed by the kernel with the one above it, so that it has to be put back as well.
    A file `route6` stands for loopback's route on a bridge.
    """
    found: list[tuple[str, str, str]] = []
    for line in needs.splitlines():
        word, _, argument = line.partition(" ")
        if (word, argument) == ("ip", "4"):
            found += _forward4(now)
        elif word == "ip":
            found += _forward6(now)
        elif word == "loopback":
            found += _needed(f"net/ipv4/conf/{argument}/route_localnet", now)
        elif word == "loopback6":
            found.append(("route6", argument, "route6"))
    return found


def _needed(file: str, now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [(file, now[file], "1")] if now.get(file) == "0" else []


def _forward4(now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = _needed(_FORWARD4, now)
    if not found:
        return []
    # The kernel sets these back to the defaults of hosts and routers (ip-sysctl, ip_forward).
    if _REDIRECTS4 in now:
        found.append((_REDIRECTS4, now[_REDIRECTS4], "-"))
    own = [file for file, value in now.items() if _is_of(file, "net/ipv4/conf/", "/forwarding") and value == "1"]
    return found + [(file, "1", "-") for file in sorted(own)]


def _forward6(now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = _needed(_FORWARD6, now)
    if not found:
        return []
    own = [file for file, value in now.items() if _is_of(file, "net/ipv6/conf/", "/forwarding") and value == "1"]
    found += [(file, "1", "-") for file in sorted(own)]
    # A router takes no router's word for where the world is (and forgets it), unless it is told to: 2.
    uplinks = [file for file, value in now.items() if _is_of(file, "net/ipv6/conf/", "/accept_ra") and value == "1"]
    return found + [(file, "1", "2") for file in sorted(uplinks) if now.get(file.replace("accept_ra", "forwarding")) != "1"]


def _is_of(file: str, before: str, after: str) -> bool:
    """Whether it is the setting of one real interface."""
    name = file.removeprefix(before).removesuffix(after)
    return file == before + name + after and name not in ("all", "default", "lo")


def forget_lines(network: NetworkPlan) -> list[str]:
    """The shell lines with which the kernel forgets the guest's connections, where there is a program for that."""
    options = {"guests4": "", "guests6": "-f ipv6 "}
    commands = [
        f"conntrack -D {options[name]}{flag} {element}" for name, element in network.elements if name in options for flag in ("-s", "-r")
    ]
    return [f"command -v conntrack > /dev/null && {{ {'; '.join(commands)}; }} > /dev/null 2>&1"] if commands else []


# For a shell: whether another program of the host (Docker, libvirt, networkd) sends packets on under the host's address. It found
# forwarding switched on when it began, so that it could not know whose that was.
OTHERS_MASQUERADE = "nft list ruleset | sed '/^table [a-z0-9]* nixos-containers {/,/^}/d' | grep -qi masquerade"


def release_lines() -> list[str]:
    """The shell lines with which the container in whose run state the script stands needs nothing any more."""
    route = LOOPBACK6_ROUTE.format('"$was"')
    memory = f"../@shared/{MEMORY}"
    return [
        "# What the kernel was told for containers only is as it was before, when the last of them goes.",
        f'( name=${{PWD##*/.}}; flock 9; cd {memory} || exit 0; rm -f "users/$name"; rmdir users || exit 0; again= router=',
        "  while read -r file was set; do",
        f'    if [ "$file" = route6 ]; then ip -6 route del {route}; continue; fi',
        "    # Who stays a router goes on taking the word of others.",
        "    case $router$file in yes*/accept_ra) continue ;; esac",
        '    now=; read -r now < "/proc/sys/$file"',
        '    case $set in -) [ -n "$again" ] || continue ;; "$now") again=yes ;; *) again=; continue ;; esac',
        "    # Meanwhile somebody wants it for good, or counts on it: then it stays.",
        '    wish="^[[:space:]]*$(echo "$file" | tr / .)[[:space:]]*=[[:space:]]*$now[[:space:]]*$"',
        f'    if [ "$set" != - ] && {{ grep -Eqs "$wish" {OWNERS} || case $file in *forward*) {OTHERS_MASQUERADE} ;; *) false ;; esac; }}',
        "    then again=; case $file in net/ipv6/*) router=yes ;; esac; continue; fi",
        '    echo "$was" > "/proc/sys/$file"',
        "  done < settings",
        f"  [ ! -e {CLOSE} ] || {{ sh ./{CLOSE} > /dev/null; rm -f {CLOSE}; }} # our rules in other firewalls",
        f"  rm -f settings boot ) 9>> {memory}.lock 2> /dev/null",
    ]
