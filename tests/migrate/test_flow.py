"""From a report and a folder to files: what is detected, how versions and chains go on, what is not written again."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.migrate.flow import AUTO, Proposal, Wishes, propose
from dbtune.migrate.formats.atlas import atlas_sum
from dbtune.migrate.planning import plan
from dbtune.migrate.project import NewFile
from dbtune.migrate.registry import formats
from dbtune.migrate.writing import write_all
from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Report
from tests.migrate.reports import DROPPED, PLAIN, QUOTED, SIMPLE, TARGET, report
from tests.report.samples import EMPTY, HOSTILE

TWO = report(SIMPLE, DROPPED)
REVISION = 'revision = "{0}"\ndown_revision = {1!r}\n'
DJANGO_MIGRATION = "from django.db import migrations\n\nclass Migration(migrations.Migration):\n    dependencies = {}\n"

Files = Mapping[str, str]


def folder(root: Path, files: Files) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text(text)
    return root


def proposed(root: Path, form: str = AUTO, advice: Report = TWO, **wishes: object) -> Proposal:
    return propose(advice, Wishes(root, form, **wishes))  # type: ignore[arg-type]


def names(root: Path, form: str = AUTO, advice: Report = TWO) -> list[str]:
    return [str(file.path.relative_to(root)) for file in proposed(root, form, advice).output.files]


CASES: dict[str, tuple[Files, str, list[str]]] = {
    "alembic.ini": (
        {
            "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n"
            "file_template = %%(year)d_%%(rev)s_%%(slug)s\n",
            "migrations/versions/a.py": REVISION.format("aaa", None),
            "migrations/versions/b.py": REVISION.format("bbb", "aaa"),
        },
        "alembic",
        [
            "migrations/versions/2025_e98bcc0c8a20_create_idx_shop_order_status.py",
            "migrations/versions/2025_641a6d9276e1_drop_shop_order_note.py",
        ],
    ),
    "alembic in pyproject.toml": (
        {"pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/alembic"\n', "alembic/versions/": ""},
        "alembic",
        [
            "alembic/versions/e98bcc0c8a20_create_idx_shop_order_status.py",
            "alembic/versions/641a6d9276e1_drop_shop_order_note.py",
        ],
    ),
    "Flask-Migrate": (
        {"migrations/env.py": "", "migrations/versions/": ""},
        "alembic",
        [
            "migrations/versions/e98bcc0c8a20_create_idx_shop_order_status.py",
            "migrations/versions/641a6d9276e1_drop_shop_order_note.py",
        ],
    ),
    "django": (
        {
            "manage.py": "",
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_initial.py": DJANGO_MIGRATION.format("[]"),
            "shop/migrations/0009_x.py": DJANGO_MIGRATION.format('[("shop", "0001_initial"), ("auth", "0012_y")]'),
        },
        "django",
        ["shop/migrations/0010_create_idx_shop_order_status.py", "shop/migrations/0011_drop_shop_order_note.py"],
    ),
    "rails": (
        {"Gemfile": "", "db/migrate/20260101000000_first.rb": "class First < ActiveRecord::Migration[7.1]\nend\n"},
        "rails",
        [
            "db/migrate/20260101000001_create_idx_shop_order_status.rb",
            "db/migrate/20260101000002_drop_shop_order_note.rb",
        ],
    ),
    "dbmate": (
        {"db/migrations/20240101000000_a.sql": "-- migrate:up\n"},
        "dbmate",
        [
            "db/migrations/20250131123456_dbtune_begin.sql",
            "db/migrations/20250131123457_create_idx_shop_order_status.sql",
            "db/migrations/20250131123458_drop_shop_order_note.sql",
            "db/migrations/20250131123459_dbtune_end.sql",
        ],
    ),
    "golang-migrate by time": (
        {"db/migrations/20260101000059_a.up.sql": ""},
        "golang-migrate",
        [
            f"db/migrations/{version}.{way}.sql"
            for version in (
                "20260101000100_dbtune_begin",
                "20260101000101_create_idx_shop_order_status",
                "20260101000102_drop_shop_order_note",
                "20260101000103_dbtune_end",
            )
            for way in ("up", "down")
        ],
    ),
    "goose": (
        {"migrations/00009_a.sql": "-- +goose Up\n"},
        "goose",
        ["migrations/00010_create_idx_shop_order_status.sql", "migrations/00011_drop_shop_order_note.sql"],
    ),
    "sql-migrate": (
        {"dbconfig.yml": "development:\n    dialect: postgres\n    dir: sql\n", "sql/1_a.sql": "-- +migrate Up\n"},
        "sql-migrate",
        ["sql/2_create_idx_shop_order_status.sql", "sql/3_drop_shop_order_note.sql"],
    ),
    "yoyo": (
        {"yoyo.ini": "[DEFAULT]\nsources = steps\n", "steps/0001_a.py": "steps = []\n"},
        "yoyo",
        [
            "steps/0002_create_idx_shop_order_status.sql",
            "steps/0002_create_idx_shop_order_status.rollback.sql",
            "steps/0003_drop_shop_order_note.sql",
            "steps/0003_drop_shop_order_note.rollback.sql",
        ],
    ),
    "liquibase": (
        {"liquibase.properties": "changeLogFile: db/master.xml\n", "db/001_a.sql": "--liquibase formatted sql\n"},
        "liquibase",
        ["db/002_create_idx_shop_order_status.sql", "db/003_drop_shop_order_note.sql"],
    ),
    "sqitch": (
        {"sqitch.plan": "%syntax-version=1.0.0\n%project=shop\n\n"},
        "sqitch",
        [
            f"{way}/{name}.sql"
            for name in ("create_idx_shop_order_status", "drop_shop_order_note")
            for way in ("deploy", "revert", "verify")
        ]
        + ["sqitch.plan"],
    ),
    "knex": (
        {"knexfile.ts": "export default { migrations: { directory: './db/steps', tableName: 'x' } };\n"},
        "knex",
        ["db/steps/20250131123456_create_idx_shop_order_status.ts", "db/steps/20250131123457_drop_shop_order_note.ts"],
    ),
    "node-pg-migrate": (
        {"package.json": '{"dependencies": {"node-pg-migrate": "9"}}', "migrations/1800000000000_a.js": ""},
        "node-pg-migrate",
        [
            "migrations/1800000001000_create-idx-shop-order-status.js",
            "migrations/1800000002000_drop-shop-order-note.js",
        ],
    ),
    "flyway": (
        {"flyway.toml": '[flyway]\nlocations = ["filesystem:sql"]\n', "sql/V7.3__a.sql": "", "sql/V6.10__b.sql": ""},
        "flyway",
        [
            f"sql/{letter}{version}.sql{ending}"
            for version in ("7.4__create_idx_shop_order_status", "7.5__drop_shop_order_note")
            for letter in "VU"
            for ending in ("", ".conf")
        ],
    ),
    "atlas": (
        {"atlas.hcl": "", "migrations/20240101000000_a.sql": "SELECT 1;\n"},
        "atlas",
        [
            "migrations/20250131123456_create_idx_shop_order_status.sql",
            "migrations/20250131123457_drop_shop_order_note.sql",
            "migrations/atlas.sum",
        ],
    ),
    "prisma": (
        {"prisma/schema.prisma": ""},
        "prisma",
        [
            f"prisma/migrations/{name}/{file}.sql"
            for name in (
                "20250131123456_dbtune_begin",
                "20250131123457_create_idx_shop_order_status",
                "20250131123458_drop_shop_order_note",
                "20250131123459_dbtune_end",
            )
            for file in ("migration", "down")
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_detected_and_chained(case: str, tmp_path: Path) -> None:
    files, form, expected = CASES[case]
    folder(tmp_path, files)
    proposal = proposed(tmp_path)
    assert proposal.form.name == form
    assert [str(file.path.relative_to(tmp_path)) for file in proposal.output.files] == expected


@pytest.mark.parametrize("case", CASES)
def test_the_same_again_writes_nothing_and_less_goes_on(case: str, tmp_path: Path) -> None:
    files, _, _ = CASES[case]
    one, two = folder(tmp_path / "one", files), folder(tmp_path / "two", files)
    for root in (one, two):
        write_all(proposed(root).output.files)
    assert contents(one) == contents(two)
    before = contents(one)
    assert proposed(one).output.files == ()
    assert [each.name for each, _ in proposed(one).there] == ["create_idx_shop_order_status", "drop_shop_order_note"]
    write_all(proposed(one, advice=report(SIMPLE, QUOTED, DROPPED)).output.files)
    changed = {name for name, text in before.items() if contents(one)[name] != text}
    assert changed <= {"sqitch.plan", "migrations/atlas.sum"}
    assert any("idx_order_x_line_it_s" in name.replace("-", "_") for name in contents(one))
    assert len(proposed(one, advice=report(SIMPLE, QUOTED, DROPPED)).there) == 3


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("form", ["dbmate", "golang-migrate", "sql", "yoyo"])
def test_a_file_that_was_deleted_is_written_anew(form: str, tmp_path: Path) -> None:
    write_all(proposed(tmp_path, form).output.files)
    for path in tmp_path.glob("*shop*note*"):
        path.unlink()
    assert [each.name for each, _ in proposed(tmp_path, form).there] == ["create_idx_shop_order_status"]
    assert any("note" in file.path.name for file in proposed(tmp_path, form).output.files)


def test_each_format_has_a_case() -> None:
    assert {form for _, form, _ in CASES.values()} | {"sql", "graphile-migrate"} == set(formats())


ERRORS: dict[str, tuple[Files, str, str]] = {
    "nothing there": (
        {},
        AUTO,
        "nothing tells which migration tool is used here; name it with --format (alembic, atlas, ",
    ),
    "two tools": (
        {"manage.py": "", "alembic.ini": "[alembic]\nscript_location = a\n"},
        AUTO,
        "it could be alembic (alembic.ini) and django (manage.py); say which with --format",
    ),
    "two heads": (
        {
            "alembic.ini": "[alembic]\nscript_location = m\n",
            "m/versions/a.py": REVISION.format("aaa", None),
            "m/versions/b.py": REVISION.format("bbb", "aaa"),
            "m/versions/c.py": REVISION.format("ccc", "aaa"),
        },
        AUTO,
        "Alembic has 2 heads (bbb, ccc); run 'alembic merge heads' first, so that there is one to follow",
    ),
    "two leaves": (
        {
            "manage.py": "",
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_a.py": DJANGO_MIGRATION.format("[]"),
            "shop/migrations/0002_b.py": DJANGO_MIGRATION.format('[("shop", "0001_a")]'),
            "shop/migrations/0002_c.py": DJANGO_MIGRATION.format('[("shop", "0001_a")]'),
        },
        AUTO,
        "2 leaf migrations (0002_b, 0002_c); run 'manage.py makemigrations --merge' first",
    ),
    "no migration yet": (
        {"manage.py": "", "shop/migrations/__init__.py": ""},
        AUTO,
        "no migration yet; run 'manage.py makemigrations shop' first",
    ),
    "no app": (
        {"manage.py": "", "a/migrations/__init__.py": "", "b/migrations/__init__.py": ""},
        AUTO,
        "no model has the table shop_order; name the app with --app (a, b)",
    ),
    "no tool's project": ({}, "sqitch", "no sqitch project: there is no sqitch.plan"),
    "no Python": (
        {"alembic.ini": "[alembic]\nscript_location = m\n", "m/versions/a.py": "revision = (\n"},
        AUTO,
        "a.py: not read as Python",
    ),
    "no configuration": ({"alembic.ini": "nonsense\n"}, AUTO, "alembic.ini: not read as Alembic's configuration"),
    "typing error": ({}, "almbic", "no migration format 'almbic'; did you mean 'alembic'?"),
    "unknown": ({}, "xyz", "no migration format 'xyz'; known: auto, alembic, atlas, "),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str, tmp_path: Path) -> None:
    files, form, message = ERRORS[case]
    folder(tmp_path, files)
    with pytest.raises(UsageError, match=re.escape(message)):
        proposed(tmp_path, form)
    assert set(contents(tmp_path)) == set(files)


def test_errors_of_the_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recommendation, so there is nothing to migrate"):
        proposed(tmp_path, "sql", EMPTY)
    with pytest.raises(UsageError, match="no recommendation 'ff' in the report"):
        plan(TWO, ["ff"])
    with pytest.raises(UsageError, match="'0000' is the beginning of 2 ids"):
        plan(TWO, ["0000"])
    with pytest.raises(UsageError, match="graphile-migrate runs on postgres only; the report is for mysql"):
        proposed(tmp_path, "graphile-migrate", report(SIMPLE, dialect="mysql"))
    with pytest.raises(UsageError, match="--app names an app of Django; plain SQL has none"):
        proposed(tmp_path, "sql", app="x")
    with pytest.raises(UsageError, match="there is no such folder"):
        proposed(tmp_path / "none", "sql")


def test_only_some(tmp_path: Path) -> None:
    (one,) = plan(report(), [DROPPED.id]).migrations
    assert one.name == "drop_shop_order_note"
    assert names(tmp_path, "sql", replace(TWO, recommendations=(PLAIN,)))[0].startswith(
        "0001_create_idx_shop_order_cust"
    )


def test_all_files_or_none(tmp_path: Path) -> None:
    (tmp_path / "there.sql").write_text("mine")
    files = (
        NewFile(tmp_path / "new" / "a.sql", "a"),
        NewFile(tmp_path / "there.sql", "b", replaces=True),
        NewFile(tmp_path / "new" / ("x" * 300), "c"),
    )
    with pytest.raises(UsageError, match="nothing was written"):
        write_all(files)
    assert contents(tmp_path) == {"there.sql": "mine"}
    assert not (tmp_path / "new").exists()
    with pytest.raises(UsageError, match="there is such a file already; nothing was written"):
        write_all((files[0], NewFile(tmp_path / "there.sql", "b")))
    assert contents(tmp_path) == {"there.sql": "mine"}


def test_a_plan_of_sqitch_goes_on(tmp_path: Path) -> None:
    line = "first 2026-01-01T00:00:00Z A B <a@b> # x\n"
    folder(tmp_path, {"sqitch.plan": f"%syntax-version=1.0.0\n%project=shop\n\n{line}"})
    *_, planned = proposed(tmp_path).output.files
    assert planned.text.startswith(f"%syntax-version=1.0.0\n%project=shop\n\n{line}")
    assert re.findall(r"^(\w+) (\S+Z)", planned.text, re.MULTILINE) == [
        ("first", "2026-01-01T00:00:00Z"),
        ("create_idx_shop_order_status", "2026-01-01T00:00:01Z"),
        ("drop_shop_order_note", "2026-01-01T00:00:02Z"),
    ]


def test_sum_of_atlas() -> None:
    """Against the definition in Atlas' ``sql/migrate/dir.go``, worked out by hand."""
    first = hashlib.sha256(b"1_a.sqlSELECT 1;").digest()
    second = hashlib.sha256(b"1_a.sqlSELECT 1;2_b.sqlSELECT 2;").digest()
    lines = [("1_a.sql", base64.b64encode(first).decode()), ("2_b.sql", base64.b64encode(second).decode())]
    total = base64.b64encode(hashlib.sha256("".join(n + h for n, h in lines).encode()).digest()).decode()
    expected = f"h1:{total}\n" + "".join(f"{name} h1:{digest}\n" for name, digest in lines)
    assert atlas_sum([("1_a.sql", b"SELECT 1;"), ("2_b.sql", b"SELECT 2;")]) == expected


@pytest.mark.parametrize("form", sorted(set(formats()) - {"alembic", "django", "rails", "sqitch", "prisma"}))
def test_a_hostile_report_stays_in_its_comments(form: str, tmp_path: Path) -> None:
    advice = replace(HOSTILE, target=TARGET)
    for file in proposed(tmp_path, form, advice).output.files:
        lines = [line for line in file.text.splitlines() if "DROP TABLE" in line or "alert(1)" in line]
        assert all(line.startswith(("--", "//")) for line in lines), file.text
        assert "\x1b" not in file.text
        assert "\u202e" not in file.text
