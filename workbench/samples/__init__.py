"""Sample pictures that show nobody, and the programs that draw them."""
