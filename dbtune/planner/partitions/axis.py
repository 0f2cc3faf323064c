"""Values of a column as points on a line, so that a share of a histogram's range can be told.

Only types whose values are numbers or times; texts have an order but no distances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from dbtune.model.schema import Column

INTEGERS = frozenset({"int2", "int4", "int8"})
NUMBERS = INTEGERS | {"numeric"}
TIMESTAMPS = frozenset({"timestamp", "timestamptz"})
TIMES = TIMESTAMPS | {"date"}

SECONDS_A_DAY = 86_400
EPOCH = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Axis:
    """The line that a column's values lie on: in days for dates, in seconds for timestamps, in ones for numbers."""

    type_name: str

    @property
    def is_time(self) -> bool:
        return self.type_name in TIMES

    @property
    def is_whole(self) -> bool:
        """Whether there are whole steps and nothing between them."""
        return self.type_name in INTEGERS or self.type_name == "date"

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
        """Of a time's point: without a zone, UTC where the type has one."""
        return EPOCH + (timedelta(days=point) if self.type_name == "date" else timedelta(seconds=point))

    def of_moment(self, moment: datetime) -> float:
        """The point of a moment (UTC where it has a zone)."""
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        seconds = (moment - EPOCH).total_seconds()
        return seconds / SECONDS_A_DAY if self.type_name == "date" else seconds


def axis_of(column: Column) -> Axis | None:
    """The column's line; None for types that have none."""
    name = column.type_name.name
    known = column.type_name.schema == "pg_catalog" and (name in NUMBERS or name in TIMES)
    return Axis(name) if known else None
