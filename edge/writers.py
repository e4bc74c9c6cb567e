"""What writes sentences on this box: a language model where one was prepared, or templates alone."""

from __future__ import annotations

from typing import Final

import structlog
from pydantic import ValidationError

from edge.writer_process import WriterLoader
from inspector.describing.adapter import check_fit, load_adapter
from inspector.describing.language_model_folder import MANIFEST_NAME, LanguageModelManifest
from inspector.describing.writer import load_writer
from inspector.errors import AdapterError
from inspector.settings import DescribingSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


def find_writer(settings: DescribingSettings) -> WriterLoader | None:
    """What loads the writer that the settings name; None, with a warning, where there can be none.

    Only what is cheap is looked at here, in the service: the language model's files are checked and loaded by
    its own process.

    Raises:
        AdapterError: the adapter was made for embeddings of another size than the language model's.
    """
    manifest_path = settings.language_model / MANIFEST_NAME
    try:
        data = manifest_path.read_bytes()
    except OSError as error:
        why = f"no language model is in {settings.language_model} ({MANIFEST_NAME}: {error.strerror})"
        remedy = f"Make it with `inspector prepare-llm --output {settings.language_model}`"
        log.warning("descriptions come from templates only", why=why, remedy=remedy)
        return None
    try:
        adapter = load_adapter(settings.adapter)
    except AdapterError as error:
        why = f"{error.what}: {error.why}"
        log.warning("descriptions come from templates only", why=why, remedy=error.remedy)
        return None
    try:
        manifest = LanguageModelManifest.model_validate_json(data)
    except ValidationError:
        return load_writer  # its process says what is wrong with it
    check_fit(adapter, manifest.name, manifest.hidden_size)
    return load_writer
