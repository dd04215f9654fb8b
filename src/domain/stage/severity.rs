/// How urgent a stage is, for badges and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// No action needed.
    Good,
    /// Something is in progress.
    Moving,
    /// A person has to do something.
    Waiting,
    /// Something is wrong.
    Bad,
    /// At rest, as wanted.
    Off,
}

impl Severity {
    /// The name in style sheets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Moving => "moving",
            Self::Waiting => "waiting",
            Self::Bad => "bad",
            Self::Off => "off",
        }
    }
}
