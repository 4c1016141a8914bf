"""Keys are kept as hashes, work at once, stop at once, and never let anybody in by mistake."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from nextstate.cli import keys as commands
from nextstate.errors import DataError, UsageError
from nextstate.serve.keys import MAX_SECRET, PREFIX, Keys
from nextstate.sim.quota import Quota


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys.json", clock=lambda: 1000.0)


def test_a_secret_opens_and_the_file_does_not_hold_it(keys: Keys) -> None:
    secret = keys.new("ann", quota=Quota(steps=5), rate=2.0)
    found = keys.find(secret)
    assert found is not None and (found.name, found.quota.steps, found.rate) == ("ann", 5, 2.0)
    assert secret.startswith(PREFIX) and len(secret) >= len(PREFIX) + 43
    text = keys.path.read_text("utf-8")
    assert secret not in text and secret.removeprefix(PREFIX) not in text and found.hash in text


def test_only_the_owner_of_the_file_may_read_it(keys: Keys) -> None:
    keys.new("ann")
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    keys.new("ben")
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", ["", "x", PREFIX, "ns_" + "A" * 43, "\ud800", "n" * (MAX_SECRET + 1)])
def test_what_is_no_secret_opens_nothing(keys: Keys, wrong: str) -> None:
    keys.new("ann")
    assert keys.find(wrong) is None


def test_neither_the_hash_nor_the_name_is_a_secret(keys: Keys) -> None:
    secret = keys.new("ann")
    found = keys.find(secret)
    assert found is not None
    assert keys.find(found.hash) is None and keys.find("ann") is None


def test_a_key_that_another_process_makes_or_revokes_counts_at_once(keys: Keys) -> None:
    other = Keys(keys.path)
    secret = other.new("ann")
    found = keys.find(secret)
    assert found is not None and keys.holds(found)
    other.revoke("ann")
    assert keys.find(secret) is None and not keys.holds(found) and keys.named("ann") is None


def test_a_revoked_name_may_be_given_again_and_the_old_secret_stays_shut(keys: Keys) -> None:
    old = keys.new("ann")
    with pytest.raises(UsageError, match="already"):
        keys.new("ann")
    keys.revoke("ann")
    new = keys.new("ann")
    assert keys.find(old) is None and keys.find(new) is not None
    assert [key.name for key in keys.all()] == ["ann"]


def test_revoking_a_misspelt_name_says_the_nearest_one(keys: Keys) -> None:
    keys.new("trainer")
    with pytest.raises(UsageError, match="'trainer'"):
        keys.revoke("trainr")


@pytest.mark.parametrize("name", ["", "local", "a b", "-a", "a/b", "\u00e9", "a" * 65, "a\n"])
def test_names_are_plain_words(keys: Keys, name: str) -> None:
    with pytest.raises(UsageError):
        keys.new(name)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"version": 2, "keys": []}', b'{"version": 1, "keys": [{"name": "a"}]}', b"\xff"]
)
def test_a_broken_file_lets_nobody_in_and_says_why(keys: Keys, text: bytes) -> None:
    secret = keys.new("ann")
    assert keys.find(secret) is not None
    keys.path.write_bytes(text)
    assert keys.find(secret) is None and keys.problem
    with pytest.raises(DataError):
        keys.all()


def test_a_file_that_is_gone_lets_nobody_in(keys: Keys) -> None:
    secret = keys.new("ann")
    keys.path.unlink()
    assert keys.find(secret) is None
    with pytest.raises(UsageError, match="cannot read"):
        keys.all()


def test_a_change_within_the_same_moment_is_seen(keys: Keys) -> None:
    secret = keys.new("ann")
    assert keys.find(secret) is not None
    before = keys.path.stat()
    Keys(keys.path).revoke("ann")
    os.utime(keys.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert keys.find(secret) is None


def run(*words: str) -> int:
    import argparse

    root = argparse.ArgumentParser()
    commands.add(root.add_subparsers())
    arguments = root.parse_args(["keys", *words])
    status: int = arguments.run(arguments)
    return status


def test_the_commands_make_list_and_revoke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "keys.json")
    assert run("new", "ann", "--keys", file, "--rate", "2.5", "--steps", "10") == 0
    secret = capsys.readouterr().out.strip()
    assert Keys(file).find(secret) is not None
    assert run("list", "--keys", file) == 0
    shown = capsys.readouterr().out
    assert "ann" in shown and "2.5 requests a second" in shown and "10 steps" in shown and secret not in shown
    assert run("revoke", "ann", "--keys", file) == 0
    assert Keys(file).find(secret) is None
    capsys.readouterr()
    assert run("list", "--keys", file, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["keys"]
    assert row["name"] == "ann" and row["revoked"] and row["quota"]["steps"] == 10 and "hash" not in row


@pytest.mark.parametrize("wrong", ["0", "-1", "nan", "inf", "x"])
def test_a_rate_that_is_none_is_wrong_usage(tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("new", "ann", "--keys", str(tmp_path / "k"), "--rate", wrong)
    assert "above 0" in capsys.readouterr().err
