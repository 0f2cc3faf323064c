"""Every kind of object of ``schemas/everything.sql`` arrives in the snapshot, on every version there is."""

from __future__ import annotations

from dataclasses import fields

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import ColumnStatistics, Constraint, Index, IndexKey, Table
from dbtune.model.snapshot import Snapshot

LONG_NAME = "a23456789012345678901234567890123456789012345678901234567890123"


def table(snapshot: Snapshot, name: str, schema: str = "public") -> Table:
    found = snapshot.table(QualifiedName(schema, name))
    assert found is not None, name
    return found


def order_index(snapshot: Snapshot, name: str) -> Index:
    found = table(snapshot, "Order", "Mixed Case").index(name)
    assert found is not None, name
    return found


def statistics(snapshot: Snapshot, table_name: str, column: str, schema: str = "public") -> ColumnStatistics:
    found = table(snapshot, table_name, schema).column(column)
    assert found is not None
    assert found.statistics is not None
    return found.statistics


def test_server(everything: Snapshot) -> None:
    server = everything.server
    assert server.dialect == "postgres"
    assert server.version.split(".")[0] == str(server.major)
    assert server.version_number // 10000 == server.major
    assert (server.encoding, server.collation, server.character_type, server.locale_provider) == ("UTF8", "C", "C", "c")
    assert server.block_size == 8192
    assert not server.in_recovery


def test_settings_are_those_of_a_fresh_session(everything: Snapshot) -> None:
    settings = everything.settings
    assert settings["work_mem"] == "4096kB"
    assert settings["shared_buffers"].endswith("kB")
    assert settings["random_page_cost"] == "4"
    # what the session sets for itself is not what was there before
    assert settings["jit"] == "on"
    assert settings["DateStyle"] == "ISO, MDY"
    assert settings["max_parallel_workers_per_gather"] == "2"
    assert settings["autovacuum_work_mem"] == "-1"
    assert not {"primary_conninfo", "archive_command", "statement_timeout", "config_file"} & settings.keys()


def test_names_of_schemas_and_tables(everything: Snapshot) -> None:
    assert everything.search_path == ("public",)
    assert everything.schemas == ("Mixed Case", "public")
    assert [str(found.name) for found in everything.tables] == [
        "Mixed Case.Order",
        "animals",
        "cats",
        "customers",
        "empty_tree",
        "events",
        "events_2024",
        "events_rest",
        "guarded",
        "per_state",
        "scratch",
    ]


def test_table(everything: Snapshot) -> None:
    customers = table(everything, "customers")
    assert customers.tuples == customers.rows == 600
    assert customers.pages == customers.file_pages > 3
    assert customers.total_bytes > customers.file_pages * 8192
    assert customers.toast_bytes == 8192
    assert customers.options == (("fillfactor", "70"),)
    assert customers.comment == "who buys"
    assert customers.activity is not None
    assert customers.activity.last_analyze is not None
    assert table(everything, "scratch").persistence == "unlogged"
    assert table(everything, "scratch").tuples == -1
    assert table(everything, "guarded").row_security
    assert not customers.row_security
    materialised = table(everything, "per_state")
    assert materialised.kind == "materialized view"
    assert "GROUP BY" in str(materialised.view_definition)
    assert not str(materialised.view_definition).endswith(";")


def test_columns(everything: Snapshot) -> None:
    customers = table(everything, "customers")
    assert [(column.name, column.position) for column in customers.columns] == [
        ("id", 1),
        ("email", 2),
        ("backup", 3),
        ("name", 4),
        ("state", 5),
        ("home", 6),
        ("doubled", 8),  # 7 was dropped
        ("born", 9),
    ]
    by_name = {column.name: column for column in customers.columns}
    assert (by_name["id"].identity, by_name["id"].not_null) == ("always", True)
    assert (by_name["email"].type, by_name["email"].type_name) == ("public.email", QualifiedName("pg_catalog", "text"))
    assert by_name["backup"].type_name == QualifiedName("pg_catalog", "text")  # a domain over a domain
    assert by_name["backup"].default == "'a@b'::text"
    assert by_name["email"].collation is None
    assert by_name["name"].collation == QualifiedName("public", "german")
    assert by_name["name"].type == "character varying(40)"
    assert by_name["name"].statistics_target == 500
    assert by_name["born"].statistics_target is None
    assert (by_name["state"].type_name, by_name["state"].type_category) == (QualifiedName("public", "status"), "E")
    assert (by_name["doubled"].generated, by_name["doubled"].default) == ("stored", "(2 * 3)")
    assert (by_name["born"].length, by_name["born"].align, by_name["id"].align) == (4, 4, 8)
    assert by_name["born"].comment == "by their own account"
    assert table(everything, "Order", "Mixed Case").columns[-1].name == LONG_NAME


