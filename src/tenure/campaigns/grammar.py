"""The first gate of a condition: only listed words and signs, a bounded length, and the cut at its top-level ANDs.

Works on sqlglot's tokens, before anything is parsed: comments, semicolons, quoted names, casts, calls and every keyword
that is not on the list end here. The grammar is described in docs/reference/conditions.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from tenure.domain.errors import Place, TenureError

LONGEST = 4_000
MOST_TOKENS = 400
DEEPEST = 20
MOST_REPEATS = 2  # `1 - -1` is sane, a row of a hundred minus signs is there to break a parser

_TOKENS = frozenset({
    TokenType.VAR, TokenType.NUMBER, TokenType.STRING, TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA,
    TokenType.DOT, TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.IN, TokenType.IS, TokenType.NULL,
    TokenType.BETWEEN, TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE,
    TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH, TokenType.TRUE, TokenType.FALSE,
    TokenType.DATE, TokenType.TIMESTAMP, TokenType.TIMESTAMPNTZ,
})  # fmt: skip
_MAY_PRECEDE_PAREN = frozenset({
    TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.IN, TokenType.BETWEEN, TokenType.L_PAREN, TokenType.COMMA,
    TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE, TokenType.PLUS,
    TokenType.DASH, TokenType.STAR, TokenType.SLASH,
})  # fmt: skip
ALLOWED = (
    "A condition knows AND, OR, NOT, = <> < <= > >=, BETWEEN, IN, IS NULL, + - * /, constants and profile columns."
)

_SIGNS = frozenset({TokenType.NOT, TokenType.DASH})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a condition stands in the user's files, and whether it may read the occasion's event.

    Attributes:
        key: the key it is the value of, such as `audience` or `occasion.where`.
        place: file and line of that key.
        properties: whether `properties.NAME` may be used.
    """

    key: str
    place: Place
    properties: bool = False

    def refuse(self, problem: str, remedy: str = "", at: int | None = None) -> NoReturn:
        """Raise the refusal, naming the character of the condition (from 1) when it is known."""
        where = f"at character {at + 1} of `{self.key}`" if at is not None else f"in `{self.key}`"
        raise TenureError(f"{problem} ({where})", remedy, self.place)


def tokens_of(text: str, source: Source) -> list[Token]:
    """The words and signs of a condition, each of them allowed.

    Raises:
        TenureError: naming the character of the first that is not.
    """
    if len(text) > LONGEST:
        source.refuse(f"the condition is longer than {LONGEST:,} characters", "Split the campaign in two.")
    if at := re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        source.refuse("a control character stands here", "Delete it.", at.start())
    try:
        tokens = sqlglot.tokenize(text, dialect="duckdb")
    except SqlglotError:
        source.refuse("a quote is opened and not closed", "Text stands between single quotes.")
    if not tokens:
        source.refuse("the condition is empty", "Write one, or leave the key out.")
    if len(tokens) > MOST_TOKENS:
        source.refuse(f"the condition has more than {MOST_TOKENS} words and signs", "Split the campaign in two.")
    _check_tokens(text, tokens, source)
    return tokens


def _check_tokens(text: str, tokens: list[Token], source: Source) -> None:
    depth, run, before = 0, 0, None
    for token in tokens:
        if token.comments or "--" in text[before.end + 1 if before else 0 : token.start]:
            source.refuse("comments are not allowed in a condition", "Put them on a `#` line of the file.", token.start)
        if token.token_type is TokenType.IDENTIFIER:
            source.refuse("double quotes are for names", f"Write text as '{token.text}'.", token.start)
        after_dot = before is not None and before.token_type is TokenType.DOT and token.text.isidentifier()
        if token.token_type not in _TOKENS and not after_dot:
            source.refuse(f"`{token.text}` is not allowed in a condition", ALLOWED, token.start)
        run = run + 1 if before is not None and token.token_type is before.token_type else 1
        if run > MOST_REPEATS and token.token_type in _SIGNS:
            source.refuse(f"`{token.text}` stands {run} times in a row", "Keep one, or none.", token.start)
        if token.token_type is TokenType.L_PAREN:
            depth += 1
            if before is not None and before.token_type not in _MAY_PRECEDE_PAREN:
                source.refuse(f"functions such as `{before.text}` are not allowed in a condition", ALLOWED,
                              before.start)  # fmt: skip
        depth -= token.token_type is TokenType.R_PAREN
        if depth > DEEPEST:
            source.refuse(f"parentheses are nested deeper than {DEEPEST}", "Write it flatter.", token.start)
        before = token


def pieces_of(tokens: list[Token]) -> list[tuple[int, int]]:
    """Bounds of the parts between top-level ANDs; one part when an OR joins them, for it binds looser."""
    depth, between, start, pieces = 0, 0, 0, []
    for token in tokens:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth:
            continue
        if token.token_type is TokenType.OR:
            return [(0, tokens[-1].end + 1)]
        if token.token_type is TokenType.BETWEEN:
            between += 1
        elif token.token_type is TokenType.AND and between:
            between -= 1
        elif token.token_type is TokenType.AND:
            pieces.append((start, token.start))
            start = token.end + 1
    return [*pieces, (start, tokens[-1].end + 1)]
