"""Chinese as it is written on a factory floor about defects."""

from __future__ import annotations

from inspector.describing.reading.lexicon import Cell, Lexicon, Tag, phrases
from inspector.describing.reading.values import Bound, Count, Unit
from inspector.describing.words import Contrast, Kind, Shape, Size

CLASSIFIERS = phrases("处, 个, 条, 块, 道, 片, 点, 根, 粒")
NUMERALS = {
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "十一": 11,
    "十二": 12,
}
VAGUE = phrases("多, 几, 数, 若干, 好几, 许多, 很多")
SIDES = phrases("方, 侧, 边, 部, 角, 边缘, 面")


def _sides(*stems: str) -> tuple[str, ...]:
    return tuple(stem + side for stem in stems for side in SIDES)


CHINESE = Lexicon(
    kinds={
        Kind.SCRATCH: phrases("划痕, 刮痕, 擦伤, 划伤, 刮伤, 擦痕"),
        Kind.CRACK: phrases("裂纹, 裂缝, 裂痕, 开裂, 龟裂"),
        Kind.DENT: phrases("凹痕, 凹坑, 凹陷, 压痕, 碰伤"),
        Kind.HOLE: phrases("孔洞, 破洞, 穿孔, 气孔, 针孔, 小孔"),
        Kind.STAIN: phrases("污渍, 污点, 脏污, 污迹, 污痕, 污斑"),
        Kind.CONTAMINATION: phrases("异物, 污染, 污染物, 杂质, 灰尘, 毛发, 残留物"),
        Kind.MISSING_PART: phrases("缺件, 缺失, 漏装, 缺料, 缺少零件"),
        Kind.BROKEN_EDGE: phrases("崩边, 崩缺, 崩角, 破边, 缺口, 破损, 边缘破损, 边缘缺损"),
        Kind.MISPRINT: phrases("印刷不良, 印刷错误, 印刷缺陷, 错印, 漏印"),
        Kind.DEFORMATION: phrases("变形, 弯曲, 翘曲, 扭曲"),
        Kind.COLOUR_CHANGE: phrases("变色, 褪色, 色差, 颜色异常, 颜色变化"),
        Kind.TEXTURE_CHANGE: phrases("纹理异常, 纹理变化, 纹理不均, 表面粗糙"),
    },
    nouns={
        Tag.DEFECT: phrases("缺陷, 瑕疵, 异常, 斑点, 痕迹, 不良, 不正常, 不合格, 问题"),
        Tag.AREA: ("区域",),
    },
    positions={
        Cell(0, 0): ("左上", *_sides("左上")),
        Cell(0, 2): ("右上", *_sides("右上")),
        Cell(2, 0): ("左下", *_sides("左下")),
        Cell(2, 2): ("右下", *_sides("右下")),
        Cell(0, 1): ("顶端", "中上部", *_sides("上", "顶")),
        Cell(2, 1): ("底端", "中下部", *_sides("下", "底")),
        Cell(1, 0): ("左端", *_sides("左")),
        Cell(1, 2): ("右端", *_sides("右")),
        Cell(1, 1): phrases("中央, 中心, 中间, 中部, 正中"),
    },
    sizes={
        Size.TINY: phrases("微小, 极小, 细小, 很小"),
        Size.SMALL: phrases("较小, 小的, 小型"),
        Size.MEDIUM: phrases("中等大小, 中等"),
        Size.LARGE: phrases("较大, 大的, 很大, 大面积, 大型, 巨大"),
    },
    shapes={
        Shape.ROUND: phrases("圆形, 圆的, 椭圆形"),
        Shape.ELONGATED: phrases("细长, 狭长, 长条形, 线状, 条状"),
        Shape.RING_LIKE: phrases("环形, 环状, 圆环形"),
        Shape.DIFFUSE: phrases("边界模糊, 弥散, 模糊"),
        Shape.IRREGULAR: phrases("不规则, 不规则形状"),
    },
    contrasts={
        Contrast.DARKER: phrases("深色, 暗色, 黑色, 发黑, 较暗, 偏暗, 颜色较深"),
        Contrast.BRIGHTER: phrases("浅色, 亮色, 白色, 发白, 较亮, 偏亮, 颜色较浅"),
        Contrast.OTHER_COLOUR: phrases("异色, 颜色不同"),
        Contrast.SIMILAR: phrases("不明显, 颜色相近"),
    },
    counts={
        **{
            Count(number, number): tuple(
                numeral + classifier
                for numeral, value in NUMERALS.items()
                if value == number
                for classifier in CLASSIFIERS
            )
            for number in sorted(set(NUMERALS.values()))
        },
        Count(3, None): ("一些", "多个", *(vague + word for vague in VAGUE for word in CLASSIFIERS)),
    },
    signals={
        Tag.DEFINITE: phrases("该, 此, 这, 其中, 它"),
        Tag.MORE: phrases("另有, 还有, 其余, 其他, 其它, 另外"),
        Tag.SAME: phrases("可能是, 可能为, 疑似, 应为, 即, 类似, 好像, 属于, 为, 是"),
        Tag.NOT: phrases("未发现, 没有, 未见, 无, 不是, 并非, 不存在, 未检出, 没"),
        Tag.BUT: phrases("但, 除了, 除, 只有, 而是"),
        Tag.GOOD: phrases("合格, 正常, 完好, 良好, 无缺陷, 无异常, 一切正常, 没有问题"),
        Tag.CLAIM: phrases("红色, 棕色, 褐色, 橙色, 黄色, 绿色, 蓝色, 紫色, 粉色, 灰色, 到处, 各处, 每个角"),
        Tag.UNSURE: phrases(
            "无法判定, 无法判断, 不能判定, 不能判断, 难以判断, 不确定, 请人工检查, 需人工检查, 需要人工检查"
        ),
        Tag.UNKNOWN_KIND: phrases("类型不明, 种类不明, 类型未知, 种类未知, 不明类型, 未知类型, 性质不明"),
        Tag.FILLER: ("的",),
        Tag.AND: phrases("和, 与, 及, 以及, 并且, 同时"),
        Tag.COMMA: (",", "、", "(", ")"),
        Tag.STOP: ("。", ".", ";", ":", "!", "?"),
    },
    bounds={
        Bound.LESS: phrases("不到, 小于, 低于, 不足, 少于, <"),
        Bound.MORE: phrases("超过, 大于, 高于, 多于, >"),
        Bound.ABOUT: phrases("约, 大约, 约为, 大概, 将近"),
    },
    units={
        Unit.PERCENT: ("%",),
        Unit.MM2: phrases("mm2, 平方毫米"),
        Unit.MM: phrases("mm, 毫米"),
    },
    shares={
        25: ("四分之一",),
        33: ("三分之一",),
        50: phrases("一半, 半个零件"),
        66: ("三分之二",),
        75: phrases("四分之三, 大部分"),
        100: phrases("整个零件, 整个表面"),
    },
    percent_before=("百分之",),
    numbers=NUMERALS,
    amount_endings=(),
    classifiers=CLASSIFIERS,
    spelling={},
    spaced=False,
    foreign=r"[a-z]",
    part_phrase="{part}面积",
)
"""The lexicon of Chinese."""
