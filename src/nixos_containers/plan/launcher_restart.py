"""The part of a launcher that starts a container again which ended by itself: systemd's Restart=, for /bin/sh. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service_config import RestartPolicy

# systemd's defaults for a unit (DefaultStartLimitBurst=, DefaultStartLimitIntervalSec=): more starts in less time are given up.
BURST, INTERVAL = 5, 10
# Restart= -> the statuses of systemd-nspawn that it is about, as a pattern of the shell; a status above 128 is a signal's.
_STATUSES = {
    "on-success": "0",
    "on-failure": "[1-9]*",
    "on-abnormal": "129 | 1[3-9][0-9]",
    "on-abort": "129 | 1[3-9][0-9]",
    "always": "*",
}


def restart_function(policy: RestartPolicy) -> list[str]:
    """The shell function `again`, which succeeds when the container that ended with `$status` is to be started again.

    As long as who started it lives and waits for the guest's first word that it is ready, a failure is that one's to tell.
    """
    pattern = _STATUSES.get(policy.when)
    if pattern is None:
        return ["again() { return 1; }", ""]
    return [
        f"# Restart={policy.when}: at most {BURST} times in {INTERVAL} s.",
        "tries=0 since=0",
        "again() {",
        '  read -r _ _ _ parent _ < "/proc/$$/stat"',
        '  { [ ! -e notify ] || [ "$parent" != "$PPID" ]; } && [ ! -e stopping ] || return 1',
        f"  case $status in {pattern}) ;; *) return 1 ;; esac",
        "  read -r now rest < /proc/uptime; now=${now%%.*}",
        f"  [ $((now - since)) -lt {INTERVAL} ] || {{ since=$now; tries=0; }}",
        "  tries=$((tries + 1))",
        f'  [ $tries -le {BURST} ] || {{ echo "ended {BURST} times in {INTERVAL} s: not started again" >&2; return 1; }}',
        '  echo "ended with status $status: started again" >&2',
        '  [ "$status" = 0 ] || event died ",\\"status\\":$status"',
        f"  sleep {policy.delay:g}",
        "  [ ! -e stopping ]",
        "}",
        "",
    ]
