"""The bundles that the settings and the registry name: whole, loadable, through the gate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from inspector.bundle import load_bundle
from inspector.doctor.finding import Finding, State
from inspector.engines.opening import open_engine
from inspector.errors import InspectorError
from inspector.gate import Tolerance, check_bundle
from inspector.inspecting import Inspector
from inspector.records import Records, Stage
from inspector.records.condition import examine
from inspector.registry import Registry
from inspector.settings import Settings


def check_models(settings: Settings) -> Iterator[Finding]:
    """Each bundle of a camera once, then the active ones of the registry."""
    cameras = {camera.bundle: camera.product for camera in settings.edge.cameras if camera.bundle}
    for folder, product in cameras.items():
        yield check_model(folder, product, settings)
    if not settings.edge.cameras:
        yield Finding(State.NOT_APPLICABLE, "no camera is configured", "edge.cameras is empty")
    yield from _registered(settings)


def check_model(folder: Path, product: str, settings: Settings) -> Finding:
    """Verify a bundle's hashes, load it on the configured engine, replay its golden frames."""
    try:
        bundle = load_bundle(folder)
        if bundle.product != product:
            why = f"it is a bundle of {bundle.product}, the camera looks at {product}"
            return Finding(State.PROBLEM, f"bundle {folder} cannot be used", why, "Correct edge.cameras")
        inspector = Inspector(bundle, open_engine(bundle, settings.engine))
        report = check_bundle(
            inspector,
            tolerance=Tolerance.for_engine(inspector.engine.name),
            budget_ms=settings.edge.models.budget_ms,
        )
    except InspectorError as error:
        return Finding.of_error(error)
    age = (datetime.now(UTC) - bundle.manifest.created_at).days
    name = f"bundle {bundle.version} of {bundle.product}, {age} days old"
    if not report.passed:
        remedy = "Train or calibrate it again, choose another engine, or raise edge.models.budget_ms"
        return Finding(
            State.PROBLEM, f"{name}, does not pass the gate on {report.engine}", report.why, remedy
        )
    latency = "" if report.latency_ms is None else f", {report.latency_ms:.1f} ms a frame"
    return Finding(State.OK, f"{name}, passes the gate on {report.engine}{latency}")


def _registered(settings: Settings) -> Iterator[Finding]:
    """The registry's active bundles, read whole out of the store."""
    condition = examine(settings.registry_database)
    if not condition.exists or condition.revision is None or condition.pending or condition.is_newer:
        # Opening it would migrate it, and a doctor changes nothing.
        why = "its database is empty, or not of this version"
        yield Finding(State.NOT_APPLICABLE, "the registry is not checked", why)
        return
    with Records.open(settings.registry_database) as records:
        active = [one for one in records.bundles.of() if one.stage is Stage.ACTIVE]
        if not active:
            yield Finding(State.NOT_APPLICABLE, "the registry has no active bundle")
        for one in active:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / one.version
                try:
                    Registry(records, settings.registry.url).fetch(one.product, one.version, folder)
                except InspectorError as error:
                    yield Finding.of_error(error)
                    continue
                yield check_model(folder, one.product, settings)
