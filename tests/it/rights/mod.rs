//! Rights depend on the rows only, their explanation agrees with the decision, and access managers can't escalate them.

mod escalation;
mod model;
mod speed;
mod world;
