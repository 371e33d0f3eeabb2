"""`nixos-container doctor`: what is wrong with the host, said in words; what is ours is repaired."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from ..base.errors import ContainerError
from ..base.paths import Paths
from ..declare.finding import Finding
from ..observe.checks import host_findings
from ..observe.health import health_findings
from ..observe.host import host_facts
from ..observe.reachability import reachability, reachability_findings
from ..packages.health import archive_findings, remove_damaged_indexes
from ..run import passage
from ..run.recover import recover
from ..run.repair import repair_all
from .output import emit_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .parse import Arguments


def run(arguments: Arguments) -> int:
    """Carry the verb out: 0 when all is well or was repaired, 1 when something needs a person."""
    paths = Paths()
    repaired: list[str] = []
    findings: list[Finding] = []

    def attempt(repair: Callable[[], list[str]]) -> None:
        try:
            repaired.extend(repair())
        except ContainerError as failure:
            findings.append(Finding(failure.what, failure.details, failure.hint))
        except OSError as failure:
            findings.append(Finding(f"{failure.filename or 'the host'}: {failure.strerror}", "what is ours there was not repaired"))

    attempt(lambda: recover(paths))
    failures: list[ContainerError] = []
    attempt(lambda: repair_all(paths, host_facts(), failures=failures))
    findings += [Finding(failure.what, failure.details, failure.hint) for failure in failures]
    attempt(lambda: passage.keep(paths, only_known=False))
    attempt(lambda: remove_damaged_indexes(paths))
    reached = reachability(paths)
    findings += [*host_findings(), *health_findings(paths), *archive_findings(paths), *reachability_findings(reached)]
    findings = list(dict.fromkeys(findings))
    problems = [finding for finding in findings if not finding.notice]
    if arguments.json:
        emit_json(
            {
                "repaired": repaired,
                "problems": [found.sentence() for found in problems],
                "findings": [asdict(found) for found in findings],
                "reachability": [asdict(reach) for reach in reached],
            }
        )
    else:
        for line in repaired:
            print(f"repaired: {line}")
        for finding in findings:
            print(f"{'notice' if finding.notice else 'problem'}: {finding}")
        if not repaired and not problems:
            print("all is well")
    return 1 if problems else 0
