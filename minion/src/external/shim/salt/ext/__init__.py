"""What Salt used to bring along."""
