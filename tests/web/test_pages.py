"""The pages without a browser: figures, links in messages, headers, and what a stranger's request gets."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from tenure.web.app import build
from tenure.web.wording import WORDS


@pytest.fixture
def client(tmp_path, deeds, site_of):
    return TestClient(build(site_of(tmp_path / "published", deeds)), base_url="http://127.0.0.1:8000")


@pytest.fixture
def filled(grocer_folder, deeds, site_of):
    return TestClient(build(site_of(grocer_folder, deeds)), base_url="http://127.0.0.1:8000")


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_an_empty_workspace_is_told_what_to_do(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "tenure import orders orders.csv" in answer.text and "tenure run" in answer.text


def test_the_first_page_says_where_customers_stand(filled):
    said = words_of(filled.get("/").text)
    for part in ("Net revenue, Nov 2017", "Retention over 60 days", "Repeat rate", "customers to be written to",
                 "The campaign is for another stage", "+6.0 pp", "+1.1 pp to +10.9 pp", "too few in control",
                 "as of Dec 4, 2017"):  # fmt: skip
        assert part in said, part


def test_names_are_written_and_never_run(filled):
    page = filled.get("/").text
    assert "The &lt;Complete&gt; Grocer" in page and "<Complete>" not in page


def test_a_page_that_has_not_changed_is_not_sent_again(filled):
    tag = filled.get("/").headers["etag"]
    assert filled.get("/", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/", "/u/good", "/u/wrong", "/o/x", "/healthz", "/nowhere", "/static/tenure.css"])
def test_every_answer_carries_the_strict_policy(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer" and headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/u/good", "/u/wrong", "/nowhere"])
def test_no_page_holds_inline_script_style_or_anything_from_elsewhere(filled, path):
    page = filled.get(path).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", page)


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8000", 200), ("localhost", 200), ("[::1]:8000", 200), ("192.0.2.7", 200), ("evil.example", 421),
     ("127.0.0.1.evil.example", 421), ("", 421)],
)  # fmt: skip
def test_a_foreign_name_for_this_machine_is_refused(client, host, status):
    assert client.get("/healthz", headers={"Host": host}).status_code == status


def test_following_an_unsubscribe_link_changes_nothing(client, deeds):
    answer = client.get("/u/good")
    assert answer.status_code == 200 and deeds.stopped == []
    client.head("/u/good")
    assert deeds.stopped == []
    assert 'lang="de"' in answer.text and "Möchten Sie keine Werbung" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_button_unsubscribes_at_once(client, deeds):
    answer = client.post("/u/good")
    assert deeds.stopped == ["good"] and "Sie sind abgemeldet" in answer.text
    assert client.post("/u/good").status_code == 200  # again is no error


def test_the_mail_programs_one_click_unsubscribes(client, deeds):
    answer = client.post("/u/fr", data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert answer.status_code == 200 and deeds.stopped == ["fr"] and not answer.cookies


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_that_is_not_ours_reaches_nobody(client, deeds, method):
    answer = getattr(client, method)("/u/forged")
    assert answer.status_code == 404 and deeds.stopped == []
    assert "This link does not work" in answer.text


def test_every_language_has_its_own_words(client, deeds):
    for language, words in WORDS.items():
        deeds.ours["t"] = f"{language}-XX"
        page = html.unescape(client.get("/u/t").text)
        assert f'lang="{language}"' in page and words.button in page
        assert BUSINESS_NAME in page


BUSINESS_NAME = "The <Complete> Grocer"


def test_the_open_pixel_answers_alike_whatever_the_token(client, deeds):
    known, unknown = client.get("/o/good"), client.get("/o/forged")
    assert known.content == unknown.content and known.headers["content-type"] == "image/gif"
    assert deeds.opened == ["good", "forged"] and known.headers["cache-control"] == "no-store"


def test_the_open_pixel_loads_even_when_the_store_is_away(client, deeds):
    deeds.store_is_away = True
    assert client.get("/o/good").status_code == 200


def test_health_and_readiness_are_two_questions(client, deeds):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.head("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    deeds.store_is_away = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/none"])
def test_nothing_but_the_static_files_is_served(client, path):
    assert client.get(path).status_code == 404


def test_static_files_are_kept_for_ever_under_their_own_address(client):
    page = client.get("/").text
    style = re.search(r'href="(/static/tenure\.css\?v=\w+)"', page)[1]
    answer = client.get(style)
    assert "immutable" in answer.headers["cache-control"] and answer.headers["content-encoding"] == "gzip"
    assert client.get("/static/tenure.css?v=old").headers["cache-control"] == "no-cache"
    plain = client.get(style, headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content


def test_figures_that_cannot_be_read_are_a_sentence(client, tmp_path):
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "CURRENT").write_text("nonsense")
    answer = client.get("/")
    assert answer.status_code == 503 and "Run `tenure run` to publish anew." in answer.text
