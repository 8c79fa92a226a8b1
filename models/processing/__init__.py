"""The mathematics around the networks, shared by training and serving: pictures in, numbers out."""
