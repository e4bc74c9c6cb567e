"""What a demo did, against the truth that its pictures' names tell."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from inspector.demo.pictures import is_good
from inspector.describing.words import Source
from inspector.records import Records, StoredInspection
from inspector.results import Verdict

_SENT = re.compile(r"^(?P<id>\S+) {2}(?P<path>\S.*)$")
"""A line of `inspector camera` for a frame that it sent: id, two spaces, file."""
SOURCES: Final = {
    Source.TEMPLATE: "template",
    Source.LLM: "language model",
    Source.LLM_RETRY: "language model, 2nd try",
}


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """One product's frames.

    Attributes:
        product: its name.
        sent: frames that the camera published.
        recorded: frames of those that are in the records.
        verdicts: how often each verdict was given.
        good: frames of good parts that were recorded.
        good_rejected: how many of them were rejected.
        defective: frames of defective parts that were recorded.
        defective_rejected: how many of them were rejected.
        described: rejects that have a sentence, by what wrote it.
        median_latency_ms: from encoded bytes to verdict; None without a record.
    """

    product: str
    sent: int
    recorded: int
    verdicts: Mapping[Verdict, int]
    good: int
    good_rejected: int
    defective: int
    defective_rejected: int
    described: Mapping[Source, int]
    median_latency_ms: float | None


def sent_frames(log: Path) -> dict[str, Path]:
    """Frame id and picture of every frame that a camera's log names."""
    sent = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        match = _SENT.match(line)
        if match is not None:
            sent[match["id"]] = Path(match["path"])
    return sent


def summarise(product: str, sent: Mapping[str, Path], records: Records) -> ProductSummary:
    """Hold a camera's frames against what was recorded of them.

    Args:
        product: its name.
        sent: pictures by frame id.
        records: the records.

    Raises:
        RecordsError: the database cannot be read.
    """
    stored = [(picture, records.get(frame_id)) for frame_id, picture in sent.items()]
    found = [(picture, record) for picture, record in stored if record is not None]
    good = [record for picture, record in found if is_good(picture)]
    defective = [record for picture, record in found if not is_good(picture)]
    latencies_ms = [record.latency_ms for _, record in found]
    return ProductSummary(
        product=product,
        sent=len(sent),
        recorded=len(found),
        verdicts=Counter(record.verdict for _, record in found),
        good=len(good),
        good_rejected=_rejected(good),
        defective=len(defective),
        defective_rejected=_rejected(defective),
        described=Counter(record.description.source for _, record in found if record.description is not None),
        median_latency_ms=statistics.median(latencies_ms) if latencies_ms else None,
    )


def table(summaries: Sequence[ProductSummary]) -> Table:
    """The summaries as a table to print, one column a product."""
    result = Table(title="What the line did", title_justify="left")
    result.add_column("frames")
    for summary in summaries:
        result.add_column(summary.product, justify="right")
    result.add_row("sent", *(str(summary.sent) for summary in summaries))
    result.add_row("recorded", *(str(summary.recorded) for summary in summaries))
    for verdict in Verdict:
        result.add_row(
            f"  {verdict.value}", *(str(summary.verdicts.get(verdict, 0)) for summary in summaries)
        )
    result.add_row("good, rejected", *(f"{summary.good_rejected} of {summary.good}" for summary in summaries))
    result.add_row(
        "defective, rejected",
        *(f"{summary.defective_rejected} of {summary.defective}" for summary in summaries),
    )
    result.add_row(
        "rejects described",
        *(
            f"{sum(summary.described.values())} of {summary.verdicts.get(Verdict.REJECT, 0)}"
            for summary in summaries
        ),
    )
    for source in Source:
        result.add_row(
            f"  by {SOURCES[source]}", *(str(summary.described.get(source, 0)) for summary in summaries)
        )
    result.add_row("median latency", *(_milliseconds(summary.median_latency_ms) for summary in summaries))
    return result


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def problems(summaries: Sequence[ProductSummary], *, cut_short: bool = False) -> list[str]:
    """What should not have happened: nothing sent, frames lost, no sentence. Empty when all is well.

    Args:
        summaries: all products.
        cut_short: somebody stopped the line; a camera may not have had the time to send anything, and the box
            none to describe its last rejects.
    """
    found = []
    for summary in summaries:
        if summary.sent == 0 and not cut_short:
            found.append(f"the camera of {summary.product} sent nothing")
        if summary.recorded < summary.sent:
            found.append(f"{summary.sent - summary.recorded} frames of {summary.product} were lost")
        mute = summary.verdicts.get(Verdict.REJECT, 0) - sum(summary.described.values())
        if mute and not cut_short:
            found.append(f"{mute} rejects of {summary.product} have no sentence")
    return found


def _rejected(records: Sequence[StoredInspection]) -> int:
    return sum(record.verdict is Verdict.REJECT for record in records)
