"""The figures that a prompt can name, drawn with a few shapes inside a unit square."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import ImageDraw

from nbnebius.sandbox.engines.palette import Colour, blend

_BLACK = (24, 24, 28)
_WHITE = (246, 246, 246)
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws into a square that stands with its lower edge on the ground."""

    draw: ImageDraw.ImageDraw
    left: float
    bottom: float
    size: float

    def oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """Draw an oval around a point; y goes up from the ground."""
        (left, low), (right, top) = self._at(x - wide, y - high), self._at(x + wide, y + high)
        self.draw.ellipse((left, top, right, low), fill=colour)

    def shape(self, points: Points, colour: Colour) -> None:
        """Draw a polygon."""
        self.draw.polygon([self._at(x, y) for x, y in points], fill=colour)

    def stroke(self, points: Points, wide: float, colour: Colour) -> None:
        """Draw a line with round joints."""
        self.draw.line(
            [self._at(x, y) for x, y in points],
            fill=colour, width=max(1, round(wide * self.size)), joint="curve",
        )  # fmt: skip
        for x, y in (points[0], points[-1]):
            self.oval(x, y, wide / 2, wide / 2, colour)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.size, self.bottom - y * self.size


def _elephant(brush: Brush, _accent: Colour) -> None:
    grey, shade, ear = (140, 140, 148), (112, 112, 122), (158, 152, 158)
    for x in (0.30, 0.62):
        brush.stroke(((x, 0.34), (x, 0.05)), 0.11, shade)
    brush.oval(0.44, 0.45, 0.29, 0.22, grey)
    for x in (0.22, 0.54):
        brush.stroke(((x, 0.36), (x, 0.05)), 0.12, grey)
    brush.stroke(((0.16, 0.5), (0.11, 0.36), (0.12, 0.26)), 0.02, shade)
    brush.stroke(((0.84, 0.50), (0.91, 0.36), (0.90, 0.18), (0.95, 0.13)), 0.07, grey)
    brush.oval(0.76, 0.56, 0.14, 0.15, grey)
    brush.oval(0.66, 0.55, 0.10, 0.15, ear)
    brush.stroke(((0.82, 0.43), (0.90, 0.40)), 0.025, (240, 234, 214))
    brush.oval(0.81, 0.60, 0.014, 0.016, _BLACK)


def _quadruped(brush: Brush, accent: Colour) -> None:
    shade = blend(accent, _BLACK, 0.25)
    for x in (0.32, 0.66):
        brush.stroke(((x, 0.3), (x, 0.04)), 0.06, shade)
    brush.oval(0.46, 0.38, 0.26, 0.13, accent)
    for x in (0.26, 0.60):
        brush.stroke(((x, 0.32), (x, 0.04)), 0.065, accent)
    brush.stroke(((0.22, 0.42), (0.12, 0.52), (0.10, 0.66)), 0.035, accent)
    brush.oval(0.76, 0.54, 0.11, 0.10, accent)
    brush.shape(((0.68, 0.58), (0.69, 0.73), (0.76, 0.62)), accent)
    brush.shape(((0.77, 0.62), (0.83, 0.73), (0.85, 0.57)), accent)
    brush.oval(0.80, 0.56, 0.014, 0.018, _BLACK)
    brush.oval(0.87, 0.52, 0.018, 0.014, _BLACK)


def _bird(brush: Brush, accent: Colour) -> None:
    for x, y, wing in ((0.3, 0.75, 0.2), (0.62, 0.9, 0.15), (0.78, 0.66, 0.12)):
        brush.stroke(
            ((x - wing, y + wing * 0.5), (x, y), (x + wing, y + wing * 0.5)), 0.025, accent
        )
        brush.oval(x, y, wing * 0.16, wing * 0.1, accent)


def _boat(brush: Brush, accent: Colour) -> None:
    brush.stroke(((0.5, 0.15), (0.5, 0.9)), 0.02, (94, 66, 46))
    brush.shape(((0.53, 0.24), (0.53, 0.88), (0.86, 0.24)), _WHITE)
    brush.shape(((0.47, 0.24), (0.47, 0.78), (0.2, 0.24)), accent)
    brush.shape(((0.1, 0.18), (0.9, 0.18), (0.76, 0.02), (0.24, 0.02)), (130, 78, 48))


