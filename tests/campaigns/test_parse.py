"""A campaign file is read whole or refused with the line and the way out."""

from importlib import resources

import pytest

from tenure.campaigns.parse import parse, sorted_messages
from tenure.domain.campaign import Belief, Campaign, Goal
from tenure.domain.errors import TenureError
from tenure.domain.segment import Column, Compare, Constant, IsTrue, Not

CONTRACT = """\
title: Renewal after a happy visit
purpose: marketing            # or service: consent and caps differ
stage: [active, loyal]
audience: days_to_end BETWEEN 20 AND 90 AND NOT auto_renew      # a SQL condition over the profile
occasion:                     # at most one contact for each distinct occasion
  event: Visit Completed
  where: properties.rating >= 4 OR properties.rating IS NULL
  within: 2 days
  key: contract_ends_at
quiet_after: {complaint: 14 days}
channels: [email, push, mail]
offer: {kind: percent, value: 5, when: driver = 'price'}
goal: {event: Subscription Renewed, within: 30 days, value: plan_price}
effect: {lift: 0.03, confidence: low}      # what to believe before there are results
control: 0.10                 # share left alone to learn the true effect
stop: [goal_reached, unsubscribed]
"""
MINIMAL = "title: T\nchannels: [email]\noccasion: {key: last_order_at}\n"
MESSAGES = {"en": "---\nsubject: Hello\n---\nHi"}


def read(text: str, messages: dict[str, str] | None = None) -> Campaign:
    return parse("happy-visit", text, messages or MESSAGES, "campaigns/happy-visit")


def test_the_contracts_example_is_read_whole() -> None:
    campaign = read(CONTRACT)
    assert campaign.name == "happy-visit"
    assert campaign.stages == ("active", "loyal")
    assert campaign.audience.terms[1] == ("NOT auto_renew", Not(IsTrue(Column("auto_renew"))))
    assert campaign.occasion.event == "Visit Completed"
    assert campaign.occasion.within_days == 2.0
    assert campaign.occasion.key == "contract_ends_at"
    assert campaign.occasion.where is not None
    assert campaign.occasion.where.text == "properties.rating >= 4 OR properties.rating IS NULL"
    assert campaign.quiet_after == (("complaint", 14.0),)
    assert campaign.channels == ("email", "push", "mail")
    assert campaign.offer is not None
    assert (campaign.offer.kind, campaign.offer.value) == ("percent", 5.0)
    assert campaign.offer.when is not None
    assert campaign.offer.when.terms[0][1] == Compare("=", Column("driver"), Constant("price"))
    assert campaign.goal == Goal("Subscription Renewed", 30.0, Column("plan_price"))
    assert campaign.effect == Belief(0.03, "low")
    assert campaign.control == 0.10
    assert campaign.stop == ("goal_reached", "unsubscribed")


