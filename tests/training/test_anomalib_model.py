"""anomalib's Engine and Folder datamodule train and test the product model."""

from __future__ import annotations

from pathlib import Path

from anomalib.data import Folder
from anomalib.engine import Engine

from tests.training.washers import FAST, write_washers
from training.anomalib_model import TwoDecoders


def test_engine_trains_and_tests_on_a_folder(tmp_path: Path) -> None:
    datamodule = Folder(
        name="washer",
        root=write_washers(tmp_path / "washer", normals=16, tests=6),
        normal_dir="train/good",
        normal_test_dir="test/good",
        abnormal_dir="test/blot",
        mask_dir="ground_truth/blot",
        train_batch_size=8,
        eval_batch_size=8,
        num_workers=0,
    )
    engine = Engine(default_root_dir=tmp_path / "results", accelerator="cpu", logger=False)
    model = TwoDecoders("washer", FAST, visualizer=False)

    engine.fit(model=model, datamodule=datamodule)
    figures = engine.test(model=model, datamodule=datamodule)[0]

    assert figures["image_AUROC"] > 0.95
    assert figures["pixel_AUROC"] > 0.95
