"""What each version of MySQL and MariaDB can do and which columns its catalogs have: the one table of such facts.

Source: the release notes and manuals of MySQL 5.7 to 9 and of MariaDB 10.5 to 11; those that the tests' servers have
were tried on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Family = Literal["mysql", "mariadb"]

OLDEST: dict[Family, int] = {"mysql": 50700, "mariadb": 100500}
NEWEST: dict[Family, int] = {"mysql": 90799, "mariadb": 110899}
"""The newest series dbtune was tried on; a newer one is read as if it were this one."""

NAMES: dict[Family, str] = {"mysql": "MySQL", "mariadb": "MariaDB"}

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_OTHER_SERVERS = ("TiDB", "OceanBase", "StarRocks", "Doris", "SingleStore", "MemSQL", "CockroachDB")


class MySQLAbility(Enum):
    """A fact, with the first version of MySQL and of MariaDB that has it (None: none has)."""

    CHECK_CONSTRAINTS = 80016, 100201, "CHECK is kept and listed in information_schema.CHECK_CONSTRAINTS"
    CHECK_CONSTRAINTS_BY_TABLE = None, 100210, "CHECK_CONSTRAINTS.TABLE_NAME; constraint names are the table's own"
    ENFORCED_COLUMN = 80016, None, "TABLE_CONSTRAINTS.ENFORCED"
    DEFAULT_AS_EXPRESSION = None, 100207, "COLUMNS.COLUMN_DEFAULT is an SQL expression, not the bare value"
    EXPRESSION_DEFAULTS = 80013, 100201, "DEFAULT (expression)"
    INVISIBLE_COLUMNS = 80023, 100303, "columns that SELECT * leaves out"
    SRS_ID = 80003, None, "COLUMNS.SRS_ID"

    INVISIBLE_INDEXES = 80000, None, "INVISIBLE, STATISTICS.IS_VISIBLE"
    IGNORED_INDEXES = None, 100600, "IGNORED, STATISTICS.IGNORED"
    DESCENDING_INDEXES = 80001, 100800, "keys in descending order; before, DESC is read and forgotten"
    FUNCTIONAL_INDEXES = 80013, None, "keys on expressions, STATISTICS.EXPRESSION"
    NO_INDEX_HINT = 80020, None, "/*+ NO_INDEX(table index) */"
    MULTI_VALUED_INDEXES = 80017, None, "CAST(... AS type ARRAY)"
    HASH_UNIQUE_INDEXES = None, 100403, "UNIQUE over long columns, by a hidden hash"
    VECTOR_INDEXES = None, 110700, "VECTOR INDEX"

    LIST_DEFAULT = None, 100200, "PARTITION ... DEFAULT for all values that a list does not name"

    UUID_TYPE = None, 100700, "the type uuid, which takes and gives text"

    COLUMN_STATISTICS_VIEW = 80003, None, "histograms in information_schema.COLUMN_STATISTICS"
    GIVEN_HISTOGRAMS = 80031, None, "ANALYZE TABLE ... UPDATE HISTOGRAM ... USING DATA"
    AUTOMATIC_HISTOGRAMS = 80400, None, "ANALYZE TABLE ... UPDATE HISTOGRAM ... AUTO UPDATE"
    ENGINE_INDEPENDENT_STATISTICS = None, 100001, "mysql.table_stats, column_stats, index_stats"
    JSON_HISTOGRAMS = None, 100800, "histogram_type JSON_HB; the default since 11.0"
    INNODB_TABLES = 80003, None, "information_schema.INNODB_TABLES; before, and on MariaDB, INNODB_SYS_TABLES"
    WHOLE_FREQUENCIES = None, 110000, "rows per value count as they are; MariaDB 10's InnoDB halves them"
    COST_TABLES = 50700, None, "mysql.server_cost and mysql.engine_cost"
    COST_TABLE_DEFAULTS = 80000, None, "their columns default_value"
    COST_VARIABLES = None, 110000, "optimizer_*_cost variables and information_schema.OPTIMIZER_COSTS"
    STATISTICS_EXPIRY = 80000, None, "information_schema_stats_expiry: sizes and cardinalities are cached"

    EXPLAIN_JSON = 50606, 100101, "EXPLAIN FORMAT=JSON"
    EXPLAIN_JSON_COST = 50701, 110000, "with the optimiser's costs"
    EXPLAIN_JSON_VERSION_2 = 80300, None, "explain_json_format_version = 2; the default since 9.0"
    EXPLAIN_FORMAT_VARIABLE = 80032, None, "explain_format; TREE is the default since 9.0"
    EXPLAIN_TREE = 80016, None, "EXPLAIN FORMAT=TREE"
    EXPLAIN_ANALYZE = 80018, None, "EXPLAIN ANALYZE, as a tree"
    EXPLAIN_ANALYZE_JSON = 80300, None, "EXPLAIN ANALYZE FORMAT=JSON, of version 2"
    ANALYZE_JSON = None, 100101, "ANALYZE FORMAT=JSON statement"
    EXPLAIN_EXTENDED_NOTE = None, 100000, "note 1003, the statement as it is planned: of EXPLAIN EXTENDED, not of JSON"
    EXPLAIN_UPDATES = 50603, 100005, "EXPLAIN of UPDATE and DELETE"

    HASH_JOIN = 80018, None, "hash joins; MariaDB has block nested loop hash joins by join_cache_level"
    SKIP_SCAN = 80013, None, "index skip scan"
    WINDOW_FUNCTIONS = 80002, 100200, "OVER ()"
    COMMON_TABLE_EXPRESSIONS = 80001, 100201, "WITH"
    HYPERGRAPH_OPTIMIZER = 80031, None, "optimizer_switch hypergraph_optimizer: another scale of costs, to be kept off"

    DIGEST_SAMPLE = 80000, None, "events_statements_summary_by_digest.QUERY_SAMPLE_TEXT"
    DIGEST_QUANTILES = 80000, None, "its QUANTILE_95, QUANTILE_99, QUANTILE_999"
    INDEX_STATISTICS = None, 50206, "information_schema.INDEX_STATISTICS, with userstat = 1"
    INDEX_STATISTICS_QUERIES = None, 110500, "its column QUERIES"

    INSTANT_ADD_COLUMN = 80012, 100302, "ALGORITHM=INSTANT for a new last column"
    INSTANT_DROP_COLUMN = 80029, 100400, "ALGORITHM=INSTANT for any column, new or dropped"
    DROP_INDEX_WAY = 50600, None, "ALGORITHM and LOCK behind DROP INDEX … ON (MariaDB: error 1064)"
    RENAME_INDEX = 50700, 100502, "ALTER TABLE ... RENAME INDEX"
    SET_PERSIST = 80000, None, "SET PERSIST, RESET PERSIST"
    ROLES = 80000, 100005, "CREATE ROLE"
    ACCOUNT_LOCK = 50706, 100402, "CREATE USER ... ACCOUNT LOCK"
    STATEMENT_TIME_LIMIT = 50708, 100101, "max_execution_time (SELECT, ms); MariaDB: max_statement_time (all, s)"

    def __init__(self, mysql: int | None, mariadb: int | None, meaning: str) -> None:
        self.mysql = mysql
        self.mariadb = mariadb
        self.meaning = meaning


@dataclass(frozen=True)
class ServerVersion:
    """Whose server it is and of which version: 80043 is 8.0.43, 101106 is 10.11.6."""

    family: Family
    number: int
    text: str
    """``VERSION()`` as it stands."""

    @property
    def shown(self) -> str:
        """As people write it: ``10.11.6``."""
        return f"{self.number // 10000}.{self.number // 100 % 100}.{self.number % 100}"

    @property
    def name(self) -> str:
        return f"{NAMES[self.family]} {self.shown}"

    @property
    def is_supported(self) -> bool:
        return self.number >= OLDEST[self.family]

    def has(self, ability: MySQLAbility) -> bool:
        since = ability.mysql if self.family == "mysql" else ability.mariadb
        return since is not None and self.number >= since

    def either(self, ability: MySQLAbility, there: str, otherwise: str) -> str:
        """The SQL for a server with the ability, or the one for a server without it."""
        return there if self.has(ability) else otherwise


def hiding_words(version: ServerVersion) -> tuple[str, str] | None:
    """The words that hide an index from all plans, and show it again; None where the version has none."""
    if version.has(MySQLAbility.INVISIBLE_INDEXES):
        return "INVISIBLE", "VISIBLE"
    return ("IGNORED", "NOT IGNORED") if version.has(MySQLAbility.IGNORED_INDEXES) else None


def server_version(text: str) -> ServerVersion:
    """Of ``VERSION()``: ``8.0.43-0ubuntu0``, ``10.11.6-MariaDB-log``, ``5.5.5-10.6.12-MariaDB`` (for old clients).

    Raises ValueError for a text that no version begins.
    """
    is_mariadb = "mariadb" in text.lower()
    plain = text.removeprefix("5.5.5-") if is_mariadb else text
    found = _VERSION.match(plain)
    if found is None:
        raise ValueError(f"no version: {text!r}")
    major, minor, patch = int(found[1]), int(found[2]), int(found[3] or 0)
    return ServerVersion("mariadb" if is_mariadb else "mysql", major * 10000 + minor * 100 + min(patch, 99), text)


def other_server(text: str, comment: str) -> str | None:
    """The name of a server that speaks the protocol and is neither MySQL nor MariaDB, by what it says of itself."""
    said = f"{text} {comment}".lower()
    return next((name for name in _OTHER_SERVERS if name.lower() in said), None)
