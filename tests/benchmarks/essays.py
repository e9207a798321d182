"""Measure the finding of copies: plants copies of every kind among essays and counts what is found.

Run as ``python -m tests.benchmarks.essays --essays 5000``. The essays are cut from a pool of text,
one ``{"id", "text"}`` a line; without one they are made of random syllables, which is easier. All
essays share a heading and a prompt and half of them a resolution, which are declared, and stock
phrases, which are not. A pair is right when one was made from the other or both from a third.
Articles quote one another too: a second precision counts as right what shares `QUOTED` letters of
the pool, found by a plain comparison of all runs of that length.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import resource
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from quizengine.core.duplicates import DuplicateReport, find_duplicates
from quizengine.core.text import fold_letters

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SHARED = Path(os.environ.get("QUIZ_SHARED", CHECKOUT.parent / "shared"))

HEADING = "BÀI DỰ THI SÁNG KIẾN ĐỔI MỚI HOẠT ĐỘNG CÔNG ĐOÀN CƠ SỞ TRONG TÌNH HÌNH MỚI"
PROMPT = (
    "Câu hỏi: Anh chị hãy đề xuất một ý tưởng đổi mới hoạt động công đoàn nơi mình làm việc, nêu "
    "lý do, cách làm, nguồn lực cần có, thời gian thực hiện và kết quả dự kiến đối với đoàn viên."
)
RESOLUTION = (
    "Tổ chức phải hướng mạnh về cơ sở, lấy đoàn viên và người lao động làm trung tâm, lấy chăm lo "
    "và bảo vệ quyền lợi hợp pháp, chính đáng làm mục tiêu của mọi phong trào. Cán bộ ở từng nơi "
    "phải nắm chắc đời sống, việc làm, tâm tư của đoàn viên để kịp thời đề xuất với cấp trên và "
    "người sử dụng lao động những việc cần làm ngay, những việc từng bước, những việc lâu dài."
)
STOCK = [
    "góp phần xây dựng quan hệ lao động hài hoà, ổn định và tiến bộ",
    "nâng cao chất lượng, hiệu quả hoạt động của tổ chức công đoàn",
    "chăm lo đời sống vật chất và tinh thần cho đoàn viên, người lao động",
    "trong bối cảnh hội nhập kinh tế quốc tế ngày càng sâu rộng như hiện tại",
    "thực hiện tốt nhiệm vụ chính trị được giao trong thời gian qua",
    "với tinh thần đoàn kết, dân chủ, kỷ cương, sáng tạo và phát triển",
]
SYLLABLES = [
    first + middle + last
    for first in (
        "b",
        "c",
        "ch",
        "d",
        "đ",
        "g",
        "h",
        "kh",
        "l",
        "m",
        "n",
        "ng",
        "nh",
        "ph",
        "t",
        "th",
    )
    for middle in ("a", "ă", "â", "ê", "i", "o", "ô", "ơ", "u", "ư", "ạ", "ấ", "ệ", "ộ", "ụ", "ứ")
    for last in ("", "n", "ng", "m", "t", "c", "p")
]

QUOTED = 50

Edit = Callable[[str, random.Random, "Pool"], str]


class Pool:
    """Bodies of essays, no sentence of which comes twice."""

    def __init__(self, path: Path | None, seed: int) -> None:
        self.name = str(path) if path else "generated"
        self._bodies = _bodies(_sentences(path) if path else _made_sentences(seed))

    def body(self) -> str:
        """The next body of some 450 syllables; `StopIteration` when the pool is used up."""
        return next(self._bodies)


def _sentences(path: Path) -> Iterator[list[str]]:
    seen: set[str] = set()
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            kept = []
            for sentence in re.split(r"(?<=[.!?])\s+", json.loads(line)["text"]):
                letters = fold_letters(sentence)[0]
                # Lists, tables and the sentences of bots are no essays.
                if 30 <= len(letters) <= 400 and "\n" not in sentence and letters not in seen:
                    seen.add(letters)
                    kept.append(sentence.strip())
            yield kept


def _made_sentences(seed: int) -> Iterator[list[str]]:
    rng = random.Random(seed)
    while True:
        yield [
            " ".join(rng.choices(SYLLABLES, k=rng.randint(8, 30))).capitalize() + "."
            for _sentence in range(200)
        ]


def _bodies(groups: Iterator[list[str]]) -> Iterator[str]:
    for sentences in groups:
        body: list[str] = []
        for sentence in sentences:
            body.append(sentence)
            if sum(len(part.split()) for part in body) >= 450:
                yield " ".join(body)
                body = []


def dress(body: str, rng: random.Random) -> str:
    """Return an essay: the body with what many essays share."""
    sentences = re.split(r"(?<=\.)\s+", body)
    for phrase in rng.sample(STOCK, 3):
        sentences.insert(rng.randrange(len(sentences) + 1), phrase.capitalize() + ".")
    parts = [HEADING, PROMPT, *([RESOLUTION] if rng.random() < 0.5 else [])]
    return "\n".join([*parts, " ".join(sentences)])


def drop_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(part for part in decomposed if not unicodedata.combining(part))


def change_words(text: str, rng: random.Random, share: float) -> str:
    changed = []
    for word in text.split(" "):
        if rng.random() >= share:
            changed.append(word)
        elif (what := rng.random()) < 0.6:
            changed.append(rng.choice(SYLLABLES))
        elif what < 0.8:
            changed += [word, rng.choice(SYLLABLES)]
    return " ".join(changed)


def mistype(text: str, rng: random.Random, share: float) -> str:
    letters = "abcdeghiklmnopqrstuvxy"
    return "".join(
        rng.choice(["", letter * 2, rng.choice(letters)])
        if letter.isalpha() and rng.random() < share
        else letter
        for letter in text
    )


def join_and_split(text: str, rng: random.Random) -> str:
    joined = re.sub(" ", lambda _: "" if rng.random() < 0.1 else " ", text)
    return re.sub(r"(?<=\w)(?=\w)", lambda _: " " if rng.random() < 0.03 else "", joined)


def look_alike(text: str, rng: random.Random) -> str:
    swaps = {"a": "а", "o": "о", "e": "е", "c": "с", "p": "р", "x": "х", "T": "Т", "H": "Н"}
    return "".join(
        swaps.get(letter, letter)
        if rng.random() < 0.5
        else letter + "\u200b" * (rng.random() < 0.1)
        for letter in text
    )


def shuffle_paragraphs(text: str, rng: random.Random) -> str:
    sentences = re.split(r"(?<=\.)\s+", text)
    blocks = [sentences[start : start + 3] for start in range(0, len(sentences), 3)]
    rng.shuffle(blocks)
    return "\n".join(" ".join(block) for block in blocks)


def cut(text: str, rng: random.Random, share: float) -> str:
    words = text.split(" ")
    size = int(len(words) * share)
    start = rng.randrange(len(words) - size + 1)
    return " ".join(words[start : start + size])


def implant(text: str, rng: random.Random, pool: Pool, share: float, pieces: int = 1) -> str:
    """Return another essay's body with passages of ``text`` that make up a share of the whole."""
    words = pool.body().split(" ")
    words = words[: int(len(words) * (1 - share))]
    for _piece in range(pieces):
        at = rng.randrange(len(words) + 1)
        words[at:at] = cut(text, rng, share / pieces).split(" ")
    return " ".join(words)


