"""A labelled folder, sent through the services, and the figures of what came back."""
