import pytest

from tenure.documents import parse
from tenure.domain.errors import TenureError


def test_every_value_remembers_its_line():
    document = parse("a: 1\nb:\n  c: two\n  d: [x, y]\n", "t.yaml")
    assert document.child("b").place("d").line == 4
    assert document.child("b").texts("d") == ["x", "y"]


def test_times_dates_and_the_country_of_norway_stay_text():
    document = parse("at: 21:00\non: 2011-09-01\ncountry: no\nyes_please: on\n", "t.yaml")
    assert [document.get(k) for k in document] == ["21:00", "2011-09-01", "no", "on"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("chanels: [email]\n", "t.yaml, line 1: unknown key `chanels`. Did you mean `channels`?"),
        ("channels: 1\nchannels: 2\n", "t.yaml, line 2: the key `channels` stands twice. Keep one of them."),
        ("- a\n- b\n", "t.yaml, line 1: the file must be a list of `key: value` lines."),
        ("channels: [a\n", "this is not YAML"),
        ("channels: !!python/object:os.system {}\n", "a value of this kind is not allowed"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_remedy(text, sentence):
    with pytest.raises(TenureError) as refusal:
        document = parse(text, "t.yaml")
        document.allow(["channels", "title"])
        document.texts("channels")
    assert sentence in refusal.value.sentence
    assert refusal.value.sentence.startswith("t.yaml, line ")


def test_numbers_keep_their_bounds():
    document = parse("share: 1.5\nname: .nan\n", "t.yaml")
    with pytest.raises(TenureError, match="`share` is 1.5 and must be between 0 and 1"):
        document.number("share", 0, low=0, high=1)
    with pytest.raises(TenureError, match="must be a number"):
        document.number("name", 0)


def test_an_empty_file_is_an_empty_document():
    assert list(parse("", "t.yaml")) == []
    assert list(parse("# only words\n", "t.yaml")) == []
