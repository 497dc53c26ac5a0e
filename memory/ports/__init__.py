"""What the service needs from outside, as protocols. Each contract is written here once."""
