"""How each box is: what its `/health` and `/metrics` say, asked over HTTP and kept for a moment."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import streamlit as st
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from dashboard.language import N_
from dashboard.thrift import Thrifty
from inspector.settings import Settings

TIMEOUT_S: Final = 2.0
KEPT_S: Final = 2.0
_MOST_BYTES: Final = 4_000_000
AWAY: Final = N_("the box does not answer")
REMEDY_AWAY: Final = N_(
    "Start it, or correct boxes under [dashboard] in the settings; it serves them at edge.health"
)


@dataclass(frozen=True, slots=True)
class BoxProblem:
    """Something that wants mending: what, why, and what to do."""

    name: str
    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class BoxState:
    """A box at one moment.

    Attributes:
        address: where it was asked.
        name: of the box; its address where it did not answer.
        status: `ok`, `degraded`, `failing`, or `away` where it did not answer.
        problems: what is wrong.
        queues: what waits before each stage.
        outbox: by destination, how much waits and the age of the oldest in seconds.
        frames: recorded since it started.
        latency_ms: latencies by percentile since it started; empty before the first frame.
        free_bytes: room on its disk; NaN where not known.
        models: product and version.
        drift: by camera and figure, steps from what is usual.
    """

    address: str
    name: str
    status: str
    problems: tuple[BoxProblem, ...] = ()
    queues: Mapping[str, float] = field(default_factory=dict)
    outbox: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    frames: int = 0
    latency_ms: Mapping[int, float] = field(default_factory=dict)
    free_bytes: float = math.nan
    models: tuple[tuple[str, str], ...] = ()
    drift: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def box_addresses(settings: Settings) -> tuple[str, ...]:
    """The boxes of the settings; where none is named, the one of this machine."""
    if settings.dashboard.boxes:
        return tuple(address.rstrip("/") for address in settings.dashboard.boxes)
    health = settings.edge.health
    return (f"http://127.0.0.1:{health.port}",) if health.enabled and health.port else ()


def box_states(settings: Settings) -> list[BoxState]:
    """How all boxes are, a moment ago at most; visitors share the answers."""
    return [
        _answers().ask(address, partial(read_box, address), KEPT_S) for address in box_addresses(settings)
    ]


def read_box(address: str) -> BoxState:
    """Ask a box how it is; one that does not answer is `away`, with the reason as its problem."""
    try:
        health = json.loads(_get(f"{address}/health"))
        families = {
            family.name: family for family in text_string_to_metric_families(_get(f"{address}/metrics"))
        }
        return _state(address, health, families)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = str(getattr(error, "reason", "") or error) or type(error).__name__
        remedy = REMEDY_AWAY
        problem = BoxProblem("box", AWAY, why, remedy)
        return BoxState(address, address, "away", (problem,))


def percentile(buckets: Mapping[float, float], share: float) -> float:
    """A quantile of a histogram by linear interpolation inside its bucket, as Prometheus does it.

    Args:
        buckets: cumulative counts by upper bound, one of them infinite.
        share: 0..1.
    """
    total = buckets.get(math.inf, 0.0)
    if not total:
        return math.nan
    below, lower = 0.0, 0.0
    for upper, count in sorted(buckets.items()):
        if count >= share * total:
            if math.isinf(upper) or count == below:
                return lower
            return lower + (upper - lower) * (share * total - below) / (count - below)
        below, lower = count, upper
    return lower


def _get(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - of the settings
            return str(answer.read(_MOST_BYTES).decode("utf-8"))
    except urllib.error.HTTPError as error:
        # A box that is failing says so with 503, and what is wrong.
        if error.code != 503:  # noqa: PLR2004
            raise
        return error.read(_MOST_BYTES).decode("utf-8")


def _state(address: str, health: dict[str, Any], families: Mapping[str, Metric]) -> BoxState:
    depths = {s.labels["destination"]: s.value for s in _samples(families, "inspector_outbox_depth")}
    ages = {s.labels["destination"]: s.value for s in _samples(families, "inspector_outbox_age_seconds")}
    buckets: defaultdict[float, float] = defaultdict(float)
    for sample in _samples(families, "inspector_verdict_latency_seconds"):
        if sample.name.endswith("_bucket"):
            buckets[float(sample.labels["le"])] += sample.value
    drift: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for sample in _samples(families, "inspector_drift_statistic"):
        camera = f"{sample.labels['line']} / {sample.labels['camera']}"
        drift[camera][sample.labels["what"]] = sample.value
    shares = (50, 95, 99)
    models = _samples(families, "inspector_model_info")
    frames = sum(s.value for s in _samples(families, "inspector_frames") if s.name.endswith("_total"))
    return BoxState(
        address=address,
        name=str(health["box"]),
        status=str(health["status"]),
        problems=tuple(
            BoxProblem(name, str(one["what"]), str(one["why"]), str(one["remedy"]))
            for name, one in health["problems"].items()
        ),
        queues={s.labels["stage"]: s.value for s in _samples(families, "inspector_queue_depth")},
        outbox={name: (depth, ages.get(name, 0.0)) for name, depth in depths.items()},
        frames=round(frames),
        latency_ms={share: 1000 * percentile(buckets, share / 100) for share in shares} if frames else {},
        free_bytes=next((s.value for s in _samples(families, "inspector_disk_free_bytes")), math.nan),
        models=tuple((s.labels["product"], s.labels["version"]) for s in models if s.value),
        drift=drift,
    )


def _samples(families: Mapping[str, Metric], name: str) -> Iterable[Any]:
    family = families.get(name)
    return () if family is None else family.samples


@st.cache_resource(show_spinner=False)
def _answers() -> Thrifty:
    return Thrifty()
