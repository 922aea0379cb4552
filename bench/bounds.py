"""What a question may cost at most when there are ten times the events, when the cache is empty, and when events have come
that are in no part yet. All from reports of `wellfield bench --cold --tail N`."""

TAIL = 100_000  # events
TIMES = 1.05    # the time, over as many times the events
COLD = 1.5      # the time to read the bytes, beside the warm time
TAIL_SHARE, TAIL_S = 0.10, 0.002  # of the time without a tail, or this: whichever is larger


def verdict(value, most):
    return "goal" if value <= most else "**short**"


def slope(small, full, name):
    """Times the time, and times that may be."""
    return full.answers[name]["median_s"] / small.answers[name]["median_s"], TIMES * full.events / small.events


def cold(full, name):
    """Seconds with an empty cache, and seconds that may be."""
    a = full.answers[name]
    return a["cold_s"], COLD * a["bytes_touched"] / full.report["disk_bytes_per_s"] + a["median_s"]


def tail(full, name):
    """Seconds that a tail adds to those without it, before it came or after it was sealed, and seconds that may be."""
    a = full.answers[name]
    without = min(a["median_s"], a["sealed_s"])
    return a["tail_s"] - without, max(TAIL_SHARE * without, TAIL_S)


def rows(small, full, names):
    """A row for each question, as HEADS has it; the cells of the first figure are empty when there is one size only."""
    out = []
    for name in names:
        times, most = slope(small, full, name)
        sized = (f"{times:.1f}×", f"≤ {most:.1f}×", verdict(times, most)) if small is not full else ("", "", "")
        (cold_s, cold_most), (tail_s, tail_most) = cold(full, name), tail(full, name)
        out.append((name, *sized, f"{cold_s * 1e3:.1f}", f"≤ {cold_most * 1e3:.1f}", verdict(cold_s, cold_most),
                    f"{tail_s * 1e3:.1f}", f"≤ {tail_most * 1e3:.1f}", verdict(tail_s, tail_most)))
    return out


def heads(small, full):
    return ("question", f"{small.events:,} → {full.events:,} events, time ×", "goal", "reached", "cold, ms", "goal", "reached",
            f"{TAIL:,} in the tail cost, ms", "goal", "reached")
