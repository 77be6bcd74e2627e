"""Since when and until when a fact holds, as its sentence tells."""

from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc

import kg.pipeline  # noqa: F401 - registers the factories
from kg.pipeline.attributes import FoundClaim
from kg.pipeline.periods import periods

# sentence with [subject] and [object] | predicate | since | until | status
TABLE = """
[Ada] has led [the CMA] since 2017. | leads | 2017 | - | done
[Ada], head of [the CMA] since May 2017, spoke. | leads | 2017-05 | - | done
Since 2013, [Ada] has worked for [Georgetown]. | worksFor | 2013 | - | done
[Ada] headed [the Bank] from 2015 to 2019 and left. | leads | 2015 | 2019 | denied
[Ada] headed [the Bank] between 2015 and 2019. | leads | 2015 | 2019 | denied
[Ada] headed [the Bank] from May 2015 until last year. | leads | 2015-05 | 2023 | denied
[Ada], head of [the Bank] (2019–2029), spoke. | leads | 2019 | 2029 | done
[Ada] was a member of [the party] until 2020. | memberOf | - | 2020 | done
[Ada] is adviser to [the Bank] until 2026. | worksFor | - | 2026 | done
From 2018, [Ada] was at [the Bank]. | worksFor | 2018 | - | done
[Ada] was, from 2018, at [the Bank]. | worksFor | 2018 | - | done
[Ada] leads [the CMA], and from 2018 the tax rose. | leads | - | - | done
[Ada] founded [the CMA] in 2013. | founded | - | - | done
[Ada] opposes [the CMA] since 2013. | opposes | - | - | done
[Ada] leads [the CMA]; the tax fell from 9% in 2013 to 2% in 2018. | leads | - | - | done
[Ada] leads [the CMA], said on Monday. | leads | - | - | done
"""


def told(text: str, predicate: str, status: str = "done") -> tuple[Doc, FoundClaim]:
    """Return a document with one claim between its two marked names."""
    nlp = spacy.blank("en")
    nlp.add_pipe("kg_sentences")
    nlp.add_pipe("kg_values")
    plain = text.replace("[", "").replace("]", "")
    doc = nlp.make_doc(plain)
    doc._.published = "2024-03-15"
    for _, component in nlp.pipeline:
        doc = component(doc)
    marks = []
    for part in text.split("[")[1:]:
        start = plain.index(part.partition("]")[0])
        marks.append(doc.char_span(start, start + len(part.partition("]")[0])))
    first, second = marks
    between = (first.end, second.start)
    sentence = first.sent
    claim = FoundClaim(
        0, predicate, 1, sentence, between, first, second, 0.9, True, status
    )
    doc._.claims = (claim,)
    return doc, claim


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_what_a_sentence_tells(line: str) -> None:
    text, predicate, since, until, status = line.split(" | ")
    doc, _ = told(text, predicate)
    (claim,) = periods(doc)._.claims
    found = (claim.since or "-", claim.until or "-", claim.status)
    assert found == (since, until, status)


def test_a_period_belongs_to_the_fact_told_last() -> None:
    doc, claim = told("[Ada] led [Dara] until 2020, and Bea leads Eton.", "leads")
    later = FoundClaim(
        2, "leads", 3, claim.sentence, (8, 9), doc[7:8], doc[9:10], 0.9, True, "done"
    )
    doc._.claims = (claim, later)
    first, second = periods(doc)._.claims
    assert (first.until, first.status) == ("2020", "denied")
    assert second == later


def test_who_has_led_it_since_then_leads_it() -> None:
    doc, _ = told("[Ada] has led [the CMA] since 2017.", "leads", "denied")
    assert periods(doc)._.claims[0].status == "done"
    doc, _ = told("[Ada] has not led [the CMA] since 2017.", "leads", "denied")
    assert periods(doc)._.claims[0].status == "denied"
