import csv
import json
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest


class Shop:
    """A workspace driven as people drive it: by commands."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {**os.environ, "TENURE_WORKSPACE": str(folder), "COLUMNS": "120"}

    def command(self, *words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "tenure", *map(str, words)],
            capture_output=True, text=True, env=self.environment, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words, code=0):
        return json.loads(self.command(*words, "--json", code=code).stdout)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def shop(tmp_path):
    """An empty workspace."""
    made = Shop(tmp_path / "shop")
    made.command("init", made.folder)
    return made


def orders_of_a_shop(path: Path, customers=40):
    """Customers who buy every few days until they stop, each at an own pace; deterministic."""
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["Invoice", "CustomerID", "When", "Quantity", "Price"])
        number = 0
        for customer in range(customers):
            gap, last = 5 + customer % 20, 10 + (customer * 37) % 300
            day = date(2011, 1, 1) + timedelta(days=customer % 30)
            while day < date(2011, 1, 1) + timedelta(days=last + 30):
                number += 1
                rows.writerow([f"A{number}", f"c{customer}", f"{day} 12:00:00", 1 + number % 3, "9.99"])
                day += timedelta(days=gap)
    return number


@pytest.fixture(scope="session")
def traded(tmp_path_factory):
    """A workspace with a year of orders, addresses and consents, made once and copied."""
    folder = tmp_path_factory.mktemp("traded")
    shop = Shop(folder / "shop")
    shop.command("init", shop.folder)
    orders = folder / "orders.csv"
    orders_of_a_shop(orders)
    shop.command(
        "import", "orders", orders, "--map", "order_id=Invoice", "--map", "customer_id=CustomerID",
        "--map", "ordered_at=\"When\"", "--map", "total=Quantity*Price",
    )  # fmt: skip
    people = folder / "people.csv"
    people.write_text(
        "customer_id,email,name,created_at\n"
        + "".join(f"c{i},c{i}@example.invalid,Person {i},2011-01-01\n" for i in range(40))
    )
    shop.command("import", "customers", people)
    consents = folder / "consents.csv"
    consents.write_text(
        "consent_id,customer_id,channel,purpose,state,at\n"
        + "".join(f"k{i},c{i},email,marketing,{'granted' if i % 5 else 'denied'},2011-01-01\n" for i in range(40))
    )
    shop.command("import", "consents", consents)
    return shop.folder


@pytest.fixture
def trading(traded, tmp_path):
    """A workspace of one's own with a year of orders, addresses and consents."""
    return Shop(Path(shutil.copytree(traded, tmp_path / "shop")))