def test_virtual_columns(make_database, collect_from) -> None:  # type: ignore[no-untyped-def]
    url = make_database("CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)", 18)
    column = collect_from(url).tables[0].columns[1]
    assert (column.generated, column.default) == ("virtual", "(a + 1)")


def test_constraints(everything: Snapshot) -> None:
    by_name = {found.name: found for found in table(everything, "Order", "Mixed Case").constraints}
    key = by_name["Order_select_fkey"]
    assert key.kind == "foreign key"
    assert key.columns == ("select",)
    assert key.referenced_table == QualifiedName("public", "customers")
    assert key.referenced_columns == ("id",)
    assert (key.on_delete, key.on_update, key.deferrable, key.index) == ("cascade", "set null", True, None)
    assert by_name["Order_pkey"].index == "Order_pkey"
    assert by_name["Order_pkey"].kind == "primary key"
    assert by_name["Order_during_excl"].definition == "EXCLUDE USING gist (during WITH &&)"
    assert not by_name["later"].validated
    assert by_name["later"].definition.endswith("NOT VALID")
    assert {found.kind for found in by_name.values()} == {"primary key", "foreign key", "check", "exclusion"}
    # conventional names are as long as names can be
    assert any(len(name) == 63 or LONG_NAME[:20] in name for name in by_name)
    inherited: list[Constraint] = list(table(everything, "events_2024").constraints)
    assert [found.inherited for found in inherited] == [True]


def test_index_keys(everything: Snapshot) -> None:
    recent = order_index(everything, "order_recent")
    assert recent.keys == (
        IndexKey("select", descending=True, nulls_first=False),
        IndexKey("Id", descending=True, nulls_first=True),
    )
    assert recent.include == ("during",)
    assert recent.predicate == '"Id" > 10 AND "select" IS NOT NULL'
    assert recent.options == (("fillfactor", "80"),)
    assert not recent.is_plain
    kind = order_index(everything, "order_kind")
    assert [key.expression for key in kind.keys] == [
        "payload ->> 'kind'::text",
        '"Id" % 10',
        "lower(payload ->> 'kind'::text)",
    ]
    assert [key.collation for key in kind.keys] == [None, None, QualifiedName("pg_catalog", "C")]
    assert order_index(everything, "order_tags").method == "gin"
    assert order_index(everything, "order_tags").keys[0].opclass is None
    assert order_index(everything, "order_payload").keys[0].opclass == QualifiedName("pg_catalog", "jsonb_path_ops")
    assert order_index(everything, "order_brin").method == "brin"
    excluding = order_index(everything, "Order_during_excl")
    assert (excluding.exclusion, excluding.method, excluding.unique) == (True, "gist", False)
    name = table(everything, "customers").index("customer_name")
    assert name is not None
    assert name.keys[0].opclass == QualifiedName("pg_catalog", "text_pattern_ops")
    assert name.keys[0].collation is None  # the column's own
    byte_order = table(everything, "customers").index("customer_c")
    assert byte_order is not None
    assert byte_order.keys[0].collation == QualifiedName("pg_catalog", "C")


