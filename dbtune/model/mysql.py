"""What MySQL and MariaDB have beside the nouns that all servers share: engines, visibility, InnoDB's statistics.

A snapshot of Postgres has None in these places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dbtune.model.names import QualifiedName

HistogramKind = Literal["singleton", "equi-height", "JSON_HB", "SINGLE_PREC_HB", "DOUBLE_PREC_HB"]
"""The first two are MySQL's, the others MariaDB's."""


@dataclass(frozen=True)
class Bucket:
    """One bucket of a histogram, values in the server's text form."""

    lower: str
    upper: str
    """Largest value in it: of MySQL itself part of the bucket, of MariaDB the start of the next one."""
    fraction: float
    """Share (0 to 1) of all rows, NULLs among them, that are in this bucket."""
    distinct: float = 1.0


@dataclass(frozen=True)
class Histogram:
    """A histogram of a column, whole enough to be given to another server of the same version."""

    kind: HistogramKind
    buckets: tuple[Bucket, ...] = ()
    """Of the two ``PREC_HB`` kinds: empty, see ``positions``."""
    data_type: str = ""
    """MySQL's ``data-type``: ``int``, ``uint``, ``double``, ``decimal``, ``string``, ``date``, ``time``, ``datetime``,
    ``enum``, ``set``. Empty in MariaDB."""
    collation_id: int = 0
    encoding: str = "utf-8"
    """Python's name of the character set that string values have in the server's own form."""
    null_fraction: float = 0.0
    sampling_rate: float = 1.0
    buckets_specified: int = 0
    last_updated: str = ""
    auto_update: bool | None = None
    """Whether ANALYZE TABLE makes it anew; None in versions that do not say (MySQL before 8.4)."""
    positions: tuple[int, ...] = ()
    """Ends of MariaDB's buckets of equal height, as parts of the way from the column's minimum to its maximum, in
    units of 1/255 (``SINGLE_PREC_HB``) or 1/65535 (``DOUBLE_PREC_HB``)."""


@dataclass(frozen=True)
class MySQLColumn:
    """What a column has beside its type."""

    charset: str | None = None
    collation: str | None = None
    extra: str = ""
    """``information_schema.COLUMNS.EXTRA`` as it stands: ``auto_increment``, ``on update CURRENT_TIMESTAMP``, ..."""
    invisible: bool = False
    histogram: Histogram | None = None
    minimum: str | None = None
    maximum: str | None = None
    average_frequency: float | None = None
    """Rows per distinct value. This and the two above: MariaDB's ``mysql.column_stats``."""


@dataclass(frozen=True)
class MySQLIndex:
    """What the server says of an index: visibility, and what InnoDB's persistent statistics hold of it."""

    visible: bool = True
    """False: INVISIBLE (MySQL) or IGNORED (MariaDB): kept up to date, not used by any plan."""
    cardinalities: tuple[int | None, ...] = ()
    """``STATISTICS.CARDINALITY`` by key position: estimated distinct values of the key up to there."""
    n_diff: tuple[int, ...] = ()
    """``mysql.innodb_index_stats``: distinct values of the first 1, 2, ... columns; of a secondary index that is not
    unique, columns of the primary key follow the keys. Of a partitioned table: added up over the partitions."""
    n_diff_columns: tuple[str, ...] = ()
    """The columns that ``n_diff`` counts, in order."""
    sampled_pages: tuple[int | None, ...] = ()
    """Leaf pages that were looked at for each of ``n_diff``."""
    leaf_pages: int | None = None
    pages: int | None = None
    """In pages of ``Server.block_size``."""
    average_frequencies: tuple[float, ...] = ()
    """MariaDB's ``mysql.index_stats``: rows per distinct value of the first 1, 2, ... columns."""
    parser: str | None = None
    """Of a FULLTEXT index, where it is not the built-in one."""
    rows_changed: int | None = None
    """Rows updated or deleted by way of this index since the server's counters were reset."""


