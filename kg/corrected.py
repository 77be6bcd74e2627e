"""Decisions of people, applied to the groups of entities that stand for one thing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from kg.corrections import Correction
from kg.groups import Group, Key, id_of
from kg.known import full_key
from kg.slug import slug

_PAIRS = frozenset(("merge", "apart"))


class Corrected:
    """Applies decisions to groups; what a decision calls things is found by any name."""

    def __init__(self, groups: dict[Key, Group]) -> None:
        self._groups = groups
        self.strayed: list[Correction] = []
        self._by_name: dict[str, list[Key]] = defaultdict(list)
        for key, group in groups.items():
            for name in {slug(n) for n in group.names}:
                self._by_name[name].append(key)

    def apply(self, correction: Correction) -> None:
        """Apply one decision, or note that it meets nothing."""
        verb, parts = correction.verb, correction.parts
        if verb in {"accept", "reject"}:
            return
        found = [self.find(part) for part in parts[: 2 if verb in _PAIRS else 1]]
        if None in found or not self._done(verb, [k for k in found if k], parts):
            self.strayed.append(correction)

    def _done(self, verb: str, keys: list[Key], parts: tuple[str, ...]) -> bool:
        group = self._groups[keys[0]]
        if verb == "rename":
            group.label = parts[1]
            group.names.add(parts[1])
            self._also(keys[0], parts[1])
        elif verb == "retype":
            group.type = parts[1]
        elif verb == "merge" and keys[0] != keys[1]:
            gone = self._groups.pop(keys[0])
            self._groups[keys[1]].take(gone)
            for name in gone.names:
                self._also(keys[1], name)
        elif verb == "split":
            return self._split(keys[0], parts[1], parts[2])
        return True

    def _split(self, key: Key, document: str, name: str) -> bool:
        group = self._groups[key]
        moved = [member for member in group.members if member[0] == document]
        if not moved:
            return False
        group.members = [m for m in group.members if m[0] != document]
        target = (key[0], full_key(name), "")
        new = self._groups.setdefault(target, Group(types=Counter(group.types)))
        new.labels[name] += len(moved)
        new.names.add(name)
        new.members += moved
        self._also(target, name)
        if not group.members:
            del self._groups[key]
        return True

    def _also(self, key: Key, name: str) -> None:
        if key not in self._by_name[slug(name)]:
            self._by_name[slug(name)].append(key)

    def find(self, id_: str) -> Key | None:
        """Return the group that an id means: by its label first, then by any name."""
        class_, _, name = id_.partition("/")
        found = [key for key in self._by_name.get(name, ()) if key in self._groups]
        if not found:
            found = [k for k, g in self._groups.items() if id_of(k, g) == id_]
        exact = [key for key in found if id_of(key, self._groups[key]) == id_]
        alike = [k for k in found if class_ in {slug(t) for t in self._types(k)}]
        chosen = exact or alike or found
        return chosen[0] if len(chosen) == 1 else None

    def _types(self, key: Key) -> set[str]:
        group = self._groups[key]
        return {*group.types, group.type}

    def fact(self, correction: Correction, ids: Mapping[Key, str]) -> tuple[str, ...]:
        """Return the key of the fact or sum that a decision is about."""
        parts = list(correction.parts)
        if len(parts) > 1:
            for i in (0, 2):
                key = self.find(parts[i])
                parts[i] = ids[key] if key else parts[i]
        return tuple(parts)
