//! ```
//! assert!(true);
//! ```
#[cfg(test)]
mod tests {
    fn mode(m: &str) -> bool {
        std::env::var("MODE").unwrap() == m
    }

    #[test]
    fn alpha() {}

    #[test]
    fn beta() {
        if mode("fail") {
            assert_eq!("low", "high");
        }
        if mode("crash") {
            std::process::abort();
        }
        if mode("kill") {
            std::thread::sleep(std::time::Duration::from_secs(600));
        }
    }

    #[test]
    #[ignore = "no moon"]
    fn delta() {}

    #[test]
    fn gamma() {}
}
