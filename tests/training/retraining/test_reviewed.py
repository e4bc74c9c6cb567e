"""Operators' reviews make a candidate: false rejects are learned, confirmed defects are only looked at."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from inspector.errors import TrainingError
from inspector.frames import encode_png
from inspector.keys import write_new_key
from inspector.records import Decision, Records, Review, Stage
from inspector.registry import Registry
from inspector.results import Verdict
from inspector.signatures import Trust
from tests.inspector.records.examples import NOON, inspection
from tests.tiny_bundle import tiny_part
from tests.training.retraining.test_retraining import bluish, exit_code
from tests.training.washers import FAST, write_washers
from training.product import train_product
from training.retraining.learning_files import read_learning_files
from training.retraining.reviewed import gather_reviewed


def store(records: Records, data_dir: Path, frame_id: str, data: bytes, *decisions: Decision) -> None:
    """A frame that was stored with its picture, and reviewed."""
    (data_dir / "evidence").mkdir(parents=True, exist_ok=True)
    (data_dir / f"evidence/{frame_id}.png").write_bytes(data)
    evidence = f"evidence/{frame_id}.png"
    records.add(inspection(frame_id, product="washer", evidence=evidence, evidence_map=None))
    for number, decision in enumerate(decisions):
        records.reviews.add(Review(frame_id, decision, "bert", NOON + timedelta(seconds=number)))


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a box whose operator has reviewed frames."""
    config = tmp_path / "inspector.toml"
    config.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/inspector.db"\n[edge]\ndata_dir = "{tmp_path}/box"\n'
        f'[registry]\nurl = "{tmp_path}/store"\n'
    )
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        for seed in range(8):
            store(records, tmp_path / "box", f"good-{seed}", bluish(5000 + seed), Decision.FALSE_REJECT)
        for seed in range(3):
            data = encode_png(tiny_part(seed, defect=True))
            store(records, tmp_path / "box", f"bad-{seed}", data, Decision.TRUE_DEFECT)
        data = encode_png(tiny_part(9, defect=True))
        store(records, tmp_path / "box", "missed", data, Decision.MISSED)
        store(records, tmp_path / "box", "changed", data, Decision.FALSE_REJECT, Decision.TRUE_DEFECT)
        store(records, tmp_path / "box", "gone", data, Decision.FALSE_REJECT)
        (tmp_path / "box/evidence/gone.png").unlink()
        records.add(inspection("unseen", product="washer", verdict=Verdict.REJECT))
    return config


def test_the_latest_review_decides_what_becomes_of_a_frame(settings: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "bad").mkdir()
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        reviewed = gather_reviewed(records, "washer", tmp_path / "box", tmp_path / "new", tmp_path / "bad")
        assert gather_reviewed(records, "bottle", tmp_path, tmp_path, tmp_path).normals == 0
        with pytest.raises(TrainingError, match="no frame with a picture was reviewed as a false reject"):
            gather_reviewed(records, "bottle", tmp_path, tmp_path, tmp_path, allow_none=False)
    assert reviewed.normals == len(list((tmp_path / "new").iterdir())) == 8
    assert {one.name for one in reviewed.defects} == {"bad-0", "bad-1", "bad-2", "missed", "changed"}
    assert reviewed.notes == ("1 reviewed frames have no picture any more and are left out",)


def test_a_product_is_retrained_from_reviews_into_the_registry_promoted_and_rolled_back(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_new_key(tmp_path / "key")
    monkeypatch.setenv("INSPECTOR_TRAINING__SIGNING_KEY", str(tmp_path / "key"))
    data = write_washers(tmp_path / "washer", normals=24, tests=2)
    trained = train_product("washer", data / "train/good", tmp_path / "first", FAST).bundle
    config = ["--config", str(settings)]
    assert exit_code(["registry", "add", str(trained.path), *config]) == 0
    first = ["registry", "promote", "washer", trained.version, "--reason", "first", *config]
    assert exit_code(first) == 0
    capsys.readouterr()
    assert exit_code(["retrain", "washer", "--from-reviews", "--json", *config]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["new_normals"], len(said["known"]), said["bundle"]) == (8, 5, "the registry")
    assert all(one["is_caught"] for one in said["known"])
    version = said["model_version"]
    promote = ["registry", "promote", "washer", version, "--by", "anna", "--reason", "new lot", *config]
    # Eight new normals promise little: somebody has to answer for that.
    assert exit_code(promote) == 1
    assert "--override" in capsys.readouterr().err
    report = tmp_path / "report.html"
    assert exit_code([*promote, "--override", "the lot is here", "--report", str(report)]) == 0
    assert "would change" in report.read_text()
    with Records.open(f"sqlite:///{tmp_path}/inspector.db") as records:
        stages = {one.version: one.stage for one in records.bundles.of("washer")}
        assert stages == {trained.version: Stage.RETIRED, version: Stage.ACTIVE}
        assert records.audit.latest()[0].details["override"] == "the lot is here"
        registry = Registry(records, str(tmp_path / "store"))
        back = registry.fetch("washer", version, tmp_path / "back")
        assert Trust.by([tmp_path / "key.pub"]).check(back)
        sources = read_learning_files(back).sources
        assert not [one for one in sources if one.name.startswith(("bad", "missed", "changed"))]
    capsys.readouterr()
    assert exit_code(["registry", "rollback", "washer", "--by", "bert", "--reason", "no", *config]) == 0
    assert trained.version in capsys.readouterr().out
    assert exit_code(["registry", "show", "washer", version, *config]) == 0
    assert "the lot is here" in capsys.readouterr().out
    assert exit_code(["registry", "list", "--json", *config]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["washer"], "no new pictures are named"),
        (["washer", "--from-reviews"], "no active bundle of washer: none was promoted"),
    ],
)
def test_words_that_are_missing_are_told_before_anything_is_learned(
    settings: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert exit_code(["retrain", *words, "--config", str(settings)]) == 1
    assert sentence in capsys.readouterr().err
