"""The functions that know of withdrawals and top-ups, and guards for the new tables."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# Replacing a function keeps its arguments and its columns; these have others now.
DROP = """
DROP FUNCTION IF EXISTS ledger_post(uuid[], text[], bigint[], bigint[], bigint[], uuid, bigint[], integer);
DROP FUNCTION IF EXISTS code_for_payment(text, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_money_complete")]

    operations = [
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        *(
            migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
            for name in ("ledger_post.sql", "code_for_payment.sql", "guards_2.sql")
        ),
    ]
