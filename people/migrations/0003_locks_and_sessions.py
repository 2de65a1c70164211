"""Locks of a PIN grow; a changed password ends sessions."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("people", "0002_pin_check")]

    operations = [
        migrations.AddField("pin", "locks", models.SmallIntegerField(db_default=0, default=0)),
        *(
            migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
            for name in ("pin_check.sql", "password_change.sql")
        ),
    ]
