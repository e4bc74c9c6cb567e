"""An evaluation from folder to folder: the work behind `inspector evaluate`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from inspector.bundle import new_folder
from inspector.inspecting import load_inspector
from inspector.settings import EngineSettings
from training.evaluation.dataset import load_test_set
from training.evaluation.evaluating import Evaluation, evaluate_bundle, write_scores
from training.evaluation.report import figure, percent, render_report, select_parts

METRICS_NAME = "metrics.json"
SCORES_NAME = "scores.csv"
REPORT_NAME = "report.html"


def run_evaluation(
    bundle: Path, dataset: Path, output: Path, *, overwrite: bool = False, threads: int = 0
) -> Evaluation:
    """Measure a bundle on a test set and write `metrics.json`, `scores.csv` and `report.html`.

    Progress goes to stderr. On an error nothing is left at `output` that was not there before.

    Args:
        bundle: folder that `inspector train` wrote.
        dataset: folder in the layout of MVTec AD, see `load_test_set`.
        output: folder that is made.
        overwrite: replace `output` if it exists.
        threads: threads of one forward pass; 0 takes all cores.

    Raises:
        DatasetError: the dataset is not laid out as needed.
        BundleError: the bundle is missing or damaged.
        OutputExistsError: something stands at `output`.
        FrameError: a picture cannot be read.
        EngineError: the network failed.
    """
    test_set = load_test_set(dataset)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with new_folder(output, overwrite=overwrite) as folder:
        inspector = load_inspector(bundle, EngineSettings(threads=threads))
        limit = inspector.bundle.manifest.limits.reject
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            inspecting = progress.add_task("Inspecting", total=len(test_set.samples))
            evaluation, scored = evaluate_bundle(inspector, test_set, lambda: progress.advance(inspecting))
            selections = select_parts(scored, limit)
            drawing = progress.add_task("Drawing", total=sum(len(one.shown) for one in selections))
            html = render_report(inspector, evaluation, scored, selections, lambda: progress.advance(drawing))
        (folder / METRICS_NAME).write_text(evaluation.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (folder / REPORT_NAME).write_text(html, encoding="utf-8")
        write_scores(folder / SCORES_NAME, scored, limit)
    return evaluation


def print_summary(evaluation: Evaluation, output: Path) -> None:
    """Print the figures as a table on stdout, and where the report is."""
    counts = evaluation.counts
    table = Table(title=f"{evaluation.product} {evaluation.model_version}", title_justify="left")
    for heading in ("", "parts", "rejected", "unsure", "share rejected", "AUROC"):
        table.add_column(heading, justify="left" if not heading else "right")
    for kind, of_kind in evaluation.per_kind.items():
        table.add_row(
            kind,
            str(of_kind.count),
            str(of_kind.rejected),
            str(of_kind.unsure),
            percent(of_kind.recall),
            figure(of_kind.image_auroc),
        )
    table.add_section()
    table.add_row(
        "all defective",
        str(counts.defective),
        str(counts.rejected_defective),
        str(counts.unsure_defective),
        percent(evaluation.recall),
        figure(evaluation.image_auroc),
    )
    table.add_row(
        "good",
        str(counts.good),
        str(counts.rejected_good),
        str(counts.unsure_good),
        percent(evaluation.false_reject_rate),
        "",
    )
    console = Console()
    console.print(table)
    console.print(
        f"pixel AUROC {figure(evaluation.pixel_auroc)}, AUPRO {figure(evaluation.aupro)},"
        f" F1 {figure(evaluation.f1)} (best {figure(evaluation.f1_max)}),"
        f" {evaluation.latency_ms:.1f} ms a picture",
        highlight=False,
        soft_wrap=True,
    )
    for note in evaluation.notes:
        console.print(note, style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Report: {output / REPORT_NAME}", markup=False, highlight=False, soft_wrap=True)
