//! How templates write text: escaped for HTML, and with the changes of direction in it closed, so that no text turns
//! around what follows it on the page. What has to stay as it is, such as a secret or the value of a field, is written
//! with `|escape("unchanged")`, which only escapes.

use std::fmt;

use askama::filters::{Escaper, Html as Escaped};

use crate::domain::direction::balanced;

#[derive(Clone, Copy, Debug)]
pub struct Html;

impl Escaper for Html {
    fn write_escaped_str<W: fmt::Write>(&self, dest: W, string: &str) -> fmt::Result {
        Escaped.write_escaped_str(dest, &balanced(string))
    }
}
