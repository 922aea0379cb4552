#!/usr/bin/env python3
"""Print the events of a part file as CSV, by docs/formats/eventlog.md and nothing else.

Checksums are checked when the python module xxhash is there."""
import csv, struct, sys

try:
    from xxhash import xxh3_64_intdigest as xxh3
except ImportError:
    xxh3 = None
HEADER = "persona at kind other amount received group touchpoint campaign content staff origin props"

class Reader:
    def __init__(self, data):
        self.data, self.pos = data, 0

    def take(self, n):
        assert n <= self.rest(), "too short"
        self.pos += n
        return self.data[self.pos - n:self.pos]

    def fixed(self, form):
        values = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
        return values if len(values) > 1 else values[0]

    def varint(self):
        byte = self.fixed("B")
        return byte if byte < 128 else byte - 128 + (self.varint() << 7)

    def rest(self):
        return len(self.data) - self.pos

def run(data, count, width):
    """Numbers one after the other, lowest bit first."""
    bits, mask = int.from_bytes(data, "little"), (1 << width) - 1
    return [bits >> i * width & mask for i in range(count)]

def lanes(data, width):
    """128 numbers in four interleaved lanes of 32-bit words."""
    words = struct.unpack("<%dI" % (len(data) // 4), data)
    lane = [sum(w << 32 * i for i, w in enumerate(words[k::4])) for k in range(4)]
    return [lane[i % 4] >> i // 4 * width & (1 << width) - 1 for i in range(128)]

def block(s, n, width, patches):
    data = s.take((n * width + 7) // 8)
    values = lanes(data, width) if n == 128 and width <= 32 else run(data, n, width)
    if patches:
        high = s.fixed("B")
        places = list(s.take(patches)) if patches <= 16 else [
            i for i, bit in enumerate(run(s.take(16), 128, 1)) if bit]
        for i, v in zip(places, run(s.take((patches * high + 7) // 8), patches, high)):
            values[i] |= v << width
    return values

def stream(r, count):
    s = Reader(r.take(r.varint()))
    form = s.fixed("B")
    if form == 0:
        return [s.varint()] * count
    if form == 2:
        entries = stream(s, s.varint())
        return [entries[i] for i in stream(s, count)]
    base, scale, out, blocks = s.varint(), s.varint(), [], (count + 127) // 128
    if form == 3:
        out = [int.from_bytes(s.take(n + 1), "little") for n in run(s.take((count + 3) // 4), count, 2)]
    for b, (width, patches) in enumerate(zip(s.take(blocks), s.take(blocks)) if form == 1 else []):
        out += block(s, min(128, count - 128 * b), width, patches)
    assert s.rest() == 0
    return [(base + scale * v) % 2**64 for v in out]

def presence(r, rows):
    form = r.fixed("B")
    if form == 0:
        return list(range(rows))
    count, out = r.varint(), [-1]
    if form == 1:
        return [i for i, bit in enumerate(run(r.take((rows + 7) // 8), rows, 1)) if bit]
    for gap in stream(r, count):
        out.append(out[-1] + gap + 1)
    return out[1:]

def signed(v, zigzag):
    return v >> 1 ^ -(v & 1) if zigzag else v - 2**64 if v >> 63 else v

def number(v, digits, zigzag):
    if digits == 255:
        return struct.unpack("<d", struct.pack("<Q", v))[0]
    return signed(v, zigzag) / 10**digits if digits else signed(v, zigzag)

def column(codec, r, rows, group):
    if codec == 1:
        return stream(r, rows)
    if codec in (2, 4):
        runs = r.varint()
        returns = codec == 2 and r.fixed("B")
        values = stream(r, runs) if codec == 2 else [r.varint()]
        for i in range(2, runs if returns else 0):
            values[i] ^= values[i - 2]
        for gap in stream(r, runs - 1) if codec == 4 else []:
            values.append(values[-1] + gap + 1)
        return [v for v, n in zip(values, stream(r, runs)) for _ in range(n + 1)]
    if codec == 5:
        persona, out = group[0, 1], []
        fresh = [i == 0 or persona[i] != persona[i - 1] for i in range(rows)]
        starts, gaps = iter(stream(r, sum(fresh))), iter(stream(r, rows - sum(fresh)))
        for first in fresh:
            out.append(next(starts) if first else out[-1] + next(gaps))
        return out
    if codec == 6:
        zigzag = r.fixed("B")
        return [at + signed(v, zigzag) for at, v in zip(group[0, 2], stream(r, rows))]
    digits, zigzag = r.fixed("BB") if codec == 7 else (None, None)
    places, out = presence(r, rows), [None if codec == 7 else 0] * rows
    for row, v in zip(places, stream(r, len(places))):
        out[row] = number(v, digits, zigzag) if codec == 7 else v
    return out

def main(path, out):
    data = open(path, "rb").read()
    offset, length, version, checksum, magic = struct.unpack("<QIIQ8s", data[-32:])
    assert data[:8] == b"WFPART\x1a\n" and magic == b"\n\x1aTRAPFW" and version == 1
    assert not xxh3 or xxh3(data[:16] + data[offset:-16]) == checksum
    r, strings, events = Reader(data[offset:offset + length]), {}, []
    groups, string_chunks = r.fixed("QqqIIIIQ")[5:7]

    def chunk():
        ident, space, codec, _, start, size, _, checksum, low, high = r.fixed("IBBHQIIQqq")
        assert not xxh3 or xxh3(data[start:start + size]) == checksum
        return ident, space, codec, Reader(data[start:start + size]), low, high

    for _ in range(string_chunks):
        ident, _, _, body, low, high = chunk()
        for size in stream(body, high - low + 1):
            strings.setdefault(ident, [None]).append(body.take(size).decode())
    out.writerow(HEADER.split())
    for _ in range(groups):
        rows, chunks, kinds = r.fixed("IIIIIIqq")[:3]
        group, props = {}, [[] for _ in range(rows)]
        for _ in range(chunks):
            ident, space, codec, body, _, _ = chunk()
            values = group[space, ident] = column(codec, body, rows, group)
            assert body.rest() == 0
            for row, v in enumerate(values if space else []):
                if v is not None and (space > 1 or v):
                    text = strings[ident][v] if space == 1 else "%.17g" % v
                    props[row].append("%d=%s" % (ident, text))
        r.take(2 * kinds)
        columns = [group.get((0, i), [None if i == 5 else 0] * rows) for i in [*range(1, 7), *range(16, 22)]]
        for row, values in enumerate(zip(*columns)):
            events.append(["" if v is None else v for v in values] + [";".join(props[row])])
    out.writerows(sorted(events, key=lambda event: event[:2]))

if __name__ == "__main__":
    main(sys.argv[1], csv.writer(sys.stdout, lineterminator="\n"))
