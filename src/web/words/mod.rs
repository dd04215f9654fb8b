pub mod privileges;
pub mod text;
