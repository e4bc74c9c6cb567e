"""Chinese template sentences, in the words of a factory floor."""
# ruff: noqa: RUF001 - Chinese has full-width punctuation

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.words import Contrast, Kind, Position, Severity, Shape, Size
from inspector.describing.writing.rules import (
    LARGEST_COUNT,
    SMALLEST_AMOUNT,
    SPELLED_OUT,
    contrast_says_more,
    rounded,
)
from inspector.results import Verdict

WORDS: Mapping[str, str] = {
    Position.UPPER_LEFT: "左上方",
    Position.TOP: "上方",
    Position.UPPER_RIGHT: "右上方",
    Position.LEFT: "左侧",
    Position.CENTRE: "中央",
    Position.RIGHT: "右侧",
    Position.LOWER_LEFT: "左下方",
    Position.BOTTOM: "下方",
    Position.LOWER_RIGHT: "右下方",
    Size.TINY: "微小的",
    Size.SMALL: "较小的",
    Size.MEDIUM: "中等大小的",
    Size.LARGE: "较大的",
    Shape.ROUND: "圆形",
    Shape.ELONGATED: "细长的",
    Shape.RING_LIKE: "环形",
    Shape.DIFFUSE: "边界模糊的",
    Shape.IRREGULAR: "不规则的",
    Contrast.DARKER: "深色",
    Contrast.BRIGHTER: "浅色",
    Contrast.OTHER_COLOUR: "异色",
    Contrast.SIMILAR: "颜色相近",
    Severity.SLIGHT: "轻微",
    Severity.CLEAR: "明显",
    Severity.SEVERE: "严重",
    Kind.SCRATCH: "划痕",
    Kind.CRACK: "裂纹",
    Kind.DENT: "凹痕",
    Kind.HOLE: "孔洞",
    Kind.STAIN: "污渍",
    Kind.CONTAMINATION: "异物",
    Kind.MISSING_PART: "缺件",
    Kind.BROKEN_EDGE: "崩边",
    Kind.MISPRINT: "印刷不良",
    Kind.DEFORMATION: "变形",
    Kind.COLOUR_CHANGE: "变色",
    Kind.TEXTURE_CHANGE: "纹理异常",
    Kind.UNKNOWN: "类型不明",
}
"""The vocabulary in Chinese, as it stands inside a sentence."""

NOUN_OF_UNKNOWN: Mapping[Shape, str] = {
    Shape.ROUND: "斑点",
    Shape.ELONGATED: "痕迹",
    Shape.RING_LIKE: "痕迹",
    Shape.DIFFUSE: "区域",
    Shape.IRREGULAR: "痕迹",
}
"""What a defect is called whose kind is unknown."""

CLASSIFIERS: Mapping[str, str] = {
    Kind.SCRATCH: "条",
    Kind.CRACK: "条",
    Kind.DENT: "个",
    Kind.HOLE: "个",
    Kind.STAIN: "块",
    Kind.UNKNOWN: "个",
}
CLASSIFIER = "处"
"""For all other kinds: "a place"."""

WITHOUT_REGIONS: Mapping[Verdict, str] = {
    Verdict.PASS: "未发现缺陷。",
    Verdict.UNSURE: "图像无法判定，请人工检查。",
    Verdict.REJECT: "发现缺陷，位置不明。",
}
COUNTS = ("一", "两", "三", "四", "五", "六", "七", "八", "九")


def describe(facts: Facts, part: str | None) -> str:
    """One sentence; see `inspector.describing.templates.describe_by_template`."""
    if not facts.regions:
        return WITHOUT_REGIONS[facts.verdict]
    if facts.count == 1:
        (region,) = facts.regions
        return f"发现一处缺陷：{_region(region, with_size=False)}，{_amount(region, part)}。"
    spelled = [_region(region, with_size=True) for region in facts.regions[:SPELLED_OUT]]
    others = facts.count - len(spelled)
    if facts.count > LARGEST_COUNT:
        heading, ending = "发现多处缺陷", "；另有多处"
    else:
        heading = f"发现{COUNTS[facts.count - 1]}处缺陷"
        ending = f"；另有{COUNTS[others - 1]}处" if others else ""
    return f"{heading}：{'；'.join(spelled)}{ending}。"


def describe_places(places: Sequence[Position]) -> str:
    """One sentence; see `inspector.describing.templates.describe_places`."""
    if not places:
        return WITHOUT_REGIONS[Verdict.REJECT]
    if len(places) == 1:
        return f"发现一处缺陷：位于{WORDS[places[0]]}。"
    heading = "发现多处缺陷" if len(places) > LARGEST_COUNT else f"发现{COUNTS[len(places) - 1]}处缺陷"
    return f"{heading}：最严重的一处位于{WORDS[places[0]]}。"


def _region(region: RegionFacts, *, with_size: bool) -> str:
    looks = [WORDS[region.size]] if with_size else []
    if region.kind != Kind.MISSING_PART:
        looks.append(WORDS[region.shape])
        if contrast_says_more(region):
            looks.append(WORDS[region.contrast])
    if region.kind == Kind.UNKNOWN:
        noun = f"{NOUN_OF_UNKNOWN[region.shape]}（{WORDS[Kind.UNKNOWN]}）"
    else:
        noun = WORDS.get(region.kind, region.kind)
    classifier = CLASSIFIERS.get(region.kind, CLASSIFIER)
    return f"{WORDS[region.position]}有一{classifier}{''.join(looks)}{noun}"


def _amount(region: RegionFacts, part: str | None) -> str:
    if region.length_mm is not None:
        return f"{'长' if region.shape == Shape.ELONGATED else '最大尺寸'}{_about(region.length_mm, 'mm')}"
    percent = 100 * region.area_fraction
    share = f"{part or '零件'}面积"
    if percent < SMALLEST_AMOUNT:
        return f"占{share}不到 {SMALLEST_AMOUNT} %"
    return f"约占{share}的 {rounded(percent)} %"


def _about(amount: float, unit: str) -> str:
    if amount < SMALLEST_AMOUNT:
        return f"不到 {SMALLEST_AMOUNT} {unit}"
    return f"约 {rounded(amount)} {unit}"
