//! Rights as rules: what they give is a function of the rows and nothing else, the explanation says the same, and
//! nobody who arranges them reaches more than he had.

mod escalation;
mod model;
mod speed;
mod world;
