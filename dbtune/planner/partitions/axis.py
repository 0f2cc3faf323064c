"""Values of a column as points on a line, so that a share of a histogram's range can be told.

Only types whose values are numbers or times; texts have an order but no distances.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dbtune.model.schema import Column
from dbtune.model.snapshot import Snapshot

INTEGERS = frozenset({"int2", "int4", "int8"})
NUMBERS = INTEGERS | {"numeric"}
TIMESTAMPS = frozenset({"timestamp", "timestamptz"})
TIMES = TIMESTAMPS | {"date"}

GREATEST = {"int2": 2.0**15 - 1, "int4": 2.0**31 - 1, "int8": 2.0**53}
"""Of ``int8`` as far as a float tells whole numbers apart."""

WHOLE_NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
"""Types of MySQL and MariaDB."""

MYSQL_TYPES = {
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamptz",
    **dict.fromkeys(WHOLE_NUMBERS, "int8"),
}
"""Types of MySQL and MariaDB with a line like that of a type of Postgres."""

OFFSET = re.compile(r"([+-])(\d\d?):(\d\d)\Z")

SECONDS_A_DAY = 86_400
EPOCH = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Axis:
    """The line that a column's values lie on: in days for dates, in seconds for timestamps, in ones for numbers."""

    type_name: str
    zone: tzinfo = UTC
    """In which days and months begin, for timestamps with time zone."""

    @property
    def is_time(self) -> bool:
        return self.type_name in TIMES

    @property
    def is_whole(self) -> bool:
        """Whether there are whole steps and nothing between them."""
        return self.type_name in INTEGERS or self.type_name == "date"

    @property
    def greatest(self) -> float:
        """No bound can be beyond."""
        return GREATEST.get(self.type_name, math.inf)

    def point(self, value: str) -> float | None:
        """Where the server's text of a value lies; None for infinity, years before 1 and beyond 9999."""
        try:
            if self.type_name == "date":
                return float((date.fromisoformat(value) - EPOCH.date()).days)
            if self.is_time:
                moment = datetime.fromisoformat(value)
                if moment.tzinfo is not None:
                    moment = moment.astimezone(UTC).replace(tzinfo=None)
                return (moment - EPOCH).total_seconds()
            number = float(Decimal(value))
        except (ValueError, OverflowError, InvalidOperation):
            return None
        return number if math.isfinite(number) else None

    def text(self, point: float) -> str:
        """The value at a point, as the server reads it. Whole steps are rounded down."""
        if self.type_name == "date":
            return (EPOCH.date() + timedelta(days=math.floor(point))).isoformat()
        if self.is_time:
            moment = EPOCH + timedelta(seconds=point)
            return f"{moment.isoformat(sep=' ')}+00" if self.type_name == "timestamptz" else moment.isoformat(sep=" ")
        return str(math.floor(point)) if self.is_whole else repr(point)

    def moment(self, point: float) -> datetime:
        """Of a time's point: what clock and calendar show in the axis' zone."""
        moment = EPOCH + (timedelta(days=point) if self.type_name == "date" else timedelta(seconds=point))
        if self.type_name == "timestamptz":
            return moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)
        return moment

    def utc(self, point: float) -> datetime:
        """The moment of a time's point, in UTC."""
        moment = self.moment(point).replace(tzinfo=self.zone)
        return moment.astimezone(UTC)

    def of_moment(self, moment: datetime) -> float:
        """The point of a moment; without a zone, it is what clock and calendar show in the axis' zone."""
        if self.type_name == "timestamptz":
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=self.zone)
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        elif moment.tzinfo is not None:
            moment = moment.astimezone(self.zone).replace(tzinfo=None)
        seconds = (moment - EPOCH).total_seconds()
        return seconds / SECONDS_A_DAY if self.type_name == "date" else seconds


def zone_of(snapshot: Snapshot) -> tzinfo:
    """The server's time zone; UTC where this machine does not know it."""
    name = snapshot.settings.get("TimeZone") or snapshot.settings.get("time_zone", "UTC")
    if name == "SYSTEM":
        name = snapshot.settings.get("system_time_zone", "UTC")
    offset = OFFSET.match(name)
    if offset is not None:
        sign = -1 if offset[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def axis_of(column: Column, zone: tzinfo = UTC) -> Axis | None:
    """The column's line; None for types that have none."""
    name = column.type_name.name
    if column.mysql is not None:
        return Axis(MYSQL_TYPES[name], zone) if name in MYSQL_TYPES else None
    known = column.type_name.schema == "pg_catalog" and (name in NUMBERS or name in TIMES)
    return Axis(name, zone) if known else None
