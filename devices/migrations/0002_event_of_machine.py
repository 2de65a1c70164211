"""What a machine said of itself lately is counted before more of it is kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("command__isnull", True)),
                fields=["device", "received_at"],
                name="event_of_machine",
            ),
        ),
    ]
