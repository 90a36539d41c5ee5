pub fn helper(n: u32) -> u32 { inner(n) }
fn inner(n: u32) -> u32 { n }
