"""Which writer a box takes, and a real language model in its process."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from edge.writers import find_writer
from inspector.describing.adapter import ADAPTER_ONNX
from inspector.describing.words import Source
from inspector.describing.writer import load_writer
from inspector.errors import AdapterError
from inspector.settings import DescribingSettings
from tests.edge.peers import Observer, Sender
from tests.edge.rig import Line, ServiceThread
from tests.language_model import TINY_HIDDEN_SIZE
from tests.tiny_adapter import write_tiny_adapter


def settings(language_model: Path, adapter: Path | None = None) -> DescribingSettings:
    return DescribingSettings(language_model=language_model, adapter=adapter, deadline_s=60)


def test_a_prepared_language_model_with_an_adapter_that_fits_writes(
    tiny_language_model_folder: Path, tmp_path: Path
) -> None:
    adapter = write_tiny_adapter(tmp_path / "adapter", TINY_HIDDEN_SIZE)
    assert find_writer(settings(tiny_language_model_folder, adapter)) is load_writer


def test_without_a_language_model_templates_write_and_the_log_says_how_to_make_it(tmp_path: Path) -> None:
    folder = tmp_path / "language-model"
    with structlog.testing.capture_logs() as logs:
        assert find_writer(settings(folder)) is None
    [warning] = logs
    assert warning["log_level"] == "warning"
    assert warning["remedy"] == f"Make it with `inspector prepare-llm --output {folder}`"


def test_a_damaged_adapter_leaves_it_to_templates(tiny_language_model_folder: Path, tmp_path: Path) -> None:
    adapter = write_tiny_adapter(tmp_path / "adapter", TINY_HIDDEN_SIZE)
    (adapter / ADAPTER_ONNX).write_bytes(b"")
    with structlog.testing.capture_logs() as logs:
        assert find_writer(settings(tiny_language_model_folder, adapter)) is None
    [warning] = logs
    assert f"{ADAPTER_ONNX} was changed" in warning["why"]
    assert "inspector train-adapter" in warning["remedy"]


def test_a_service_with_an_adapter_of_another_size_does_not_start(
    mosquitto_line: Line, tiny_language_model_folder: Path, tmp_path: Path
) -> None:
    section = settings(tiny_language_model_folder, write_tiny_adapter(tmp_path / "adapter", 576))
    service = ServiceThread(mosquitto_line.settings.model_copy(update={"describing": section}))
    with pytest.raises(AdapterError, match=f"hidden size of 576.* has {TINY_HIDDEN_SIZE}"), service:
        pass


def test_what_a_language_model_babbles_is_kept_in_the_records_and_the_template_is_told(
    mosquitto_line: Line, tiny_language_model_folder: Path, tmp_path: Path, bad_jpeg: bytes
) -> None:
    """A language model of random weights, in its real process."""
    adapter = write_tiny_adapter(tmp_path / "adapter", TINY_HIDDEN_SIZE)
    section = settings(tiny_language_model_folder, adapter)
    line = Line(mosquitto_line.config, mosquitto_line.settings.model_copy(update={"describing": section}))
    with (
        Observer(line.settings.mqtt.port) as observer,
        ServiceThread(line.settings),
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        camera.send(bad_jpeg, id_level="part-1")
        [told] = observer.await_descriptions(1)
    assert told.source is Source.TEMPLATE
    assert told.sentence.startswith("One defect: ")
    stored = line.descriptions()["part-1"]
    assert stored.rejected_sentence
    assert stored.rejected_sentence not in told.model_dump_json()


def test_smollm2_writes_about_a_reject(
    mosquitto_line: Line, language_model_folder: Path, bad_jpeg: bytes
) -> None:
    """The real language model, with the adapter that inspector brings."""
    section = settings(language_model_folder)
    line = Line(mosquitto_line.config, mosquitto_line.settings.model_copy(update={"describing": section}))
    with (
        Observer(line.settings.mqtt.port) as observer,
        ServiceThread(line.settings),
        Sender(line.settings) as camera,
    ):
        observer.await_online()
        for number in range(3):
            camera.send(bad_jpeg, id_level=f"part-{number}")
        told = observer.await_descriptions(3)
    assert {one.source for one in told} <= {Source.LLM, Source.LLM_RETRY}
    assert len({one.sentence for one in told}) == 1
