"""How long the file of an index will be, from the statistics of its columns.

``tuples`` lays out one index entry, ``frequencies`` says how many rows share a key, ``btree`` fills pages with that as
a build does, ``predicates`` says which rows a partial index holds, ``other_methods`` does the rest roughly.
"""
