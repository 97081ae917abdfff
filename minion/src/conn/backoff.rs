//! How long to wait before the next try: twice as long each time, spread at random.

use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};

/// Pauses between tries.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    spread: bool,
    next: Duration,
}

impl Backoff {
    /// From `first`, doubling, to `most`.
    pub(super) fn new(first: Duration, most: Duration, spread: bool) -> Self {
        let first = first.max(Duration::from_millis(1));
        Backoff { first, most: most.max(first), spread, next: first }
    }

    /// The next try has worked: the one after it comes soon again.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }

    /// The pause before the next try: between half and all of what the doubling says, so that minions
    /// which lost their master together do not come back together.
    pub(super) fn pause(&mut self) -> Duration {
        let full = self.next;
        self.next = (self.next * 2).min(self.most);
        if self.spread { full / 2 + (full / 2).mul_f64(random()) } else { full }
    }
}

/// From 0 to 1; 1 when the system gives no random numbers.
pub(super) fn random() -> f64 {
    let mut bytes = [255; 2];
    let _ = SystemRandom::new().fill(&mut bytes);
    f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most() {
        let ms = Duration::from_millis;
        let mut plain = Backoff::new(ms(100), ms(1000), false);
        let pauses: Vec<Duration> = (0..6).map(|_| plain.pause()).collect();
        assert_eq!(pauses, [ms(100), ms(200), ms(400), ms(800), ms(1000), ms(1000)]);
        plain.reset();
        assert_eq!(plain.pause(), ms(100));
        let mut spread = Backoff::new(ms(100), ms(1000), true);
        for full in [100, 200, 400, 800, 1000, 1000] {
            let pause = spread.pause();
            assert!(pause >= ms(full / 2) && pause <= ms(full), "{pause:?} of {full}");
        }
    }
}
