//! Stories that a person would live through, each in a stack of its own.
