"""Whether words ask for what happened: who, what, when, where, how often, what was found (wording rule 2).

No depth ever asks for the details of a betrayal. These are patterns of how such a question is usually put, by
language; words that tell people to leave something out are set aside first. It must never judge more than wording.
"""

import re
from collections.abc import Mapping, Sequence

_FOUND_OUT = r"(?:found out|find out|discovered|discover|learned|learnt|learn|realised|realized|caught)"
_THEY = r"(?:he|she|they|your (?:partner|spouse|husband|wife|ex|boyfriend|girlfriend))"
_TRACES = r"(?:messages?|texts?|emails?|e-mails?|photos?|pictures?|receipts?|letters?|chats?|calls?)"
_EVENT = r"(?:affair|betrayal|infidelity|cheating|discovery|lie|lies|lying|other (?:woman|man|person))"
_TELL = r"(?:tell|share|describe|recount|recall|relive|walk (?:us|the group) through|go (?:back )?(?:over|through))"
_EVENTO = r"(?:infidelidad|traición|aventura|mentira|mentiras|engaño|otra (?:mujer|persona)|otro hombre)"

_SET_ASIDE: Mapping[str, Sequence[str]] = {
    "en": (
        r"without (?:(?:any|the|going into|saying|telling|naming|giving|describing) ?)+(?:[\w' ]{0,40})",
        r"(?:leav(?:e|ing)|left) (?:out|aside) [\w' ]{1,60}",
        r"(?:leav(?:e|ing)) [\w' ]{1,30} (?:out|aside)",
        r"(?:not|no|rather than|instead of|never) (?:(?:about|on|by) )?(?:the |any |who |what |when |where )[\w' ]{1,40}",
        r"no details?",
    ),
    "es": (r"sin (?:contar|decir|nombrar|entrar en|dar|los|ningún)[\w ]{0,40}", r"dej(?:a|ando) fuera [\w ]{1,60}"),
}
_ASKS: Mapping[str, Sequence[str]] = {
    "en": (
        r"what (?:exactly |really |actually |precisely )?(?:happened|took place|went on|occurred)(?! (?:in|to|with) your)",
        rf"what (?:exactly |really |actually )?(?:did {_THEY} (?:do|hide|write|lie)|{_THEY} did|was done to you)",
        rf"how (?:did|have) you (?:first )?{_FOUND_OUT}",
        rf"(?:when|where|how|the (?:day|night|moment|hour|evening|morning|time)) (?:that )?you (?:first )?{_FOUND_OUT}",
        rf"(?:when|where) did (?:it (?:happen|start|begin|go on)|you (?:first )?{_FOUND_OUT}|{_THEY}|the {_EVENT})",
        rf"with (?:whom|who) (?:did|was|were|had) (?:it|{_THEY})|who (?:was|is|were) (?:it|the other|{_THEY}|involved)|(?<!person )who (?:betrayed|lied|hurt) you",
        rf"how (?:long|often|many times) (?:did|had|has|have|was|were) (?:it|{_THEY}|the {_EVENT}|this)",
        rf"what (?:did|was in|were in|was on|were on) (?:the|those|that|these) {_TRACES}",
        rf"(?:the|which|what|those|any) {_TRACES} (?:that )?you (?:\w+ )?(?:found|saw|read|discovered|came across)",
        rf"you (?:found|saw|read|discovered|came across) (?:the|those|on|in|a) (?:\w+ ){{0,3}}?(?:{_TRACES}|phone)",
        rf"{_TELL}(?: \w+){{0,4}}? (?:{_EVENT}|what happened|how it happened|(?:your|the|whole|full) story)",
        r"(?:in|every|each|all the|the exact|exact|more|give|share|tell|describe)(?: us| the group)? (?:the )?details?",
        rf"(?:about|during|after|before) (?:the|your|his|her|their) (?:{_EVENT})",
    ),
    "es": (
        r"qué (?:fue lo que )?(?:pasó|ocurrió|sucedió)|qué (?:te )?(?:hizo|hicieron) (?:él|ella|tu pareja|exactamente)",
        r"qué te (?:hizo|hicieron)|cómo (?:te enteraste|lo descubriste|lo supiste)",
        r"(?:cuándo|dónde) (?:te enteraste|lo descubriste|ocurrió|pasó|sucedió)",
        r"con quién (?:fue|era|estaba|te)|quién (?:era|fue) (?:la otra|el otro|él|ella)",
        r"cuántas veces (?:ocurrió|pasó|te|lo)|cuánto tiempo duró",
        r"(?:mensajes|correos|fotos) que (?:encontraste|viste|leíste)|qué decían los (?:mensajes|correos)",
        rf"(?:cuenta|describe|comparte|relata)(?: \w+){{0,4}}? (?:{_EVENTO}|historia|detalles?|lo que pasó)",
        r"con (?:todo )?detalles?",
    ),
}


def _any_of(table: Mapping[str, Sequence[str]]) -> dict[str, re.Pattern[str]]:
    return {
        language: re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE) for language, patterns in table.items()
    }


_ASIDE_IN, _ASKED_IN = _any_of(_SET_ASIDE), _any_of(_ASKS)


def find_event_question(words: str, language: str) -> str | None:
    """Find the part of a text that asks what happened, or None; languages without patterns are left alone."""
    if language not in _ASKED_IN:
        return None
    left = _ASIDE_IN[language].sub("…", words.replace("’", "'"))
    found = _ASKED_IN[language].search(left)
    return found[0] if found else None
