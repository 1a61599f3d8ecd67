"""What readers care about, and what it brings them: one function decides for every channel.

`slates.slate_of` is that function. `corpus` gives it the library as columns, `material` what is
known of an interest, `choosing` (pure) fits, draws the line of the dial and fills the places,
`reasons` (pure) says why. `beginnings` are the ways to start an interest, `preview` shows what a
judgment or a rule would change.
"""
