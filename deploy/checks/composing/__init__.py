"""What has to hold of the Compose deployment, rule by rule."""
