"""One picture of all that has a bar: how many times as good as its bar each figure is."""

import math
from html import escape

from report import Line

WIDTH, LEFT, RIGHT = 960, 330, 250
ROW, TOP, BOTTOM = 26, 56, 30
# The scale: a figure beyond it is drawn to its end, and its number says how far it goes.
LEAST, MOST = 1 / 8, 8

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.faint { fill: #59636e }
.met { fill: #2f7d4f }
.missed { fill: #b54708 }
.grid { stroke: #d1d9e0 }
.bar { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .faint { fill: #9198a1 } .met { fill: #4fb477 } .missed { fill: #f0883e }
.grid { stroke: #3d444d } .bar { stroke: #e6edf3 } }
"""


def place(score: float) -> float:
    """Where a score is, from the left: each doubling is as wide as the next."""
    share = math.log(min(max(score, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def draw(found: list[Line], title: str) -> str:
    drawn = [one for one in named(found) if one.score is not None]
    height = TOP + ROW * len(drawn) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">', f"<style>{STYLE}</style>",
        f'<text class="title" x="12" y="24">{escape(title)}</text>',
    ]
    for score in (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8):
        x, kind = place(score), "bar" if score == 1 else "grid"
        label = "its bar" if score == 1 else f"{score:g} ×" if score > 1 else f"1/{1 / score:g}"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - BOTTOM}"/>')
        parts.append(f'<text class="faint" x="{x:.1f}" y="{height - 10}" text-anchor="middle">{label}</text>')
    for index, one in enumerate(drawn):
        parts += row(one, TOP + ROW * index)
    return "\n".join([*parts, "</svg>", ""])


def row(one: Line, y: float) -> list[str]:
    start, end = sorted((place(1), place(one.score)))
    middle = y + ROW / 2
    said = f"{one.ratio or one.value}, bar {one.bar}"
    return [
        f'<text x="{LEFT - 10}" y="{middle + 4:.1f}" text-anchor="end">{escape(one.what)}</text>',
        f'<rect class="{"met" if one.is_met else "missed"}" x="{start:.1f}" y="{y + 5:.1f}" '
        f'width="{max(end - start, 2):.1f}" height="{ROW - 10}"/>',
        f'<text class="faint" x="{WIDTH - RIGHT + 12}" y="{middle + 4:.1f}">{escape(said)}</text>',
    ]


def named(found: list[Line]) -> list[Line]:
    """Each by itself: what goes on from the line above is said with that line's name."""
    above, whole = "", []
    for one in found:
        if not one.what.startswith(" "):
            above = one.what.split(", ")[0]
        what = f"{above}: {one.what.strip()}" if one.what.startswith(" ") else one.what
        whole.append(Line(what, one.value, one.reference, one.ratio, one.bar, one.is_met, one.score))
    return whole
