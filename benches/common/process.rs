//! Memory use and CPU time of processes, from /proc.

use std::fs;
use std::time::Duration;

use crate::support::processes::Process;

/// The interval between memory measurements until the value is stable.
const LOOK: Duration = Duration::from_millis(500);
/// The maximum number of measurements.
const LOOKS: usize = 40;

/// The processes of Telescope or the bare program among a stack's parts: everything but the launcher's server.
pub fn programs(parts: &[Process]) -> Vec<i32> {
    let is_server = |part: &Process| part.line.iter().any(|word| word == "--handed-over");
    parts.iter().filter(|part| !is_server(part)).map(|part| part.pid).collect()
}

/// The proportional set size (PSS) of a process in bytes; 0 if it has ended.
pub fn pss(pid: i32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() * 1024.0
}

/// The PSS of several processes, once it is stable.
pub async fn settled_pss(pids: &[i32]) -> Vec<f64> {
    let look = || pids.iter().map(|pid| pss(*pid)).collect::<Vec<f64>>();
    let mut before = look();
    let mut still = 0;
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = look();
        let (a, b): (f64, f64) = (before.iter().sum(), now.iter().sum());
        still = if (a - b).abs() < b * 0.003 { still + 1 } else { 0 };
        before = now;
        if still == 4 {
            break;
        }
    }
    before
}

/// The CPU time of a process in seconds; 0 if it has ended.
pub fn cpu_seconds(pid: i32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0.0 };
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    // utime and stime are the 14th and 15th field, in hundredths of a second on Linux.
    (ticks(11) + ticks(12)) / 100.0
}
