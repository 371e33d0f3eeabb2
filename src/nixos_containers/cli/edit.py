"""`nixos-container edit NAME`: the definition of a container in an editor; it counts only when it evaluates and builds."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from typing import TYPE_CHECKING

from .. import imperative, pipeline
from ..base import log, process
from ..base.errors import ContainerError
from ..base.files import read_text, write_atomically
from ..base.paths import Paths, check_name
from ..observe import containers as observe
from .output import emit_json
from .switch import as_json

if TYPE_CHECKING:
    from ..plan.actions import Action
    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out."""
    paths = Paths()
    name = check_name(arguments.name)
    declared_by = observe.record(paths, name).declared_by
    path = os.path.realpath(declared_by or paths.imperative(name))
    before = read_text(path)
    if before is None:
        raise ContainerError(f"there is no file {path}", hint="was it moved? write it again")
    directory = tempfile.mkdtemp(prefix="nixos-container-edit-")
    draft = f"{directory}/{os.path.basename(path)}"
    write_atomically(draft, before, mode=0o600)
    after = _edited(draft)
    plan: list[Action] = []
    if after == before:
        log.say("nothing changed")
    else:
        plan = _apply(paths, name, path, declared_by, before, after, draft)
    shutil.rmtree(directory)
    if arguments.json:
        emit_json([as_json(action) for action in plan])
    return 0


def _edited(draft: str) -> str:
    """The text of `draft` after the editor of VISUAL or EDITOR had it. Raises ContainerError when the editor fails."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor and not os.isatty(0):
        raise ContainerError("edit needs a terminal", hint="or set EDITOR to a program that needs none")
    editor = editor or next(filter(process.find, ("editor", "nano", "vi")), "")
    if not editor:
        raise ContainerError("no editor is installed", hint="set EDITOR to one")
    status = process.spawn([*shlex.split(editor), draft], stdin=0).wait()
    if status != 0:
        raise ContainerError(f"the editor ‘{editor}’ ended with status {status}; nothing was changed", hint=f"the draft is {draft}")
    return read_text(draft) or ""


def _apply(paths: Paths, name: str, path: str, declared_by: str | None, before: str, after: str, draft: str) -> list[Action]:
    """Put `after` in place and bring the container to it; when it cannot be evaluated or built, the file is as it was."""
    try:
        if declared_by is None:
            return imperative.update(paths, name, None, text=after)
        if read_text(path) != before:
            raise ContainerError(f"{path} was changed meanwhile by somebody else")
        mode = os.stat(path).st_mode & 0o7777
        write_atomically(path, after, mode=mode)
        try:
            pipeline.preview(paths, declared_by, names=(name,))
        except BaseException:
            write_atomically(path, before, mode=mode)
            raise
        return pipeline.switch(paths, declared_by, names=(name,))
    except ContainerError:
        text = read_text(path)
        if text == after:
            shutil.rmtree(os.path.dirname(draft))
            log.warn(f"{path} has your edit")
        else:
            log.warn((f"{path} is as it was; " if text == before else "") + f"your edit is kept in {draft}")
        raise
