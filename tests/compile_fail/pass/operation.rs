use airlock::engine::audit::{Movement, Operation};
use airlock::engine::time::Instant;

fn main() {
    let correlation = String::from("Testperson");
    let (at, movement) = (Instant(0), Movement::ArrivedLate);
    let _ = Operation { number: 0, at, movement, correlation, code: None, failed: None, until: None };
}
