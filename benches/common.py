"""What the benches of whole processes share: the binaries, timing, the table that they print."""

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


def machine():
    """The date and the machine, so that figures are compared with their like."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {cpu}, Linux {platform.release()}"
