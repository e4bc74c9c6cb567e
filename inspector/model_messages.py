"""Which model a box judges a product with, and by which limit: topics and payloads, both retained.

A request on a `…/set` topic is acted upon once, however often the broker delivers it: two requests that say
the same are told apart by `request_id`. A request that names no `request_id` and is repeated word by word is
the same request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, FiniteFloat, ValidationError

from inspector.bundle import PRODUCT_PATTERN
from inspector.errors import MessageError
from inspector.messages import PREFIX, Payload, check_name

if TYPE_CHECKING:
    from inspector.gate import GateReport

PREVIOUS: Final = "previous"
VERSION_PATTERN = r"^[0-9a-f]{16}$"
LARGEST_REQUEST_BYTES: Final = 64 * 1024
LARGEST_SENSITIVITY: Final = 10.0
"""Sensitivity lies between a tenth and this: beyond it, a limit is meant, or a slip."""
LARGEST_LIMIT: Final = 1e6

ModelStatus = Literal["active", "loading", "refused", "none"]
LimitsStatus = Literal["own", "changed", "waiting", "refused"]

_Words = Annotated[str, Field(max_length=500)]
_Version = Annotated[str, Field(pattern=VERSION_PATTERN)]
_Sensitivity = Annotated[
    float, Field(ge=1 / LARGEST_SENSITIVITY, le=LARGEST_SENSITIVITY, allow_inf_nan=False, strict=True)
]
_EXPECTED = {
    "model": 'Send {"product": …, "version": 16 hex digits or "previous", "source": folder or URL}',
    "limits": 'Send {"product": …, "reject": limit or null, "sensitivity": 0.1 to 10 or null}',
}


@dataclass(frozen=True, slots=True)
class ProductTopics:
    """A product's topics at a box.

    Raises:
        MessageError: a name has characters that a topic level may not have.
    """

    site: str
    box: str
    product: str

    def __post_init__(self) -> None:
        for kind, name in (("site", self.site), ("box", self.box), ("product", self.product)):
            check_name(kind, name)

    @property
    def model_set(self) -> str:
        """Topic of `ModelSetMessage`."""
        return f"{self._base}/model/set"

    @property
    def model_state(self) -> str:
        """Topic of `ModelStateMessage`."""
        return f"{self._base}/model/state"

    @property
    def limits_set(self) -> str:
        """Topic of `LimitsSetMessage`."""
        return f"{self._base}/limits/set"

    @property
    def limits_state(self) -> str:
        """Topic of `LimitsStateMessage`."""
        return f"{self._base}/limits/state"

    @property
    def _base(self) -> str:
        return f"{PREFIX}/{self.site}/boxes/{self.box}/{self.product}"


class _Request(Payload):
    """What both requests have.

    Attributes:
        product: must be the topic's.
        request_id: tells requests apart, and comes back in the state.
        requested_by: a person or a program, for the log and the state.
        reason: in the requester's words.
    """

    product: str = Field(pattern=PRODUCT_PATTERN)
    request_id: Annotated[str, Field(max_length=128)] | None = None
    requested_by: _Words | None = None
    reason: _Words | None = None

    @classmethod
    def read(cls, payload: bytes, product: str) -> Self:
        """Read a request.

        Args:
            payload: as it came.
            product: the topic's.

        Raises:
            MessageError: it is no such request, or is for another product.
        """
        kind = cls.__name__.removesuffix("SetMessage").lower()
        what, remedy = f"a request on {kind}/set of {product} is refused", _EXPECTED[kind]
        if len(payload) > LARGEST_REQUEST_BYTES:
            why = f"it has {len(payload):,} bytes, more than {LARGEST_REQUEST_BYTES:,}"
            raise MessageError(what, why, remedy)
        try:
            request = cls.model_validate(json.loads(payload))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            why = f"{where}: {first['msg']}" if where else first["msg"]
            raise MessageError(what, why, remedy) from error
        except (ValueError, RecursionError) as error:
            raise MessageError(what, "it is no JSON", remedy) from error
        if request.product != product:
            raise MessageError(what, f"it is for product {request.product}", "Publish it on that one's topic")
        return request


class ModelSetMessage(_Request):
    """Which bundle is to judge a product.

    Attributes:
        version: the bundle's, or `PREVIOUS` for the one before the present one.
        source: folder or fsspec URL of the bundle, as the box sees it; None: the box or the registry has it.
    """

    version: _Version | Literal["previous"]
    source: Annotated[str, Field(min_length=1, max_length=2048)] | None = None


class LimitsSetMessage(_Request):
    """By which limit a product is rejected.

    The limit in force is `reject / sensitivity`: twice as sensitive halves the limit. Without either, the
    bundle's own is in force.

    Attributes:
        reject: the limit; None: the bundle's own.
        sensitivity: divides the limit; None: 1.
        model_version: the only bundle it applies to; None: every one.
    """

    reject: Annotated[float, Field(gt=0, le=LARGEST_LIMIT, allow_inf_nan=False, strict=True)] | None = None
    sensitivity: _Sensitivity | None = None
    model_version: _Version | None = None


class GateFigures(Payload):
    """What the gate measured of the active or of the refused bundle; see `inspector.gate.GateReport`.

    Attributes:
        largest_deviation: None where no score was computed.
    """

    version: str
    passed: bool
    frames: int
    largest_deviation: FiniteFloat | None
    precision: str
    latency_ms: FiniteFloat | None
    budget_ms: FiniteFloat | None

    @classmethod
    def of(cls, version: str, report: GateReport) -> GateFigures:
        """The figures of a report."""
        deviation = report.largest_deviation
        return cls(
            version=version,
            passed=report.passed,
            frames=report.frames,
            largest_deviation=deviation if deviation < float("inf") else None,
            precision=report.tolerance.precision,
            latency_ms=report.latency_ms,
            budget_ms=report.budget_ms,
        )


class ModelStateMessage(Payload):
    """What a box judges a product with.

    Attributes:
        active: version in force; None: no frame of the product can be judged.
        previous: version that `PREVIOUS` would bring back; None: there is none.
        status: `active`: all is done; `loading`: a request is being worked on, the active bundle goes on;
            `refused`: the last request was refused, the active bundle goes on; `none`: there is none.
        requested: version of the last request.
        request_id: of the last request.
        why: one clause; empty where there is nothing to say.
        remedy: what to do; empty where there is nothing to do.
        engine: name of the engine that runs the active bundle.
        gate: of the last bundle that stood at the gate.
        changed_at: when this became so, by the box's clock.
    """

    product: str
    box: str
    active: str | None
    previous: str | None
    status: ModelStatus
    requested: str | None = None
    request_id: str | None = None
    requested_by: str | None = None
    why: str = ""
    remedy: str = ""
    engine: str | None = None
    gate: GateFigures | None = None
    changed_at: AwareDatetime


class LimitsStateMessage(Payload):
    """By which limit a box rejects a product.

    Attributes:
        status: `own`: the bundle's own limit is in force; `changed`: another one is; `waiting`: a change is
            kept for another bundle than the active one; `refused`: the last request was refused, and what was
            in force stays.
        limit: in force; None: no active bundle.
        own_limit: the active bundle's own.
        reject: of the request that is kept, like the next two.
        active: version of the active bundle.
    """

    product: str
    box: str
    status: LimitsStatus
    limit: FiniteFloat | None
    own_limit: FiniteFloat | None
    reject: FiniteFloat | None = None
    sensitivity: FiniteFloat | None = None
    model_version: str | None = None
    active: str | None = None
    request_id: str | None = None
    requested_by: str | None = None
    why: str = ""
    remedy: str = ""
    changed_at: AwareDatetime