def everything(text: str, rng: random.Random) -> str:
    edited = change_words(shuffle_paragraphs(text, rng), rng, 0.05)
    return look_alike(drop_marks(join_and_split(mistype(edited, rng, 0.005), rng)).upper(), rng)


KINDS: dict[str, Edit] = {
    "exact": lambda text, rng, pool: text,
    "case, punctuation": lambda text, rng, pool: text.upper().replace(".", " ;").replace(",", ""),
    "NFD": lambda text, rng, pool: unicodedata.normalize("NFD", text),
    "no diacritics": lambda text, rng, pool: drop_marks(text),
    "tone placement": lambda text, rng, pool: text.replace("oà", "òa").replace("uý", "úy"),
    "look-alikes": lambda text, rng, pool: look_alike(text, rng),
    "5% words": lambda text, rng, pool: change_words(text, rng, 0.05),
    "15% words": lambda text, rng, pool: change_words(text, rng, 0.15),
    "25% words": lambda text, rng, pool: change_words(text, rng, 0.25),
    "2% typos": lambda text, rng, pool: mistype(text, rng, 0.02),
    "5% typos": lambda text, rng, pool: mistype(text, rng, 0.05),
    "joined, split": lambda text, rng, pool: join_and_split(text, rng),
    "shuffled": lambda text, rng, pool: shuffle_paragraphs(text, rng),
    "all combined": lambda text, rng, pool: everything(text, rng),
    "passage of 50%": lambda text, rng, pool: implant(text, rng, pool, 0.5),
    "passage of 30%": lambda text, rng, pool: implant(text, rng, pool, 0.3),
    "passage of 20%": lambda text, rng, pool: implant(text, rng, pool, 0.2),
    "passage of 10%": lambda text, rng, pool: implant(text, rng, pool, 0.1),
    "three passages": lambda text, rng, pool: implant(text, rng, pool, 0.4, pieces=3),
    "edited passage": lambda text, rng, pool: implant(change_words(text, rng, 0.1), rng, pool, 0.4),
}
#: The kinds of which a copy is the whole essay, its heading and stock phrases included.
WHOLE = {"exact", "case, punctuation", "NFD", "no diacritics", "tone placement", "look-alikes"}


@dataclass
class Planted:
    """Essays, the sources each was made from, and the pairs to be found by kind."""

    texts: dict[str, str] = field(default_factory=dict)
    lineage: dict[str, set[str]] = field(default_factory=dict)
    pairs: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, essay_id: str, text: str, sources: set[str]) -> None:
        self.texts[essay_id] = text
        self.lineage[essay_id] = {essay_id, *sources}


