"""The language model without torch writes what its source would, from embeddings, and keeps to its orders."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector.describing.language_model import LanguageModel, load_language_model
from inspector.errors import LanguageModelError
from tests.language_model import TINY_HIDDEN_SIZE
from training.language_model.torch_model import TorchLanguageModel

QUESTION = (
    "<|im_start|>user\nTell the operator in one sentence what the camera sees: "
    "one dark scratch at the upper left.<|im_end|>\n<|im_start|>assistant\n"
)


def test_it_writes_a_sentence_about_what_it_was_told(language_model: LanguageModel) -> None:
    written = language_model.generate(language_model.embed(QUESTION), max_tokens=40)
    assert language_model.name == "SmolLM2-135M-Instruct int8"
    assert written.finished
    assert written.text.endswith(".")
    assert "scratch" in written.text
    assert written.tokens == len(written.token_ids) < 40
    assert language_model.text(written.token_ids) == written.text
    assert 0 < written.seconds < 60


def test_it_writes_the_same_again(language_model: LanguageModel) -> None:
    prompt = language_model.embed(QUESTION)
    first, second = (language_model.generate(prompt, max_tokens=12) for _ in range(2))
    assert replace(first, seconds=0) == replace(second, seconds=0)


@torch.inference_mode()
def test_it_predicts_what_its_source_predicts(
    language_model: LanguageModel, torch_language_model: TorchLanguageModel
) -> None:
    tokens = torch_language_model.tokenizer.encode(QUESTION, add_special_tokens=False)
    assert language_model.tokens(QUESTION) == tokens
    expected = torch_language_model.model(torch.tensor([tokens])).logits[0, -1].numpy()
    got = language_model.remember(language_model.embed(QUESTION)).logits
    assert np.corrcoef(got, expected)[0, 1] > 0.995
    assert got.argmax() == expected.argmax()


def test_embeddings_are_those_of_the_source(
    language_model: LanguageModel, torch_language_model: TorchLanguageModel
) -> None:
    table = torch_language_model.model.get_input_embeddings()
    expected = table(torch.tensor(language_model.tokens("a dark scratch"))).numpy()
    got = language_model.embed("a dark scratch")
    assert got.dtype == np.float32
    assert got.shape == (3, language_model.hidden_size)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("text", ["a dark scratch", "Größe: 2 %\n", "左上角有一条划痕。", "", " <|im_end|>"])
def test_a_text_becomes_tokens_and_comes_back(language_model: LanguageModel, text: str) -> None:
    assert language_model.text(language_model.tokens(text)) == text.removesuffix("<|im_end|>")


def test_one_pass_and_token_by_token_give_the_same(tiny_language_model: LanguageModel) -> None:
    model = tiny_language_model
    prompt = model.embed("One defect: a thin dark scratch at the upper left")
    at_once = model.remember(prompt)
    state = model.remember(prompt[:1])
    for row in prompt[1:]:
        state = model.remember(row[None], after=state)
    assert state.length == at_once.length == len(prompt)
    np.testing.assert_allclose(state.logits, at_once.logits, atol=0.05)
    for one, other in zip(state.cache, at_once.cache, strict=True):
        np.testing.assert_allclose(one, other, atol=0.05)


def test_a_remembered_prefix_changes_nothing_and_serves_many_prompts(language_model: LanguageModel) -> None:
    prompt = language_model.embed(QUESTION)
    whole = language_model.generate(prompt, max_tokens=16)
    prefix = language_model.remember(prompt[:12])
    for _ in range(2):
        assert language_model.generate(prompt[12:], after=prefix, max_tokens=16).text == whole.text
    everything = language_model.remember(prompt)
    assert language_model.generate(prompt[:0], after=everything, max_tokens=16).text == whole.text


def test_writing_is_uncached_decoding_made_fast(tiny_language_model: LanguageModel) -> None:
    model = tiny_language_model
    prompt = model.embed("Two bright stains")
    written = model.generate(prompt, max_tokens=12, stop=())
    tokens: list[int] = []
    for _ in written.token_ids:
        everything = np.concatenate([prompt, model.embed_tokens(tokens)])
        tokens.append(int(model.remember(everything).logits.argmax()))
    assert written.token_ids == tuple(tokens)


@pytest.mark.parametrize(
    "banned", [["left"], ["LEFT", "dark", "scratch"], ["the", "a", "one"], ["upper left"]]
)
def test_banned_words_are_not_written(language_model: LanguageModel, banned: list[str]) -> None:
    written = language_model.generate(language_model.embed(QUESTION), max_tokens=24, banned=banned)
    assert written.text
    for word in banned:
        assert not re.search(rf"\b{word}\b", written.text, re.IGNORECASE)


def test_a_banned_word_leaves_the_text_before_it_as_it_is(language_model: LanguageModel) -> None:
    prompt = language_model.embed(QUESTION)
    free = language_model.generate(prompt, max_tokens=24).text
    word = free.split()[2]
    before = free[: free.index(f" {word}")]
    written = language_model.generate(prompt, max_tokens=24, banned=[word]).text
    assert written.startswith(before)
    assert not written.startswith(f"{before} {word}")


def test_words_that_only_begin_like_a_banned_one_stay_possible(language_model: LanguageModel) -> None:
    prompt = language_model.embed("scratchpad, scratchpad, scratchpad, scratchpad,")
    written = language_model.generate(prompt, max_tokens=4, banned=["scratch"], stop=())
    assert "scratchpad" in written.text


def test_whatever_it_likes_to_write_can_be_banned(tiny_language_model: LanguageModel) -> None:
    model = tiny_language_model
    prompt = model.embed("No defect")
    banned: set[str] = set()
    for _ in range(6):
        written = model.generate(prompt, max_tokens=16, banned=banned, stop=())
        words = {word.lower() for word in re.findall(r"[0-9A-Za-zÀ-ÖØ-öø-ɏ]+", written.text)}
        assert not words & banned
        banned |= words
    assert banned


@pytest.mark.parametrize(("stop", "end"), [(["."], "."), ([" at"], " at"), (["zzz", ".", "scr"], "scr")])
def test_it_stops_before_a_stop_string(language_model: LanguageModel, stop: list[str], end: str) -> None:
    prompt = language_model.embed(QUESTION)
    free = language_model.generate(prompt, max_tokens=40).text
    written = language_model.generate(prompt, max_tokens=40, stop=stop)
    assert written.finished
    assert written.text == free[: free.index(end)]


def test_a_text_that_is_cut_is_not_finished(language_model: LanguageModel) -> None:
    written = language_model.generate(language_model.embed(QUESTION), max_tokens=3)
    assert (written.tokens, written.finished) == (3, False)


def test_a_text_that_is_cut_ends_before_a_banned_word(language_model: LanguageModel) -> None:
    prompt = language_model.embed(QUESTION)
    words = language_model.generate(prompt, max_tokens=3).text.split()
    written = language_model.generate(prompt, max_tokens=3, banned=[words[-1]])
    assert words[-1] not in written.text.split()


def test_no_token_is_written_after_the_deadline(language_model: LanguageModel) -> None:
    prompt = language_model.embed(QUESTION)
    written = language_model.generate(prompt, max_tokens=40, deadline=time.monotonic())
    assert (written.text, written.tokens, written.finished) == ("", 0, False)


def test_the_deadline_cuts_a_long_text(language_model: LanguageModel) -> None:
    prompt = language_model.embed("1, 2, 3, 4, 5, 6, 7,")
    started = time.monotonic()
    written = language_model.generate(prompt, max_tokens=8000, stop=(), deadline=started + 0.5)
    assert not written.finished
    assert written.tokens < 8000
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        (np.zeros((3, TINY_HIDDEN_SIZE + 1), np.float32), rf"it takes \[T, {TINY_HIDDEN_SIZE}\]"),
        (np.zeros(TINY_HIDDEN_SIZE, np.float32), r"it takes \[T, 64\]"),
        (np.zeros((0, TINY_HIDDEN_SIZE), np.float32), "nothing to go on from"),
        (np.full((2, TINY_HIDDEN_SIZE), np.nan, np.float32), "not finite"),
        (np.zeros((257, TINY_HIDDEN_SIZE), np.float32), "257 tokens, more than the 256"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_refused(
    tiny_language_model: LanguageModel, prompt: np.ndarray, why: str
) -> None:
    with pytest.raises(LanguageModelError, match=why):
        tiny_language_model.generate(prompt, max_tokens=4)
    with pytest.raises(LanguageModelError, match=why):
        tiny_language_model.remember(prompt)


def test_a_text_ends_where_the_positions_end(tiny_language_model: LanguageModel) -> None:
    prompt = np.random.default_rng(0).normal(size=(250, TINY_HIDDEN_SIZE)).astype(np.float32)
    written = tiny_language_model.generate(prompt, max_tokens=100, stop=())
    assert written.tokens <= 6


@pytest.fixture
def copied(tiny_language_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_language_model_folder, tmp_path / "model"))


def test_a_missing_folder_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(LanguageModelError, match=r"no such folder.*inspector prepare-llm --output .*none`"):
        load_language_model(tmp_path / "none")


def damage(name: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return change


def edit(**changes: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "language_model.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        *(
            (damage(name), f"{name} is damaged")
            for name in ("model.onnx", "model.onnx.data", "embeddings.npy")
        ),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"tokenizer\.json is missing"),
        (lambda folder: (folder / "language_model.json").unlink(), r"language_model\.json is missing"),
        (lambda folder: (folder / "language_model.json").write_text("{"), "Invalid JSON"),
        (edit(schema_version=2), "schema_version: Input should be 1"),
        (edit(hidden_size=0), "hidden_size"),
        (edit(colour="red"), "colour: Extra inputs are not permitted"),
        (edit(files={}), r"lists no model\.onnx"),
        (edit(hidden_size=63), r"embeddings\.npy holds \[\d+, 64\]"),
    ],
)
def test_a_folder_that_is_not_what_was_made_is_refused(
    copied: Path, harm: Callable[[Path], object], why: str
) -> None:
    harm(copied)
    with pytest.raises(LanguageModelError, match=why) as caught:
        load_language_model(copied)
    assert f"inspector prepare-llm --output {copied}" in caught.value.remedy


def test_a_file_outside_the_folder_is_not_read(copied: Path) -> None:
    (copied.parent / "secret").write_text("secret")
    files = json.loads((copied / "language_model.json").read_text())["files"]
    edit(files={**files, "../secret": "0" * 64})(copied)
    with pytest.raises(LanguageModelError, match="outside the folder"):
        load_language_model(copied)


def test_a_provider_that_is_not_installed_is_refused(tiny_language_model_folder: Path) -> None:
    with pytest.raises(LanguageModelError, match="SomeExecutionProvider is not among"):
        load_language_model(tiny_language_model_folder, providers=["SomeExecutionProvider"])


def test_it_runs_without_torch_and_transformers(tiny_language_model_folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from inspector.describing.language_model import load_language_model\n"
        "model = load_language_model(Path(sys.argv[1]))\n"
        "assert model.generate(model.embed('One'), max_tokens=2, stop=()).tokens\n"
        "print(*{'torch', 'transformers', 'onnx'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", script, str(tiny_language_model_folder)]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    assert run.stdout.strip() == ""
