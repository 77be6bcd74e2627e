"""Small graphs in the form of ``kg export --format json``, for tests of the view."""

from __future__ import annotations

from typing import Any

Export = dict[str, list[dict[str, Any]]]

ENTITIES = """
Person | Ursula von der Leyen | von der Leyen
Person | Margrethe Vestager | Vestager
Person | Thierry Breton | Breton
Person | Emmanuel Macron | Macron
Person | Rishi Sunak | Sunak
Person | Sam Altman | Altman
Person | Arthur Mensch | Mensch
Person | Brando Benifei |
Person | Élise Düräk | Durak of Köln
Polity | European Union | EU
Polity | France |
Polity | United Kingdom | UK, Britain
Polity | United States | US
GovernmentBody | European Commission | Commission, EC
GovernmentBody | European Parliament | MEPs
GovernmentBody | AI Safety Institute | AISI
GovernmentBody | Competition and Markets Authority | CMA
GovernmentBody | Federal Trade Commission | FTC
GovernmentBody | European AI Office | AI Office
Company | OpenAI |
Company | Microsoft |
Company | Mistral AI | Mistral
Company | Google DeepMind | DeepMind
Company | Meta Platforms | Meta
Company | Nvidia |
Organization | Access Now |
Organization | Ada Lovelace Institute |
Organization | DigitalEurope |
Law | AI Act | Artificial Intelligence Act
Law | Digital Markets Act | DMA
Law | General Data Protection Regulation | GDPR
Initiative | InvestAI |
Initiative | Horizon Europe |
Product | ChatGPT |
Product | Le Chat |
Event | AI Safety Summit | Bletchley summit
Event | Paris AI Action Summit |
Place | Bletchley Park |
Place | Paris |
"""

FACTS = """
Ursula von der Leyen | leads | European Commission | done
Margrethe Vestager | worksFor | European Commission | done
Thierry Breton | worksFor | European Commission | done
Emmanuel Macron | leads | France | done
Emmanuel Macron | opposes | AI Act | done
Emmanuel Macron | supports | Mistral AI | done
Rishi Sunak | leads | United Kingdom | done
Sam Altman | leads | OpenAI | done
Sam Altman | attends | AI Safety Summit | done
Arthur Mensch | founded | Mistral AI | done
Brando Benifei | memberOf | European Parliament | done
Brando Benifei | supports | AI Act | done
Élise Düräk | worksFor | Access Now | done
European Commission | proposes | AI Act | done
European Commission | partOf | European Union | done
European Commission | enforces | Digital Markets Act | done
European Parliament | enacts | AI Act | planned
European AI Office | enforces | AI Act | planned
European AI Office | partOf | European Commission | done
AI Act | regulates | OpenAI | possible
AI Act | regulates | Mistral AI | possible
AI Act | amends | General Data Protection Regulation | denied
OpenAI | develops | ChatGPT | done
Microsoft | supports | OpenAI | done
Microsoft | partnersWith | Mistral AI | done
Microsoft | partnersWith | OpenAI | done
Mistral AI | develops | Le Chat | done
Mistral AI | basedIn | Paris | done
Competition and Markets Authority | investigates | Microsoft | planned
Federal Trade Commission | investigates | OpenAI | done
Federal Trade Commission | investigates | Nvidia | denied
AI Safety Institute | partOf | United Kingdom | done
AI Safety Institute | partnersWith | Google DeepMind | done
Google DeepMind | opposes | AI Act | denied
Meta Platforms | opposes | Digital Markets Act | done
AI Safety Summit | locatedIn | Bletchley Park | done
Paris AI Action Summit | locatedIn | Paris | done
Emmanuel Macron | attends | Paris AI Action Summit | planned
Access Now | opposes | AI Act | done
DigitalEurope | opposes | AI Act | possible
European Union | supports | Horizon Europe | done
Ursula von der Leyen | supports | InvestAI | done
"""

