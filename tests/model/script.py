"""Operations as lines of text, one each, to be kept as a case and read by people.

    fact at=1735700000000 kind=order.paid who=user:ann amount=100 prop=order:t:o1
    merge user:ann phone:+8613800000000
    segment s1 did("order.paid", within 1d)

Words are separated by blanks; the expression of 'segment' and 'select' is the rest of its line. '#' begins a comment."""
import re

COLUMNS = ("id", "public", "group", "staff", "content", "touchpoint", "campaign")


def typed(value):
    return f"b:{value:d}" if isinstance(value, bool) else f"n:{value:g}" if isinstance(value, float) else f"t:{value}"


def untyped(text):
    kind, value = text.split(":", 1)
    return {"b": lambda: value == "1", "n": lambda: float(value), "t": lambda: value}[kind]()


def fact_words(f):
    """As the driver takes them, too."""
    words = [f"at={f['at']}", f"kind={f['kind']}"]
    for name in ("who", "other"):
        words += [f"{name}={i}" for i in f.get(name, [])]
    words += [f"{name}={f[name]}" for name in COLUMNS if f.get(name) is not None]
    if f.get("amount") is not None:
        words.append(f"amount={f['amount']}")
    for name in ("prop", "trait"):
        words += [f"{name}={k}:{typed(v)}" for k, v in f.get(name + "s", {}).items()]
    return words


def line(op):
    if op[0] == "fact":
        return " ".join(["fact"] + fact_words(op[1]))
    return " ".join("-" if x is None else str(x) for x in op).rstrip()


def parse(text):
    """The operations of a script."""
    ops = []
    for row in text.splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        name, *words = row.split(" ")
        if name == "fact":
            f = {"who": [], "at": None, "kind": None}
            for word in words:
                key, value = word.split("=", 1)
                if key in ("who", "other"):
                    f.setdefault(key, []).append(value)
                elif key in ("prop", "trait"):
                    k, v = value.split(":", 1)
                    f.setdefault(key + "s", {})[k] = untyped(v)
                else:
                    f[key] = int(value) if key in ("at", "amount") else value
            ops.append(("fact", f))
        elif name in ("segment", "select"):
            first, rest = (words[:1], words[1:]) if name == "segment" else ([], words)
            ops.append((name, *first, " ".join(rest)))
        else:
            ops.append((name, *(None if w == "-" else int(w) if re.fullmatch(r"-?\d+", w) else w for w in words)))
    return ops
