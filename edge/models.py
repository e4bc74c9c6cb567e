"""Models and limits come by the broker, in a thread of their own: requests in, states out.

The broker's thread only leaves a request here. The newest one of a product counts: it ends a fetch that an
older one has begun, and a fetch whose source is away is tried again with growing waits until then.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from edge.backoff import Backoff
from edge.clients import Publication
from edge.model_gate import Load
from edge.model_store import ModelStore
from edge.product_model import ProductModel
from edge.stations import Station
from inspector.errors import BrokerError, ModelSourceError
from inspector.inspecting import load_inspector
from inspector.messages import CameraTopic
from inspector.model_messages import LimitsStateMessage, ModelSetMessage, ModelStateMessage, ProductTopics
from inspector.settings import Settings
from inspector.signatures import Trust

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

STOP_S: Final = 10.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 300.0


class _Interrupted(Exception):  # noqa: N818 - no error
    """A fetch is not wanted any more."""


@dataclass(slots=True)
class _Pending:
    """A request for a model that is to be worked on.

    Attributes:
        payload: as it came.
        due: `time.monotonic()` of the next attempt.
        backoff: waits between attempts.
    """

    payload: bytes
    due: float
    backoff: Backoff


class Models:
    """The models of a box: what each product is judged by, and requests to change that.

    Args:
        settings: all settings.
        stations: the cameras; `restore` and later requests give them their inspectors.
        data_dir: the box's data folder.
        publish: publishes with QoS 1.
        now: the box's clock, UTC.
        load: makes an inspector of a bundle's folder, on the engine it will use.
        trust: whose bundles are kept; `load` checks it too.
        largest_batch: frames of the largest batch that a model will be given.
        chance: source of randomness for waits.
    """

    def __init__(
        self,
        settings: Settings,
        stations: Mapping[CameraTopic, Station],
        data_dir: Path,
        *,
        publish: Callable[[Publication], None],
        now: Callable[[], datetime],
        load: Load = load_inspector,
        largest_batch: int = 1,
        trust: Trust | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._publish = publish
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries
        by_product: dict[str, list[Station]] = {}
        for station in stations.values():
            by_product.setdefault(station.product, []).append(station)
        self._topics = {
            product: ProductTopics(settings.site, settings.edge.box, product) for product in by_product
        }
        self._products = {
            product: ProductModel(
                settings,
                self._topics[product],
                cameras,
                ModelStore(data_dir, product, settings.edge.models, trust),
                load=load,
                now=now,
                largest_batch=largest_batch,
                tell=self._tell,
            )
            for product, cameras in by_product.items()
        }
        self._changed = threading.Condition()
        self._new_models: dict[str, bytes] = {}
        self._new_limits: dict[str, list[bytes]] = {}
        self._pending: dict[str, _Pending] = {}
        self._say_all = self._stopping = False
        self._is_started = False
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)

    def restore(self) -> None:
        """Give every station the inspector it had before the restart, or the settings', or none.

        Call it once, before frames are taken and before `start`.

        Raises:
            BundleError: a product's bundle in the settings cannot be used, and nothing else can judge it; the
                same holds for the next two.
            EngineError: its network cannot be loaded.
            SettingsError: it was trained for another product.
        """
        for product in self._products.values():
            product.restore()

    def listeners(self) -> Mapping[str, Callable[[bytes], None]]:
        """What to do with a message, by exact topic. The handlers return at once.

        Subscribe so that the broker sends retained messages: a request may be older than this service.
        """
        handlers: dict[str, Callable[[bytes], None]] = {}
        for product, topics in self._topics.items():
            handlers[topics.model_set] = partial(self._on_model, product)
            handlers[topics.limits_set] = partial(self._on_limits, product)
        return handlers

    def ask(self, product: str, request: ModelSetMessage) -> None:
        """Work on a request as if it had come by the model topic. Returns at once."""
        self._on_model(product, request.model_dump_json().encode())

    @property
    def products(self) -> tuple[str, ...]:
        """The products that the box judges."""
        return tuple(self._products)

    def states(self) -> Mapping[str, tuple[ModelStateMessage, LimitsStateMessage]]:
        """What is in force, by product. May be called from any thread."""
        return {name: (product.state, product.limits_state) for name, product in self._products.items()}

    def start(self) -> None:
        """Begin to work on requests, and tell what is in force."""
        self._is_started = True
        self.on_connected()
        self._thread.start()

    def on_connected(self) -> None:
        """The broker is there (again): tell it what is in force. Returns at once."""
        with self._changed:
            self._say_all = True
            self._changed.notify_all()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """End; a fetch is left, and begun anew after the next start. Whether the thread has ended in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _on_model(self, product: str, payload: bytes) -> None:
        with self._changed:
            pending = self._pending.get(product)
            if product in self._new_models or pending is None or pending.payload != payload:
                self._new_models[product] = payload
                self._changed.notify_all()

    def _on_limits(self, product: str, payload: bytes) -> None:
        with self._changed:
            self._new_limits.setdefault(product, []).append(payload)
            self._changed.notify_all()

    def _run(self) -> None:
        while self._await_work():
            try:
                self._do_quick_work()
                for product, pending in list(self._pending.items()):
                    if pending.due <= time.monotonic():
                        self._work_on(product, pending)
            except _Interrupted:
                continue
            except Exception:
                log.exception("models have stumbled")

    def _await_work(self) -> bool:
        """Wait for something to do; False when it is time to end."""
        with self._changed:
            while not self._stopping:
                if self._new_models or self._new_limits or self._say_all:
                    break
                first = min((pending.due for pending in self._pending.values()), default=None)
                if first is not None and first <= time.monotonic():
                    break
                self._changed.wait(None if first is None else first - time.monotonic())
            for product, payload in self._new_models.items():
                backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, self._chance)
                self._pending[product] = _Pending(payload, time.monotonic(), backoff)
            self._new_models.clear()
            return not self._stopping

    def _do_quick_work(self) -> None:
        """What does not wait for a fetch: limits, and telling."""
        with self._changed:
            limits, self._new_limits = self._new_limits, {}
            say_all, self._say_all = self._say_all, False
        for product, payloads in limits.items():
            for payload in payloads:
                self._products[product].set_limits(payload)
        if say_all:
            for one in self._products.values():
                self._tell(one.state)
                self._tell(one.limits_state)

    def _work_on(self, product: str, pending: _Pending) -> None:
        try:
            self._products[product].set_model(pending.payload, partial(self._between, product))
        except ModelSourceError as error:
            wait_s = pending.backoff.next_s()
            pending.due = time.monotonic() + wait_s
            log.warning("model has to wait", product=product, why=str(error), again_in_s=round(wait_s, 1))
        except _Interrupted:
            raise
        except Exception as error:  # one request must not end all later ones
            log.exception("request for a model has failed", product=product)
            self._pending.pop(product, None)
            self._products[product].stumble(error)
        else:
            self._pending.pop(product, None)

    def _between(self, product: str) -> None:
        """Between two blocks of a fetch."""
        with self._changed:
            if self._stopping or product in self._new_models:
                raise _Interrupted
        self._do_quick_work()

    def _tell(self, state: ModelStateMessage | LimitsStateMessage) -> None:
        """Publish a state; before the start, `start` does it."""
        if not self._is_started:
            return
        topics = self._topics[state.product]
        topic = topics.model_state if isinstance(state, ModelStateMessage) else topics.limits_state
        try:
            self._publish(Publication(topic, state.model_dump_json().encode(), retain=True))
        except BrokerError:
            log.exception("state cannot be told", topic=topic)
