"""Facts and maps in, a checked sentence out: the language model's, or the template's where it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inspector.describing.adapter import Adapter, check_fit, load_adapter
from inspector.describing.check import check_sentence
from inspector.describing.constraints import banned_words
from inspector.describing.facts import Facts
from inspector.describing.inputs import AdapterInputs
from inspector.describing.language_model import Generated, LanguageModel, load_language_model
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Kind, Language, Source
from inspector.results import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inspector.settings import DescribingSettings

MOST_TOKENS = 64
"""Of a sentence; one that is longer is no sentence for an operator."""


@dataclass(frozen=True, slots=True)
class WritingTask:
    """What a sentence is written from; crosses the border of processes.

    Attributes:
        facts: what was measured.
        inputs: what the adapter sees; None leaves it to the template.
        language: of the sentence.
        part: what the part is called, such as "bottle"; None: "part".
        kinds: the product's kinds of defects, its own ones among them.
    """

    facts: Facts
    inputs: AdapterInputs | None
    language: Language = "en"
    part: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence that passed the check.

    Attributes:
        sentence: what an operator reads.
        source: what wrote it.
        rejected_sentence: the language model's first sentence where it did not pass; None otherwise.
        seconds: time it took.
        tokens: that the language model wrote, rejected ones too.
    """

    sentence: str
    source: Source
    rejected_sentence: str | None
    seconds: float
    tokens: int = 0


class SentenceWriter:
    """Writes sentences by adapter and language model. Make one with `load_writer`. Not for several threads.

    Args:
        adapter: reads the maps.
        language_model: writes the sentences.

    Raises:
        AdapterError: the language model's hidden size does not fit the adapter.
    """

    def __init__(self, adapter: Adapter, language_model: LanguageModel) -> None:
        check_fit(adapter, language_model.name, language_model.hidden_size)
        self.adapter, self.language_model = adapter, language_model
        # Every prompt begins alike: that part is computed once.
        self._examples = language_model.remember(adapter.examples)

    def write(self, task: WritingTask, deadline: float | None = None) -> Written:
        """Write a sentence; it always passes the check.

        Args:
            task: what it is written from.
            deadline: `time.monotonic()` at which the template stands.

        Raises:
            AdapterError: the adapter failed.
            LanguageModelError: the language model failed.
        """
        started = time.monotonic()
        first = self.first_try(task, deadline)
        if first is None:
            return self._by_template(task, None, started, 0)
        if first.finished and self._passes(first.text, task):
            return Written(first.text, Source.LLM, None, time.monotonic() - started, first.tokens)
        tokens = first.tokens
        if deadline is None or time.monotonic() < deadline:
            # What the adapter read may be what was wrong: the second try is told what was measured.
            soft = self.adapter.measured(task.facts, self.language_model.embed)
            second = self.generate(soft, deadline, banned_words(task.facts))
            tokens += second.tokens
            if second.finished and self._passes(second.text, task):
                seconds = time.monotonic() - started
                return Written(second.text, Source.LLM_RETRY, first.text, seconds, tokens)
        # Where the deadline came before the first word, nothing was rejected.
        return self._by_template(task, first.text or None, started, tokens)

    def first_try(self, task: WritingTask, deadline: float | None = None) -> Generated | None:
        """The language model's own sentence, not checked; None where there is none to write.

        Only rejects with regions have one, in the language that the adapter was made for.
        """
        facts = task.facts
        if facts.verdict != Verdict.REJECT or not facts.regions or task.inputs is None:
            return None
        if task.language != self.adapter.manifest.language:
            return None
        return self.generate(self.adapter.read(task.inputs).soft_tokens, deadline)

    def generate(
        self, soft_tokens: NDArray[np.float32], deadline: float | None = None, banned: tuple[str, ...] = ()
    ) -> Generated:
        """What the language model says to soft tokens `[SOFT_TOKENS, D]`."""
        said = self.language_model.generate(
            self.adapter.prompt(soft_tokens),
            max_tokens=MOST_TOKENS,
            after=self._examples,
            banned=banned,
            deadline=deadline,
        )
        return replace(said, text=said.text.strip())

    def _passes(self, sentence: str, task: WritingTask) -> bool:
        if check_sentence(sentence, task.facts, task.language, kinds=task.kinds, part=task.part):
            return False
        # No adapter has learned a product's own words, and leaving one out contradicts nothing. But whoever
        # gave the product a word wants to read it.
        kind = str(task.facts.regions[0].kind)
        return kind in tuple(Kind) or kind.lower() in sentence.lower()

    def _by_template(self, task: WritingTask, rejected: str | None, started: float, tokens: int) -> Written:
        sentence = describe_by_template(task.facts, task.language, task.part)
        return Written(sentence, Source.TEMPLATE, rejected, time.monotonic() - started, tokens)


def load_writer(settings: DescribingSettings) -> SentenceWriter:
    """A writer by the settings.

    Raises:
        AdapterError: the adapter is missing or damaged, or does not fit the language model.
        LanguageModelError: the language model was not prepared, or is damaged.
    """
    language_model = load_language_model(
        settings.language_model, threads=settings.threads, providers=settings.providers
    )
    return SentenceWriter(load_adapter(settings.adapter, threads=settings.threads), language_model)
