"""Random material for practice sessions: words, names, numbers, tables, logs, and a template filler."""

# ruff: noqa: E501 - templates are lines of a shell; wrapping would hide them
from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence

WORDS = """amber anchor apple arrow autumn badge bamboo basket beacon bridge bronze cabin candle canyon cedar chart cloud
cobalt copper coral cotton crater dahlia delta desert dragon ember engine falcon feather fennel fjord forest fossil galaxy
garden garnet ginger glacier granite harbor hazel helium hollow indigo island ivory jasmine jigsaw juniper kernel kettle
lagoon lantern laurel lemon lichen linen magnet maple marble meadow mercury mirror mosaic nectar nickel nutmeg oasis ocean
olive onyx orchid oxygen paper pebble pepper pigeon pillar planet plasma pollen prairie prism quartz quiver radar raven
ribbon river rocket saffron salmon satin signal silver spiral summit sunset tablet temple thunder timber tulip tunnel
umbrella valley vector velvet violet walnut willow winter yarrow zephyr zinc""".split()
NAMES = """Ada Alan Amara Anders Bea Boris Chloe Dan Dora Edith Emil Farah Felix Gita Grace Hana Hugo Ines Ivan Jun Kira
Lars Leila Linus Mara Mei Milo Nadia Nils Olga Omar Petra Quinn Rosa Sami Sven Tara Theo Uma Vera Wim Yuki Zoe""".split()
CITIES = "Oslo Lima Kyoto Porto Quito Riga Turin Accra Bergen Cusco Delhi Ghent Hanoi Izmir Lagos Malmo Osaka".split()
TEAMS = "ops sales design legal support research finance platform".split()
LEVELS = ("INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR")
EVENTS = (
    *(
        "connection refused",
        "request served",
        "cache miss",
        "cache hit",
        "user login",
        "user logout",
        "disk almost full",
    ),
    *("retrying upload", "job started", "job finished", "timeout after 30s", "payload too large", "token expired"),
)
_SLOT = re.compile("«([^»]+)»")

Beat = str | Sequence[str | None]
"""One step of an episode: a template, or several to choose from (``None`` stands for leaving the step out)."""