def test_index_facts(everything: Snapshot) -> None:
    facts = order_index(everything, "order_recent").facts
    assert facts is not None
    assert facts.definition.startswith(
        'CREATE INDEX order_recent ON "Mixed Case"."Order" USING btree ("select" DESC NULLS'
    )
    assert facts.tuples == 390
    assert facts.bytes == facts.pages * 8192 > 0
    assert (facts.valid, facts.ready, facts.live) == (True, True, True)
    assert facts.scans is not None
    primary = order_index(everything, "Order_pkey")
    assert primary.primary and primary.unique
    assert primary.facts is not None
    assert primary.facts.constraint == "Order_pkey"
    kind = order_index(everything, "order_kind").facts
    assert kind is not None
    first = kind.key_statistics[0]
    assert first is not None
    assert first.most_common_vals == ("k0", "k1", "k2", "k3", "k4")
    assert [found and found.n_distinct for found in kind.key_statistics] == [5, 10, 5]
    byte_order = table(everything, "customers").index("customer_c")
    assert byte_order is not None
    assert byte_order.facts is not None
    assert byte_order.facts.comment == "byte order"
    partition = table(everything, "events_2024").index("events_2024_pkey")
    assert partition is not None
    assert partition.facts is not None
    assert partition.facts.partition_of == QualifiedName("public", "events_pkey")


def test_invalid_and_nulls_not_distinct_indexes(make_database, collect_from) -> None:  # type: ignore[no-untyped-def]
    url = make_database(
        "CREATE TABLE t (a integer); CREATE UNIQUE INDEX one ON t (a) NULLS NOT DISTINCT; CREATE INDEX two ON t (a);"
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'two'::regclass",
        15,
    )
    found = collect_from(url).tables[0]
    assert found.index("one").nulls_not_distinct
    assert not found.index("two").facts.valid
    assert not found.has_index_on(["b"])


def test_partitions_and_inheritance(everything: Snapshot) -> None:
    assert table(everything, "empty_tree").partition_key == "HASH (n)"
    assert everything.children(QualifiedName("public", "empty_tree")) == ()
    events = table(everything, "events")
    assert (events.kind, events.partition_key, events.file_pages) == ("partitioned", "RANGE (at)", 0)
    column = events.column("at")
    assert column is not None
    assert column.statistics is None
    assert column.inherited_statistics is not None
    year = table(everything, "events_2024")
    assert year.parents == (events.name,)
    assert str(year.partition_bound).startswith("FOR VALUES FROM ('2024-01-01")
    rest = table(everything, "events_rest")
    assert (rest.partition_bound, rest.partition_key) == ("DEFAULT", "LIST (kind)")
    cats = table(everything, "cats")
    assert cats.parents == (QualifiedName("public", "animals"),)
    assert not cats.is_partition
    name = table(everything, "animals").column("name")
    assert name is not None
    assert name.statistics is not None
    assert name.inherited_statistics is not None
    assert name.inherited_statistics.histogram_bounds != name.statistics.histogram_bounds


def test_statistics(everything: Snapshot) -> None:
    names = statistics(everything, "customers", "name")
    assert names.most_common_vals == ('O\'Neil, "x" \\ {y}',)
    assert names.most_common_freqs == (pytest.approx(1 / 3),)
    assert len(names.histogram_bounds) > 100  # the column's own target
    born = statistics(everything, "customers", "born")
    assert born.histogram_bounds[0] == "1990-02-01"
    assert born.correlation == 1.0
    assert born.n_distinct == -1.0
    tags = statistics(everything, "Order", "tags", "Mixed Case")
    assert tags.most_common_vals == ('{"a,b","NULL",""}', '{"a,b","say \\"hi\\"",""}')
    assert tags.most_common_elems == ("", "NULL", "a,b", 'say "hi"')
    assert tags.most_common_elem_freqs[:4] == (1.0, 0.5, 1.0, 0.5)
    assert tags.elem_count_histogram[-1] == 3
    grid = statistics(everything, "Order", "grid", "Mixed Case")
    assert set(grid.most_common_vals) == {"{0,7}", "{1,7}", "{2,7}", "{3,7}"}
    payload = statistics(everything, "Order", "payload", "Mixed Case")
    assert '{"kind": "k0"}' in payload.most_common_vals
    during = statistics(everything, "Order", "during", "Mixed Case")
    if everything.server.major >= 17:
        assert during.range_bounds_histogram[0] == "[10,15)"
        assert during.range_length_histogram[0] == "5"
        assert during.range_empty_frac == 0
    corner = statistics(everything, "Order", "corner", "Mixed Case")
    assert (corner.avg_width, corner.most_common_vals, corner.histogram_bounds) == (32, (), ())


