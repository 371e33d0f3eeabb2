"""What `doctor` finds: said so that a person knows what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    `consequence` is what will not work, `remedy` what to type or to change. A `notice` needs nobody now: it does not make
    `doctor` fail.
    """

    what: str
    consequence: str = ""
    remedy: str = ""
    notice: bool = False

    def __str__(self) -> str:
        lines = [self.what]
        if self.consequence:
            lines.append(f"  consequence: {self.consequence}")
        if self.remedy:
            lines.append(f"  remedy: {self.remedy}")
        return "\n".join(lines)

    def sentence(self) -> str:
        """All of it in one line."""
        return self.what + (f" ({self.consequence})" if self.consequence else "") + (f"; {self.remedy}" if self.remedy else "")
