#!/usr/bin/env python3
"""A list of members imported by the binary, new and then again with changes, beside PostgreSQL: COPY into a staging table,
then INSERT … ON CONFLICT into members, identities and tags. The file is made from a seed: Chinese headers that map
themselves, a phone and a WeCom id each, two tags of forty.

Run by itself, under tools/with-postgres, it is the peer: members.py FILE AGAIN prints the seconds of both."""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = 20260101
HEADERS = "昵称,手机号,外部联系人ID,添加时间,标签,性别,城市,生日,会员等级,积分"
CITIES = ("上海", "北京", "杭州", "成都", "广州", "苏州", "武汉", "西安")
LEVELS = ("普通", "银", "金", "钻")
SCHEMA = """
CREATE TABLE member (id bigserial PRIMARY KEY, wecom text UNIQUE NOT NULL, nickname text, added timestamptz, gender text, city text, birthday text, level text, points int);
CREATE TABLE identity (kind text, value text, member bigint NOT NULL, PRIMARY KEY (kind, value));
CREATE TABLE member_tag (member bigint, tag text, PRIMARY KEY (member, tag));
"""
UPSERT = """
BEGIN;
CREATE TEMP TABLE staging (nickname text, phone text, wecom text, added timestamptz, tags text, gender text, city text, birthday text, level text, points int) ON COMMIT DROP;
\\copy staging FROM '{file}' WITH (FORMAT csv, HEADER true)
INSERT INTO member (wecom, nickname, added, gender, city, birthday, level, points) SELECT wecom, nickname, added, gender, city, birthday, level, points FROM staging
 ON CONFLICT (wecom) DO UPDATE SET nickname = excluded.nickname, gender = excluded.gender, city = excluded.city, birthday = excluded.birthday, level = excluded.level, points = excluded.points;
INSERT INTO identity SELECT 'wecom', s.wecom, m.id FROM staging s JOIN member m USING (wecom) ON CONFLICT DO NOTHING;
INSERT INTO identity SELECT 'phone', s.phone, m.id FROM staging s JOIN member m USING (wecom) ON CONFLICT DO NOTHING;
INSERT INTO member_tag SELECT m.id, t FROM staging s JOIN member m USING (wecom), unnest(string_to_array(s.tags, '、')) t ON CONFLICT DO NOTHING;
COMMIT;
"""


def write(path, rows, again):
    """The same people; again: with other points, levels and cities."""
    draw = random.Random(SEED + again)
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEADERS + "\n")
        for i in range(rows):
            day = f"2025-{1 + i * 11 // rows:02}-{1 + i % 28:02} {9 + i % 12:02}:{i % 60:02}:00"
            tags = "、".join(f"标签{t}" for t in draw.sample(range(40), 2))
            f.write(f"用户{i},{13000000000 + i * 7},wm{i * 2654435761 % 2 ** 40:011x},{day},{tags},{'男女'[i % 2]},{draw.choice(CITIES)},"
                    f"{1960 + i % 45}-{1 + i % 12:02}-{1 + i % 28:02},{draw.choice(LEVELS)},{draw.randrange(10000)}\n")


def imported(bench, file, rows, created):
    seconds, out = bench.timed([bench.binary, "import", "--data", bench.path("members"), "--brand", "bench", "--format", "csv", file])
    counts = json.loads(out.splitlines()[-1])
    if counts["stored"] != rows or counts["rejected"] or counts["members_created"] != created:
        raise SystemExit(f"import of {file}: {out}")
    return rows / seconds, bench.cpu_s / rows * 1e6


def by_postgres(bench, files, rows):
    """Rows a second of both files, or nothing where there is no PostgreSQL."""
    command = [str(ROOT / "tools/with-postgres"), sys.executable, __file__, *files]
    p = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "WF_POSTGRES_DURABLE": "1"})
    if p.returncode != 0:
        raise SystemExit(p.stdout + p.stderr)
    bench.note("WF_POSTGRES_DURABLE=1 tools/with-postgres bench/members.py $D/members.csv $D/members-again.csv")
    found = re.findall(r"seconds ([\d.]+)", p.stdout)
    return [rows / float(s) for s in found]


def run(bench):
    from common import rate, ratio
    rows = bench.sized(500_000)
    files = [bench.path("members.csv"), bench.path("members-again.csv")]
    for again, file in enumerate(files):
        write(file, rows, again)
    bench.init("members")
    ours = [imported(bench, file, rows, 0 if again else rows) for again, file in enumerate(files)]
    theirs = by_postgres(bench, files, rows)
    for i, what in enumerate(("new members", "the same members with changes")):
        bench.add(f"import of a list, {rows:,} {what}", f"{rate(ours[i][0], 1)}, {ours[i][1]:.1f} µs of CPU each", "≥ 50 k/s")
        if theirs:
            bench.add("– PostgreSQL, COPY and INSERT … ON CONFLICT, the same file", rate(theirs[i], 1), "", ratio(ours[i][0], theirs[i]))
    shutil.rmtree(bench.path("members"))
    for file in files:
        os.remove(file)


def peer(files):
    url = os.environ.get("WF_TEST_POSTGRES")
    if not url:
        return

    def psql(text):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url], input=text, text=True, check=True)

    psql(SCHEMA)
    for file in files:
        began = time.monotonic()
        psql(UPSERT.format(file=file))
        print("seconds", time.monotonic() - began)


if __name__ == "__main__":
    peer(sys.argv[1:])
