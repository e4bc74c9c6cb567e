"""The comparison of the prepared language model with transformers."""

from __future__ import annotations

from pathlib import Path

from training.benchmarks.language_model import measure_language_model


def test_both_models_are_measured_side_by_side(
    tiny_language_model_source: Path, tiny_language_model_folder: Path
) -> None:
    told: list[tuple[int, int]] = []
    figures = measure_language_model(
        tiny_language_model_folder,
        str(tiny_language_model_source),
        prompts=("One defect:", "No defect"),
        tokens=6,
        threads=1,
        on_prompt=lambda done, all_: told.append((done, all_)),
    )
    assert told == [(0, 2), (1, 2)]
    assert figures.name == "tiny-llama int8"
    assert (figures.prompts, figures.threads) == (2, 1)
    assert figures.tokens_per_second > 0
    assert figures.torch_tokens_per_second > 0
    assert figures.speed_ratio > 0
    assert 0 <= figures.equal_texts <= 1
    assert 0.5 <= figures.forced_agreement <= 1
    assert 10 < figures.resident_mb < figures.torch_resident_mb
    assert figures.folder_mb > 0
