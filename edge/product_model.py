"""One product on a box: which bundle judges it and by which limit, and what becomes of a request.

Whatever goes wrong with a new bundle, the one in force goes on: it is replaced only after the new one has
passed the gate, by an assignment between two batches.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from edge.in_force import InForce
from edge.limits import ProductLimits
from edge.model_gate import Load, ModelGate
from edge.model_states import limits_state, model_state
from edge.model_store import ModelRecord, ModelStore
from edge.restoring import restore
from edge.stations import Station
from inspector.errors import BundleError, InspectorError, MessageError, ModelSourceError
from inspector.inspecting import Inspector
from inspector.model_messages import (
    PREVIOUS,
    LimitsSetMessage,
    LimitsStateMessage,
    LimitsStatus,
    ModelSetMessage,
    ModelStateMessage,
    ModelStatus,
    ProductTopics,
)
from inspector.settings import Settings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_NAME_ONE = "Name a bundle with `inspector edge set-model`"


class ProductModel:
    """One product's model. Used by one thread; its states and stations may be read by others at any time.

    Args:
        settings: all settings.
        topics: the product's.
        stations: the cameras that look at it.
        store: where its bundles are kept.
        load: makes an inspector of a bundle's folder.
        now: the box's clock, UTC.
        largest_batch: frames of the largest batch that a bundle will be given.
        tell: told of each new state.

    Attributes:
        state: which bundle is in force, and how the last request went.
        limits_state: the same of the limit.
    """

    def __init__(
        self,
        settings: Settings,
        topics: ProductTopics,
        stations: Sequence[Station],
        store: ModelStore,
        *,
        load: Load,
        now: Callable[[], datetime],
        largest_batch: int,
        tell: Callable[[ModelStateMessage | LimitsStateMessage], None],
    ) -> None:
        self._settings, self._topics, self._store, self._now, self._tell = settings, topics, store, now, tell
        self._in_force = InForce(settings, topics.product, stations)
        self._gate = ModelGate(topics.product, settings.engine, load, largest_batch)
        self._limits = ProductLimits(store.folder, topics.product)
        self._previous: str | None = None
        # Hashes of the request that brought the active bundle, and of the last ones that were refused.
        self._done: str | None = None
        self._refused: str | None = None
        self._refused_limits: str | None = None
        self._request: ModelSetMessage | None = None
        self.state = self._new_state("none")
        self.limits_state = limits_state(topics, self._in_force.inspector, self._limits, now=now())

    def restore(self) -> None:
        """Put in force what was before the restart, or else the settings' bundle, or else nothing.

        Raises:
            BundleError: the settings' bundle is missing or damaged, and nothing else can judge the product;
                the same holds for the next two.
            EngineError: its network cannot be loaded.
            SettingsError: it was trained for another product.
        """
        damage = self._limits.restore()
        restored = restore(self._in_force, self._store, self._gate, self._settings)
        self._previous, self._done = restored.previous, restored.request_sha256
        version = self._in_force.version
        if restored.is_substitute and version is not None:
            try:
                self._record(version, None, None)
            except ModelSourceError as error:
                log.warning("the choice of bundle is not kept", version=version, why=str(error))
        self._in_force.apply(self._limits.limits_of)
        self._settle(restored.problem)
        remedy = "Send it again with `inspector edge set-limits`" if damage else ""
        self._set_limits_state("refused" if damage else None, damage, remedy)

    # A request for a model

    def set_model(self, payload: bytes, between: Callable[[], None] = lambda: None) -> None:
        """Act upon a request: nothing where it was acted upon before, a refusal where it cannot be.

        An empty payload, by which a retained request is removed at the broker, ends one that is waiting.

        Args:
            payload: as it came.
            between: called while a bundle is fetched; what it raises ends that.

        Raises:
            ModelSourceError: it cannot be done now, and may be tried again; the state says so already.
        """
        digest = hashlib.sha256(payload).hexdigest()
        is_waiting = self.state.status == "loading"
        if not payload or digest == self._done or (digest == self._refused and not is_waiting):
            if is_waiting:
                self._settle()
            return
        version = None
        had = set(self._store.versions())
        try:
            self._request = None
            self._request = request = ModelSetMessage.read(payload, self._topics.product)
            version = self._version_of(request)
            if version == self._in_force.version:
                self._confirm(version, digest)
            else:
                self._activate(self._obtain(version, request, between), digest)
        except ModelSourceError as error:
            self._set_state("loading", f"{error.what}: {error.why}", f"{error.remedy}; it is tried again")
            raise
        except InspectorError as error:
            self._refused = digest
            if version is not None and version not in had:
                self._store.remove(version)
            self._set_state("refused", f"{error.what}: {error.why}", error.remedy)
        else:
            self._refused = None
            self._set_state("active")
            self._set_limits_state()

    def stumble(self, error: Exception) -> None:
        """Tell of a request that a defect of ours has ended; what is in force goes on."""
        why, remedy = f"a defect of inspector, {type(error).__name__}", "Report it with the log"
        self._set_state("refused", why, remedy)

    def _version_of(self, request: ModelSetMessage) -> str:
        """The version that is asked for.

        Raises:
            MessageError: there is no previous one, or the cameras have bundles of their own.
        """
        what = f"bundle {request.version} is not used"
        if self._in_force.is_mixed:
            why = "the product's cameras have different bundles in the settings"
            raise MessageError(what, why, "Give each view a product of its own")
        if request.version != PREVIOUS:
            return request.version
        if self._previous is None:
            raise MessageError(what, "no earlier bundle is kept", _NAME_ONE)
        return self._previous

    def _obtain(self, version: str, request: ModelSetMessage, between: Callable[[], None]) -> Inspector:
        """The wanted bundle, through the gate."""
        if self.state.status != "loading" or self.state.request_id != request.request_id:
            self._set_state("loading")
        bundle = None
        try:
            bundle = self._store.get(version)
        except BundleError as error:
            log.warning("a kept bundle is damaged, it is fetched again", version=version, why=error.why)
        if bundle is None:
            bundle = self._store.fetch(version, self._source_of(version, request.source), between)
        # The way back must not depend on how busy the box is: it judged here before.
        is_back = version == self._previous
        return self._gate.open(bundle.path, None if is_back else self._settings.edge.models.budget_ms)

    def _source_of(self, version: str, source: str | None) -> str:
        """Where to fetch a bundle from that is not kept here.

        Raises:
            MessageError: nobody says where.
        """
        if source is not None:
            return source
        for bundle in self._in_force.configured():
            if bundle.version == version:
                return str(bundle.path.resolve())
        registry = self._settings.edge.models.registry
        if registry is None:
            raise MessageError(
                f"bundle {version} is not used",
                "it is not kept on this box, and no source was named",
                "Name its source, or set edge.models.registry",
            )
        return f"{registry.rstrip('/')}/{self._topics.product}/{version}"

    def _activate(self, inspector: Inspector, digest: str) -> None:
        """Put a bundle in force: first on disk, then for the next batch."""
        version, before = inspector.bundle.version, self._keep_active()
        self._record(version, before if before != version else None, digest)
        # One assignment a station: no batch may see the new bundle with a limit that is not its own.
        self._in_force.use(inspector.with_limits(self._limits.limits_of(inspector.bundle)))
        self._store.keep_only({version, *([before] if before else [])})
        request = self._request
        log.info(
            "model is active",
            product=self._topics.product,
            version=version,
            previous=self._previous,
            requested_by=request.requested_by if request else None,
            reason=request.reason if request else None,
        )

    def _confirm(self, version: str, digest: str) -> None:
        """Let the bundle that is in force stay so, also when the settings change."""
        if self._keep_active() == version:
            self._record(version, self._previous, digest)
        self._done = digest

    def _keep_active(self) -> str | None:
        """Keep the bundle in force in the store; its version, or None where that cannot be done."""
        inspector = self._in_force.inspector
        if inspector is None:
            return self._previous
        bundle = inspector.bundle
        if bundle.path.parent.resolve() == self._store.folder.resolve():
            return bundle.version
        try:
            # It stands where the settings say, and may be overwritten there.
            self._store.fetch(bundle.version, str(bundle.path.resolve()))
        except InspectorError as error:
            log.warning("the bundle cannot be kept for a roll back", version=bundle.version, why=str(error))
            return None
        return bundle.version

    def _record(self, version: str, previous: str | None, digest: str | None) -> None:
        self._store.write_record(
            ModelRecord(active=version, previous=previous, request_sha256=digest, changed_at=self._now())
        )
        self._previous, self._done = previous, digest

    # A request for a limit

    def set_limits(self, payload: bytes) -> None:
        """Act upon a request: a refusal, which the state tells, leaves in force what is."""
        digest, kept = hashlib.sha256(payload).hexdigest(), self._limits.kept
        if not payload or digest in {self._refused_limits, kept.request_sha256 if kept else None}:
            return
        request = None
        try:
            request = LimitsSetMessage.read(payload, self._topics.product)
            self._limits.keep(request, digest, self._now())
        except InspectorError as error:
            # A full disk may have room again when the broker delivers it next.
            self._refused_limits = None if isinstance(error, ModelSourceError) else digest
            self._set_limits_state("refused", f"{error.what}: {error.why}", error.remedy, request)
        else:
            self._refused_limits = None
            self._in_force.apply(self._limits.limits_of)
            self._set_limits_state()

    # Telling

    def _settle(self, problem: str = "") -> None:
        """Tell what is in force, where no request is being worked on."""
        self._request = None
        if any(station.inspector is not None for station in self._in_force.stations):
            self._set_state("active", problem, _NAME_ONE if problem else "")
        else:
            self._set_state("none", problem or "no bundle is configured or was ever named", _NAME_ONE)

    def _set_state(self, status: ModelStatus, why: str = "", remedy: str = "") -> None:
        self.state = self._new_state(status, why, remedy)
        log.log(
            logging.WARNING if why else logging.INFO,
            "model state",
            product=self._topics.product,
            status=status,
            active=self.state.active,
            requested=self.state.requested,
            why=self.state.why,
            remedy=remedy,
        )
        self._tell(self.state)

    def _new_state(self, status: ModelStatus, why: str = "", remedy: str = "") -> ModelStateMessage:
        active = self._in_force.inspector
        return model_state(
            self._topics,
            active,
            self._request,
            status=status,
            why=why,
            remedy=remedy,
            previous=self._previous,
            gate=self._gate.figures,
            now=self._now(),
        )

    def _set_limits_state(
        self,
        status: LimitsStatus | None = None,
        why: str = "",
        remedy: str = "",
        refused: LimitsSetMessage | None = None,
    ) -> None:
        active = self._in_force.inspector
        state = limits_state(
            self._topics,
            active,
            self._limits,
            now=self._now(),
            status=status,
            why=why,
            remedy=remedy,
            refused=refused,
        )
        before, self.limits_state = self.limits_state, state
        if before != state.model_copy(update={"changed_at": before.changed_at}):
            log.info("limit state", **state.model_dump(mode="json", exclude={"box", "changed_at"}))
        self._tell(state)
