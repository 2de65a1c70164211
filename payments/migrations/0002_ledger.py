"""What the database itself does and refuses to do."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in (
            "guards.sql",
            "ledger_post.sql",
            "idempotency_begin.sql",
            "code_for_payment.sql",
            "payment_confirm.sql",
        )
    ]
