"""What a merchant's key may do."""

BALANCE_READ = "balance:read"
DEVICES_OPERATE = "devices:operate"
DEVICES_READ = "devices:read"
DEVICES_TRIGGER = "devices:trigger"
PAYMENTS_CHARGE = "payments:charge"
PAYMENTS_READ = "payments:read"
PAYMENTS_REFUND = "payments:refund"

ALL = (
    *(BALANCE_READ, DEVICES_OPERATE, DEVICES_READ, DEVICES_TRIGGER),
    *(PAYMENTS_CHARGE, PAYMENTS_READ, PAYMENTS_REFUND),
)
