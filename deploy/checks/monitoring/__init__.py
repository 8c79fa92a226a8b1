"""What Prometheus is asked, held against what services really say."""
