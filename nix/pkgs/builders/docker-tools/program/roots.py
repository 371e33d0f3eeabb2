"""The root directory of an image: several trees joined, as links into the store or as copies.

Packages of the archive come joined (`packages`), shaped like a /usr, for that is where their programs look for what they need.
Not for owners and dates (tars.py).
"""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

import tars

# What a tree of packages has, and which of it programs look for outside of /usr as well.
_PARTS = ("bin", "sbin", "lib", "lib64", "libexec", "share", "include")
_OUTSIDE = (("bin", "bin"), ("sbin", "sbin"), ("lib", "lib"), ("lib64", "lib64"), ("bin", "sbin"))
# A runtime brings these itself.
_NOT_IN_ETC = ("hosts", "hostname", "resolv.conf")


def join(settings: dict[str, Any], directory: str) -> None:
    """Put `contents`, `packages` and what belongs to them into `directory`."""
    directory = os.path.abspath(directory)
    join = _Join(copies=settings["copies"], keep_links=settings["keepContentsDirlinks"])
    for source in settings["contents"]:
        if not os.path.isdir(source):
            raise NotADirectoryError(0, "the contents of an image are directories whose files come into its root; this is none", source)
        join.add(source, directory)
    if settings["packages"]:
        _add_packages(join, settings, directory)


def permissions(settings: dict[str, Any], stamp: tars.Stamp) -> dict[str, tuple[int | None, tars.Stamp]]:
    """Rights and owners by the files' names in the root, from `perms`: which files of which tree, by a regular expression."""
    chosen = {}
    for perm in settings.get("perms", []):
        pattern = re.compile(perm["regex"])
        owner = tars.Stamp(stamp.mtime, perm.get("uid", 0), perm.get("gid", 0), perm.get("uname", ""), perm.get("gname", ""))
        mode = int(perm["mode"], 8) if perm.get("mode") else None
        for inside in tars.walk(perm["path"]):
            if inside != perm["path"] and pattern.search(inside):
                chosen[inside[len(perm["path"]) + 1 :]] = mode, owner
    return chosen


def _add_packages(join: _Join, settings: dict[str, Any], directory: str) -> None:
    for package in settings["copiedPackages"]:
        join.add(f"{package}/usr", f"{directory}/usr")
        join.add(f"{package}/etc", f"{directory}/etc")
    # Links that lead into the packages, down to where no one has put anything. People add to what is above.
    rest = _Join(copies=False, keep_links=False, whole_below=1)
    tree = settings["packages"]
    for part in _PARTS:
        if os.path.isdir(f"{tree}/{part}"):
            rest.add(f"{tree}/{part}", f"{directory}/usr/{part}")
    if os.path.isdir(f"{tree}/etc"):
        for name in os.listdir(f"{tree}/etc"):
            if name not in _NOT_IN_ETC:
                rest.add(f"{tree}/etc/{name}", f"{directory}/etc/{name}")
    # A shell that is there is the shell: no package of the archive brings /bin/sh itself.
    if os.path.lexists(f"{directory}/usr/bin/bash") and not os.path.lexists(f"{directory}/usr/bin/sh"):
        os.symlink("bash", f"{directory}/usr/bin/sh")
    for outside, inside in _OUTSIDE:
        if os.path.isdir(f"{directory}/usr/{inside}") and _is_directory_or_absent(f"{directory}/{outside}"):
            os.makedirs(f"{directory}/{outside}", exist_ok=True)
            for name in os.listdir(f"{directory}/usr/{inside}"):
                if not os.path.lexists(f"{directory}/{outside}/{name}"):
                    os.symlink(f"../usr/{inside}/{name}", f"{directory}/{outside}/{name}")


def _is_directory_or_absent(path: str) -> bool:
    return not os.path.lexists(path) or (os.path.isdir(path) and not os.path.islink(path))


class _Join:
    """One tree over the other. Of two files the first is taken among links, the last among copies, as nixpkgs does.

    Links in the trees stay what they are. But a directory of the root itself is a real one, for people put more into it; only
    `keep_links` leaves it a link. `whole_below`: directories deeper than that are one link to the directory.
    """

    def __init__(self, *, copies: bool, keep_links: bool, whole_below: int | None = None) -> None:
        self._copies, self._keep_links, self._whole_below = copies, keep_links, whole_below
        # Which directory a link in the root was made for.
        self._behind: dict[str, str] = {}

    def add(self, source: str, target: str, depth: int = 0) -> None:
        """Put `source` where `target` is to be."""
        os.makedirs(os.path.dirname(target), exist_ok=True)
        present = os.path.lexists(target)
        if os.path.isdir(source) and (depth == 0 or present or not self._is_one(source, depth)):
            if present and not self._enter(target):
                return
            os.makedirs(target, exist_ok=True)
            # Links lead to what is in the store anyway: nothing behind them is copied.
            inner = _Join(copies=False, keep_links=False) if self._copies and depth and _leads_away(source) else self
            for name in sorted(os.listdir(source)):
                inner.add(f"{source}/{name}", f"{target}/{name}", depth + 1)
        elif not present or (self._copies and not os.path.isdir(target)):
            self._put(source, target, replace=present)

    def _is_one(self, source: str, depth: int) -> bool:
        """Whether the directory `source` becomes one link, where nothing else is."""
        if self._whole_below is not None:
            return depth >= self._whole_below
        return os.path.islink(source) and (self._keep_links or depth > 1 or not _leads_away(source))

    def _enter(self, target: str) -> bool:
        """Whether `target` is, or now becomes, a directory into which more can be put."""
        if not os.path.islink(target):
            return os.path.isdir(target)
        if self._keep_links and os.path.isdir(target) and not os.path.realpath(target).startswith("/nix/store/"):
            return True
        behind = self._behind.pop(target, None)
        if behind is None:
            return False
        os.unlink(target)
        os.mkdir(target)
        for name in sorted(os.listdir(behind)):
            self.add(f"{behind}/{name}", f"{target}/{name}", 1)
        return True

    def _put(self, source: str, target: str, *, replace: bool) -> None:
        if replace:
            os.unlink(target)
        if os.path.isdir(source):
            self._behind[target] = source
        if os.path.islink(source) and self._whole_below is None:
            os.symlink(os.readlink(source), target)
        elif self._copies:
            shutil.copy2(source, target)
        else:
            os.symlink(source, target)


def _leads_away(source: str) -> bool:
    return os.path.islink(source) and os.readlink(source).startswith("/nix/store/")
