"""What X and y may be: their checks, sources of rows, tables, missing values, on the way in and
on the way out.
"""
