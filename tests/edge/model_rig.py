"""A box's models without the service around them: what is published is kept, and may be waited for."""
# ruff: noqa: S311 - chance spreads waits, it keeps no secret

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from edge.clients import Publication
from edge.model_gate import Load
from edge.model_store import served_products
from edge.models import Models
from edge.stations import Station, open_stations
from inspector.frames import Frame
from inspector.inspecting import load_inspector
from inspector.model_messages import LimitsStateMessage, ModelStateMessage, ProductTopics
from inspector.results import Inspection
from inspector.settings import Settings
from inspector.signatures import Trust
from tests.edge.rig import NOW, SITE, wait_until
from tests.tiny_bundle import tiny_part

TOPICS = ProductTopics(SITE, "box-1", "washer")


def box_settings(folder: Path, *bundles: Path | None, product: str = "washer", **models: object) -> Settings:
    """Settings of a box with a camera for each of these bundles."""
    cameras = [
        {"line": "line-1", "camera": f"cam-{number}", "product": product, "bundle": bundle}
        for number, bundle in enumerate(bundles or (None,), 1)
    ]
    return Settings.model_validate(
        {
            "site": SITE,
            "engine": {"threads": 1},
            "edge": {"data_dir": folder / "box-1", "cameras": cameras, "models": models},
        }
    )


class ModelBox:
    """A box as the service starts it, as far as models go. A context manager: inside, its thread runs."""

    def __init__(
        self,
        settings: Settings,
        *,
        load: Load | None = None,
        publish: Callable[[Publication], None] = lambda _: None,
    ) -> None:
        self.settings, self._publish = settings, publish
        trust = Trust.of(settings.edge)
        load = load or partial(load_inspector, trust=trust)
        self.published: list[Publication] = []
        data_dir = settings.edge.data_dir
        self.folder = data_dir / "models" / "washer"
        self.stations = open_stations(settings, load=load, served=served_products(data_dir))
        self.models = Models(
            settings,
            self.stations,
            data_dir,
            publish=self._on_published,
            now=lambda: NOW,
            load=load,
            largest_batch=2,
            trust=trust,
            chance=random.Random(0),
        )
        self.models.restore()
        self.listeners = self.models.listeners()

    def __enter__(self) -> Self:
        self.models.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.models.stop()

    def _on_published(self, message: Publication) -> None:
        self.published.append(message)
        self._publish(message)

    @property
    def station(self) -> Station:
        """The first camera's."""
        return next(iter(self.stations.values()))

    @property
    def version(self) -> str | None:
        """Of the bundle that judges the first camera."""
        return self.station.inspector.bundle.version if self.station.inspector else None

    @property
    def state(self) -> ModelStateMessage:
        return self.models.states()["washer"][0]

    @property
    def limits(self) -> LimitsStateMessage:
        return self.models.states()["washer"][1]

    @property
    def kept(self) -> list[str]:
        """Names of the folders in the store."""
        return sorted(path.parent.name for path in self.folder.glob("*/manifest.json"))

    def judge(self, seed: int = 1, *, defect: bool = False) -> Inspection:
        assert self.station.inspector is not None
        return self.station.inspector.inspect(Frame(tiny_part(seed, defect), f"part-{seed}", NOW))

    def send(self, topic: str, payload: bytes | Mapping[str, object]) -> None:
        """Let a message arrive."""
        data = (
            payload if isinstance(payload, bytes) else json.dumps({"product": "washer", **payload}).encode()
        )
        self.listeners[topic](data)

    def set_model(self, version: str, source: Path | str | None = None, **more: object) -> ModelStateMessage:
        """Ask for a model and wait for the answer."""
        request_id = str(len(self.published)) + version
        asked = {"version": version, "source": source if source is None else str(source)}
        self.send(TOPICS.model_set, {**asked, "request_id": request_id, **more})
        self.await_model(lambda state: state.request_id == request_id and state.status != "loading")
        return self.state

    def set_limits(self, **asked: object) -> LimitsStateMessage:
        """Ask for a limit and wait for the answer."""
        request_id = str(len(self.published)) + str(asked)
        self.send(TOPICS.limits_set, {**asked, "request_id": request_id})
        wait_until(lambda: self.limits.request_id == request_id, "an answer about limits", 20)
        return self.limits

    def await_model(self, holds: Callable[[ModelStateMessage], bool]) -> ModelStateMessage:
        wait_until(lambda: holds(self.state), "a state of the model", 20)
        return self.state

    def told(self, topic: str) -> Sequence[ModelStateMessage]:
        """What was published on a model's state topic."""
        assert all(one.retain for one in self.published)
        return [
            ModelStateMessage.model_validate_json(one.payload)
            for one in list(self.published)
            if one.topic == topic
        ]
