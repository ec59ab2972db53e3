"""The reports on real records, held against files that were checked by another way of counting.

`TENURE_GOLDEN=write` writes the files anew; read the difference before committing it.
"""

import json
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
ASKED = [
    ("grocer", "retention", "2017-10-01", "2017-05-01"),
    ("grocer", "cohorts", "2017-10-15", None),
    ("grocer", "revenue", "2017-10-15", None),
    ("grocer", "funnel", "2017-10-15", None),
    ("cdnow", "retention", "1998-07-01", "1997-04-01"),
    ("cdnow", "cohorts", "1998-07-01", None),
    ("cdnow", "funnel", "1998-07-01", None),
]


@pytest.mark.parametrize(("records", "kind", "as_of", "from_"), ASKED)
def test_a_report_on_real_records_is_what_it_was(request, records, kind, as_of, from_):
    shop = request.getfixturevalue(records)
    found = json.loads(json.dumps(shop.report(kind, as_of, from_).as_json()))
    file = GOLDEN / f"{records}-{kind}.json"
    if os.environ.get("TENURE_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert found == json.loads(file.read_text("utf-8"))


def test_cdnow_counts_the_published_number_of_customers_and_orders(cdnow):
    figures = cdnow.report("funnel", "1998-07-01").figures
    assert (figures["buyers"], figures["orders"]) == (23_570, 69_659)


def test_the_grocer_counts_the_published_number_of_households_and_baskets(grocer):
    figures = grocer.report("funnel", "2018-02-01").figures
    assert (figures["buyers"], figures["orders"]) == (2_469, 155_848)
