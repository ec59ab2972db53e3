"""A template is checked when it is read, and can neither hang, break out nor speak of what it does not know."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.content import markdown
from tenure.content.compose import Composed
from tenure.content.templates import escape_markdown, parse
from tenure.domain.errors import TenureError

Write = Callable[..., Composed]
HEAD = "---\nsubject: Hello\n---\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD + "Hi {{ customer.frist_name }}", 4, "`customer` has no `frist_name`. Did you mean `first_name`?"),
        (HEAD + "\n\nHi {{ custmer.name }}", 6, "no message knows `custmer`. Did you mean `customer`?"),
        ("---\nsubject: Hi {{ nobody }}\n---\nx", 2, "no message knows `nobody`"),
        ("---\npreheader: a\nsubject: b\npreheder: c\n---\nx", 4, "unknown key `preheder`. Did you mean `preheader`?"),
        ("---\nsubject: a\nsubject: b\n---\nx", 3, "stands twice"),
        ("---\nsubject\n---\nx", 2, "no `key: text`"),
        ("---\nsubject: a\n", 2, "does not end"),
        ("Hello", 1, "does not begin with ---"),
        ("---\npreheader: a\n---\nx", 1, "the subject is missing"),
        (HEAD, 4, "the message is empty"),
        (HEAD + "a\n{% if customer.name %}x", 5, "expected tag endif"),
        (HEAD + "{% include 'x' %}", 4, "unexpected tag 'include'"),
        (HEAD + "{% render 'x' %}", 4, "unexpected tag 'render'"),
        (HEAD + "{% capture x %}a{% endcapture %}", 4, "unexpected tag 'capture'"),
        (HEAD + "{% echo customer.name %}", 4, "unexpected tag 'echo'"),
        (HEAD + "{{ customer.name", 4, "expected"),
        (HEAD + "a\nb {{ (1..900000000) | join }}", 5, "ranges"),
        (HEAD + "{% for i in (1..customer.orders) %}x{% endfor %}", 4, "ranges"),
        (HEAD + "{{ greeting.x }}", 4, "`greeting` has no `x`"),
        (HEAD + "{{ links.crat }}", 4, "`links` has no `crat`. Did you mean `cart`?"),
        (HEAD + "a\n{% for p in picks %}{{ p.nmae }}{% endfor %}", 5, "`p` has no `nmae`. Did you mean `name`?"),
        (HEAD + "{%- for it in news limit: 2 -%}x\n{{ it.cost }}{% endfor %}", 5, "`it` has no `cost`"),
        (HEAD + "{{ picks[0].nmae }}", 4, "`picks[…]` has no `nmae`"),
        (HEAD + "{{ news.first.nmae }}", 4, "`news[…]` has no `nmae`"),
        (HEAD + "{{ picks.name }}", 4, "`picks` has no `name`"),
        ("---\nsubject: a\npush_titel: b\n---\nx", 3, "unknown key `push_titel`. Did you mean `push_title`?"),
        ("---\nsubject: a\nsms: {{ link.cart }}\n---\nx", 3, "no message knows `link`. Did you mean `links`?"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        parse(text, "campaigns/x/message.en.md")
    assert refused.value.sentence.startswith(f"campaigns/x/message.en.md, line {line}: ")
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("channels", "says"),
    [(("email", "sms"), "the campaign speaks by `sms`, but the message has no `sms`. Add `sms: …` to its front matter, "
      "or take `sms` off the campaign's channels."),
     (("push",), "no `push_title` and no `push`. Add `push_title: …` and `push: …`"),
     (("email", "inapp", "webhook", "mail"), "")],
)  # fmt: skip
def test_a_channel_that_needs_its_own_words_says_which(channels: tuple[str, ...], says: str) -> None:
    if not says:
        assert parse(HEAD + "x", "message.en.md", channels).parts
        return
    with pytest.raises(TenureError) as refused:
        parse(HEAD + "x", "message.en.md", channels)
    assert says in refused.value.sentence


def test_lists_and_pages_are_always_there(written: Write) -> None:
    body = (
        "{% for p in picks %}{{ p.name }}/{{ p.brand | default: 'none' }} {% endfor %}{{ news.size }} {{ links.cart }}"
    )
    said = "Oolong [spring] 100 g/none Tea pot | glass/none 2 https://corner.example"
    assert written(body).text.replace("\n", " ").startswith(said)
    assert written(body, picks=[], news=None).text.startswith("0 https://")


@pytest.mark.parametrize("filter_", ["safe", "replace: 'a', 'b'", "split: ','", "concat: x", "base64_decode", "nosuch"])
def test_a_filter_off_the_list_is_refused(written: Write, filter_: str) -> None:
    with pytest.raises(TenureError) as refused:
        written(f"{{{{ customer.name | {filter_} }}}}")
    assert "message.en.md, line 4" in refused.value.sentence


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in customer.channels %}" * 3 + "x" + "{% endfor %}" * 3,
        "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}",
        "{% assign a = 999999999 %}" + "{% assign a = a | times: a %}" * 60 + "{{ a }}",
        "{{ 5 | round: -999999999 }}",
        "{{ 5 | round: 999999999 }}",
        "{{ 1 | divided_by: 0 }}",
        "{{ 'x' | date }}",
        "{{ 'x' | money }}",
        "{{ customer.orders | date: 'nostyle' }}",
        "{% if a %}" * 200,
        "{{ offer.text }}",
    ],
)
def test_what_asks_too_much_is_refused_at_once(written: Write, body: str) -> None:
    started = time.perf_counter()
    with pytest.raises(TenureError):
        written(body, offer=None, customer={"channels": ["x"] * 1_000, "orders": 5})
    assert time.perf_counter() - started < 2


def test_what_is_not_known_prints_nothing_and_can_be_asked_for(written: Write) -> None:
    body = "[{{ customer.plan }}]{% if customer.plan %}plan{% endif %}{{ occasion.properties.none | default: 'no' }}"
    assert written(body).text.startswith("[]no")


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=60) | st.text("[]()<>!*_`#\\&;:/\n -+.1=~|h", max_size=60))
def test_a_value_is_text_and_never_markup(name: str) -> None:
    tokens = markdown.parse(f"{escape_markdown(name)}\n\nbefore {escape_markdown(name)} after\n")
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


def test_a_name_that_looks_like_a_link_is_shown_as_it_is(written: Write) -> None:
    mail = written("Dear {{ customer.name }}", customer={"name": "[win](http://evil.example) <b>x</b> ![](http://e)"})
    assert "Dear [win](http://evil.example) <b>x</b> ![](http://e)" in mail.text.replace("\n", " ")
    assert 'href="http://evil' not in mail.html
    assert "<b>" not in mail.html


@pytest.mark.parametrize(
    "link",
    ["[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,x)", "[x](vbscript:x)", "[x]()",
     "[x](/relative)", "[x](//evil.example)", "![x](http://plain.example/a.png)", "![x](data:image/png;base64,x)",
     "<javascript:x>", "[x]({{ product.image_url }})", "[x](file:///etc/passwd)", "[x](java&#115;cript:x)"],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_than_the_web_is_refused(written: Write, link: str) -> None:
    with pytest.raises(TenureError, match="is not allowed"):
        written(link, product={"name": "x"})


def test_a_link_out_of_data_keeps_its_address(written: Write) -> None:
    mail = written("see [this]({{ product.url }}) now", product={"url": "https://x.example/a_b*c?d=1&e=(2)"})
    assert 'href="https://x.example/a_b*c?d=1&amp;e=(2)"' in mail.html
    assert "this (https://x.example/a_b*c?d=1&e=(2))" in mail.text


def test_html_in_the_text_is_shown_and_not_obeyed(written: Write) -> None:
    mail = written("<script>alert(1)</script> <img src=x>")
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html


def test_dates_and_money_follow_the_customers_locale(written: Write) -> None:
    body = "{{ occasion.properties.total | money }} on {{ occasion.at | date }}, {{ 1234.5 | number }}"
    assert written(body).text.startswith("€23.50 on September 10, 2011, 1,234.5")
    assert written(body, locale="en-GB").text.startswith("€23.50 on 10 September 2011")
    assert written(body, locale="de").text.startswith("23,50\u00a0€ on 10. September 2011, 1.234,5")


def test_a_moment_falls_on_the_shops_own_calendar(written: Write) -> None:
    assert written("{{ occasion.at | date }}", occasion={"at": "2011-09-10 22:30:00"}).text.startswith("September 11")


def test_the_text_twin_is_pleasant_by_itself(written: Write) -> None:
    body = (
        "# Title\n\n- one\n- two\n  lines\n\n1. a\n2. b\n\n> quoted\n\n---\n\n`code` *and* **bold**\n\n<hi@x.example>"
    )
    assert written(body).text.split("\n-- ")[0] == (
        "Title\n-----\n\n- one\n- two lines\n\n1. a\n2. b\n\n    quoted\n\n--------------------\n\n"
        "code and bold\n\nhi@x.example:\nhi@x.example\n"
    )


_WORDS = "customer customer.name customer.channels occasion.properties offer.value greeting x 'a' -1 1.5 1e9 nil blank"
_NUMBERS = ["9" * 30, "9" * 5_000]
_FILTERS = (
    "round times plus divided_by append truncate truncatewords join first size date default money number abs at_most"
)
_FORMS = [
    "{{{{ {0} | {1}: {2} }}}}",
    "{{{{ {0} | {1} }}}}",
    "{{% assign x = {0} | {1}: {2} %}}{{{{ x }}}}",
    "{{% for i in {0} %}}{{{{ i | {1} }}}}{{% endfor %}}",
    "{{% if {0} > {2} %}}y{{% endif %}}",
    "{{% case {0} %}}{{% when {2} %}}y{{% endcase %}}",
    "{{{{ {0} {2} | }}}}",
    "{{% {1} {0} %}}",
]


@settings(max_examples=200, deadline=2_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_template_is_rendered_or_refused_with_a_sentence(written: Write, data: st.DataObject) -> None:
    word, name = st.sampled_from([*_WORDS.split(), *_NUMBERS]), st.sampled_from(_FILTERS.split())
    body = data.draw(st.sampled_from(_FORMS)).format(data.draw(word), data.draw(name), data.draw(word))
    try:
        assert written(body).body
    except TenureError as refused:
        assert "message.en.md" in refused.sentence
