"""Draw `templates/documents/ornament.svg`, the background of a certificate: `python tools/ornament.py`.

A frame of *qoshqar müyiz* (ram's horns, the oldest of Kazakh ornaments) between two rules, a larger
one over the heading, and a faint guilloche rosette behind the text. Lengths are millimetres on an A4 sheet, landscape.
"""

from __future__ import annotations

import math
from pathlib import Path

WIDTH, HEIGHT = 297.0, 210.0
OUTER, INNER = 8.0, 15.0  # the rules of the frame, from the edge
PAPER, TEAL, GOLD = "#fdfbf5", "#0b4f50", "#b08d3c"
TARGET = Path(__file__).parent.parent / "templates" / "documents" / "ornament.svg"

# One pair of horns about x = 0, standing on y = 0 and growing to y = -11; a tile is 42 wide.
HORNS = (
    "M0 0V-5.5C0-10-5.500-11.800-8.600-9.600-11.400-7.600-10.400-3.600-7.400-3.400c2.300.1 3-2.500 1.300-3.400"
    "M0-5.500C0-10 5.500-11.800 8.600-9.600 11.400-7.600 10.400-3.600 7.400-3.400c-2.300.1-3-2.500-1.300-3.400"
)
DIAMOND = "M0-10l3 3-3 3-3-3z"


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def rosette(radius: float, amplitude: float, petals: int, phase: float) -> str:
    """A closed curve of `petals` waves about the middle of the sheet, as cubic Bézier arcs through its points."""
    count = petals * 6
    angles = [2 * math.pi * i / count for i in range(count)]
    points = [
        (
            WIDTH / 2 + (radius + amplitude * math.cos(petals * a + phase)) * math.cos(a),
            HEIGHT / 2 + (radius + amplitude * math.cos(petals * a + phase)) * math.sin(a),
        )
        for a in angles
    ]
    path = "M" + " ".join(map(number, points[0]))
    for i in range(count):
        before, here, there, after = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        controls = (
            here[0] + (there[0] - before[0]) / 6,
            here[1] + (there[1] - before[1]) / 6,
            there[0] - (after[0] - here[0]) / 6,
            there[1] - (after[1] - here[1]) / 6,
        )
        path += "C" + " ".join(map(number, (*controls, *there)))
    return path + "Z"


def rule(inset: float, colour: str, width: float) -> str:
    sides = f'x="{inset}" y="{inset}" width="{WIDTH - 2 * inset}" height="{HEIGHT - 2 * inset}"'
    return f'<rect {sides} fill="none" stroke="{colour}" stroke-width="{width}"/>'


def horn(x: float, y: float, turn: float, scale: float) -> str:
    return f'<path transform="translate({number(x)} {number(y)}) rotate({turn}) scale({scale})" d="{HORNS}"/>'


def diamond(x: float, y: float, turn: float, scale: float) -> str:
    return f'<path transform="translate({number(x)} {number(y)}) rotate({turn}) scale({scale})" d="{DIAMOND}"/>'


def border() -> list[str]:
    """Horns growing inwards from the outer rule, a diamond between two of them."""
    scale = 0.42
    foot = OUTER + 1.0
    parts = []
    for length, turn_near, turn_far, horizontal in ((WIDTH, 180, 0, True), (HEIGHT, 90, 270, False)):
        count = round((length - 2 * INNER) / 14.9)
        step = (length - 2 * INNER) / count
        far = (HEIGHT if horizontal else WIDTH) - foot
        for i in range(count + 1):
            for along, draw in ((INNER + (i + 0.5) * step, horn), (INNER + i * step, diamond)):
                if draw is horn and i == count:
                    continue
                near_at, far_at = ((along, foot), (along, far)) if horizontal else ((foot, along), (far, along))
                parts += [draw(*near_at, turn_near, scale), draw(*far_at, turn_far, scale)]
    return parts


def crest() -> list[str]:
    """A larger horn over the heading, between two fading rules, and a diamond in each corner of the frame."""
    middle, foot, scale = WIDTH / 2, 24.0, 0.6
    parts = [horn(middle, foot, 0, scale)]
    for side in (-1, 1):
        for distance, size in ((10.5, 0.6), (15.5, 0.42), (19.5, 0.28)):
            parts.append(diamond(middle + side * distance, foot - 0.9 + 7 * (0.6 - size), 0, size))
    band = (OUTER + INNER) / 2
    for x in (band, WIDTH - band):
        for y in (band, HEIGHT - band):
            parts += [diamond(x, y + 7 * size, 0, size) for size in (0.75, 0.35)]
    return parts


def svg() -> str:
    guilloche = "".join(rosette(radius, 7.5, 18, math.pi * i / 2) for radius in (59, 43) for i in range(4))
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}mm" height="{HEIGHT:g}mm">',
            f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="{PAPER}"/>',
            f'<path d="{guilloche}" fill="none" stroke="{TEAL}" stroke-width=".18" stroke-opacity=".13"/>',
            rule(OUTER, TEAL, 0.9),
            rule(INNER, GOLD, 0.35),
            f'<g fill="none" stroke="{TEAL}" stroke-width="1.25" stroke-linecap="round">',
            *border(),
            "</g>",
            f'<g fill="none" stroke="{GOLD}" stroke-width="1.2" stroke-linecap="round">',
            *crest(),
            "</g></svg>\n",
        )
    )


if __name__ == "__main__":
    TARGET.write_text(svg(), encoding="utf-8")
