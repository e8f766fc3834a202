"""Draws the speeds of the forward pass as an SVG: bars of tokens a second, by shape and engine."""

import html
import math

import forward

# The panels, one below the other, each with its engines as (its name in the rows, label, colour).
PANELS = (
    (("float32", "Swiftlet float32", "#f05138"), ("OpenVINO float32", "OpenVINO float32", "#0b7fc7"),
     ("ONNX Runtime float32", "ONNX Runtime float32", "#7a8490"), ("PyTorch float32", "PyTorch float32", "#b9a06a")),
    (("int8", "Swiftlet int8", "#f05138"), ("bfloat16", "Swiftlet bfloat16", "#f7a072"),
     ("OpenVINO int8", "OpenVINO int8", "#0b7fc7"), ("ONNX Runtime int8", "ONNX Runtime int8", "#7a8490")),
)
WIDTH, LEFT, RIGHT = 960, 64, 12
TOP, HEIGHT, PANEL = 64, 190, 280  # The first panel's top, the height of its bars, the distance of two panels' tops.

# An image has no colours of the page around it, so it asks the reader's system whether the page is dark.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.small { font-size: 11px; fill: #59636e }
line { stroke: #8b949e; stroke-opacity: 0.4 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
}
"""


def text(x, y, content, anchor="start", kind=""):
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attribute}>{html.escape(content)}</text>'


def scale_of(highest):
    """The distance of two lines of the scale, a round number, so that 3 to 6 lines are drawn."""
    magnitude = 10 ** math.floor(math.log10(highest))
    return next(step * magnitude for step in (0.2, 0.5, 1, 2) if highest / (step * magnitude) <= 6)


def legend(engines, top):
    parts, x = [], LEFT
    for _, label, colour in engines:
        parts.append(f'<rect x="{x}" y="{top - 10}" width="11" height="11" fill="{colour}"/>')
        parts.append(text(x + 16, top, label))
        x += 40 + 7.2 * len(label)
    return parts


def bars(rows, engines, top):
    """The lines of the scale, and a group of bars for each row."""
    speeds = [[forward.speed(row, name) for name, _, _ in engines] for row in rows]
    highest = max(map(max, speeds))
    step, bottom = scale_of(highest), top + HEIGHT
    parts = []
    for count in range(int(highest // step) + 1):
        y = bottom - HEIGHT * count * step / highest
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(LEFT - 8, y + 4, f"{count * step:,.0f}", "end", "small"))
    group = (WIDTH - LEFT - RIGHT) / len(rows)
    width = 0.84 * group / len(engines)
    for number, (row, values) in enumerate(zip(rows, speeds)):
        x = LEFT + number * group + 0.08 * group
        for (_, label, colour), value in zip(engines, values):
            height = HEIGHT * value / highest
            parts.append(f'<rect x="{x:.1f}" y="{bottom - height:.1f}" width="{width - 1:.1f}" height="{height:.1f}" '
                         f'fill="{colour}"><title>{label}, {row["shape"]}: {value:,.0f} tokens/s</title></rect>')
            x += width
        parts.append(text(LEFT + (number + 0.5) * group, bottom + 18, row["shape"], "middle"))
    return parts


def drawing(rows, circumstances):
    """The whole picture. Engines that took no part are left out."""
    height = TOP + PANEL * len(PANELS) - 20
    title = "Tokens a second in the forward pass, by shape (texts x tokens) and engine"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
             f"<title>{title}</title>", f"<style>{STYLE}</style>", text(LEFT, 24, title, kind="title")]
    for number, panel in enumerate(PANELS):
        engines = [engine for engine in panel if all(forward.times(row, engine[0]) for row in rows)]
        top = TOP + number * PANEL
        parts += legend(engines, top)
        parts += bars(rows, engines, top + 22)
    parts.append(text(LEFT, height - 8, f"Higher is better. {circumstances}", kind="small"))
    return "\n".join([*parts, "</svg>"]) + "\n"