class Kit:
    """Everything random about one session; equal seeds give equal sessions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"practice-{seed}")
        self.files: dict[str, str] = {}
        self._unused = self.random.sample(WORDS, len(WORDS))

    # words and numbers

    def word(self) -> str:
        """A word that this session has not used yet, so that names of files never clash."""
        return self._unused.pop() if self._unused else f"{self.random.choice(WORDS)}{self.number(2, 99)}"

    def any(self) -> str:
        return self.random.choice(WORDS)

    def Word(self) -> str:
        return self.random.choice(WORDS).capitalize()

    def name(self) -> str:
        return self.random.choice(NAMES)

    def city(self) -> str:
        return self.random.choice(CITIES)

    def team(self) -> str:
        return self.random.choice(TEAMS)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def phrase(self) -> str:
        return " ".join(self.random.sample(WORDS, self.number(3, 6)))

    # material

    def lines(self, least: int = 5, most: int = 12) -> str:
        return "".join(f"{self.phrase()}\n" for _ in range(self.number(least, most)))

    def list(self, least: int = 5, most: int = 10) -> str:
        """Words, one a line, with repetitions."""
        some = self.random.sample(WORDS, 5)
        return "".join(f"{self.random.choice(some)}\n" for _ in range(self.number(least, most)))

    def numbers(self, least: int = 4, most: int = 10) -> str:
        return "".join(f"{self.number(-20, 300)}\n" for _ in range(self.number(least, most)))

    def people(self, sep: str = ",", head: bool = True) -> str:
        """A table: name, city, team, age, score."""
        rows = [["name", "city", "team", "age", "score"]] if head else []
        for name in self.random.sample(NAMES, self.number(5, 11)):
            score = f"{self.number(10, 99)}.{self.number(0, 9)}"
            rows.append([name, self.city(), self.team(), str(self.number(19, 68)), score])
        return "".join(f"{sep.join(row)}\n" for row in rows)

    def stock(self, sep: str = ",") -> str:
        """A table: id, item, quantity, price."""
        rows = [["id", "item", "qty", "price"]]
        for index, item in enumerate(self.random.sample(WORDS, self.number(4, 9)), self.number(1, 500)):
            rows.append([str(index), item, str(self.number(0, 120)), f"{self.number(1, 80)}.{self.number(0, 99):02d}"])
        return "".join(f"{sep.join(row)}\n" for row in rows)

    def log(self) -> str:
        day, out = f"2025-{self.number(1, 12):02d}-{self.number(1, 28):02d}", []
        hour, minute = self.number(0, 20), 0
        for _ in range(self.number(8, 22)):
            minute += self.number(0, 7)
            stamp = f"{day} {hour + minute // 60:02d}:{minute % 60:02d}:{self.number(0, 59):02d}"
            out.append(f"{stamp} {self.random.choice(LEVELS)} [{self.pick('web', 'db', 'auth', 'queue')}] ")
            out[-1] += f"{self.random.choice(EVENTS)}\n"
        return "".join(out)

    def access(self) -> str:
        """A web server's log."""
        hosts = [f"10.{self.number(0, 9)}.{self.number(0, 255)}.{self.number(1, 254)}" for _ in range(4)]
        out = ""
        for index in range(self.number(8, 18)):
            verb, path = (
                self.pick("GET", "GET", "GET", "POST", "PUT"),
                self.pick("/", "/login", "/api/v1/items", "/logo.png"),
            )
            status = self.pick("200", "200", "200", "301", "404", "500")
            when = f"{self.number(1, 28):02d}/Mar/2025:10:{index:02d}:{self.number(0, 59):02d} +0000"
            out += (
                f'{self.random.choice(hosts)} - - [{when}] "{verb} {path} HTTP/1.1" {status} {self.number(90, 9000)}\n'
            )
        return out

    def ini(self) -> str:
        return (
            f"[server]\nhost = {self.any()}.example.com\nport = {self.number(1024, 9999)}\ndebug = {self.pick('true', 'false')}\n\n"
            f"[database]\nname = {self.any()}\nuser = {self.name().lower()}\npool = {self.number(2, 40)}\n"
        )

    def env(self) -> str:
        return (
            f"APP_NAME={self.any()}\nAPP_PORT={self.number(1024, 9999)}\n# comment: {self.phrase()}\n"
            f"LOG_LEVEL={self.pick('debug', 'info', 'warn')}\nREGION={self.city().lower()}\n"
        )

    def yaml(self) -> str:
        services = "".join(
            f"  {word}:\n    image: {word}:{self.number(1, 9)}.{self.number(0, 20)}\n    replicas: {self.number(1, 6)}\n"
            for word in self.random.sample(WORDS, 3)
        )
        return f"version: {self.number(1, 3)}\nname: {self.any()}\nservices:\n{services}"

    def record(self) -> dict[str, object]:
        return {
            "id": self.number(1, 9000), "name": self.name(), "city": self.city(), "active": self.random.random() < 0.6,
            "tags": self.random.sample(WORDS, self.number(1, 3)), "score": self.number(0, 1000) / 10,
        }  # fmt: skip

    def json(self) -> str:
        rows = [self.record() for _ in range(self.number(2, 5))]
        return json.dumps({"items": rows, "total": len(rows)}, indent=self.random.choice([None, 2])) + "\n"

    def markdown(self) -> str:
        items = "".join(f"- [{self.pick(' ', 'x')}] {self.phrase()}\n" for _ in range(self.number(3, 6)))
        return f"# {self.Word()}\n\n{self.phrase().capitalize()}.\n\n## Tasks\n\n{items}\nTODO: {self.phrase()}\n"

    # sessions

    def file(self, path: str, text: str) -> str:
        """Let ``path`` exist before the first command."""
        self.files[path] = text
        return path

    def fill(self, template: str, **given: object) -> str:
        """Replace each ``«slot»``: a given value, ``«3-9»`` by a number, ``«a|b|c»`` by one of them, else a method's word."""

        def slot(match: re.Match[str]) -> str:
            key = match[1]
            if key in given:
                return str(given[key])
            if span := re.fullmatch(r"(-?\d+)-(\d+)", key):
                return str(self.number(int(span[1]), int(span[2])))
            return self.pick(*key.split("|")) if "|" in key else str(getattr(self, key)())

        return _SLOT.sub(slot, template)

    def play(self, *beats: Beat, **given: object) -> list[str]:
        """The commands of an episode: one choice a beat, filled in."""
        chosen = [beat if isinstance(beat, str) else self.random.choice(beat) for beat in beats]
        return [self.fill(one, **given) for one in chosen if one is not None]
