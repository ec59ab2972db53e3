"""The pages in a real browser: nothing overflows, nothing is blocked, nobody is shut out."""

import pytest

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1440)
# Messages of the page's own policy, caught before any script of the page runs.
WATCH = """
  window.blocked = [];
  addEventListener("securitypolicyviolation", (e) => window.blocked.push(`${e.effectiveDirective} ${e.blockedURI}`));
"""


@pytest.fixture
def look(browser):
    """Opens a page at a width and scheme; gives it with everything that was complained of."""
    pages = []

    def at(address: str, width: int = 1440, scheme: str = "light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        said = []
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("requestfailed", lambda r: said.append(r.url))
        page.add_init_script(WATCH)
        page.goto(address, wait_until="networkidle")
        return page, said

    yield at
    for page in pages:
        page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dashboard_fits_works_and_is_open_to_everyone(look, address, width, scheme):
    page, said = look(address, width, scheme)
    page.locator(".chart svg").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == [] and page.evaluate("window.blocked") == []
    assert page.locator(".chart svg").count() == 2
    assert violations(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_an_empty_workspace_and_peoples_pages_fit_too(look, empty_address, width):
    for path in ("/", "/u/good", "/u/wrong", "/nowhere"):
        page, said = look(empty_address + path, width, "dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [text for text in said if "404" not in text] == [] and page.evaluate("window.blocked") == []
        assert violations(page) == [], path


def test_a_formula_is_shown_to_keyboard_and_mouse(look, address):
    page, _ = look(address)
    formula = page.locator("#how-retention")
    assert not formula.is_visible()
    page.locator('[aria-describedby="how-retention"]').focus()
    assert formula.is_visible() and "(end − new) ÷ start" in formula.inner_text()
    page.locator('[aria-describedby="how-revenue"]').hover()
    assert page.locator("#how-revenue").is_visible()


def test_the_first_tab_leads_past_the_top(look, address):
    page, _ = look(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the figures"


def test_each_chart_is_told_in_words_and_has_its_numbers(look, address):
    page, _ = look(address)
    for chart in page.locator(".chart").all():
        assert chart.get_attribute("role") == "img" and len(chart.get_attribute("aria-label")) > 40
    page.locator("summary").first.click()
    assert page.locator("details table tbody tr").first.is_visible()


def test_pointing_at_a_chart_names_the_figure(look, address):
    page, said = look(address)
    box = page.locator(".chart").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".chart").first.locator("text=Net revenue").first.wait_for()
    assert said == [] and page.evaluate("window.blocked") == []


def test_the_page_says_everything_without_script(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert "Retention over 60 days" in page.inner_text("main")
    assert page.locator("details table").count() == 2
    context.close()


def test_unsubscribing_in_a_browser_takes_one_click(look, empty_address):
    page, _ = look(f"{empty_address}/u/good")
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Sie sind abgemeldet").wait_for()
    assert page.url.endswith("/u/good")


def violations(page) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
