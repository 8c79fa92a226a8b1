"""The gateway: NGINX before the services, and the verifier of tokens that it asks."""
