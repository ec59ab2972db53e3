from datetime import time
from fractions import Fraction

import pytest

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.settings import read_business


def test_an_empty_file_gives_the_defaults():
    assert read_business("") == Business()


def test_what_is_written_is_read():
    business = read_business(
        "name: Boots\ncurrency: eur\ntimezone: Europe/Amsterdam\nmargin: 0.4\nstages: {at_risk: 1.25}\n"
        "contact: {quiet_from: 22:30, per_7_days: 3}\nchannels: {email: {adapter: smtp, security: tls, cost: 0.0015}}\n"
        "rates: {GBP: 1.17}\n"
    )
    assert business.currency == "EUR"
    assert business.margin == Fraction(2, 5)
    assert business.stages.at_risk == Fraction(5, 4)
    assert business.contact.quiet_from == time(22, 30)
    email = business.channel("email")
    assert email is not None
    assert (email.adapter, email.port, email.cost_milli_minor) == ("smtp", 465, 150)
    assert dict(business.rates) == {"GBP": Fraction(117, 100)}


def test_every_channel_but_email_is_recorded():
    business = read_business("channels: {sms: {cost: 0.07}, mail: {}, email: {adapter: smtp}}")
    said = {c.name: (c.adapter, c.is_recorder) for c in business.channels}
    assert said == {"sms": ("recorder", True), "mail": ("recorder", True), "email": ("smtp", False)}


def test_pages_have_the_addresses_that_are_written():
    business = read_business("url: https://x.example/\nlinks: {cart: https://x.example/cart}\n")
    assert dict(business.links) == {"cart": "https://x.example/cart"}
    assert business.address == "https://x.example"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("curency: EUR", "tenure.yaml, line 1: unknown key `curency`. Did you mean `currency`?"),
        ("name: a\ntimezone: Mars/Base", "tenure.yaml, line 2: `Mars/Base` is not a time zone"),
        ("currency: euros", "`EUROS` is not a currency"),
        ("margin: 1.2", "must be between 0 and 1"),
        ("margin: lots", "`margin` must be a number"),
        ("smtp_password: hunter2", "looks like a secret"),
        ("channels: {email: {adapter: smtp, password: hunter2}}", "looks like a secret"),
        ("channels: {email: {adapter: pigeon}}", "`adapter` cannot be `pigeon`"),
        ("channels: {sms: {adapter: smtp}}", "`adapter` cannot be `smtp`. Known: recorder."),
        ("channels: {email: {adapter: recorder}}", "`adapter` cannot be `recorder`. Known: maildir, smtp."),
        ("links: {crat: https://x.example}", "unknown key `crat`. Did you mean `cart`?"),
        ("links: {cart: /cart}", "`/cart` is no web address"),
        ("stages: {at_risk: 4, lapsed: 3}", "the stages must grow"),
        ("contact: {quiet_from: late}", "`quiet_from` is not a time of day"),
        ("base_url: ftp://x", "is no web address"),
        ("sender: {email: 'a b@c'}", "is not an address"),
        ("locale: klingon", "is not a language"),
        ("holdout: 0.9", "must be between 0 and 0.5"),
    ],
)
def test_a_wrong_setting_is_a_sentence(text, says):
    with pytest.raises(TenureError) as refusal:
        read_business(text)
    assert says in refusal.value.sentence
    assert "hunter2" not in refusal.value.sentence
    assert refusal.value.exit_code == 1
