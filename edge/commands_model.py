"""The commands that change a box's models and limits: `inspector edge set-model` and `set-limits`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

if TYPE_CHECKING:
    from edge.asking import Asking
    from inspector.model_messages import LimitsStateMessage, ModelStateMessage, ProductTopics
    from inspector.settings import Settings

Product = Annotated[str, typer.Argument(help="Product whose model or limit changes.", show_default=False)]
Box = Annotated[
    str | None, typer.Option(help="Name of the box; by default edge.box of the settings.", show_default=False)
]
Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]
RequestedBy = Annotated[
    str | None, typer.Option("--by", help="Who asks, for the box's log.", show_default=False)
]
Reason = Annotated[str | None, typer.Option(help="Why, for the box's log.", show_default=False)]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait for the box's answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the box's state as JSON.")]
BROKER_TIMEOUT_S = 10.0


def register_model_commands(edge: typer.Typer) -> None:
    """Add the commands to the group `edge`."""
    edge.command("set-model")(set_model)
    edge.command("set-limits")(set_limits)


def set_model(
    product: Product,
    *,
    version: Annotated[
        str | None, typer.Option(help="Version of the bundle, 16 hex digits.", show_default=False)
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Folder or URL of the bundle as the box reaches it; with a folder of this machine,"
            " --version may be left out.",
            show_default=False,
        ),
    ] = None,
    previous: Annotated[
        bool, typer.Option("--previous", help="Back to the bundle before the present one.")
    ] = False,
    box: Box = None,
    requested_by: RequestedBy = None,
    reason: Reason = None,
    timeout: Timeout = 120.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let a box judge a product by another bundle, and wait until it does or says why not.

    The box fetches the bundle, checks every file, replays its golden frames, and swaps between two frames.
    The request is retained at the broker: a box that is away acts upon it when it is back.
    """
    from inspector.model_messages import PREVIOUS, ModelSetMessage, ModelStateMessage
    from inspector.settings import load_settings

    settings = load_settings(config)
    if previous == (version is not None or source is not None):
        raise typer.BadParameter("give either --previous, or --version and --source")
    if source is not None and "://" not in source:
        source = str(Path(source).resolve())
    if not previous and version is None:
        version = _version_of(str(source))
    topics = _topics(settings, box, product)
    request_id = uuid4().hex
    request = {
        "product": product,
        "version": PREVIOUS if previous else version,
        "source": source,
        "request_id": request_id,
        "requested_by": requested_by,
        "reason": reason,
    }
    payload = ModelSetMessage.read(_json(request), product).model_dump_json().encode()
    shown: list[str] = []

    def read(data: bytes) -> ModelStateMessage | None:
        state = ModelStateMessage.model_validate_json(data)
        if state.request_id != request_id:
            return None
        if state.status == "loading":
            if state.why and state.why not in shown:
                shown.append(state.why)
                typer.echo(f"{state.why}. {state.remedy}", err=True)
            return None
        return state

    with _asking(settings, topics.model_state) as asking:
        _publish(asking, topics.model_set, payload)
        state = asking.await_answer(read, timeout)
    _report(state, topics, as_json=as_json)


def set_limits(
    product: Product,
    *,
    reject: Annotated[
        float | None, typer.Option(help="Scores above it are rejected.", show_default=False)
    ] = None,
    sensitivity: Annotated[
        float | None,
        typer.Option(help="Divides the limit: 2 is twice as sensitive, 0.1 to 10.", show_default=False),
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="Back to the bundle's own limit.")] = False,
    model_version: Annotated[
        str | None,
        typer.Option(help="The only bundle it applies to; by default every one.", show_default=False),
    ] = None,
    box: Box = None,
    requested_by: RequestedBy = None,
    reason: Reason = None,
    timeout: Timeout = 30.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Change a product's reject limit on a box, without another model; it survives restarts.

    A limit is in units of one bundle's scores: give --model-version with --reject, so that it does not meet
    the next bundle. A sensitivity goes with any.
    """
    from inspector.model_messages import LimitsSetMessage, LimitsStateMessage
    from inspector.settings import load_settings

    settings = load_settings(config)
    if own == (reject is not None or sensitivity is not None):
        raise typer.BadParameter("give --reject, --sensitivity or both, or else --own")
    topics = _topics(settings, box, product)
    request_id = uuid4().hex
    request = {
        "product": product,
        "reject": reject,
        "sensitivity": sensitivity,
        "model_version": model_version,
        "request_id": request_id,
        "requested_by": requested_by,
        "reason": reason,
    }
    payload = LimitsSetMessage.read(_json(request), product).model_dump_json().encode()

    def read(data: bytes) -> LimitsStateMessage | None:
        state = LimitsStateMessage.model_validate_json(data)
        return state if state.request_id == request_id else None

    with _asking(settings, topics.limits_state) as asking:
        _publish(asking, topics.limits_set, payload)
        state = asking.await_answer(read, timeout)
    _report(state, topics, as_json=as_json)


def _version_of(source: str) -> str:
    """Version of the bundle in a folder of this machine; an address elsewhere does not tell."""
    from inspector.bundle import load_bundle

    if "://" in source:
        raise typer.BadParameter("give --version with a --source that is no folder of this machine")
    return load_bundle(Path(source)).version


def _topics(settings: Settings, box: str | None, product: str) -> ProductTopics:
    from inspector.model_messages import ProductTopics

    return ProductTopics(settings.site, box or settings.edge.box, product)


def _asking(settings: Settings, topic: str) -> Asking:
    from edge.asking import Asking

    return Asking(settings.mqtt, f"inspector-asking-{uuid4().hex[:12]}", topic, BROKER_TIMEOUT_S)


def _publish(asking: Asking, topic: str, payload: bytes) -> None:
    from edge.clients import Publication

    asking.publish(Publication(topic, payload, retain=True))


def _json(request: Mapping[str, object]) -> bytes:
    import json

    return json.dumps(request).encode()


def _report(
    state: ModelStateMessage | LimitsStateMessage | None, topics: ProductTopics, *, as_json: bool
) -> None:
    """Print the box's answer; a refusal and no answer end with exit code 1."""
    if state is None:
        typer.echo(
            f"box {topics.box} has not finished in time. The request stays at the broker: the box acts"
            f" upon it when it can, and tells so on {topics.model_state.rsplit('/', 2)[0]}/#",
            err=True,
        )
        raise typer.Exit(1)
    if as_json:
        typer.echo(state.model_dump_json(indent=2))
    else:
        for name, value in state.model_dump(mode="json").items():
            if value is not None and value != "":
                typer.echo(f"{name.replace('_', ' '):>14}  {_words(value)}")
    if state.status == "refused":
        raise typer.Exit(1)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name.replace('_', ' ')} {said}" for name, said in value.items() if said is not None
        )
    return str(value)
