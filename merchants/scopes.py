"""What a merchant's key may do."""

BALANCE_READ = "balance:read"
DEVICES_READ = "devices:read"
PAYMENTS_CHARGE = "payments:charge"
PAYMENTS_READ = "payments:read"
PAYMENTS_REFUND = "payments:refund"

ALL = (BALANCE_READ, DEVICES_READ, PAYMENTS_CHARGE, PAYMENTS_READ, PAYMENTS_REFUND)
