"""What would run in a cluster: built by kustomize, held against Kubernetes' schemas and against policies of our own."""
