"""Which functions of MySQL may stand in a key of an index: deterministic ones, that no variable of a session changes.

Source: MySQL manual, "CREATE TABLE and Generated Columns": what may be in one may be in a functional key.
"""

from __future__ import annotations

from itertools import pairwise

from dbtune.sql.lexing import tokens

DETERMINISTIC = frozenset(
    """
    abs acos adddate ascii asin atan atan2 bin bit_count bit_length cast ceil ceiling char char_length character_length
    coalesce concat concat_ws conv convert cos cot crc32 date date_add date_sub datediff day dayofmonth dayofweek
    dayofyear degrees div elt exp extract field find_in_set floor greatest hex hour if ifnull inet6_aton inet_aton instr
    interval json_contains json_depth json_extract json_length json_type json_unquote json_valid json_value last_day
    lcase least left length ln locate log log10 log2 lower lpad ltrim makedate microsecond mid minute mod month nullif
    oct octet_length ord period_add period_diff pi position pow power quarter radians regexp_replace regexp_substr
    repeat replace reverse right round rpad rtrim second sha2 sign sin soundex space sqrt strcmp subdate substr
    substring substring_index tan time time_to_sec timestampadd timestampdiff to_days to_seconds trim truncate ucase
    unhex upper weekday year yearweek
    """.split()
)
_BEFORE_PARENTHESIS = frozenset("and or not in is then else when case like between from as div mod xor".split())


def is_deterministic(text: str) -> bool:
    """Whether all functions that the expression calls are."""
    found = tokens(text, "mysql")
    return all(
        token.word in DETERMINISTIC or token.word in _BEFORE_PARENTHESIS
        for token, after in pairwise(found)
        if after.spelling == "(" and token.kind == "word"
    )
