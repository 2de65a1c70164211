"""What a statement costs, as PostgreSQL explains it."""

from typing import Any


def rows_read(plan: dict[str, Any]) -> int:
    """Return how many transfers a plan touched, those it threw away included."""
    own = 0
    if plan.get("Relation Name") == "payments_transfer":
        assert plan["Node Type"] != "Seq Scan", "no index was used"
        own = plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    return int(own) + sum(rows_read(part) for part in plan.get("Plans", []))