MONEY = """
Investment | European Union | InvestAI | €20 billion | 20000000000 | EUR | planned
Investment | Microsoft | OpenAI | $10 billion | 10000000000 | USD | done
Fine | Meta Platforms | European Commission | €200 million | 200000000 | EUR | done
Investment | Nvidia | Mistral AI | €600 million | 600000000 | EUR | possible
"""


def slug(label: str) -> str:
    """Return an id for an entity of the sample."""
    return "entity/" + "-".join(label.lower().split())


def entity(label: str, type_: str = "Company", *aliases: str) -> dict[str, Any]:
    """Return an entity as it is exported."""
    return {
        "id": slug(label),
        "label": label,
        "type": type_,
        "aliases": list(aliases),
        "sameAs": [],
        "documents": ["doc-1"],
        "mentions": 2,
    }


def evidence(text: str, subject: str, object_: str, start: int = 100) -> dict[str, Any]:
    """Return the evidence of a sentence that stands at ``start`` in its document."""

    def span(words: str) -> list[int] | None:
        at = text.find(words)
        return None if at < 0 else [start + at, start + at + len(words)]

    return {
        "text": text,
        "start": start,
        "end": start + len(text),
        "subject": span(subject),
        "object": span(object_),
    }


def fact(
    subject: str, predicate: str, object_: str, status: str = "done", **more: Any
) -> dict[str, Any]:
    """Return a fact as it is exported."""
    text = more.pop("text", f"On Monday {subject} {predicate} {object_}, it said.")
    return {
        "id": f"fact/{slug(subject)}-{predicate}-{slug(object_)}-{status}",
        "subject": slug(subject),
        "predicate": predicate,
        "object": slug(object_),
        "status": status,
        "attributedTo": None,
        "confidence": 0.87,
        "document": "doc-1",
        "evidence": evidence(text, subject, object_),
        **more,
    }


def money(
    payer: str, recipient: str, label: str, amount: str, **more: Any
) -> dict[str, Any]:
    """Return a money event as it is exported."""
    text = f"{payer} will hand {label} to {recipient} this year."
    return {
        "id": f"money/{slug(payer)}-{amount}",
        "kind": "Investment",
        "label": label,
        "payer": [slug(payer)],
        "recipient": [slug(recipient)],
        "amount": amount,
        "amountMax": None,
        "currency": "EUR",
        "purpose": "chips",
        "date": "2024-03",
        "status": "done",
        "attributedTo": None,
        "confidence": 0.8,
        "document": "doc-1",
        "evidence": evidence(text, payer, label),
        **more,
    }


def document(id_: str = "doc-1") -> dict[str, Any]:
    """Return a document as it is exported."""
    return {
        "id": id_,
        "path": f"{id_}.txt",
        "title": "Brussels turns to machines",
        "date": "2023-06-14",
        "publisher": "The Gazette",
        "words": 512,
    }


def export(
    entities: list[dict[str, Any]],
    facts: list[dict[str, Any]] | None = None,
    sums: list[dict[str, Any]] | None = None,
) -> Export:
    """Return a graph as it is exported."""
    return {
        "documents": [document()],
        "entities": entities,
        "facts": facts or [],
        "money": sums or [],
    }


def table(text: str) -> list[list[str]]:
    """Read rows of cells divided by bars."""
    rows = text.strip().splitlines()
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def sample() -> Export:
    """Return a graph of some forty nodes with every class and status."""
    entities = [
        entity(label, type_, *filter(None, aliases.split(", ")))
        for type_, label, aliases in table(ENTITIES)
    ]
    facts = [fact(*row) for row in table(FACTS)]
    sums = [
        money(payer, to, label, amount, kind=kind, currency=currency, status=status)
        for kind, payer, to, label, amount, currency, status in table(MONEY)
    ]
    return export(entities, facts, sums)


def large(count: int) -> Export:
    """Return a graph of ``count`` companies, the first ones with most facts."""
    names = [f"Company number {number}" for number in range(count)]
    facts = [
        fact(names[number], "partnersWith", names[hub])
        for number in range(1, count)
        for hub in sorted({number // 7, number * number % max(1, number // 3 + 1)})
        if hub != number
    ]
    return export([entity(name) for name in names], facts)
