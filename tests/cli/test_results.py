"""Baselines, silences and outputs for CI through the commands ``analyze`` and ``check``, on a real snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer
from tests.cli.running import Run, dbtune
from tests.cli.test_analyze import SCHEMA

Here = Callable[..., Run]

QUERIES = """\
-- calls: 1000
SELECT id, total FROM orders WHERE customer_id = 4711;

-- calls: 50
SELECT * FROM customers
WHERE email = 'secret@example.com';
SELECT count(*) FROM orders WHERE placed = '2024-03-01';
"""
BY_CUSTOMER, BY_EMAIL = "Index orders (customer_id)", "Index customers (email)"


@pytest.fixture(scope="module")
def collected(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of a shop with a duplicate index and two missing ones."""
    url = postgres.create_database("cli_results")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
    path = tmp_path_factory.mktemp("results") / "shop.json"
    assert dbtune("collect", url, "-o", path).status == 0
    return path


@pytest.fixture
def shop(collected: Path, tmp_path: Path) -> Path:
    """A repository with the snapshot, the queries, and nothing else."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "queries.sql").write_text(QUERIES)
    (tmp_path / "shop.json").write_bytes(collected.read_bytes())
    return tmp_path


def report_of(run: Run) -> Any:
    return json.loads(run.out)


def titles(report: Any) -> set[str]:
    return {one["title"] for one in report["recommendations"]}


def silence(folder: Path, *entries: str) -> None:
    (folder / "dbtune.toml").write_text("".join(f"[[silence]]\n{entry}\n" for entry in entries))


CHECK = ("check", "shop.json", "-w", "queries.sql")
JSON = ("--format", "json")


def test_only_what_is_new_fails(shop: Path, here: Here) -> None:
    first = here(*CHECK)
    assert first.status == 1
    assert "index.missing" in first.out
    assert "safer:" not in first.out  # an index is one more thing to do, not a statement's other form
    written = here(*CHECK, "--write-baseline", "known.json")
    assert written.status == 0
    assert "3 findings are known from now on" in written.err
    known = here(*CHECK, "--baseline", "known.json")
    assert known.status == 0, known.err
    assert "0 new, 3 known, 0 gone (beside known.json)" in known.out

    with (shop / "queries.sql").open("a") as file:
        file.write("-- calls: 500\nSELECT max(total) FROM orders WHERE placed = '2024-03-01' AND total > 900;\n")
    new = here(*CHECK, "--baseline", "known.json", *JSON)
    assert new.status == 1
    report = report_of(new)
    assert len(report["baseline"]["known"]) == 3
    (found,) = [
        one
        for one in report["recommendations"]
        if one["severity"] == "high" and one["id"] not in report["baseline"]["known"]
    ]
    assert found["location"] == {"file": "queries.sql", "line": 9}


def test_a_former_report_is_a_baseline_and_what_is_gone_is_told(shop: Path, here: Here) -> None:
    assert here("analyze", *CHECK[1:], "-q", "-o", "main.json").status == 0
    (shop / "queries.sql").write_text(QUERIES.split("-- calls: 50\n")[0])
    run = here(*CHECK, "--baseline", "main.json")
    assert run.status == 0, run.err
    assert "Gone since the baseline\n    Index customers (email) (index.missing)" in run.out
    only = report_of(here(*CHECK, "--baseline", "main.json", "--only", "index.duplicate", *JSON))
    assert only["baseline"]["gone"] == []


@pytest.mark.parametrize("command", ["analyze", "check"])
def test_a_baseline_from_elsewhere_is_one_line(command: str, shop: Path, here: Here) -> None:
    assert here("analyze", *CHECK[1:], "-q", "--write-baseline", "known.json").status == 0
    known = json.loads((shop / "known.json").read_text())
    for changes in ({"database": "another"}, {"dialect": "mysql"}):
        (shop / "other.json").write_text(json.dumps({**known, **changes}))
        error = here(command, *CHECK[1:], "--baseline", "other.json").assert_one_line_error(2)
        assert error.startswith("other.json: a baseline of the ")
    assert "neither a baseline" in here(command, *CHECK[1:], "--baseline", "queries.sql").assert_one_line_error(2)
    assert "No such file" in here(command, *CHECK[1:], "--baseline", "none.json").assert_one_line_error(2)
    error = here(command, *CHECK[1:], "--write-baseline", "nowhere/known.json").assert_one_line_error(2)
    assert "no folder nowhere" in error


def test_silences_are_counted_and_not_counted_on(shop: Path, here: Here) -> None:
    silence(shop, 'rules = ["index.missing"]\ntables = ["public.orders"]\nreason = "cached by the application"')
    run = here("analyze", *CHECK[1:], "--fail-on", "info", *JSON)
    report = report_of(run)
    assert BY_EMAIL in titles(report)
    assert BY_CUSTOMER not in titles(report)
    (silenced,) = report["silenced"]
    assert (silenced["title"], silenced["by"], silenced["reason"]) == (
        BY_CUSTOMER,
        "dbtune.toml",
        "cached by the application",
    )
    # the totals are those without the index that nobody will build
    (shop / "dbtune.toml").unlink()
    alone = report_of(here("analyze", *CHECK[1:], *JSON))
    assert report["summary"]["cost_before"] == alone["summary"]["cost_before"]
    saved = report["summary"]["cost_before"] - report["summary"]["cost_after"]
    assert saved < 0.1 * (alone["summary"]["cost_before"] - alone["summary"]["cost_after"])
    assert report["summary"]["new_index_bytes"] < alone["summary"]["new_index_bytes"]


def test_silencing_a_whole_rule_leaves_nothing_of_it(shop: Path, here: Here) -> None:
    silence(shop, 'rules = "index"\nreason = "indexes are made elsewhere"')
    run = here(*CHECK, "-o", "r.json")
    assert run.status == 0, run.err
    assert "Nothing to recommend but what was silenced." in run.out
    report = json.loads((shop / "r.json").read_text())
    assert report["recommendations"] == []
    assert {one["rule"] for one in report["silenced"]} >= {"index.missing", "index.duplicate"}
    assert report["summary"]["cost_after"] == report["summary"]["cost_before"]


def test_a_comment_silences_the_statement_below_it_and_a_head_the_file(shop: Path, here: Here) -> None:
    (shop / "queries.sql").write_text(QUERIES.replace("SELECT *", "-- dbtune: ignore index.missing rare\nSELECT *"))
    report = report_of(here(*CHECK, *JSON))
    assert BY_EMAIL not in titles(report)
    assert BY_CUSTOMER in titles(report)
    assert [(one["by"], one["reason"]) for one in report["silenced"]] == [("queries.sql:5", "rare")]

    (shop / "queries.sql").write_text("-- dbtune: ignore index.missing\n\n" + QUERIES)
    report = report_of(here(*CHECK, *JSON))
    assert not {BY_CUSTOMER, BY_EMAIL} & titles(report)
    assert {one["by"] for one in report["silenced"]} == {"queries.sql:1"}
    assert report["summary"]["new_index_bytes"] == 0


def test_files_and_single_findings_can_be_silenced(shop: Path, here: Here) -> None:
    found = report_of(here(*CHECK, *JSON))["recommendations"]
    duplicate = next(one["id"] for one in found if one["rule"] == "index.duplicate")
    silence(
        shop,
        'rules = ["index.missing"]\nfiles = ["queries.sql"]\nreason = "old"',
        f'findings = ["{duplicate}"]\nreason = "goes with the next release"',
    )
    run = here(*CHECK, *JSON)
    assert {one["reason"] for one in report_of(run)["silenced"]} == {"old", "goes with the next release"}
    assert run.status == 0


def test_an_expired_silence_is_not_obeyed_and_said_so(shop: Path, here: Here) -> None:
    silence(shop, 'rules = ["index.duplicate"]\nreason = "soon"\nuntil = 2024-02-29')
    run = here(*CHECK, "--only", "index.duplicate")
    assert run.status == 1
    assert "dbtune.toml: the silence of index.duplicate ended on 2024-02-29 and is no longer obeyed" in run.err
    assert "ended on 2024-02-29" in run.out
    silence(shop, 'rules = ["index.duplicate"]\nreason = "soon"\nuntil = 2999-01-01')
    assert here(*CHECK, "--only", "index.duplicate").status == 0


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('rules = ["index.unused"]', "missing required field `reason`"),
        ('rules = ["index.unused"]\nreason = " "', "give a reason"),
        ('reason = "x"', "name 'rules', or 'findings'"),
        ('rules = ["index.unsued"]\nreason = "x"', "no rule or group 'index.unsued'; did you mean 'index.unused'?"),
        ('rules = ["index.unused"]\nreason = "x"\nuntill = 2027-01-01', "unknown field `untill`"),
        ('rules = ["index.unused"]\nreason = "x"\nuntil = "soon"', "Invalid RFC3339 encoded date"),
        ('rules = [3]\nreason = "x"', "Expected `str`, got `int`"),
    ],
)
def test_a_silence_that_is_wrong_is_one_line_that_names_the_file(
    entry: str, words: str, shop: Path, here: Here
) -> None:
    silence(shop, 'rules = ["index"]\nreason = "fine"', entry)
    error = here(*CHECK).assert_one_line_error(2)
    assert error.startswith(f"{shop / 'dbtune.toml'}: [[silence]] 2: ")
    assert words in error


def test_silence_must_be_a_list_of_tables_and_is_no_option(shop: Path, here: Here) -> None:
    (shop / "dbtune.toml").write_text('[silence]\nrules = ["index"]\n')
    assert "[[silence]]" in here(*CHECK).assert_one_line_error(2)
    (shop / "dbtune.toml").write_text("[[silences]]\nrules = []\n")
    assert "did you mean 'silence'?" in here(*CHECK).assert_one_line_error(2)


def test_a_comment_about_an_unknown_rule_is_told_before_the_work(shop: Path, here: Here) -> None:
    (shop / "queries.sql").write_text("-- dbtune: ignore index.misssing\nSELECT 1;\n")
    error = here("check", "postgresql://nobody@127.0.0.1:1/none", "-w", "queries.sql").assert_one_line_error(2)
    assert error.startswith("queries.sql:1: no rule or group 'index.misssing'; did you mean 'index.missing'?")


def test_every_output_for_ci_by_its_ending(shop: Path, here: Here) -> None:
    names = ("r.sarif", "r.junit.xml", "gl-code-quality-report.json", "comment.pr.md", "r.github.txt")
    run = here(*CHECK, *(part for name in names for part in ("-o", name)))
    assert run.status == 1
    (sarif,) = json.loads((shop / "r.sarif").read_text())["runs"]
    located = {
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for one in sarif["results"]
        for place in (one["locations"][0]["physicalLocation"],)
    }
    assert located == {("queries.sql", 2), ("queries.sql", 5), ("queries.sql", 1)}
    assert ElementTree.parse(shop / "r.junit.xml").getroot().get("failures") == "3"
    assert len(json.loads((shop / "gl-code-quality-report.json").read_text())) == 3
    assert (shop / "comment.pr.md").read_text().startswith("<!-- dbtune/postgres/cli_results")
    assert (shop / "r.github.txt").read_text().startswith("::error file=queries.sql,line=2,title=Index orders ")
    for name in names:
        assert "secret@example.com" not in (shop / name).read_text()


def test_the_anchor_is_a_file_of_the_repository(shop: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(here("check", "shop.json", "--only", "index.duplicate", *JSON))
    assert report["anchor"] == "shop.json"
    (shop / "below").mkdir()
    (shop / "below" / ".git").mkdir()
    monkeypatch.chdir(shop / "below")
    # chdir of ``here`` happened already: the snapshot now lies outside
    report = report_of(here("check", "../shop.json", "--only", "index.duplicate", *JSON))
    assert report["anchor"] == ""


def test_github_gets_commands_and_a_summary(shop: Path) -> None:
    summary = shop / "summary.md"
    summary.write_text("# before\n")
    run = dbtune(*CHECK, "--format", "github", cwd=shop, env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert run.status == 1, run.err
    assert run.err == ""
    assert [line.split(" ", 1)[0] for line in run.out.splitlines()] == ["::error", "::error", "::warning", "dbtune:"]
    assert summary.read_text().startswith("# before\n## dbtune: 3 findings on cli\\_results")
    bad = dbtune(*CHECK, "--format", "github", cwd=shop, env={"GITHUB_STEP_SUMMARY": str(shop / "no" / "where")})
    assert bad.status == 2
    assert "GITHUB_STEP_SUMMARY" in bad.err


def test_findings_of_migrations_are_silenced_by_their_line_and_known_by_their_baseline(shop: Path, here: Here) -> None:
    (shop / "m").mkdir()
    migration = shop / "m" / "1.sql"
    migration.write_text("SET lock_timeout = '2s';\nALTER TABLE customers RENAME COLUMN email TO mail;\n")
    check = ("check", "shop.json", "m", "-w", "queries.sql", "--only", "migration.breaks")
    run = here(*check, "--format", "github", "--write-baseline", "known.json")
    assert run.status == 0
    assert run.out.startswith("::error file=m/1.sql,line=2,title=")
    assert here(*check).status == 1
    assert here(*check, "--baseline", "known.json").status == 0
    absolute = (*check[:2], str(shop / "m"), *check[3:])
    assert here(*absolute, "--baseline", "known.json").status == 0
    migration.write_text("-- a line more\n" + migration.read_text())
    assert here(*check, "--baseline", "known.json").status == 0

    text = migration.read_text()
    migration.write_text(text.replace("ALTER", "-- dbtune: ignore migration.breaks deployed before\nALTER"))
    run = here(*check, *JSON)
    assert run.status == 0
    (silenced,) = report_of(run)["silenced"]
    assert (silenced["by"], silenced["reason"]) == ("m/1.sql:3", "deployed before")
    migration.write_text(text)
    silence(shop, 'rules = ["migration"]\nfiles = ["m/*"]\nreason = "applied long ago"')
    assert here(*check).status == 0
