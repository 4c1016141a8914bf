"""Secrets out of recordings: high-confidence shapes, one placeholder for one secret, nothing else touched."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextstate.record.scrub import Scrubber, report, scrub
from nextstate.types import Setup, Trajectory, Turn

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA==\n-----END OPENSSH PRIVATE KEY-----"
SECRETS = {
    "aws_access_key": "AKIA" + "Q7" * 8,
    "github_token": "ghp_" + "aB3" * 12,
    "gitlab_token": "glpat-" + "x7" * 10,
    "slack_token": "xoxb-12345-abcdef",
    "stripe_key": "sk_live_" + "a1" * 10,
    "google_key": "AIza" + "b2_-k" * 7,
    "hugging_face_token": "hf_" + "Ab3" * 12,
    "npm_token": "npm_" + "a1" * 18,
    "model_key": "sk-proj-" + "a1b2" * 8,
    "jwt": JWT,
    "private_key": KEY,
}
"""Invented; only their shapes are real."""
IN_PLACE = {
    "postgres://joe:s3cr3t@db:5432/x": ("url_password", "postgres://joe:<URL_PASSWORD_1>@db:5432/x"),
    "curl -u joe:pw1 http://x": ("curl_password", "curl -u joe:<CURL_PASSWORD_1> http://x"),
    "Authorization: Bearer abc.def-123": ("authorization", "Authorization: Bearer <AUTHORIZATION_1>"),
    "GET /x?api_key=abcdefgh1&y=2": ("url_token", "GET /x?api_key=<URL_TOKEN_1>&y=2"),
    "DB_PASSWORD=hunter2 ./run": ("password", "DB_PASSWORD=<PASSWORD_1> ./run"),
    "password: correct1horse\n": ("password", "password: <PASSWORD_1>\n"),
    '{"password": "open sesame"}': ("password", '{"password": "<PASSWORD_1>"}'),
    "mysql --password hunter22": ("password", "mysql --password <PASSWORD_1>"),
    "export API_TOKEN=abcd1234efgh": ("secret", "export API_TOKEN=<SECRET_1>"),
    'client_secret = "abcd1234efgh"': ("secret", 'client_secret = "<SECRET_1>"'),
    "aws_secret_access_key = " + "aB3/+" * 8: ("aws_secret_key", "aws_secret_access_key = <AWS_SECRET_KEY_1>"),
    "https://hooks.slack.com/services/T0000AB/B0000CD/" + "x" * 24: (
        "slack_webhook",
        "https://hooks.slack.com/services/<SLACK_WEBHOOK_1>",
    ),
}
HARMLESS = [
    "PWD=/home/dev/project1",
    "password=$PASS; echo ${TOKEN}",
    "password = getpass()",
    "token = tokens[index]",
    "sk-learn",
    "if password == 'x1': pass",
    "password=None",
    "API_KEY=your_api_key_1",
    'bash: line 1: 1/0: (error token is "0")',
    "https://example.com:8080/a@b",
    "the secret is out",
    "token: str = ''",
    "-rw-r--r-- 1 dev dev 4096 id_rsa",
    "commit 4f2c1d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e",
    "PASSWORD=",
    "password=***",
    "git log --format=%H",
    "scp a@b:/tmp",
    "echo $PASSWORD_FILE=x",
    "sha256sum: " + "ab12" * 16,
    "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----",
]


def clean(text: str) -> str:
    return Scrubber().clean(text)


@pytest.mark.parametrize(("rule", "secret"), SECRETS.items())
def test_a_secret_of_a_known_shape_is_replaced_wherever_it_stands(rule: str, secret: str) -> None:
    scrubber = Scrubber()
    name = f"<{rule.upper()}_1>"
    assert scrubber.clean(f"a {secret} b\n{secret}") == f"a {name} b\n{name}"
    assert dict(scrubber.counts) == {rule: 2}


@pytest.mark.parametrize(("text", "expected"), IN_PLACE.items())
def test_a_secret_is_seen_by_what_stands_around_it(text: str, expected: tuple[str, str]) -> None:
    scrubber = Scrubber()
    assert (scrubber.clean(text), list(scrubber.counts)) == (expected[1], [expected[0]])


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


def test_one_secret_has_one_placeholder_and_two_have_two() -> None:
    a, b = SECRETS["github_token"], SECRETS["github_token"][::-1].replace("_phg", "")
    assert clean(f"{a} ghp_{b} {a}") == "<GITHUB_TOKEN_1> <GITHUB_TOKEN_2> <GITHUB_TOKEN_1>"


def test_a_secret_found_once_is_replaced_where_no_rule_sees_it() -> None:
    turns = (Turn("echo zx81zx81zx", "zx81zx81zx\n"), Turn("export SERVICE_TOKEN=zx81zx81zx", ""))
    cleaned = scrub(Trajectory("t", "terminal", Setup(), turns))
    assert cleaned.turns[0] == Turn("echo <SECRET_1>", "<SECRET_1>\n")
    assert cleaned.meta["scrubbed"] == {"secret": 3}
    assert report(cleaned) == "3 secret"


def test_a_short_password_does_not_take_ordinary_words_with_it() -> None:
    assert clean("password=apple; echo apple") == "password=<PASSWORD_1>; echo apple"


def test_facts_are_scrubbed_by_the_names_of_their_variables() -> None:
    facts = {"env": {"DB_PASSWORD": "swordfish", "HOME": "/home/dev"}, "complete": ["/home"], "uid": 1000}
    turn = Turn("ls", "", {"note": SECRETS["jwt"], "exit": 0})
    cleaned = scrub(Trajectory("t", "terminal", Setup(SECRETS["jwt"], facts=facts), (turn,)))
    assert cleaned.setup.facts == {**facts, "env": {"DB_PASSWORD": "<PASSWORD_1>", "HOME": "/home/dev"}}
    assert (cleaned.setup.initial_state, cleaned.turns[0].meta) == ("<JWT_1>", {"note": "<JWT_1>", "exit": 0})


def test_a_trajectory_without_secrets_stays_the_same_object() -> None:
    trajectory = Trajectory("t", "terminal", Setup(facts={"cwd": "/"}), (Turn("ls", "a\n"),))
    assert scrub(trajectory) is trajectory
    assert report(trajectory) == ""


PIECES = st.sampled_from(
    [*SECRETS.values(), *IN_PLACE, *HARMLESS, "password=", "token: ", "'", '"', "\n", " ", "<", ">"]
)
TEXTS = st.lists(PIECES | st.text(max_size=10), max_size=12).map("".join)


@given(TEXTS)
def test_no_secret_of_a_known_shape_survives(text: str) -> None:
    cleaned = clean(f"{text} {JWT} {SECRETS['aws_access_key']}\n{KEY}\n")
    assert [secret for secret in (JWT, SECRETS["aws_access_key"], KEY) if secret in cleaned] == []


@given(TEXTS)
def test_cleaning_a_clean_text_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(st.text())
def test_lines_are_neither_lost_nor_added_unless_a_key_is(text: str) -> None:
    assert clean(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "piece", ["eyJ-", "sk-", "password=", "http://a:b:c@", "_", "-----BEGIN PRIVATE KEY-----", "a "]
)
def test_time_grows_with_the_length_of_the_text_only(piece: str) -> None:
    started = time.perf_counter()
    clean(piece * (400_000 // len(piece)))
    assert time.perf_counter() - started < 2.0