def test_views_types_functions_and_the_rest(everything: Snapshot) -> None:
    (view,) = everything.views
    assert view.name == QualifiedName("public", "adults")
    assert "FROM public.customers" in view.definition
    assert [column.name for column in view.columns] == ["id", "name"]
    types = {found.name.name: found for found in everything.types}
    assert types["status"].labels == ("new", "paid", "sent")
    assert (types["email"].base_type, types["email"].not_null) == ("text", True)
    assert types["email"].collation == QualifiedName("pg_catalog", "C")
    assert types["email"].checks == ("CHECK ((VALUE ~ '@'::text))",)
    assert types["work_email"].base_type == "public.email"
    assert types["address"].attributes == (("street", "text"), ("Zip Code", "character varying(10)"))
    assert (types["span"].kind, types["span"].base_type) == ("range", "double precision")
    assert len(types) == 5
    functions = {found.name.name: found for found in everything.functions}
    twice = functions["twice"]
    assert (twice.arguments, twice.returns, twice.volatility) == ("n integer", "integer", "immutable")
    assert (twice.strict, twice.parallel, twice.cost, twice.language) == (True, "safe", 7, "sql")
    assert "SELECT 2 * n" in str(twice.definition)
    assert functions["nothing"].kind == "procedure"
    assert (functions["total"].kind, functions["total"].definition) == ("aggregate", None)
    assert len(functions) == 3
    sequences = {found.name.name: found for found in everything.sequences}
    assert (sequences["ticket"].type, sequences["ticket"].last_value, sequences["ticket"].maximum) == (
        "integer",
        2,
        1000,
    )
    assert sequences["customers_id_seq"].owned_by == (QualifiedName("public", "customers"), "id")
    assert [found.name for found in everything.extensions] == ["plpgsql"]
    assert [(found.name.name, found.deterministic) for found in everything.collations] == [("german", True)]


def test_extended_statistics(everything: Snapshot) -> None:
    (pairs,) = everything.extended_statistics
    assert pairs.name == QualifiedName("public", "customer_pairs")
    assert pairs.table == QualifiedName("public", "customers")
    assert pairs.columns == ("name", "born")
    assert pairs.kinds == ("ndistinct", "dependencies", "mcv")
    assert pairs.definition == "CREATE STATISTICS public.customer_pairs ON name, born FROM public.customers"
    assert pairs.n_distinct is not None
    assert "4, 9" in pairs.n_distinct
    assert pairs.has_most_common_values


def test_expressions_in_extended_statistics(make_database, collect_from) -> None:  # type: ignore[no-untyped-def]
    url = make_database("CREATE TABLE t (a integer, b text); CREATE STATISTICS s ON (a % 7), lower(b), a FROM t", 15)
    (found,) = collect_from(url).extended_statistics
    assert found.expressions == ("(a % 7)", "lower(b)")
    assert found.columns == ("a",)


def test_limits_name_what_is_missing(everything: Snapshot) -> None:
    limits = {limit.what: limit.why for limit in everything.limits}
    assert limits["statistics of 1 table (scratch)"] == "never analyzed; run ANALYZE"
    assert "CREATE EXTENSION pg_stat_statements" in limits["pg_stat_statements"]
    assert len(limits) == 2


def test_every_field_of_the_statistics_is_read(everything: Snapshot) -> None:
    seen = {
        field.name
        for found in everything.tables
        for column in found.columns
        for field in fields(ColumnStatistics)
        if column.statistics is not None and getattr(column.statistics, field.name) not in ((), None)
    }
    ranges = {"range_length_histogram", "range_bounds_histogram", "range_empty_frac"}
    missing = ranges if everything.server.major < 17 else set()
    assert seen == {field.name for field in fields(ColumnStatistics)} - missing
