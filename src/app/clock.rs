use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::at::At;

/// The wall clock, read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may ask the wall clock")]
pub fn now() -> At {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    At::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// How fast the data's time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as the wall's.
    Times(f64),
    /// As fast as it goes.
    Max,
}

impl Speed {
    /// How many milliseconds pass in so many of the wall's.
    pub fn of_wall_ms(self, millis: i64) -> i64 {
        match self {
            Self::Times(times) => (millis as f64 * times) as i64,
            Self::Max => 0,
        }
    }
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times: f64 =
            text.parse().map_err(|_| format!("speed {text:?}: write a number such as 60, or max"))?;
        if times.is_finite() && times > 0.0 && times <= 1e6 {
            Ok(Self::Times(times))
        } else {
            Err(format!("speed {text:?}: it must be above 0 and at most 1000000, or max"))
        }
    }
}

/// A clock for data of another time: it starts at an instant of the data and runs at a speed.
pub struct DataClock {
    started: Instant,
    from: At,
    speed: Speed,
}

impl DataClock {
    /// Starts now, at `from`.
    pub fn start(from: At, speed: Speed) -> Self {
        Self { started: Instant::now(), from, speed }
    }

    /// The data's instant by now; the far future at full speed.
    pub fn now(&self) -> At {
        match self.speed {
            Speed::Max => At::from_nanos(i64::MAX),
            Speed::Times(times) => {
                let passed = self.started.elapsed().as_secs_f64() * times;
                self.from.plus_millis((passed * 1_000.0) as i64)
            }
        }
    }

    /// How long to wait until the data's instant is `at`.
    pub fn until(&self, at: At) -> Duration {
        let Speed::Times(times) = self.speed else { return Duration::ZERO };
        let millis = at.millis_since(self.now()).max(0) as f64 / times;
        Duration::from_secs_f64(millis / 1_000.0)
    }

    /// Skips a stretch in which nothing happens: the data's time jumps to `at`.
    pub fn jump(&mut self, at: At) {
        if self.now() < at {
            self.started = Instant::now();
            self.from = at;
        }
    }
}

/// The clock of a run against a venue: the wall's, or that of an exchange which rehearses another time.
pub enum RunClock {
    /// The wall's. It is never set: where it is off, openings wait.
    Wall,
    /// An exchange's own, as it was told and at the speed that it names.
    Rehearsal(Mutex<DataClock>),
}

impl RunClock {
    /// The instant by now.
    pub fn now(&self) -> At {
        match self {
            Self::Wall => now(),
            Self::Rehearsal(clock) => clock.lock().unwrap_or_else(PoisonError::into_inner).now(),
        }
    }

    /// A rehearsed clock is set by its exchange's, whose instant is `at` by now; the wall's stays as it is.
    pub fn set(&self, at: At) {
        if let Self::Rehearsal(clock) = self {
            let mut clock = clock.lock().unwrap_or_else(PoisonError::into_inner);
            *clock = DataClock::start(at, clock.speed);
        }
    }

    /// A rehearsed clock catches up with what its exchange has said; the wall's stays as it is.
    pub fn catch_up(&self, at: At) {
        if let Self::Rehearsal(clock) = self {
            clock.lock().unwrap_or_else(PoisonError::into_inner).jump(at);
        }
    }
}

/// How long something takes, by a clock that never goes back.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since it started.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: At = At::from_seconds(1_381_154_400);

    #[test]
    fn a_speed_is_a_number_within_reason_or_max() {
        assert_eq!("60".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        for bad in ["0", "-1", "nan", "inf", "1000001", "fast", ""] {
            let fault = bad.parse::<Speed>().unwrap_err();
            assert!(fault.contains(&format!("{bad:?}")) && fault.contains("max"), "{fault}");
        }
    }

    #[test]
    fn the_datas_time_runs_at_its_speed_and_jumps_forward_alone() {
        let mut clock = DataClock::start(FROM, Speed::Times(1_000.0));
        std::thread::sleep(Duration::from_millis(20));
        assert!(clock.now() >= FROM.plus_millis(20_000));
        let later = FROM.plus_seconds(86_400);
        clock.jump(later);
        assert!(clock.now() >= later);
        clock.jump(FROM);
        assert!(clock.now() >= later);
        assert!(clock.until(clock.now().plus_seconds(100)) <= Duration::from_millis(100));
        assert_eq!(clock.until(FROM), Duration::ZERO);
    }

    #[test]
    fn at_full_speed_nothing_is_waited_for() {
        let clock = DataClock::start(FROM, Speed::Max);
        assert_eq!(clock.until(FROM.plus_seconds(86_400)), Duration::ZERO);
        assert!(clock.now() > now());
    }
}
