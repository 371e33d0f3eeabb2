"""How to call this program again: as it was called now, or through Python where it was not called by a file of its own."""

from __future__ import annotations

import os
import sys


def own_program() -> tuple[str, ...]:
    """The words before the verb, for unit files and for children of ours."""
    called = os.path.abspath(sys.argv[0])
    if os.path.basename(called) == "nixos-container" and os.access(called, os.X_OK):
        return (called,)
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from nixos_containers.main import main; sys.exit(main())"
    return (sys.executable, "-IS", "-c", code, os.path.dirname(package))
