"""Pieces of the reasons that rules give: indexes, statements and changes of plans, in the DBA's language."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dbtune.model.names import QualifiedName
from dbtune.model.plan import PlanNode
from dbtune.model.recommendation import StatementEvidence
from dbtune.model.schema import Index, IndexKey, Table
from dbtune.model.units import human_bytes, human_count, human_number, plural
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.rules.context import Context

STATEMENT_WIDTH = 70
MILLION = 1e6


def key_words(index: Index) -> str:
    """What the index is on: ``(customer_id, created_at DESC) INCLUDE (total) WHERE paid``."""
    keys = ", ".join(_key_words(key) for key in index.keys)
    method = "" if index.method == "btree" else f"USING {index.method} "
    include = f" INCLUDE ({', '.join(index.include)})" if index.include else ""
    where = f" WHERE {index.predicate}" if index.predicate is not None else ""
    return f"{method}({keys}){include}{where}"


def _key_words(key: IndexKey) -> str:
    length = "" if key.prefix_length is None else f"({key.prefix_length})"
    return f"{key.text}{length}{' DESC' if key.descending else ''}"


def rows_words(rows: float | None) -> str:
    """``12.3 M rows``, ``4,200 rows``; empty where not known."""
    if rows is None:
        return ""
    return f"{rows / MILLION:,.1f} M rows" if rows >= MILLION else plural(rows, "row")


def table_words(ctx: Context, table: Table) -> str:
    """``orders (12.3 M rows)``."""
    rows = rows_words(ctx.rows(table))
    return f"{table.name} ({rows})" if rows else str(table.name)


def statement_words(planned: PlannedStatement) -> str:
    """The normalised statement on one short line, with its calls."""
    return f"`{short_text(planned.statement.text)}` ({plural(planned.calls, 'call')})"


def short_text(text: str) -> str:
    """A statement on one short line."""
    line = " ".join(text.split())
    return line if len(line) <= STATEMENT_WIDTH else line[: STATEMENT_WIDTH - 1].rstrip() + "…"


def risk_words(statements: Sequence[StatementEvidence]) -> str:
    """Which new plans may lose: ``Risky for 1 of 3 statements: `SELECT …` loses from …``; empty where none changes."""
    judged = [one for one in statements if one.risk is not None]
    risky = [one for one in judged if one.risk is not None and one.risk.level == "risky"]
    if not risky:
        return ""
    # the one that gains most on paper has most to lose
    first = max(risky, key=lambda one: one.saved)
    reason = first.risk.reason if first.risk is not None else ""
    which = "" if len(judged) == 1 else f" for {len(risky)} of {plural(len(judged), 'statement')}"
    more = f", and {len(risky) - 1} more" if len(risky) > 1 else ""
    return f"Risky{which}: `{short_text(first.text)}` {reason}{more}."


def cost_words(before: float, after: float) -> str:
    """``cost 12,345 → 8.21 a call``."""
    return f"cost {human_number(before)} → {human_number(after)} a call"


def plan_change(ctx: Context, before: StatementCost, after: StatementCost, table: Table, index: Index) -> str:
    """How the access to the table changes: ``Seq Scan of orders (12.3 M rows) → Index Scan of idx_orders_customer``.

    Empty where the plans do not read the index.
    """
    new = next((n for p in after.plans for n in p.root.walk() if n.index == index.name), None)
    if new is None:
        return ""
    old = _access(before, ctx.ledger.relatives(table.name))
    became = f"{new.type} of {index.name}"
    if old is None:
        return became
    if old.index is not None:
        return f"{old.type} of {old.index} → {became}"
    return f"{old.type} of {table_words(ctx, table)} → {became}"


def _access(cost: StatementCost, tables: Collection[QualifiedName]) -> PlanNode | None:
    """The node that reads the table, or a partition of it, and costs most."""
    nodes = [n for plan in cost.plans for n in plan.root.walk() if n.relation in tables and "Scan" in n.type]
    return max(nodes, key=lambda node: node.total_cost, default=None)


def writes_words(write_cost: float | None) -> str:
    """What writers pay or save, in one clause; empty where nothing is known."""
    if not write_cost or abs(write_cost) < 0.005:
        return ""
    verb = "costs writers" if write_cost > 0 else "saves writers"
    return f"{verb} {human_number(abs(write_cost))} planner cost over the workload"


def upkeep_words(ctx: Context, table: Table, index: Index) -> str:
    """What an existing index takes: ``It takes 12.0 MiB and costs writers 1,200 planner cost over the workload``."""
    writes = writes_words(ctx.write_cost(index, table))
    if not ctx.index_bytes(index):  # FULLTEXT: tables of its own, which no statistics count
        return "Every write keeps it up to date"
    return f"It takes {human_bytes(ctx.index_bytes(index))}{' and ' + writes if writes else ''}"


def scans_words(scans: int | None) -> str:
    """``read 1,234 times``; ``use unknown``."""
    return "use unknown" if scans is None else f"read {human_count(scans)} {'time' if scans == 1 else 'times'}"


def shape_key(index: Index) -> str:
    """The same for a new index of the same shape in every run, whatever name it is given."""
    keys = [(k.text, k.descending, k.nulls_first, str(k.opclass), str(k.collation)) for k in index.keys]
    return repr((index.method, keys, index.include, index.unique, index.predicate))
