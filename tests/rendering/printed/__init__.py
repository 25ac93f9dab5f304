"""Filings as strangers print them: the three forms with tables, in every arrangement, through the libraries that offices use.

`forms` lays a filing out as rows of cells with spans and says what is to be read; `pages` writes HTML, Word, Excel, PDF and
text; `longer` puts filings in the middle of a long document. Used by `python -m benchmarks.reading` and by tests.
"""
