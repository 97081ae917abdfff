"""What the benches of whole processes share: the binaries, timing, the table that they print, curves."""

import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent


def binaries():
    given = os.environ.get("RSALT_BIN_DIR")
    if given:
        return pathlib.Path(given)
    out = subprocess.run([TOP / "scripts" / "build"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(out.stdout.strip().splitlines()[-1])


def milliseconds(command, runs):
    """The wall clock time of each run, after one that is not counted."""
    times = []
    for number in range(runs + 1):
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        took = (time.perf_counter() - start) * 1000
        if done.returncode != 0:
            sys.exit(f"benches: {' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
        if number:
            times.append(took)
    return times


class Table:
    def __init__(self):
        self.rows = [("what", "aim", "measured", "spread", "")]

    def add(self, what, aim, value, unit, spread=""):
        mark = "" if aim is None or value < aim else "over"
        shown = "" if aim is None else f"< {aim:g} {unit}"
        self.rows.append((what, shown, f"{value:.1f} {unit}", spread, mark))

    def times(self, what, aim, times, base=0.0):
        times = [took - base for took in times]
        spread = f"{min(times):.1f} to {max(times):.1f}, {len(times)} runs"
        self.add(what, aim, statistics.median(times), "ms", spread)

    def at_least(self, what, aim, value, unit):
        self.rows.append((what, f"≥ {aim:g} {unit}", f"{value:.1f} {unit}", "", "" if value >= aim else "short"))

    def show(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(5)]
        for number, row in enumerate(self.rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if number == 0:
                print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def svg(title, across_name, ticks, label, curves):
    """Curves with logarithmic axes: `curves` are names with points, `label` writes a power of ten of the upright axis."""
    width, height, left, right, top, bottom = 720, 440, 78, 24, 40, 56
    xs = [point[0] for _, points in curves for point in points]
    ys = [point[1] for _, points in curves for point in points]
    x0, x1 = math.log10(min(xs)), math.log10(max(xs))
    y0, y1 = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    across = lambda x: left + (math.log10(x) - x0) / (x1 - x0) * (width - left - right)  # noqa: E731
    up = lambda y: height - bottom - (math.log10(y) - y0) / (y1 - y0) * (height - top - bottom)  # noqa: E731
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           'font-size="13" fill="#333">', f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{left}" y="22" font-size="15">{title}</text>']
    for power in range(y0, y1 + 1):
        y, value = up(10 ** power), 10 ** power
        out.append(f'<path d="M{left} {y:.1f}H{width - right}" stroke="#ddd"/>'
                   f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{label(value)}</text>')
    for count in ticks:
        out.append(f'<path d="M{across(count):.1f} {top}V{height - bottom}" stroke="#eee"/>'
                   f'<text x="{across(count):.1f}" y="{height - bottom + 18}" text-anchor="middle">{count:,}</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 12}" text-anchor="middle">{across_name}</text>')
    for (name, points), colour in zip(curves, ("#c2410c", "#1d4ed8", "#15803d")):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.extend(f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>'
                   for x, y in points)
        x, y = points[-1]
        out.append(f'<text x="{across(x) - 8:.1f}" y="{up(y) - 10:.1f}" text-anchor="end" fill="{colour}">'
                   f'{name}</text>')
    return "\n".join([*out, "</svg>\n"])


def machine():
    """The date and the machine, so that figures are compared with their like."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {cpu}, Linux {platform.release()}"
