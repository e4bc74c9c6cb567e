"""Frames described and compared with the truth: places, kinds, agreement, sources, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.describing.check import PRESENCE_BY_VERDICT, check_sentence, read_sentence
from inspector.describing.describer import Describer
from inspector.describing.facts import Facts
from inspector.describing.kinds import OwnKinds, load_kind_reader
from inspector.describing.positions import position_of
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Position, Source
from inspector.describing.writer import SentenceWriter, WritingTask
from inspector.frames import read_frame
from inspector.inspecting import anomaly_map_in_frame, load_inspector
from inspector.results import Verdict
from inspector.settings import EngineSettings
from training.adapter.examples import LIMIT, Example, map_of_masks, measured_example, paint_frame
from training.adapter.surfaces import make_surfaces
from training.evaluation.dataset import load_test_set, read_mask


@dataclass(frozen=True, slots=True)
class DescribedFrame:
    """One frame, described.

    Attributes:
        name: of the picture.
        folder: kind of its folder; "good" for a good part.
        facts: what was measured.
        cells: cells of the frame that the true mask touches; empty for a good part.
        sentence: what was stored; passes have the template's.
        source: what wrote it.
        own: what the language model wrote first, before the check; None where it was not asked.
        blind: what it wrote with zeros in place of the adapter's soft tokens.
        seconds: to write the sentence.
        listed_kind: of the worst region, where the product's kinds are listed; None without a region.
    """

    name: str
    folder: str
    facts: Facts
    cells: frozenset[Position]
    sentence: str
    source: Source
    own: str | None = None
    blind: str | None = None
    seconds: float = 0.0
    listed_kind: str | None = None

    @property
    def rejected(self) -> bool:
        """Whether the frame was rejected."""
        return self.facts.verdict == Verdict.REJECT

    @property
    def agrees(self) -> bool:
        """Whether the sentence says of the part what the verdict says."""
        presence = read_sentence(self.sentence, "en", self._kinds()).presence
        return presence == PRESENCE_BY_VERDICT[self.facts.verdict]

    @property
    def contradicts(self) -> bool:
        """Whether the sentence says something that was not measured."""
        return bool(check_sentence(self.sentence, self.facts))

    def names_a_true_place(self, sentence: str | None) -> bool:
        """Whether the first place that a sentence names is one that the true mask touches."""
        if sentence is None:
            return False
        named = read_sentence(sentence, "en", self._kinds()).positions
        return bool(named) and named[0] in self.cells

    def _kinds(self) -> tuple[str, ...]:
        return tuple(str(region.kind) for region in self.facts.regions)


def describe_dataset(
    dataset: Path, bundle: Bundle, writer: SentenceWriter, listed: OwnKinds
) -> Iterator[DescribedFrame]:
    """Inspect and describe every test frame of a folder in MVTec layout.

    Args:
        dataset: the folder.
        bundle: of the product; it lists no kinds.
        writer: writes the sentences.
        listed: kinds that the product has, for `DescribedFrame.listed_kind`.
    """
    inspector = load_inspector(bundle.path, EngineSettings(threads=1))
    describer, reader = Describer(inspector.bundle), load_kind_reader(own=listed)
    limit = inspector.bundle.manifest.limits.pixel
    for sample in load_test_set(dataset).samples:
        frame = read_frame(sample.path)
        inspection = inspector.inspect(frame)
        task = describer.measure(frame, inspection)
        worst = inspection.regions[:1] if task.facts.regions else ()
        guesses = reader.guess(frame.image, anomaly_map_in_frame(inspection), worst, limit)
        cells: frozenset[Position] = frozenset()
        if sample.mask_path is not None:
            cells = cells_of(read_mask(sample.mask_path, *frame.image.shape[:2]))
        described = _described(sample.name, sample.kind, task, cells, writer)
        yield replace(described, listed_kind=guesses[0].word if guesses else None)


def describe_painted(count: int, seed: int, writer: SentenceWriter) -> Iterator[DescribedFrame]:
    """Describe painted frames that no adapter learned from: other surfaces, defects and maps, by seed."""
    rng = np.random.default_rng([seed, 1])
    surfaces = make_surfaces(max(8, count // 5), rng)
    for number in range(count):
        frame = paint_frame(surfaces[int(rng.integers(len(surfaces)))], surfaces, rng)
        fused, by_image, by_text = map_of_masks(frame, rng)
        example: Example = measured_example(frame.image, fused, np.stack((by_image, by_text)), LIMIT, None)
        mask = np.any(frame.masks, axis=0) if frame.masks else np.zeros(frame.image.shape[:2], bool)
        task = WritingTask(example.facts, example.inputs if example.facts.regions else None)
        folder = "painted" if frame.masks else "good"
        yield _described(f"painted/{number:04d}", folder, task, cells_of(mask), writer)


def cells_of(mask: NDArray[np.bool_]) -> frozenset[Position]:
    """The cells of a frame that a mask touches."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    return frozenset(
        position_of(float(x), float(y), width, height)
        for y, x in {(int(y), int(x)) for y, x in zip(rows, columns, strict=True)}
    )


def _described(
    name: str, folder: str, task: WritingTask, cells: frozenset[Position], writer: SentenceWriter
) -> DescribedFrame:
    if task.inputs is None:
        sentence = describe_by_template(task.facts)
        return DescribedFrame(name, folder, task.facts, cells, sentence, Source.TEMPLATE)
    written = writer.write(task)
    own = written.sentence if written.source == Source.LLM else written.rejected_sentence or ""
    soft = writer.adapter.read(task.inputs).soft_tokens
    blind = writer.generate(np.zeros_like(soft)).text
    return DescribedFrame(
        name, folder, task.facts, cells, written.sentence, written.source, own, blind, written.seconds
    )


@dataclass(frozen=True, slots=True)
class DescriptionFigures:
    """What a set of described frames comes to. Shares are 0..1; places are of rejected defective frames.

    Attributes:
        frames: all of them.
        rejected: rejected ones.
        located: rejected ones with a mask.
        agreeing: share of all frames whose sentence agrees with the verdict.
        contradictions: stored sentences that say what was not measured.
        place: share whose stored sentence names a true place first.
        own_place: the same of the language model's own sentence, before the check.
        blind_place: the same with zeros in place of the soft tokens.
        sources: how many sentences of rejects came from where.
        median_seconds: of writing a sentence.
    """

    frames: int
    rejected: int
    located: int
    agreeing: float
    contradictions: int
    place: float
    own_place: float
    blind_place: float
    sources: Counter[str]
    median_seconds: float


def figures_of(frames: Sequence[DescribedFrame]) -> DescriptionFigures:
    """Sum up described frames; at least one."""
    rejected = [frame for frame in frames if frame.rejected]
    located = [frame for frame in rejected if frame.cells]

    def share(named: list[bool]) -> float:
        return float(np.mean(named)) if named else float("nan")

    return DescriptionFigures(
        frames=len(frames),
        rejected=len(rejected),
        located=len(located),
        agreeing=share([frame.agrees for frame in frames]),
        contradictions=sum(frame.contradicts for frame in frames),
        place=share([frame.names_a_true_place(frame.sentence) for frame in located]),
        own_place=share([frame.names_a_true_place(frame.own) for frame in located]),
        blind_place=share([frame.names_a_true_place(frame.blind) for frame in located]),
        sources=Counter(frame.source.value for frame in rejected),
        median_seconds=float(np.median([frame.seconds for frame in rejected])) if rejected else float("nan"),
    )
