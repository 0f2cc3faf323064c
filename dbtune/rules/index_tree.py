"""Which indexes of partitions belong to which partitioned index."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot


class IndexTree:
    """All existing indexes of a snapshot by the partitioned index they are attached to."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def attached(self, index: Index) -> tuple[Index, ...]:
        """Indexes of partitions attached to this one, one level down."""
        return tuple(self._children.get(index.qualified_name, ()))

    def whole(self, index: Index) -> tuple[Index, ...]:
        """The index and all below it."""
        return (index, *(below for child in self.attached(index) for below in self.whole(child)))

    def names(self, index: Index) -> frozenset[str]:
        """Names by which plans may read the index: its own and those of its partitions' indexes."""
        return frozenset(each.name for each in self.whole(index))

    def by_name(self, name: QualifiedName) -> Index | None:
        """The existing index of that full name."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[QualifiedName, Index]:
        return {index.full_name: index for index in self._snapshot.indexes}

    @cached_property
    def _children(self) -> dict[QualifiedName, list[Index]]:
        children: dict[QualifiedName, list[Index]] = defaultdict(list)
        for index in self._snapshot.indexes:
            if index.facts is not None and index.facts.partition_of is not None:
                children[index.facts.partition_of].append(index)
        return dict(children)
