"""One module a page: parse what is asked, call one function, render."""
