"""What a merchant's key may do."""

BALANCE_READ = "balance:read"
DEVICES_READ = "devices:read"
PAYMENTS_READ = "payments:read"

ALL = (BALANCE_READ, DEVICES_READ, PAYMENTS_READ)
