"""What a student network is punished for."""
