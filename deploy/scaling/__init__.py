"""What 1, 10 and 1,000 million faces and 10,000 requests a second need, on paper: small functions and their inputs."""
