"""The nouns of dbtune: immutable, typed, without input or output.

Every noun is a frozen dataclass made of tuples, so it can be hashed, compared, written to a snapshot file and read
back. Units: sizes in bytes or pages of ``block_size`` bytes, times in ms, costs in planner units, rows in rows.
"""
