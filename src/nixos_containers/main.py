"""argv in, exit code out; the only place that turns errors into messages.

Not for anything else: verbs live in cli/, the story in pipeline.py.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing typing would cost every command 10 ms
if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, the error's code, 130 after Ctrl-C, 141 after a closed pipe."""
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None or sys.stderr is None:  # the caller closed them
        _replace_closed_streams()
    from .base.errors import ContainerError

    try:
        status = _dispatch(words)
        sys.stdout.flush()
        return status
    except ContainerError as failure:
        from .base import log

        if log.debugging:
            raise
        log.error(f"nixos-container: {failure}")
        return failure.exit_code
    except KeyboardInterrupt:
        from .base import log

        log.error("nixos-container: interrupted; what was begun was undone or will be repaired by the next command")
        return _INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return _BROKEN_PIPE
    except PermissionError as failure:
        import os

        from .base import log

        place = f"{failure.filename or 'the host'}: permission denied"
        if os.geteuid() == 0:
            log.error(f"nixos-container: {place}\nhint: even root may not: is it immutable (lsattr), or does a security module refuse it?")
        else:
            log.error(f"nixos-container: this needs root ({place})\nhint: run it with sudo, or as root")
        return 1
    except OSError as failure:
        from .base import log

        if log.debugging:
            raise
        _forget_output()
        from .base.files import write_hint

        place = f"{failure.filename}: " if failure.filename else ""
        log.error(f"nixos-container: {place}{failure.strerror or failure}\nhint: {write_hint(failure) or '--debug shows where'}")
        return 1


def _replace_closed_streams() -> None:
    """Put /dev/null where stdin, stdout or stderr is closed, or a file of ours would get its number."""
    import os

    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _forget_output() -> None:
    """Let what could not be written go, or the interpreter complains about it once more on its way out."""
    import os

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _dispatch(words: list[str]) -> int:
    from .cli.hot import hot

    status = hot(words)
    if status is not None:
        return status
    from importlib import import_module

    from .base import log
    from .cli.parse import parse

    try:
        arguments = parse(words)
    except SystemExit as end:  # --help and --version have printed
        return int(end.code or 0)
    log.quiet = arguments.quiet
    log.debugging = log.debugging or arguments.debug
    module = import_module(f".cli.{arguments.verb.module}", __package__)
    status = module.run(arguments)
    return int(status or 0)


if __name__ == "__main__":
    sys.exit(main())
