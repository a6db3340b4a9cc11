//! What runs by now, for a line on a terminal.

use std::collections::BTreeMap;
use std::time::Instant;

use smol_str::SmolStr;

/// The steps that run, each with when it began.
#[derive(Debug, Default)]
pub(super) struct Running(BTreeMap<SmolStr, Instant>);

impl Running {
    /// A step begins.
    pub(super) fn begin(&mut self, address: SmolStr, now: Instant) {
        self.0.insert(address, now);
    }

    /// A step has ended.
    pub(super) fn end(&mut self, address: &str) {
        self.0.remove(address);
    }

    /// All of them with how long they run, those of one stage together, in so many columns at most.
    pub(super) fn shown(&self, now: Instant, width: usize) -> String {
        let mut stages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (address, since) in &self.0 {
            let (stage, step) = parts(address);
            let time = super::progress::duration_of(now.saturating_duration_since(*since));
            stages.entry(stage).or_default().push(format!("{step} {time}"));
        }
        let shown = stages.into_iter().map(|(stage, steps)| match stage {
            "" => steps.join(", "),
            stage => format!("{stage}: {}", steps.join(", ")),
        });
        let line = shown.collect::<Vec<_>>().join(" · ");
        match line.char_indices().nth(width) {
            None => line,
            Some(_) => line.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        }
    }
}

/// The stages and plans that a step is in, and the step: `/` in a key is no part of that.
fn parts(address: &str) -> (&str, &str) {
    let mut depth = 0;
    let end = address.bytes().enumerate().rev().find(|(_, byte)| {
        match byte {
            b']' => depth += 1,
            b'[' => depth -= 1,
            _ => {}
        }
        *byte == b'/' && depth == 0
    });
    end.map_or(("", address), |(at, _)| (&address[..at], &address[at + 1..]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn steps_of_a_stage_stand_together_with_their_times() {
        let (mut running, start) = (Running::default(), Instant::now());
        for (address, second) in [("db", 0), ("rollout/web[a/b]", 5), ("rollout/api", 9), ("to[eu]/rollout/web", 70)] {
            running.begin(address.into(), start + Duration::from_secs(second));
        }
        let now = start + Duration::from_secs(75);
        let line = "db 1 min 15 s · rollout: api 1 min 6 s, web[a/b] 1 min 10 s · to[eu]/rollout: web 5 s";
        assert_eq!(running.shown(now, 200), line);
        assert_eq!(running.shown(now, 15), "db 1 min 15 s …");
        assert_eq!(running.shown(now, 0), "…");
        running.end("rollout/api");
        running.end("to[eu]/rollout/web");
        assert_eq!(running.shown(now, 200), "db 1 min 15 s · rollout: web[a/b] 1 min 10 s");
        assert_eq!(Running::default().shown(now, 10), "");
    }
}
