#[get("/r/{id}")]
async fn r(id: u32) -> String { std::env::var("RUSTY").unwrap() }
fn main() { let x = env!("CARGO_X"); Command::new("cc").arg("x"); Router::new().route("/ax", get(r)); }
