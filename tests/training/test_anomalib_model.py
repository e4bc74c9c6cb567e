"""anomalib's Engine and Folder datamodule train and test the product model."""

from __future__ import annotations

from pathlib import Path

from anomalib.data import Folder
from anomalib.engine import Engine

from training.anomalib_model import TwoDecoders
from training.parts import PartProduct
from training.parts.dataset import write_dataset
from training.settings import MemorySettings, TextDecoderSettings, TrainingSettings

FAST = TrainingSettings(
    height=128,
    width=128,
    synthetic_frames=40,
    folds=2,
    memory=MemorySettings(size=200, pool=4000, dimensions=64),
    text_decoder=TextDecoderSettings(steps=60, batch=1024, hidden=64),
)


def test_engine_trains_and_tests_on_a_folder(tmp_path: Path) -> None:
    data = tmp_path / "gasket"
    write_dataset(data, PartProduct.GASKET, normals=16, test_good=6, per_kind=2, seed=3, size=192)
    kinds = sorted(folder.name for folder in (data / "test").iterdir() if folder.name != "good")
    datamodule = Folder(
        name="gasket",
        root=data,
        normal_dir="train/good",
        normal_test_dir="test/good",
        abnormal_dir=[f"test/{kind}" for kind in kinds],
        mask_dir=[f"ground_truth/{kind}" for kind in kinds],
        train_batch_size=8,
        eval_batch_size=8,
        num_workers=0,
    )
    engine = Engine(default_root_dir=tmp_path / "results", accelerator="cpu", logger=False)

    model = TwoDecoders("gasket", FAST, visualizer=False)
    engine.fit(model=model, datamodule=datamodule)
    figures = engine.test(model=model, datamodule=datamodule)[0]

    assert figures["image_AUROC"] > 0.8
    assert figures["pixel_AUROC"] > 0.8
