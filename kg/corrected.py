"""Decisions of people, applied to the groups of entities that stand for one thing."""

from __future__ import annotations

from collections import Counter, defaultdict

from kg.corrections import Correction, Fact
from kg.groups import Group, Key, id_of, type_of
from kg.known import full_key
from kg.ledger import Ledger
from kg.slug import slug

_PAIRS = frozenset(("merge", "apart"))


class Corrected:
    """Applies decisions to groups; what a decision calls things is found by any name.

    Only what a decision is about is read from the ledger, and :meth:`write` tells the
    ledger how it came out.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._groups: dict[Key, Group] = {}
        self._gone: set[Key] = set()
        self._homes: dict[tuple[Key, str], Key] = {}
        self._by_name: dict[str, list[Key]] = defaultdict(list)
        self.strayed: list[Correction] = []

    def apply(self, correction: Correction) -> None:
        """Apply one decision, or note that it meets nothing."""
        verb, parts = correction.verb, correction.parts
        if verb in {"accept", "reject"}:
            return
        found = [self._find(part) for part in parts[: 2 if verb in _PAIRS else 1]]
        if None in found or not self._done(verb, [k for k in found if k], parts):
            self.strayed.append(correction)

    def write(self) -> None:
        """Tell the ledger what has become of the entities."""
        for key, group in self._groups.items():
            self._ledger.set_entity(key, group)
        for key in self._gone:
            self._ledger.set_entity(key, None)
        self._ledger.set_homes(self._homes)
        self._ledger.note_corrected([*self._groups, *self._gone])

    def fact(self, correction: Correction) -> Fact:
        """Return the fact or sum that a decision is about, once entities have ids."""
        parts = list(correction.parts)
        if len(parts) > 1:
            for i in (0, 2):
                key = self._find(parts[i])
                found = self._ledger.entity_of(key) if key else None
                parts[i] = found[0].id if found else parts[i]
        return tuple(parts)

    def _done(self, verb: str, keys: list[Key], parts: tuple[str, ...]) -> bool:
        group = self._group(keys[0])
        if verb == "rename":
            group.label = parts[1]
            group.names.add(parts[1])
            self._also(keys[0], parts[1])
        elif verb == "retype":
            group.type = parts[1]
        elif verb == "merge" and keys[0] != keys[1]:
            other = self._group(keys[1])
            # The first is the second: what that is, it stays, and what is said of it.
            other.type = type_of(other)
            other.take(group)
            self._remove(keys[0])
            self._homes.setdefault((keys[0], ""), keys[0])
            for place, home in self._homes.items():
                if home == keys[0]:
                    self._homes[place] = keys[1]
            for name in group.names:
                self._also(keys[1], name)
        elif verb == "split":
            return self._split(keys[0], parts[1], parts[2])
        return True

    def _split(self, key: Key, document: str, name: str) -> bool:
        group = self._group(key)
        roots = {key, *(root for root, _ in self._homes)}
        moved = {
            root: count
            for root in roots
            if self._home(root, document) == key
            and (count := self._ledger.count(root, document))
        }
        if not moved:
            return False
        target = (key[0], full_key(name), "")
        new = self._held(target)
        if new is None:
            new = self._groups[target] = Group(types=Counter(group.types))
            self._gone.discard(target)
        new.labels[name] += sum(moved.values())
        new.names.add(name)
        self._homes.update({(root, document): target for root in moved})
        self._also(target, name)
        if not any(self._left(root, key) for root in roots):
            self._remove(key)
        return True

    def _home(self, root: Key, document: str) -> Key:
        """Return the group that a document's entities of a group are in by now."""
        general = self._homes.get((root, ""), root)
        return self._homes.get((root, document), general)

    def _left(self, root: Key, key: Key) -> int:
        """Return how many entities of a group are in another by now."""
        moved = {d: home for (r, d), home in self._homes.items() if d and r == root}
        counts = {d: self._ledger.count(root, d) for d in moved}
        here = sum(counts[d] for d, home in moved.items() if home == key)
        if self._home(root, "") == key:
            here += self._ledger.count(root) - sum(counts.values())
        return here

    def _remove(self, key: Key) -> None:
        del self._groups[key]
        self._gone.add(key)

    def _group(self, key: Key) -> Group:
        group = self._held(key)
        assert group is not None  # noqa: S101 - only what was found is asked for
        return group

    def _held(self, key: Key) -> Group | None:
        """Return a group as it is by now, None if there is none."""
        if key not in self._groups and key not in self._gone:
            if self._ledger.root(key) != key:
                return None
            self._groups[key] = self._ledger.group(key)
        return self._groups.get(key)

    def _also(self, key: Key, name: str) -> None:
        self._by_name[slug(name)].append(key)

    def _find(self, id_: str) -> Key | None:
        """Return the group that an id means: by its label first, then by any name."""
        class_, _, name = id_.partition("/")
        named = [*self._ledger.spelt(name), *self._by_name.get(name, ())]
        found = {key: group for key in named if (group := self._held(key))}
        if not found:
            wanting = dict.fromkeys([*self._ledger.wanting(id_), *self._groups])
            found = {
                key: group
                for key in wanting
                if (group := self._held(key)) and id_of(key, group) == id_
            }
        exact = [key for key, group in found.items() if id_of(key, group) == id_]
        alike = [
            key
            for key, group in found.items()
            if class_ in {slug(t) for t in (*group.types, group.type)}
        ]
        chosen = exact or alike or [*found]
        return chosen[0] if len(chosen) == 1 else None
