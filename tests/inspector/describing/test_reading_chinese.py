"""Chinese sentences read back into facts."""
# ruff: noqa: RUF001 - Chinese has full-width punctuation

from __future__ import annotations

import pytest

from inspector.describing.reading import Amount, Bound, Count, Unit, read_sentence


@pytest.mark.parametrize(
    ("sentence", "presence", "count", "kinds", "positions"),
    [
        ("发现一处缺陷：左上方有一条划痕。", "a defect", Count(1, 1), ["scratch"], ["upper left"]),
        (
            "左侧有2条裂纹，右下角有污渍。",
            "a defect",
            Count(3, 3),
            ["crack", "stain"],
            ["left", "lower right"],
        ),
        ("中央疑似有异物。", "a defect", Count(1, 1), ["contamination"], ["centre"]),
        ("发现两处缺陷：上方有崩边；另有一处。", "a defect", Count(2, 2), ["broken edge"], ["top"]),
        ("底部有多处凹痕。", "a defect", Count(3, None), ["dent"], ["bottom"]),
        ("未发现缺陷。", "no defect", None, [], []),
        ("没有划痕、凹坑。", "no defect", None, [], []),
        ("零件合格。", "no defect", None, [], []),
        ("没有裂纹，但右侧有一条划痕。", "a defect", Count(1, 1), ["scratch"], ["right"]),
        ("无法判定，请人工检查。", "unsure", None, [], []),
        ("今天天气很好。", "not said", None, [], []),
    ],
)
def test_chinese(
    sentence: str, presence: str, count: Count | None, kinds: list[str], positions: list[str]
) -> None:
    read = read_sentence(sentence, "zh")
    assert (read.presence, read.count) == (presence, count)
    assert (list(read.kinds), list(read.positions)) == (kinds, positions)


def test_chinese_amounts() -> None:
    read = read_sentence("左侧有一条划痕，占零件面积不到 0.1 %，长约 12 毫米。", "zh")
    assert read.amounts == (Amount(0.1, Unit.PERCENT, Bound.LESS), Amount(12, Unit.MM))
    assert read_sentence("左侧有划痕，占百分之三。", "zh").amounts == (Amount(3, Unit.PERCENT),)


def test_english_inside_of_chinese_is_named() -> None:
    assert read_sentence("左侧有一条划痕 and a crack。", "zh").unread == ("and", "a", "crack")
