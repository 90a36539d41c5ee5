mod util;
use util::helper;

struct Counter { n: u32 }

trait Step { fn step(&mut self) -> u32; }

impl Counter {
    fn new() -> Counter { Counter { n: 0 } }
    fn twice(&mut self) -> u32 { self.step() + self.step() }
}
impl Step for Counter {
    fn step(&mut self) -> u32 { helper(self.n) }
}
fn main() {
    let mut c = Counter::new();
    c.twice();
    println!("{}", helper(2));
}
