pub mod audit;
pub mod privileges;
pub mod text;
