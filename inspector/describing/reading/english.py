"""English as small language models and people write it about defects."""

from __future__ import annotations

from inspector.describing.reading.lexicon import Cell, Lexicon, Tag, phrases
from inspector.describing.reading.values import Bound, Count, Unit
from inspector.describing.words import Contrast, Kind, Shape, Size

ENGLISH = Lexicon(
    kinds={
        Kind.SCRATCH: phrases("scratch, scuff, scrape, scratched, scuffed, scraped, scratching"),
        Kind.CRACK: phrases("crack, fracture, fissure, cracked, fractured, cracking"),
        Kind.DENT: phrases("dent, dented, ding, indentation, indent"),
        Kind.HOLE: phrases(
            "hole, pinhole, pin hole, blowhole, blow hole, perforation, puncture, perforated, punctured"
        ),
        Kind.STAIN: phrases("stain, stained, staining, smear, smudge, blotch, smeared, smudged"),
        Kind.CONTAMINATION: phrases(
            "contamination, contaminant, contaminated, foreign material, foreign matter, foreign object, "
            "foreign particle, foreign body, foreign bodies, foreign substance, dirt, dirty, dust, debris, "
            "residue, particle, fibre, fiber, hair"
        ),
        Kind.MISSING_PART: phrases(
            "missing part, missing piece, missing component, missing section, missing material, missing "
            "area, missing region, part is missing, part missing, piece is missing, piece missing, "
            "component is missing, component missing, section is missing, material is missing, missing"
        ),
        Kind.BROKEN_EDGE: phrases(
            "broken edge, broken rim, broken border, broken corner, chipped edge, chipped rim, chipped "
            "corner, edge break, edge chip, edge is broken, rim is broken, edge is chipped, rim is chipped, "
            "chip, chipped, chipping, breakage, broken, break"
        ),
        Kind.MISPRINT: phrases(
            "misprint, misprinted, printing error, printing defect, printing fault, printing flaw, print "
            "error, print defect, print fault, faulty print, wrong print"
        ),
        Kind.DEFORMATION: phrases(
            "deformation, deformed, deformity, distortion, distorted, warped, warping, warp, bent, bend, "
            "buckle, buckled"
        ),
        Kind.COLOUR_CHANGE: phrases(
            "colour change, change of colour, change in colour, colour shift, colour deviation, colour "
            "difference, colour variation, discolouration, discoloured, changed colour"
        ),
        Kind.TEXTURE_CHANGE: phrases(
            "texture change, change of texture, change in texture, texture difference, texture deviation, "
            "texture variation, texture anomaly, uneven texture, changed texture, uneven surface, rough "
            "surface, rough patch, rough area, rough spot, roughness, fraying, frayed"
        ),
    },
    nouns={
        Tag.DEFECT: phrases(
            "defect, flaw, anomaly, fault, damage, damaged, defective, faulty, flawed, abnormal, blemish, "
            "imperfection, irregularity, abnormality, spot, mark, speck, dot, blob, line, streak, trace, "
            "issue, problem, deviation"
        ),
        Tag.AREA: phrases("area, region, patch, zone, section, place, ring"),
    },
    positions={
        Cell(0, None): phrases("upper, top, uppermost, topmost"),
        Cell(2, None): phrases("lower, bottom, lowermost"),
        Cell(None, 0): phrases("left, leftmost, left hand"),
        Cell(None, 2): phrases("right, rightmost, right hand"),
        Cell(None, None): phrases("centre, central, middle, centrally, mid"),
    },
    sizes={
        Size.TINY: phrases("tiny, minute, minuscule, very small, pinpoint, microscopic"),
        Size.SMALL: phrases("small, little, small sized"),
        Size.MEDIUM: phrases(
            "medium, medium sized, medium size, moderate, moderately sized, mid sized, moderate sized"
        ),
        Size.LARGE: phrases(
            "large, big, huge, extensive, very large, large sized, sizeable, sizable, massive"
        ),
    },
    shapes={
        Shape.ROUND: phrases("round, circular, rounded, oval, round shaped, disc shaped"),
        Shape.ELONGATED: phrases("elongated, thin, long, narrow, linear, line shaped, line like, slender"),
        Shape.RING_LIKE: phrases("ring like, ring shaped, annular, ringlike"),
        Shape.DIFFUSE: phrases("diffuse, blurred, blurry, spread out"),
        Shape.IRREGULAR: phrases("irregular, irregularly shaped, irregular shaped, jagged, uneven"),
    },
    contrasts={
        Contrast.DARKER: phrases("dark, darker, black, blackish, dark coloured, darkened, blackened"),
        Contrast.BRIGHTER: phrases(
            "bright, brighter, lighter, light coloured, white, whitish, pale, paler, brightened, whitened"
        ),
        Contrast.OTHER_COLOUR: phrases(
            "off colour, off coloured, other colour, other coloured, different colour, differently "
            "coloured, coloured, tinted"
        ),
        Contrast.SIMILAR: phrases("faint, similar colour, similarly coloured, low contrast, barely visible"),
    },
    counts={
        Count(0, 0): ("zero",),
        Count(1, 1): phrases("one, a single, single, one single, exactly one, only one, just one"),
        Count(2, 2): phrases("two, a couple of, a pair of, both"),
        Count(3, 3): ("three",),
        Count(4, 4): ("four",),
        Count(5, 5): ("five",),
        Count(6, 6): ("six",),
        Count(7, 7): ("seven",),
        Count(8, 8): ("eight",),
        Count(9, 9): ("nine",),
        Count(10, 10): ("ten",),
        Count(11, 11): ("eleven",),
        Count(12, 12): phrases("twelve, a dozen"),
        Count(2, None): ("multiple",),
        Count(3, None): phrases(
            "several, many, numerous, a few, few, various, a number of, lots of, a lot of, a group of, a "
            "cluster of"
        ),
    },
    signals={
        Tag.ARTICLE: phrases("a, an, another"),
        Tag.DEFINITE: phrases("the, this, these, that, those, its, their"),
        Tag.MORE: phrases("more, other, others, further, additional, remaining"),
        Tag.SAME: phrases(
            "possibly, probably, likely, perhaps, maybe, presumably, looks like, look like, looking like, "
            "appears to be, appear to be, seems to be, seem to be, such as, resembling, resembles, namely, "
            "like, as, it is, it's, this is, that is, which is, it was, which was, i.e., could be, may be, "
            "might be, can be, caused by, due to, indicating, suggesting, consistent with, identified as, "
            "classified as, in the form of, is likely, is probably, is possibly"
        ),
        Tag.BESIDE: phrases("near, next to, close to, beside, around, by, adjacent to"),
        Tag.NOT: phrases(
            "no, not, without, never, none, neither, nor, free of, free from, absence of, lacks, lacking, "
            "isn't, aren't, wasn't, weren't, doesn't, don't, didn't, hasn't, haven't, cannot, can't, non, "
            "nothing, hardly any, rather than, instead of, absent, "
            "it is false that, it is wrong that, it is not true that, or not"
        ),
        Tag.BUT: phrases(
            "but, except, except for, apart from, other than, however, besides, only, yet, although, though"
        ),
        Tag.GOOD: phrases(
            "defect free, fault free, flawless, faultless, spotless, intact, undamaged, is normal, looks "
            "normal, appears normal, normal part, is fine, looks fine, is ok, looks ok, good, acceptable, "
            "nothing unusual, nothing abnormal, nothing wrong, nothing suspicious, nothing found, nothing "
            "was found, all clear, unblemished"
        ),
        Tag.CLAIM: phrases(
            "red, reddish, brown, brownish, orange, yellow, yellowish, green, greenish, blue, bluish, "
            "purple, pink, grey, greyish, silver, golden, everywhere, all over, every corner, all corners, "
            "throughout"
        ),
        Tag.UNSURE: phrases(
            "cannot be judged, can not be judged, could not be judged, can't be judged, not judged, cannot "
            "be inspected, unsure, uncertain, undecided, unclear, not clear, not sure, not certain, a "
            "person must look, must be checked by hand, needs a manual check, must be checked by a person"
        ),
        Tag.UNKNOWN_KIND: phrases(
            "of unknown kind, of unknown type, of unknown origin, of an unknown kind, of an unknown type, "
            "of uncertain kind, of unclear kind, unknown kind, unknown type, unknown, unidentified, "
            "undetermined, kind is not known, type is not known, kind not known"
        ),
        Tag.FILLER: phrases(
            "side, corner, edge, border, rim, half, quadrant, end, margin, at, in, on, of, hand side, there "
            "is, there are, there was, there were, most, far, very"
        ),
        Tag.AND: phrases(
            "and, &, plus, as well as, together with, along with, also, while, whereas, accompanied by"
        ),
        Tag.COMMA: (",", "(", ")"),
        Tag.STOP: (".", ";", ":", "!", "?"),
    },
    bounds={
        Bound.LESS: phrases("less than, under, below, fewer than, smaller than, up to, at most, <"),
        Bound.MORE: phrases("more than, over, above, greater than, larger than, at least, >"),
        Bound.ABOUT: phrases("about, around, approximately, roughly, nearly, almost, some, ~, circa"),
    },
    units={
        Unit.PERCENT: phrases("%, percent, per cent, pct"),
        Unit.MM2: phrases(
            "mm2, mm^2, sq mm, square mm, square millimetre, square millimetres, square millimeter, square "
            "millimeters"
        ),
        Unit.MM: phrases("mm, millimetre, millimetres, millimeter, millimeters"),
    },
    shares={
        25: phrases("a quarter of, one quarter of, quarter of"),
        33: phrases("a third of, one third of"),
        50: phrases("about half, almost half, nearly half, covers half, covering half, half the part"),
        66: phrases("two thirds of"),
        75: phrases("three quarters of, most of the part, most of the surface"),
        100: phrases(
            "the whole part, the entire part, the whole surface, the entire surface, all of the part"
        ),
    },
    percent_before=(),
    numbers={
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "eleven": 11,
        "twelve": 12,
        "fifteen": 15,
        "twenty": 20,
        "thirty": 30,
        "forty": 40,
        "fifty": 50,
        "hundred": 100,
    },
    amount_endings=phrases("long, wide, across, in length, in width, in diameter, in size"),
    classifiers=(),
    spelling={"color": "colour", "center": "centre", "\u2019": "'", "gray": "grey"},
    spaced=True,
    foreign=r"[\u0370-\U0010ffff]",
    part_phrase="of the {part}",
)
"""The lexicon of English."""
