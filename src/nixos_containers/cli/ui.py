"""`nixos-container ui`: the terminal dashboard."""

from __future__ import annotations

import glob
import os
import signal
import sys
from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from ..base.paths import Paths
from ..observe import containers as observe
from .stats import interval

if TYPE_CHECKING:
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out. Raises ContainerError where there is no terminal, or no Textual."""
    paths, seconds = Paths(), interval(arguments)
    for name in arguments.names:
        observe.record(paths, name)
    if not (os.isatty(0) and os.isatty(1)):
        raise ContainerError("ui needs a terminal", hint="nixos-container list --long, or stats --watch")
    # `make install-ui` puts Textual beside the program: a command of ours starts without the site's packages.
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path += glob.glob(f"{os.path.dirname(package)}/ui/lib/python3.*/site-packages")
    try:
        from ..ui.app import Dashboard
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "textual":
            raise
        raise ContainerError(
            "ui needs the Python library Textual, which is not installed",
            hint="make install-ui, where this program's source is; or ‘nixos-container top’, which needs nothing",
        ) from None
    from ..ui.source import Source

    # It ends with its terminal, also where whoever started it is deaf to that (nohup(1)), which is inherited.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    Dashboard(Source(paths, tuple(arguments.names)), interval=seconds).run()
    return 0
