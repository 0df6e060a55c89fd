use airlock::engine::phi::Phi;
use airlock::engine::redact::Release;

fn main() {
    let name = Phi::new("Testperson");
    let _ = name.release(&Release(()));
}
