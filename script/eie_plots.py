"""Line plots as SVG for script/eie_study: panels side by side, a logarithmic axis along, a linear or logarithmic one
upwards."""

import math

COLOURS = ["#222222", "#c0392b", "#2471a3", "#229954", "#b9770e"]


def text(x, y, words, anchor="middle", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#333333">{words}</text>'


def panel(left, top, width, height, title, along, series, ticks, label, log_up=False, ideal=None, mark=None):
    """`series`: by name, a value for each of `along`. `ticks`: of the axis upwards; the first and last are its ends.
    `ideal`: values drawn dotted. `mark`: where along a vertical line stands."""

    def x(value):
        return left + 12 + (width - 24) * math.log(value / along[0]) / math.log(along[-1] / along[0])

    def y(value):
        share = math.log(value / ticks[0]) / math.log(ticks[-1] / ticks[0]) if log_up else \
            (value - ticks[0]) / (ticks[-1] - ticks[0])
        return top + height - height * share

    out = [text(left + width / 2, top - 10, title, size=13),
           f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#999999"/>',
           text(left + width / 2, top + height + 34, label, size=11)]
    for tick in ticks:
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#eeeeee"/>')
        out.append(text(left - 6, y(tick) + 4, f"{tick:g}", "end", 10))
    for value in along:
        out.append(text(x(value), top + height + 16, f"{value:g}", size=10))
    if mark:
        out.append(f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{top}" y2="{top + height}" stroke="#999999" '
                   'stroke-dasharray="3 3"/>')
    if ideal:
        line = " ".join(f"{x(value):.1f},{y(up):.1f}" for value, up in zip(along, ideal))
        out.append(f'<polyline points="{line}" fill="none" stroke="#999999" stroke-dasharray="2 3"/>')
    for (_, values), colour in zip(series.items(), COLOURS):
        points = [(x(value), y(up)) for value, up in zip(along, values)]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]
    return out


def drawing(panels, names, note):
    """`panels`: keyword arguments of panel() but for its place. `names`: of the series, for the legend."""
    width, height, gap = 330, 240, 70
    total = 60 + len(panels) * (width + gap) - gap + 20
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="385" viewBox="0 0 {total} 385" '
           'font-family="sans-serif">',
           f'<rect width="{total}" height="385" fill="white"/>']
    for index, one in enumerate(panels):
        out += panel(60 + index * (width + gap), 40, width, height, **one)
    for index, name in enumerate(names):
        left = 60 + index * 105
        out.append(f'<line x1="{left}" x2="{left + 20}" y1="345" y2="345" stroke="{COLOURS[index]}" stroke-width="2"/>')
        out.append(text(left + 26, 349, name, "start"))
    out.append(text(60, 372, note, "start", 11))
    return "\n".join(out + ["</svg>"]) + "\n"
