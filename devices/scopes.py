"""What a merchant's key may do with machines."""

DEVICES_READ = "devices:read"
