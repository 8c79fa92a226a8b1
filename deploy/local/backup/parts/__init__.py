"""What a backup is made of: each module reads one store as a stream, and puts it back."""
