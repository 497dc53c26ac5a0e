"""What the service needs of the world, as protocols; each contract is written here once."""
