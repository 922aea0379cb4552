"""Expressions of the members behind figures of the overview, as console/src/lib/drill.ts writes them (console/test/expr.test.ts)."""


def changed(span, where, n=None):
    return f'did("lifecycle.changed", {span}where props.{where}' + ("" if n is None else f", count = {n}") + ")"


def oftener(one, other, more, span, most):
    """Changes of the one sort are 'more' than those of the other, which are fewer than 'most'."""
    return "(" + " or ".join(f"{changed(span, one, n + more)} and {changed(span, other, n)}" for n in range(most)) + ")"


def came(stage):
    return f'to = "{stage}"'


def left(stage):
    return f'from = "{stage}"'


def stood(stage, before, most=16):
    return oftener(came(stage), left(stage), 1, f"to {before}, ", most)


def moved(was, now, since, ended=None):
    """Who stands in 'now', at the end of a history that ended, and stood in 'was' (None: in no stage) at 'since'."""
    since = f"from {since}, "
    if not ended:
        return f'lifecycle = "{now}" and ' + (oftener(left(was), came(was), int(was != now), since, 8) if was else changed(since, "from is null"))
    span = f"{since}to {ended}, "
    if was == now:
        return f"{stood(now, ended, 12)} and {oftener(left(now), came(now), 0, span, 5)}"
    return f"{oftener(left(was), came(was), 1, span, 5) if was else changed(span, 'from is null')} and {oftener(came(now), left(now), 1, span, 5)}"
