"""Labels: what people say of answers. They are kept with the picture's digest, and exported as a set to evaluate on."""
