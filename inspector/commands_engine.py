"""What runs the networks on this machine: `inspector engine list | build | verify`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    engine = typer.Typer(help="What runs the networks on this machine.", no_args_is_help=True)
    engine.command(name="list")(list_engines)
    engine.command()(build)
    engine.command()(verify)
    app.add_typer(engine, name="engine")


def list_engines(config: Config = None, *, as_json: AsJson = False) -> None:
    """Show the runtimes of this machine, and the TensorRT engines that are kept."""
    import onnxruntime as ort

    from inspector.engines.engine_cache import cached_engines
    from inspector.errors import EngineError
    from inspector.settings import load_settings

    settings = load_settings(config).engine
    facts: dict[str, Any] = {
        "onnxruntime": {"version": ort.__version__, "providers": ort.get_available_providers()},
        "settings": settings.model_dump(mode="json"),
    }
    try:
        from inspector.engines.tensorrt import load_runtime

        runtime = load_runtime()
        facts["tensorrt"] = {"version": runtime.version, "gpu": runtime.gpu}
    except EngineError as error:
        facts["tensorrt"] = {"missing": error.why, "remedy": error.remedy}
    facts["engines"] = [
        {"name": engine.name, "size_bytes": engine.size_bytes, "whole": engine.is_whole()}
        for engine in cached_engines(settings.cache_dir)
    ]
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    table = Table(title="Engines of this machine", show_header=False)
    table.add_row("ONNX Runtime", f"{ort.__version__}: {', '.join(facts['onnxruntime']['providers'])}")
    table.add_row("TensorRT", ", ".join(f"{name} {value}" for name, value in facts["tensorrt"].items()))
    table.add_row("in use", f"{settings.runtime}, {', '.join(settings.providers)}, {settings.precision}")
    for engine in facts["engines"]:
        state = "" if engine["whole"] else ", damaged: built anew"
        table.add_row(
            f"kept in {settings.cache_dir}", f"{engine['name']}, {engine['size_bytes']:,} bytes{state}"
        )
    Console().print(table)


def build(
    bundle: Annotated[Path, typer.Argument(help="Bundle to build for.", show_default=False)],
    *,
    config: Config = None,
    calibration_folder: Annotated[
        Path | None,
        typer.Option(
            help="Pictures of normals for int8; without it, the bundle's golden ones.", show_default=False
        ),
    ] = None,
) -> None:
    """Build the TensorRT engine of a bundle now, so that its activation need not wait for it."""
    from inspector.bundle import load_bundle
    from inspector.engines.opening import tensorrt_plan
    from inspector.engines.tensorrt import TensorRtEngine
    from inspector.frames import image_files
    from inspector.settings import load_settings

    settings = load_settings(config).engine
    plan = tensorrt_plan(load_bundle(bundle), settings)
    if calibration_folder is not None:
        plan = replace(plan, normals=tuple(str(file.absolute()) for file in image_files(calibration_folder)))
    engine = TensorRtEngine(plan, settings.cache_dir)
    typer.echo(f"{engine.name} is ready for {bundle}")


def verify(
    bundle: Annotated[Path, typer.Argument(help="Bundle to verify.", show_default=False)],
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Replay a bundle's golden frames on the settings' engine, as a box does before it uses a bundle."""
    from inspector.gate import Tolerance, check_bundle
    from inspector.inspecting import load_inspector
    from inspector.settings import load_settings

    settings = load_settings(config)
    inspector = load_inspector(bundle, settings.engine)
    report = check_bundle(
        inspector,
        tolerance=Tolerance.for_engine(inspector.engine.name),
        budget_ms=settings.edge.models.budget_ms,
        largest_batch=settings.engine.largest_batch,
    )
    if as_json:
        facts = {
            "bundle": str(bundle),
            "version": inspector.bundle.version,
            "engine": report.engine,
            "passed": report.passed,
            "frames": report.frames,
            "largest_deviation": report.largest_deviation,
            "latency_ms": report.latency_ms,
            "reasons": list(report.reasons),
        }
        typer.echo(json.dumps(facts, indent=2))
    else:
        said = "passes" if report.passed else f"is refused: {report.why}"
        latency = "" if report.latency_ms is None else f", {report.latency_ms:.1f} ms a frame"
        typer.echo(
            f"{bundle} {said} on {report.engine}"
            f" ({report.frames} golden frames, largest deviation {report.largest_deviation:.2g}{latency})"
        )
    if not report.passed:
        raise typer.Exit(1)