def plant(count: int, pool: Pool, seed: int) -> Planted:
    """Return ``count`` essays, a fifth of them copies: of the others, of all kinds in turn."""
    rng = random.Random(seed)
    planted = Planted()
    crowd = 100 if count >= 1000 else 0
    copies = count // 5 - crowd
    bodies = list(islice(iter(pool.body, None), count - copies - crowd))
    names = [f"e{number:07}" for number in rng.sample(range(10 * count), count)]
    for name, body in zip(names, bodies, strict=False):
        planted.add(name, dress(body, rng), set())
    unused = iter(rng.sample(range(len(bodies)), len(bodies)))
    rest = iter(names[len(bodies) :])
    for number in range(copies):
        kind = [*KINDS, "three sources"][number % (len(KINDS) + 1)]
        name = next(rest)
        chosen = list(islice(unused, 3 if kind == "three sources" else 1))
        sources = {names[source] for source in chosen}
        if kind in WHOLE:
            text = KINDS[kind](planted.texts[names[chosen[0]]], rng, pool)
        elif kind == "three sources":
            text = dress(" ".join(cut(bodies[source], rng, 0.33) for source in chosen), rng)
        else:
            text = dress(KINDS[kind](bodies[chosen[0]], rng, pool), rng)
        planted.add(name, text, sources)
        planted.pairs += [(kind, source, name) for source in sorted(sources)]
    source = next(unused)
    for name in islice(rest, crowd):
        text = change_words(bodies[source], rng, rng.choice([0, 0.03, 0.1]))
        planted.add(name, dress(text, rng), {names[source]})
        planted.pairs.append(("one copied by 100", names[source], name))
    return planted


def pool_runs(text: str) -> set[str]:
    """Return all runs of `QUOTED` letters of an essay that come from the pool alone."""
    letters = fold_letters(text)[0]
    for shared in (HEADING, PROMPT, RESOLUTION, *STOCK):
        letters = letters.replace(fold_letters(shared)[0], "|")
    runs = (letters[start : start + QUOTED] for start in range(len(letters) - QUOTED + 1))
    return {run for run in runs if "|" not in run}


def print_table(planted: Planted, report: DuplicateReport) -> None:
    """Print recall by kind, what kinds the matches were called, and precision."""
    found = {(match.a, match.b): match for match in report.pairs}
    home = {name: number for number, ids in enumerate(report.clusters) for name in ids}
    by_kind: dict[str, Counter[str]] = {}
    for kind, source, copy in planted.pairs:
        counter = by_kind.setdefault(kind, Counter())
        counter["planted"] += 1
        match = found.get((min(source, copy), max(source, copy)))
        counter[match.kind if match else "missed"] += 1
        # A crowd is linked by neighbours: being in its cluster is being found.
        in_cluster = source in home and home[source] == home.get(copy)
        counter["found"] += bool(match) or (kind == "one copied by 100" and in_cluster)
    columns = ("planted", "found", "exact", "near", "partial")
    print(f"{'kind':20}" + "".join(f"{column:>9}" for column in columns) + "   recall")
    for kind, counter in by_kind.items():
        recall = counter["found"] / counter["planted"]
        print(
            f"{kind:20}" + "".join(f"{counter[column]:9}" for column in columns), f"{recall:8.3f}"
        )
    right = sum(bool(planted.lineage[a] & planted.lineage[b]) for a, b in found)
    total = sum((counter for counter in by_kind.values()), Counter[str]())
    print(f"recall of all kinds  {total['found'] / total['planted']:.4f}")
    print(f"pairs reported       {len(found)}, clusters {len(report.clusters)}")
    quoted = sum(
        not planted.lineage[a] & planted.lineage[b]
        and not pool_runs(planted.texts[a]).isdisjoint(pool_runs(planted.texts[b]))
        for a, b in found
    )
    print(f"precision            {right / max(len(found), 1):.4f}")
    print(f"  with quotations    {(right + quoted) / max(len(found), 1):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--essays", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pool", type=Path, default=SHARED / "corpora" / "viwiki.jsonl.gz")
    parser.add_argument("--wrong", type=int, default=0, help="print so many wrong pairs")
    options = parser.parse_args()
    pool = Pool(options.pool if options.pool.exists() else None, options.seed)
    planted = plant(options.essays, pool, options.seed)
    letters = sum(map(len, planted.texts.values()))
    print(f"pool {pool.name}; {len(planted.texts)} essays, {letters} characters")
    started = time.process_time()
    report = find_duplicates(planted.texts.items(), exclude=[HEADING, PROMPT, RESOLUTION])
    spent = time.process_time() - started
    print_table(planted, report)
    print(f"CPU seconds          {spent:.2f} ({spent / len(planted.texts) * 1e3:.2f} ms an essay)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory          {peak / 1024:.0f} MiB, the essays and the pool included")
    wrong = (
        match for match in report.pairs if not planted.lineage[match.a] & planted.lineage[match.b]
    )
    for match in islice(wrong, options.wrong):
        print(match.a, match.b, match.kind, match.share_a, match.share_b)
        for passage in match.passages:
            print("   ", planted.texts[match.a][slice(*passage.a)])


if __name__ == "__main__":
    main()