def _house(brush: Brush, accent: Colour) -> None:
    brush.shape(((0.18, 0.0), (0.82, 0.0), (0.82, 0.45), (0.18, 0.45)), (238, 226, 204))
    brush.shape(((0.1, 0.44), (0.9, 0.44), (0.5, 0.82)), accent)
    brush.shape(((0.44, 0.0), (0.58, 0.0), (0.58, 0.27), (0.44, 0.27)), (112, 76, 52))
    for x in (0.25, 0.66):
        brush.shape(((x, 0.2), (x + 0.11, 0.2), (x + 0.11, 0.33), (x, 0.33)), (250, 216, 120))


def _tree(brush: Brush, _accent: Colour) -> None:
    brush.stroke(((0.5, 0.02), (0.5, 0.5)), 0.09, (104, 72, 46))
    for x, y, size, light in ((0.34, 0.6, 0.2, 0.0), (0.66, 0.6, 0.2, 0.1), (0.5, 0.78, 0.24, 0.2)):
        brush.oval(x, y, size, size, blend((46, 116, 56), (150, 190, 90), light))


def _person(brush: Brush, accent: Colour) -> None:
    for x in (0.44, 0.56):
        brush.stroke(((x, 0.38), (x, 0.03)), 0.075, (52, 58, 84))
    brush.stroke(((0.5, 0.66), (0.5, 0.40)), 0.2, accent)
    brush.stroke(((0.41, 0.68), (0.31, 0.45)), 0.05, accent)
    brush.stroke(((0.59, 0.68), (0.70, 0.50)), 0.05, accent)
    brush.oval(0.5, 0.86, 0.085, 0.1, (214, 166, 130))


def _balloon(brush: Brush, accent: Colour) -> None:
    brush.oval(0.5, 0.72, 0.26, 0.27, accent)
    brush.oval(0.5, 0.72, 0.12, 0.27, blend(accent, _WHITE, 0.45))
    for x in (0.4, 0.6):
        brush.stroke(((x + (0.5 - x) * -0.6, 0.48), (x + (0.5 - x) * 0.4, 0.24)), 0.008, _BLACK)
    brush.shape(((0.43, 0.24), (0.57, 0.24), (0.55, 0.13), (0.45, 0.13)), (120, 84, 50))


Figure = Callable[[Brush, Colour], None]

_FIGURES: tuple[tuple[str, Figure], ...] = (
    ("elephant elephants mammoth", _elephant),
    ("cat cats kitten dog dogs puppy fox horse wolf lion", _quadruped),
    ("tiger cow sheep deer bear camel", _quadruped),
    ("bird birds eagle gull gulls crow parrot owl", _bird),
    ("boat boats ship sail sailing yacht", _boat),
    ("house houses home cottage cabin hut barn castle", _house),
    ("tree trees oak", _tree),
    ("person man woman girl boy child people portrait robot astronaut knight", _person),
    ("balloon balloons", _balloon),
)  # fmt: skip

_COATS: dict[str, Colour] = {
    "fox": (206, 104, 46), "lion": (206, 160, 86), "tiger": (226, 138, 52), "wolf": (120, 124, 132),
    "sheep": (236, 232, 222), "bear": (96, 66, 48), "camel": (196, 150, 98), "cat": (88, 84, 92),
    "dog": (150, 108, 70), "horse": (122, 76, 50), "deer": (170, 116, 72), "cow": (226, 222, 216),
}  # fmt: skip


def figure_in(found: set[str]) -> Figure | None:
    """Give the first figure that a prompt's words name."""
    return next((figure for names, figure in _FIGURES if found & set(names.split())), None)


def coat_in(found: set[str]) -> Colour | None:
    """Give the colour that an animal among a prompt's words usually has."""
    return next((colour for name, colour in _COATS.items() if found & {name, f"{name}s"}), None)
