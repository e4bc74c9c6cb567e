"""What judges after a restart: what judged before it, or else the settings' bundle, or else nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from edge.in_force import InForce
from edge.model_gate import ModelGate
from edge.model_store import ModelRecord, ModelStore
from edge.stations import check_product, load_for
from inspector.errors import BundleError, InspectorError
from inspector.inspecting import Inspector
from inspector.settings import Settings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """How it went.

    Attributes:
        problem: what is not as it was, as one clause; empty where all is.
        previous: version of the bundle that a roll back would bring.
        request_sha256: hash of the request that brought the active bundle.
        is_substitute: another bundle of the store than the one that was in force judges now.
    """

    problem: str = ""
    previous: str | None = None
    request_sha256: str | None = None
    is_substitute: bool = False


def restore(in_force: InForce, store: ModelStore, gate: ModelGate, settings: Settings) -> Restored:
    """Give a product's stations their inspectors.

    Raises:
        BundleError: the settings' bundle is missing or damaged, and nothing else can judge the product; the
            same holds for the next two.
        EngineError: its network cannot be loaded.
        SettingsError: it was trained for another product.
    """
    kept = Restored()
    if not in_force.is_mixed and not store.is_empty:
        kept = _restore_kept(in_force, store, gate)
        if in_force.inspector is not None:
            return kept
    problem = _restore_configured(in_force, gate, settings)
    return Restored("; ".join(filter(None, (kept.problem, problem))))


def _restore_kept(in_force: InForce, store: ModelStore, gate: ModelGate) -> Restored:
    """Use the first bundle of the store that works: the active one, the one before it, any other."""
    problems: list[str] = []
    record: ModelRecord | None = None
    try:
        record = store.read_record()
    except BundleError as error:
        problems.append(f"{error.what}, {error.why}: the bundle that was in force last is taken")
    named = [] if record is None else [record.active, record.previous or record.active]
    for version in dict.fromkeys([*named, *store.versions()]):
        try:
            bundle = store.get(version)
            if bundle is None:
                problems.append(f"bundle {version} is gone")
                continue
            # Without a budget: a busy start must not cost a model that was fast enough before.
            inspector = gate.open(bundle.path, budget_ms=None)
        except InspectorError as error:
            problems.append(f"{error.what}: {error.why}")
            continue
        in_force.use(inspector)
        if record is None or version != record.active:
            return Restored("; ".join(problems), is_substitute=True)
        for configured in in_force.configured():
            if configured.version != version:
                log.warning(
                    "the settings' bundle is not used",
                    product=in_force.product,
                    why=f"bundle {version} was named on the model topic",
                    remedy=f"inspector edge set-model {in_force.product} --source {configured.path}",
                )
        return Restored("; ".join(problems), record.previous, record.request_sha256)
    return Restored("; ".join(problems))


def _restore_configured(in_force: InForce, gate: ModelGate, settings: Settings) -> str:
    """Let the settings' bundles stand at the gate; returns what is wrong with those that do not pass."""
    problems: list[str] = []
    opened: dict[Path, Inspector] = {}
    for station, camera in zip(in_force.stations, in_force.cameras, strict=True):
        if camera.bundle is None:
            continue
        where = camera.bundle.resolve()
        inspector = opened.get(where) or station.inspector
        if inspector is None:
            inspector = load_for(camera, camera.bundle, settings.engine, gate.load)
            check_product(camera, inspector)
        opened[where] = inspector
        station.use(inspector)
    if len(opened) == 1:  # also for the cameras that name none
        in_force.use(next(iter(opened.values())))
    for inspector in opened.values():
        try:
            gate.check(inspector, settings.edge.models.budget_ms)
        except BundleError as error:
            problems.append(f"{error.what}: {error.why}")
            in_force.drop(inspector)
    return "; ".join(problems)
