"""Headers of the four picture formats that are read.

They are walked here and not by an imaging library for one reason: opening a file there already costs
memory and time in proportion to what the header claims, or to the number of tiny chunks, and both
are an attacker's to choose.
"""