@dataclass(frozen=True)
class IndexPartition:
    """What ``mysql.innodb_index_stats`` holds of an index in one partition."""

    index: str
    n_diff: tuple[int, ...] = ()
    sampled_pages: tuple[int | None, ...] = ()
    leaf_pages: int | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Partition:
    """A partition, or one of its subpartitions, as ``information_schema.PARTITIONS`` has it."""

    name: str
    position: int
    description: str | None = None
    """The bound: ``'2024-01-01'``, ``MAXVALUE``, values of a list. None for HASH and KEY."""
    subpartition: str | None = None
    rows: float = 0.0
    data_bytes: int = 0
    index_bytes: int = 0
    statistics_rows: int | None = None
    """``n_rows`` and the two below: ``mysql.innodb_table_stats`` of this partition."""
    clustered_pages: int | None = None
    other_pages: int | None = None
    indexes: tuple[IndexPartition, ...] = ()


OF_PARTITION = "#p#"
"""Between a table's name and its partition's, as InnoDB has them."""


def partition_table(table: QualifiedName, partition: str) -> QualifiedName:
    """InnoDB's name of what holds a partition's rows; ``partition`` as EXPLAIN names it."""
    return QualifiedName(table.schema, f"{table.name}{OF_PARTITION}{partition}")


def partition_of(name: QualifiedName) -> str:
    """The partition in a name that ``partition_table`` made."""
    return name.name.rpartition(OF_PARTITION)[2]


@dataclass(frozen=True)
class Partitioning:
    """How a table is partitioned."""

    method: str
    """``RANGE``, ``LIST``, ``HASH``, ``KEY``, ``LINEAR ...``, ``RANGE COLUMNS``, ``LIST COLUMNS``, ``SYSTEM_TIME``."""
    expression: str
    """As the server prints it; columns in backticks."""
    submethod: str | None = None
    subexpression: str | None = None
    partitions: tuple[Partition, ...] = ()


@dataclass(frozen=True)
class MySQLTable:
    """What a table has beside its columns and indexes."""

    engine: str
    """``InnoDB``, ``MyISAM``, ``Aria``, ``MEMORY``, ..."""
    definition: str = ""
    """SHOW CREATE TABLE, which makes the same table on a server of the same version. Empty where it may not be read."""
    row_format: str = ""
    create_options: str = ""
    collation: str | None = None
    auto_increment: int | None = None
    """The next value."""
    average_row_bytes: int = 0
    data_bytes: int = 0
    """Of InnoDB: the clustered index."""
    index_bytes: int = 0
    """All other indexes together."""
    free_bytes: int = 0
    created: str | None = None
    updated: str | None = None
    statistics_rows: int | None = None
    """``mysql.innodb_table_stats.n_rows``: what the optimiser of InnoDB counts with. It and the three below are added
    up over the partitions; None where the table has no persistent statistics or they may not be read."""
    clustered_pages: int | None = None
    other_pages: int | None = None
    statistics_updated: str | None = None
    counted_rows: int | None = None
    """``information_schema.TABLES.TABLE_ROWS``: of InnoDB the statistics' rows and what was added and deleted since."""
    cardinality: int | None = None
    """MariaDB's ``mysql.table_stats``: rows as of ANALYZE TABLE ... PERSISTENT."""
    partitioning: Partitioning | None = None


@dataclass(frozen=True)
class CostConstant:
    """A row of ``mysql.server_cost`` (``engine`` empty) or ``mysql.engine_cost``."""

    name: str
    value: float
    """The one in force: the default where none was set."""
    engine: str = ""
    device_type: int = 0
    is_default: bool = True


@dataclass(frozen=True)
class MySQLServer:
    """What the server says of itself."""

    version_text: str
    """``VERSION()`` as it stands: ``10.11.6-MariaDB-0+deb12u1-log``."""
    version_comment: str = ""
    uptime_seconds: int = 0
    sql_mode: str = ""
    optimizer_switch: Mapping[str, str] = field(default_factory=dict)
    """Switch to ``on``, ``off`` or ``default``."""
    costs: tuple[CostConstant, ...] = ()
    managed_by: str = ""
    """``Amazon RDS``, ``Amazon Aurora``, ``Google Cloud SQL``, ``Azure``; empty where nothing says so."""
    statement_digests: bool = False
    """Whether ``performance_schema`` counts statements now."""
    buffer_pool_requests: int | None = None
    """``Innodb_buffer_pool_read_requests``: pages asked for since the server's start."""
    buffer_pool_reads: int | None = None
    """``Innodb_buffer_pool_reads``: those of them that had to be read from disk."""
    index_counters: Literal["", "performance_schema", "userstat"] = ""
    """Where the numbers of index use come from; empty: there are none, so none can be called unused."""
