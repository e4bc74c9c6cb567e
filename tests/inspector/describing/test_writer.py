"""Sentences by adapter and language model: checked, tried again where they are wrong, or the template's."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle
from inspector.describing.adapter import Adapter, load_adapter
from inspector.describing.banned_words import BannedWords
from inspector.describing.check import Fact, check_sentence
from inspector.describing.constraints import banned_words
from inspector.describing.describer import Describer
from inspector.describing.description import describe
from inspector.describing.facts import Facts
from inspector.describing.language_model import LanguageModel
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Kind, Position, Source
from inspector.describing.writer import SentenceWriter, WritingTask, Written, load_writer
from inspector.errors import AdapterError, LanguageModelError
from inspector.inspecting import Inspector
from inspector.results import Verdict
from inspector.settings import DescribingSettings
from tests.inspector.describing.defects import tiny_frame
from tests.inspector.describing.test_slots import SCRATCH
from tests.language_model import TINY_HIDDEN_SIZE
from tests.tiny_adapter import write_tiny_adapter

SEEDS = range(6)
PLACES_OF_SEEDS = 4
"""Least number of different places that the defects of these seeds have."""


@pytest.fixture(scope="module")
def tiny_adapter_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_adapter(tmp_path_factory.mktemp("adapters") / "tiny", TINY_HIDDEN_SIZE)


@pytest.fixture(scope="module")
def babbling(tiny_adapter_folder: Path, tiny_language_model: LanguageModel) -> SentenceWriter:
    """A real writer of random weights: it never says anything that a person could read."""
    return SentenceWriter(load_adapter(tiny_adapter_folder), tiny_language_model)


@pytest.fixture(scope="module")
def writer(language_model: LanguageModel) -> SentenceWriter:
    """The one that the package brings, with the default language model."""
    return SentenceWriter(load_adapter(), language_model)


@pytest.fixture(scope="module")
def tasks(inspector: Inspector) -> list[WritingTask]:
    describer = Describer(inspector.bundle)
    frames = [tiny_frame(seed) for seed in SEEDS]
    return [describer.measure(frame, inspector.inspect(frame)) for frame in frames]


def position(task: WritingTask) -> Position:
    return task.facts.regions[0].position


def contradictions(written: Written, task: WritingTask) -> tuple[object, ...]:
    return check_sentence(written.sentence, task.facts, task.language, kinds=task.kinds, part=task.part)


def test_babble_is_rejected_and_the_template_stands(
    babbling: SentenceWriter, tasks: list[WritingTask]
) -> None:
    written = babbling.write(tasks[0])
    assert (written.sentence, written.source) == (describe_by_template(tasks[0].facts), Source.TEMPLATE)
    assert written.rejected_sentence
    assert check_sentence(written.rejected_sentence, tasks[0].facts)
    first = babbling.first_try(tasks[0])
    assert first is not None
    assert written.rejected_sentence == first.text
    assert written.tokens > first.tokens > 0
    assert written.seconds > 0


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNSURE, Verdict.REJECT])
def test_where_no_region_was_measured_no_language_model_is_asked(
    babbling: SentenceWriter, tasks: list[WritingTask], verdict: Verdict
) -> None:
    """A pass with inputs of a reject too: the facts decide."""
    task = replace(tasks[0], facts=Facts(verdict, 0, ()))
    assert babbling.first_try(task) is None
    written = babbling.write(task)
    assert (written.source, written.rejected_sentence, written.tokens) == (Source.TEMPLATE, None, 0)
    assert written.sentence == describe_by_template(task.facts)
    assert not contradictions(written, task)


def test_a_reject_without_inputs_has_the_templates_sentence(
    babbling: SentenceWriter, tasks: list[WritingTask]
) -> None:
    written = babbling.write(replace(tasks[0], inputs=None))
    assert (written.source, written.rejected_sentence, written.tokens) == (Source.TEMPLATE, None, 0)


def test_a_language_that_the_adapter_was_not_made_for_has_the_templates_sentence(
    babbling: SentenceWriter, tasks: list[WritingTask]
) -> None:
    task = replace(tasks[0], language="zh")
    written = babbling.write(task)
    assert (written.source, written.tokens) == (Source.TEMPLATE, 0)
    assert written.sentence == describe_by_template(task.facts, "zh")


def test_after_the_deadline_the_template_stands_at_once_and_nothing_was_rejected(
    babbling: SentenceWriter, tasks: list[WritingTask]
) -> None:
    written = babbling.write(tasks[0], deadline=time.monotonic())
    assert (written.source, written.rejected_sentence, written.tokens) == (Source.TEMPLATE, None, 0)
    assert written.sentence == describe_by_template(tasks[0].facts)
    assert written.seconds < 1


def test_a_hidden_size_that_does_not_fit_is_refused_with_both_numbers(
    tmp_path: Path, tiny_language_model: LanguageModel
) -> None:
    other = load_adapter(write_tiny_adapter(tmp_path / "other", 576, language_model="Large"))
    with pytest.raises(AdapterError, match=r"made for Large with a hidden size of 576, this one has 64"):
        SentenceWriter(other, tiny_language_model)


def test_a_writer_is_loaded_by_the_settings(
    tiny_adapter_folder: Path, tiny_language_model_folder: Path, tmp_path: Path
) -> None:
    settings = DescribingSettings(language_model=tiny_language_model_folder, adapter=tiny_adapter_folder)
    assert load_writer(settings).language_model.hidden_size == TINY_HIDDEN_SIZE
    nothing = settings.model_copy(update={"language_model": tmp_path / "none"})
    with pytest.raises(LanguageModelError, match="inspector prepare-llm"):
        load_writer(nothing)
    with pytest.raises(AdapterError, match="inspector train-adapter"):
        load_writer(settings.model_copy(update={"adapter": tmp_path / "none"}))


def test_soft_tokens_that_are_not_finite_are_an_error_and_no_sentence(
    babbling: SentenceWriter, tasks: list[WritingTask]
) -> None:
    soft = np.full((15, TINY_HIDDEN_SIZE), np.nan, np.float32)
    with pytest.raises(LanguageModelError, match="not finite"):
        babbling.generate(soft)


def test_the_language_model_says_what_the_maps_show(writer: SentenceWriter, tasks: list[WritingTask]) -> None:
    """Its own sentences pass the check, most of them at the first try."""
    assert len({position(task) for task in tasks}) >= PLACES_OF_SEEDS
    written = [writer.write(task) for task in tasks]
    for task, one in zip(tasks, written, strict=True):
        assert not contradictions(one, task)
        assert (one.rejected_sentence is None) == (one.source is Source.LLM)
        assert one.tokens > 3
    sources = [one.source for one in written]
    assert sources.count(Source.LLM) >= len(tasks) / 2, written
    assert Source.TEMPLATE not in sources, written
    assert len({one.sentence for one in written}) >= PLACES_OF_SEEDS


def test_the_same_frame_has_the_same_sentence(writer: SentenceWriter, tasks: list[WritingTask]) -> None:
    first, second = (writer.write(tasks[1]) for _ in range(2))
    assert replace(first, seconds=0) == replace(second, seconds=0)


def test_a_sentence_about_another_frame_is_rejected_and_a_second_one_told_what_was_measured(
    writer: SentenceWriter, tasks: list[WritingTask]
) -> None:
    """The adapter sees another frame than the one that was measured, so the first sentence is wrong."""
    sources = []
    for task in tasks[:4]:
        others = [one for one in tasks if position(one) not in {position(task), *task.facts.regions[0].near}]
        wrong = replace(task, inputs=others[0].inputs)
        written = writer.write(wrong)
        first = writer.first_try(wrong)
        assert first is not None
        assert written.rejected_sentence == first.text
        assert check_sentence(first.text, wrong.facts, kinds=wrong.kinds)
        assert not contradictions(written, wrong)
        sources.append(written.source)
        if written.source is Source.LLM_RETRY:
            assert BannedWords(banned_words(wrong.facts)).start_in(written.sentence, ended=True) is None
            assert written.sentence != first.text
        else:
            assert written.sentence == describe_by_template(wrong.facts)
    assert sources.count(Source.LLM_RETRY) >= 3


@pytest.mark.parametrize(
    "changes",
    [
        {"position": place} for place in (Position.UPPER_RIGHT, Position.BOTTOM, Position.CENTRE)
    ] + [{"kind": kind} for kind in (Kind.HOLE, Kind.MISSING_PART, Kind.UNKNOWN)],
)  # fmt: skip
def test_the_second_try_is_told_the_facts(
    writer: SentenceWriter, tasks: list[WritingTask], changes: dict[str, object]
) -> None:
    region = replace(SCRATCH, **changes)  # type: ignore[arg-type]
    facts = Facts(Verdict.REJECT, 1, (region,))
    soft = writer.adapter.measured(facts, writer.language_model.embed)
    said = writer.generate(soft, banned=banned_words(facts))
    assert said.finished
    wrong = {one.fact for one in check_sentence(said.text, facts)}
    assert not wrong & {Fact.POSITION, Fact.PRESENCE, Fact.COUNT, Fact.UNREADABLE}, said.text


def test_a_products_own_kind_is_written_or_the_template_says_it(
    writer: SentenceWriter, tasks: list[WritingTask]
) -> None:
    region = replace(tasks[0].facts.regions[0], kind="burr")
    task = replace(
        tasks[0], facts=replace(tasks[0].facts, regions=(region,)), kinds=(*tasks[0].kinds, "burr")
    )
    written = writer.write(task)
    assert not contradictions(written, task)
    assert written.source in (Source.LLM_RETRY, Source.TEMPLATE)
    assert "burr" in written.sentence


def test_without_the_maps_the_language_model_does_not_know_the_place(
    writer: SentenceWriter, tasks: list[WritingTask]
) -> None:
    """Soft tokens of zeros: the maps speak, and not the prompt."""
    soft = writer.adapter.read(tasks[0].inputs).soft_tokens  # type: ignore[arg-type]
    blind = writer.generate(np.zeros_like(soft)).text
    right = [not check_sentence(blind, task.facts) for task in tasks]
    assert np.mean(right) < 0.5


def test_a_deadline_within_the_sentence_gives_the_template_and_keeps_what_was_written(
    writer: SentenceWriter, tasks: list[WritingTask]
) -> None:
    first = writer.first_try(tasks[0])
    assert first is not None
    # No processor writes a sentence of this model so fast.
    written = writer.write(tasks[0], deadline=time.monotonic() + 0.04)
    assert (written.source, written.sentence) == (Source.TEMPLATE, describe_by_template(tasks[0].facts))
    assert written.tokens < first.tokens
    assert first.text.startswith(written.rejected_sentence or "")
    assert written.rejected_sentence != first.text


def test_a_description_takes_the_writers_sentence_and_what_was_rejected(
    babbling: SentenceWriter, inspector: Inspector, bundle: Bundle
) -> None:
    frame, good = tiny_frame(1), tiny_frame(1, defect=False)
    describer = Describer(bundle)
    said = describe(frame, inspector.inspect(frame), describer, babbling)
    assert (said.source, said.sentence) == (Source.TEMPLATE, describe_by_template(said.facts))
    assert said.rejected_sentence
    assert said.as_json()["rejected_sentence"] == said.rejected_sentence
    passed = describe(good, inspector.inspect(good), describer, babbling)
    assert (passed.sentence, passed.source, passed.rejected_sentence) == (
        "No defect found.", Source.TEMPLATE, None
    )  # fmt: skip


def test_the_packaged_adapter_reads_places(writer: SentenceWriter, tasks: list[WritingTask]) -> None:
    adapter: Adapter = writer.adapter
    for task in tasks:
        assert task.inputs is not None
        words = adapter.read(task.inputs).words
        assert words[0] == "one"
        assert words[5] in {position(task), *task.facts.regions[0].near}
