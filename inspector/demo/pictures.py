"""Pictures for the demo: what each product is trained on, and what its camera sees."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from inspector.bundle import new_folder
from inspector.demo.children import Children
from inspector.demo.plan import DemoPlan
from inspector.errors import DemoError
from inspector.frames import image_files

GOOD: Final = "good"
TEXTILE_DEFECTIVE: Final = 10
"""Pictures of each of the textile's two kinds of defects."""
GASKET_PER_KIND: Final = 3
_STAMP: Final = "made-by.json"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What made a folder, kept beside it; a folder with another stamp is made anew.

    Attributes:
        file: where the stamp is kept.
        content: everything that decides the folder's content.
    """

    file: Path
    content: dict[str, object]

    def matches(self) -> bool:
        """Whether the folder was made by the same."""
        try:
            return bool(json.loads(self.file.read_text(encoding="utf-8")) == self.content)
        except (OSError, ValueError):
            return False

    def write(self) -> None:
        """Say that the folder is complete."""
        self.file.write_text(json.dumps(self.content, indent=2) + "\n", encoding="utf-8")


def code_version() -> str:
    """Version of inspector, and a hash over the code of the room that renders and trains."""
    spec = find_spec("training")
    if spec is None or spec.origin is None:
        raise DemoError(
            "the demo cannot train", "the room training is not installed", "Install the train extra"
        )
    digest = hashlib.sha256()
    for file in sorted(Path(spec.origin).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return f"{version('inspector')}+{digest.hexdigest()[:12]}"


def prepare_textile(plan: DemoPlan) -> None:
    """Take the textile's pictures where they are not there yet.

    It is the simulated textile of Megahed et al. (arXiv 2501.12596, 2025), MIT, from conformal-clip-data.

    Raises:
        ImportError: the set is not installed.
    """
    import conformal_clip_data as data  # noqa: PLC0415 - an extra that only the demo needs

    folder = plan.products[0].shown.parent
    content = {"from": f"conformal-clip-data {data.__version__}", "normals": plan.normals}
    stamp = Stamp(folder / _STAMP, content | {"good": plan.good_shown, "defective": TEXTILE_DEFECTIVE})
    if stamp.matches():
        return
    good = image_files(data.nominal_dir())
    with new_folder(folder, overwrite=True) as new:
        _copy(good[: plan.normals], new / "train" / GOOD, "")
        _copy(good[plan.normals : plan.normals + plan.good_shown], new / "camera", GOOD)
        for kind, source in (("local", data.local_dir()), ("global", data.global_dir())):
            _copy(image_files(source)[:TEXTILE_DEFECTIVE], new / "camera", kind)
    stamp.write()


def prepare_gasket(plan: DemoPlan, children: Children, code: str) -> None:
    """Render the gasket's pictures by `inspector render`, where this code has not done it yet.

    Raises:
        DemoError: rendering failed.
        DemoStopped: the demo was asked to end.
    """
    product = plan.products[1]
    folder = product.shown.parent
    options = {"normals": plan.normals, "test-good": plan.good_shown, "per-kind": GASKET_PER_KIND, "seed": 0}
    stamp = Stamp(folder / _STAMP, {"code": code, **options})
    if stamp.matches():
        return
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    children.run_inspector(
        "render", "render", "--product", "gasket", "--output", str(folder), "--overwrite", *words
    )
    for kind in sorted((folder / "test").iterdir()):
        _copy(image_files(kind), product.shown, kind.name)
    stamp.write()


def _copy(files: Sequence[Path], folder: Path, kind: str) -> None:
    """Copy pictures; their names begin with the kind, so that a frame's file tells the truth about it."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, folder / (f"{kind}-{file.name}" if kind else file.name))


def is_good(picture: Path) -> bool:
    """Whether a picture of a camera's folder shows a good part."""
    return picture.name.startswith(f"{GOOD}-")