def test_what_is_left_out_has_a_sane_default() -> None:
    campaign = read(MINIMAL)
    assert (campaign.purpose, campaign.stages, campaign.audience.terms) == ("marketing", (), ())
    assert (campaign.control, campaign.offer, campaign.goal) == (0.10, None, Goal())


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        ("audeince: orders > 1", 4, "unknown key `audeince`. Did you mean `audience`?"),
        ("audience: ovredue > 1", 4, "Did you mean `overdue`?"),
        ("stage: [activ]", 4, "`stage` cannot be `activ`. Did you mean `active`?"),
        ("stage: [new, new]", 4, "`new` stands twice"),
        ("offer: {kind: percent, value: 120}", 4, "`value` is 120 and must be between 0 and 100"),
        ("offer: {kind: percent}", 4, "needs a `value` above 0"),
        ("offer: {kind: amount, value: -5}", 4, "must be at least 0"),
        ("offer: {kind: percnt, value: 5}", 4, "Did you mean `percent`?"),
        ("offer: {value: 5}", 4, "the key `kind` is missing"),
        ("offer: {kind: free_shipping, value: 5}", 4, "says nothing for free shipping"),
        ("control: 0.6", 4, "`control` is 0.6 and must be between 0 and 0.5"),
        ("control: -0.1", 4, "must be between 0 and 0.5"),
        ("control: a lot", 4, "must be a number"),
        ("quiet_after: {complant: 14 days}", 4, "Did you mean `complaint`?"),
        ("quiet_after: {complaint: -14 days}", 4, "must be above 0"),
        ("quiet_after: {complaint: 14}", 4, "`14` has no unit"),
        ("quiet_after: {complaint: 14 moons}", 4, "`moons` is not minutes, hours, days or weeks"),
        ("quiet_after: {complaint: soon}", 4, "which is no duration"),
        ("goal: {within: 9999999 days}", 4, "at most ten years"),
        ("goal: {value: plan}", 4, "`plan` is not a number"),
        ("goal:\n  vlaue: orders", 5, "Did you mean `value`?"),
        ("effect: {lift: 2}", 4, "must be between 0 and 1"),
        ("effect: {confidence: sure}", 4, "cannot be `sure`"),
        ("purpose: spam", 4, "`purpose` cannot be `spam`"),
        ("stop: [bored]", 4, "`stop` cannot be `bored`"),
        ("title: again", 4, "stands twice"),
    ],
)
def test_a_mistake_is_named_with_its_line(change: str, line: int, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        read(MINIMAL + change)
    assert refused.value.sentence.startswith(f"campaigns/happy-visit/campaign.yaml, line {line}: ")
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("occasion", "says"),
    [
        ("{event: Order Completed}", "the key `key` is missing"),
        ("{key: lst_order_at}", "Did you mean `last_order_at`?"),
        ("{key: channels}", "is a list"),
        ("{key: properties.order_id}", "needs an `event:`"),
        ("{event: Order Completed, key: properties.ordr_id}", "Did you mean `order_id`?"),
        ("{date: orders, key: last_order_at}", "`orders` is not a moment"),
        ("{date: replacement_due, key: last_order_at}", "Did you mean `replacement_due_at`?"),
        ("{date: replacement_due_at, event: X, key: last_order_at}", "not both"),
        ("{within: 2 days, key: last_order_at}", "`within` says nothing"),
        ("{where: orders > 1, key: last_order_at}", "`where` says nothing"),
        ("{event: X, within: 0 days, key: last_order_at}", "must be above 0"),
        ("{event: X, where: lower(properties.a) = 'b', key: last_order_at}", "functions such as `lower`"),
        ("weekly", "must hold keys of its own"),
    ],
)
def test_an_occasion_that_cannot_be_is_refused(occasion: str, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        read(f"title: T\nchannels: [email]\noccasion: {occasion}\n")
    assert says in refused.value.sentence
    assert "line 3" in refused.value.sentence


@pytest.mark.parametrize("key", ["order_id", "properties.order_id"])
def test_a_property_of_the_event_may_tell_occasions_apart(key: str) -> None:
    campaign = read(f"title: T\nchannels: [email]\noccasion: {{event: Order Completed, key: {key}}}\n")
    assert campaign.occasion.key == "properties.order_id"


def test_a_property_is_read_only_where_an_event_gives_it() -> None:
    with pytest.raises(TenureError, match="needs an occasion with an `event:`"):
        read(MINIMAL + "audience: properties.rating > 3")
    with pytest.raises(TenureError, match="needs an occasion with an `event:`"):
        read(MINIMAL + "goal: {value: properties.total}")


@pytest.mark.parametrize("missing", ["title", "channels", "occasion"])
def test_a_key_that_must_be_there_is_asked_for(missing: str) -> None:
    lines = [line for line in MINIMAL.splitlines() if not line.startswith(missing)]
    with pytest.raises(TenureError, match=f"the key `{missing}` is missing"):
        read("\n".join(lines))


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(TenureError, match="Did you mean `email`"):
        read("title: T\nchannels: [emial]\noccasion: {key: last_order_at}\n")


def test_the_message_in_the_default_language_must_be_there() -> None:
    with pytest.raises(TenureError, match="message in the default language `en` is missing"):
        read(MINIMAL, {"de": "x"})
    with pytest.raises(TenureError, match="is not a language"):
        read(MINIMAL, {"en": "x", "../../etc": "x"})
    assert read(MINIMAL, {"de": "x", "en": "x", "fr": "x"}).locales == ("en", "de", "fr")


def test_the_version_changes_with_any_byte_of_any_file() -> None:
    versions = {
        read(MINIMAL).version,
        read(MINIMAL + "# note").version,
        read(MINIMAL, {"en": "x"}).version,
        read(MINIMAL, {"en": "x", "de": ""}).version,
        read(MINIMAL, {"en": "", "de": "x"}).version,
    }
    assert len(versions) == 5
    assert all(len(version) == 16 for version in versions)
    assert read(MINIMAL).version == read(MINIMAL).version


@pytest.mark.parametrize(
    "text", ["", "- a", "title: [", "title: !!python/object:os.system x", "a: &a [*a]", "a: " + "[" * 2_000]
)
def test_what_is_no_campaign_is_refused(text: str) -> None:
    with pytest.raises(TenureError):
        read(text)


@pytest.mark.parametrize("name", ["Win Back", "../x", "a--b", "", "win_back"])
def test_a_folder_name_is_plain(name: str) -> None:
    with pytest.raises(TenureError, match="not a campaign's name"):
        parse(name, MINIMAL, MESSAGES)


@pytest.mark.parametrize("name", ["follow-up", "replacement-due", "win-back"])
def test_the_library_reads_as_it_is(name: str) -> None:
    files = {
        file.name: file.read_text("utf-8") for file in resources.files("tenure.campaigns").joinpath(name).iterdir()
    }
    messages, step_messages = sorted_messages(files)
    campaign = parse(name, files["campaign.yaml"], messages, name, step_messages=step_messages)
    assert campaign.locales[0] == "en"
    assert campaign.control > 0
    assert "email" in campaign.channels
