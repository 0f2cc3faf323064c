"""Events as the servers write them, of any mix of versions, and what is to come back from each."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

_BITS = [
    *"ab1 '\"`\\#-/*\té;",
    "\n",
    "\r\n",
    "\n# Time: 9 to 5",
    "\n# Query_time: 3 s",
    "\n# User@Host: me",
    "\n# administrator command: Quit;",
    "\nuse x;",
    "\nSET timestamp=5;",
    "\n\t\t 9 times Query",
]
STATEMENTS = st.lists(st.sampled_from(_BITS), max_size=30).map(
    lambda bits: ("SELECT " + "".join(bits)).rstrip("; \r\n\t")
)
_NAMES = st.sampled_from(["app", "root", "u_1"])
_DATABASES = st.sampled_from(["shop", "other"])


@dataclass(frozen=True)
class Event:
    """``log``: the lines of the event. ``ms`` is None for a log without durations."""

    log: str
    statement: str
    user: str
    database: str
    ms: int | None


def lines_of(statement: str) -> str:
    """The statement with the line breaks that every reader makes of those of Windows."""
    return statement.replace("\r\n", "\n")


@st.composite
def slow_logs(draw: st.DrawFn) -> list[Event]:
    """The events of one log; ``use`` stands where the database changes."""
    events: list[Event] = []
    former = ""
    for _ in range(draw(st.integers(1, 12))):
        user, database, statement = draw(_NAMES), draw(_DATABASES), draw(STATEMENTS)
        ms = draw(st.integers(0, 10**7))
        query = f"# Query_time: {ms / 1000:.3f}  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 2"
        host = f"# User@Host: {user}[{user}] @ localhost []"
        use = f"use `{database}`;\n" if database != former else ""
        header = draw(
            st.sampled_from(
                [
                    f"# Time: 2024-05-01T10:00:00.123456Z\n{host}  Id:  3\n{query}\n",
                    f"{host}  Id: 3\n{query} Thread_id: 3 Errno: 0 Killed: 0 Bytes_received: 0 Bytes_sent: 56\n",
                    f"{host}\n# Thread_id: 8  Schema: {database}  QC_hit: No\n{query}\n"
                    "# Rows_affected: 0  Bytes_sent: 78\n",
                    f"{host}\n# Thread_id: 8  Schema: {database}  QC_hit: No\n{query}\n"
                    "#\n# explain: id\ttable\n# explain: 1\tt\n#\n",
                    f"# Time: 240501 10:00:00\n{host}  Id: 3\n# Schema: {database}  Last_errno: 0  Killed: 0\n{query}\n"
                    "# Bytes_sent: 9\n",
                ]
            )
        )
        text = f"{header}{use}SET timestamp=1714557600;\n{statement};\n"
        events.append(Event(text, statement, user, database, ms))
        former = database
    return events


@st.composite
def general_logs(draw: st.DrawFn) -> list[Event]:
    """The statements of one log, by sessions that come and go; old or new times."""
    time = draw(st.sampled_from(["240501 10:00:00\t", "2024-05-01T10:00:00.123456Z\t"]))
    always = time.endswith("Z\t")
    events: list[Event] = []
    who: dict[int, tuple[str, str]] = {}
    for number in range(draw(st.integers(1, 12))):
        session, statement = draw(st.integers(1, 3)), draw(STATEMENTS)
        moment = time if always or number == 0 else "\t\t"
        lines = ""
        if session not in who:
            who[session] = draw(_NAMES), draw(_DATABASES)
            lines += f"{moment}{session:5d} Connect\t{who[session][0]}@localhost on {who[session][1]} using Socket\n"
        user, database = who[session]
        if draw(st.booleans()):
            database = draw(_DATABASES)
            who[session] = user, database
            lines += f"{moment}{session:5d} Init DB\t{database}\n"
        lines += f"{moment}{session:5d} {draw(st.sampled_from(['Query', 'Execute']))}\t{statement}\n"
        if draw(st.booleans()):
            del who[session]
            lines += f"{moment}{session:5d} Quit\t\n"
        events.append(Event(lines, statement, user, database, None))
    return events
